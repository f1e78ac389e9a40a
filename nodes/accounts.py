"""The accounts of a unit: who there is, in which form an account may be, and what a change makes of it.

Who may change an account, and with whom, is decided in `nodes.changes`. No password is ever set for another: every
account begins with a code that is printed once, and there is no default account.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from exchange.policy.facts import Action
from nodes import oidc, visits
from nodes.account_tables import EnrolmentRow, PasskeyRow, PrintedCodeRow, RoleRow, SessionRow, SubjectRow, UserRow
from nodes.errors import BadInput, NotFound, UserExists
from nodes.mandates import Visit
from nodes.node import Node
from nodes.permissions import EXCLUSIVE, allowed, require, roles_that
from nodes.views import Actor, User
from schemas.codes import table

_USER_ID = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
LANGUAGES = frozenset({"en", "ru"})
RESERVED = frozenset({"CONSOLE", "NODE", "UNKNOWN"})
"""Names by which the log means no account."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to add: the staff number that stands in messages, and the name that never leaves this unit.

    `clearance` is the highest classification that it may see.
    """

    user_id: str
    display_name: str
    agency: str
    roles: frozenset[str]
    language: str = "en"
    visit: Visit | None = None
    clearance: str = "OFFUSE"

    def check(self, session: Session, _now: int) -> None:
        """Return if the account can be added; raises `UserExists`, or `BadInput` naming what is wrong."""
        if not _USER_ID.fullmatch(self.user_id) or self.user_id in RESERVED:
            raise BadInput("user")
        if not 1 <= len(self.display_name.strip()) <= 120:
            raise BadInput("name")
        if self.language not in LANGUAGES or self.agency not in table("agency_types"):
            raise BadInput("language or agency")
        _check_roles(self.roles, visiting=self.visit is not None)
        _check_clearance(self.clearance)
        if session.get(UserRow, self.user_id) is not None:
            raise UserExists
        if self.visit is not None:
            visits.check(session, self.visit)

    def apply(self, session: Session, node: Node) -> None:
        """Make the account, without any way to sign in yet."""
        session.add(
            UserRow(
                user_id=self.user_id,
                display_name=self.display_name.strip(),
                language=self.language,
                agency=self.agency,
                clearance=self.clearance,
                created=node.now(),
                disabled_at=None,
                password_phc=None,
                totp_sealed=None,
                totp_last_step=0,
                ends_at=self.visit.ends if self.visit is not None else None,
            )
        )
        session.flush()
        if self.visit is not None:
            visits.admit(session, self.user_id, self.visit)
        _give(session, self.user_id, self.roles)


@dataclass(frozen=True, slots=True)
class NewRoles:
    """Exactly the roles that an account shall hold."""

    user_id: str
    roles: frozenset[str]

    def check(self, session: Session, now: int) -> None:
        """Return if the account may hold the roles; raises `BadInput`, or `NotFound` for no working account."""
        _check_roles(self.roles, visiting=_working(session, self.user_id, now).ends_at is not None)

    def apply(self, session: Session, _node: Node) -> None:
        """Give the roles, and take the others."""
        session.execute(delete(RoleRow).where(RoleRow.user_id == self.user_id))
        _give(session, self.user_id, self.roles)


@dataclass(frozen=True, slots=True)
class NewClearance:
    """The highest classification that an account shall be able to see."""

    user_id: str
    clearance: str

    def check(self, session: Session, now: int) -> None:
        """Return if the account may have it; raises `BadInput`, or `NotFound` for no working account."""
        _working(session, self.user_id, now)
        _check_clearance(self.clearance)

    def apply(self, session: Session, node: Node) -> None:
        """Set it; it counts from the next click."""
        _working(session, self.user_id, node.now()).clearance = self.clearance


@dataclass(frozen=True, slots=True)
class NewCode:
    """A new enrolment for an account that lost its password or second factor."""

    user_id: str

    def check(self, session: Session, now: int) -> None:
        """Return if there is such a working account; raises `NotFound`."""
        _working(session, self.user_id, now)

    def apply(self, session: Session, node: Node) -> None:
        """End every way in that the account had."""
        user = _working(session, self.user_id, node.now())
        user.password_phc, user.totp_sealed = None, None
        for way in (PasskeyRow, PrintedCodeRow, SubjectRow, SessionRow):
            session.execute(delete(way).where(way.user_id == self.user_id))


@dataclass(frozen=True, slots=True)
class NewSubject:
    """Whom of the unit's identity provider an account belongs to; empty takes the link away."""

    user_id: str
    subject: str

    def check(self, session: Session, now: int) -> None:
        """Return if there is such a working account and a subject fits; raises `NotFound` or `BadInput`."""
        _working(session, self.user_id, now)
        if len(self.subject) > 255 or not self.subject.isprintable():
            raise BadInput("subject")

    def apply(self, session: Session, node: Node) -> None:
        """Link the account; raises `BadInput` for a subject that belongs to another one, or of no known provider.

        A link is to a subject of the provider in the settings: before there is one it would never match.
        """
        if self.subject and not oidc.offered(node):
            raise BadInput("subject: the settings name no identity provider")
        if oidc.taken(session, node, self.user_id, self.subject):
            raise BadInput("subject")
        oidc.link(session, node, self.user_id, self.subject)


@dataclass(frozen=True, slots=True)
class End:
    """The end of an account; its name stays with what it did."""

    user_id: str

    def check(self, session: Session, now: int) -> None:
        """Return if there is such a working account; raises `NotFound`."""
        _working(session, self.user_id, now)

    def apply(self, session: Session, node: Node) -> None:
        """End the account, its sessions and its open enrolment."""
        _working(session, self.user_id, node.now()).disabled_at = node.now()
        session.execute(delete(SessionRow).where(SessionRow.user_id == self.user_id))
        session.execute(delete(EnrolmentRow).where(EnrolmentRow.user_id == self.user_id))


AccountChange = NewUser | NewRoles | NewClearance | NewCode | NewSubject | End
"""Everything that may be done to an account by others."""


FORMS: Mapping[str, type[AccountChange]] = {
    "ADD": NewUser,
    "ROLES": NewRoles,
    "CLEARANCE": NewClearance,
    "CODE": NewCode,
    "SUBJECT": NewSubject,
    "END": End,
}
"""The code of a change -> what it asks for."""


def roles_after(session: Session, change: AccountChange) -> frozenset[str]:
    """Return the roles that the account holds once `change` is made."""
    match change:
        case NewUser() | NewRoles():
            return change.roles
        case End():
            return frozenset()
        case NewClearance() | NewCode() | NewSubject():
            return roles_of(session, change.user_id)


def set_language(session: Session, actor: Actor, language: str) -> None:
    """Remember the language in which the account reads."""
    if language not in LANGUAGES:
        raise BadInput("language")
    session.get_one(UserRow, actor.user_id).language = language


def users(session: Session, actor: Actor) -> tuple[User, ...]:
    """Return every account of the unit, for an administrator."""
    require(actor, Action.ADMINISTER_USERS)
    return _views(session)


def administrators(session: Session, now: int) -> frozenset[str]:
    """Return the accounts that may administer others now: enrolled, not ended, with a role for it."""
    may = roles_that(Action.ADMINISTER_USERS)
    enrolled = select(UserRow).where(UserRow.password_phc.is_not(None))
    holding = enrolled.join(RoleRow, RoleRow.user_id == UserRow.user_id).where(RoleRow.role.in_(may))
    return frozenset(user.user_id for user in session.scalars(holding) if visits.usable(user, now))


def colleagues(session: Session, actor: Actor) -> tuple[User, ...]:
    """Return the accounts that may own an arrival, for whoever hands it on."""
    require(actor, Action.HAND_OVER if allowed(actor, Action.HAND_OVER) else Action.ASSIGN)
    working = (user for user in _views(session) if not user.disabled and any(may_own(role) for role in user.roles))
    return tuple(working)


def may_own(role: str) -> bool:
    """Return whether an account with `role` can own an arrival."""
    return role in roles_that(Action.TAKE)


def roles_of(session: Session, user_id: str) -> frozenset[str]:
    """Return the roles of an account."""
    return frozenset(session.scalars(select(RoleRow.role).where(RoleRow.user_id == user_id)))


def _views(session: Session) -> tuple[User, ...]:
    roles: dict[str, list[str]] = {}
    for one in session.scalars(select(RoleRow).order_by(RoleRow.role)):
        roles.setdefault(one.user_id, []).append(one.role)
    found = session.scalars(select(UserRow).order_by(UserRow.user_id)).all()
    return tuple(
        User(
            user.user_id,
            user.display_name,
            tuple(roles.get(user.user_id, ())),
            user.language,
            user.agency,
            user.clearance,
            user.password_phc is not None,
            user.disabled_at is not None,
            user.ends_at,
        )
        for user in found
    )


def _check_clearance(clearance: str) -> None:
    known = table("classification")
    if clearance not in known or not known[clearance].extra["carried"]:
        raise BadInput("clearance")


def _check_roles(roles: frozenset[str], *, visiting: bool) -> None:
    if visiting and roles != visits.ROLES:
        raise BadInput("roles of a visiting auditor")
    if not roles or any(role not in table("roles") for role in roles):
        raise BadInput("roles")
    if any(pair <= roles for pair in EXCLUSIVE):
        raise BadInput("roles that one person may not hold together")


def _working(session: Session, user_id: str, now: int) -> UserRow:
    user = session.get(UserRow, user_id)
    if user is None or not visits.usable(user, now):
        raise NotFound
    return user


def _give(session: Session, user_id: str, roles: frozenset[str]) -> None:
    session.add_all(RoleRow(user_id=user_id, role=role) for role in sorted(roles))

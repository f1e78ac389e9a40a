"""The accounts of a unit, administered: add, roles, disable, a new enrolment code. No password is ever set for another.

There is no default account and no default password: the first administrator is added at the machine itself
(`actor` None), and every account begins with a code that is printed once.
"""

import re
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crypto.instants import to_text
from nodes import log, passwords, visits
from nodes.account_tables import EnrolmentRow, RoleRow, SessionRow, UserRow
from nodes.errors import BadInput, NotFound, UserExists
from nodes.mandates import Visit
from nodes.node import Node
from nodes.permissions import EXCLUSIVE, MATRIX, Action, allowed, require
from nodes.signin import code_hash
from nodes.views import Actor, User
from schemas.codes import table

_USER_ID = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
LANGUAGES = frozenset({"en", "ru"})
AT_THE_MACHINE = "CONSOLE"


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to add: the staff number that stands in messages, and the name that never leaves this unit."""

    user_id: str
    display_name: str
    agency: str
    roles: frozenset[str]
    language: str = "en"
    visit: Visit | None = None


def add_user(session: Session, node: Node, actor: Actor | None, new: NewUser) -> str:
    """Add an account and return its enrolment code, to be printed once; `actor` is None at the machine itself.

    Raises `Denied`, `UserExists`, or `BadInput` naming what is wrong.
    """
    _authorise(actor)
    if not _USER_ID.fullmatch(new.user_id) or not 1 <= len(new.display_name.strip()) <= 120:
        raise BadInput("user")
    if new.language not in LANGUAGES or new.agency not in table("agency_types"):
        raise BadInput("language or agency")
    _check_roles(new.roles, visiting=new.visit is not None)
    if session.get(UserRow, new.user_id) is not None:
        raise UserExists
    session.add(
        UserRow(
            user_id=new.user_id,
            display_name=new.display_name.strip(),
            language=new.language,
            agency=new.agency,
            created=node.now(),
            disabled_at=None,
            password_phc=None,
            totp_sealed=None,
            totp_last_step=0,
            ends_at=new.visit.ends if new.visit is not None else None,
        )
    )
    session.flush()
    if new.visit is not None:
        visits.admit(session, new.user_id, new.visit)
    _grant(session, new.user_id, new.roles)
    act = _act(actor, "ROLE_CHANGE", new.user_id, tuple(sorted(new.roles)))
    if new.visit is not None:
        codes = *act.codes, "VISIT", f"UNTIL.{to_text(new.visit.ends)[:10]}"
        act = replace(act, codes=codes, justification=new.visit.mandate)
    log.record(session, node, act)
    return _issue_code(session, node, new.user_id)


def reissue_code(session: Session, node: Node, actor: Actor | None, user_id: str) -> str:
    """Return a new enrolment code for an account that lost its password or second factor; the old ones end at once."""
    _authorise(actor)
    user = _user(session, user_id)
    user.password_phc, user.totp_sealed = None, None
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
    log.record(session, node, _act(actor, "KEY_CHANGE", user_id))
    return _issue_code(session, node, user_id)


def set_roles(session: Session, node: Node, actor: Actor | None, user_id: str, roles: frozenset[str]) -> None:
    """Give an account exactly `roles`; nobody changes his own."""
    _authorise(actor)
    if actor is not None and actor.user_id == user_id:
        raise BadInput("own roles")
    _check_roles(roles, visiting=_user(session, user_id).ends_at is not None)
    session.execute(delete(RoleRow).where(RoleRow.user_id == user_id))
    _grant(session, user_id, roles)
    log.record(session, node, _act(actor, "ROLE_CHANGE", user_id, tuple(sorted(roles))))


def disable(session: Session, node: Node, actor: Actor | None, user_id: str) -> None:
    """End an account and all its sessions; its name stays with what it did."""
    _authorise(actor)
    if actor is not None and actor.user_id == user_id:
        raise BadInput("own account")
    user = _user(session, user_id)
    user.disabled_at = node.now()
    session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))
    session.execute(delete(EnrolmentRow).where(EnrolmentRow.user_id == user_id))
    log.record(session, node, _act(actor, "ROLE_CHANGE", user_id, ("DISABLED",)))


def set_language(session: Session, actor: Actor, language: str) -> None:
    """Remember the language in which the account reads."""
    if language not in LANGUAGES:
        raise BadInput("language")
    _user(session, actor.user_id).language = language


def users(session: Session, actor: Actor | None) -> tuple[User, ...]:
    """Return every account of the unit, for an administrator."""
    _authorise(actor)
    return _views(session)


def colleagues(session: Session, actor: Actor) -> tuple[User, ...]:
    """Return the accounts that may own an arrival, for whoever hands it on."""
    require(actor, Action.HAND_OVER if allowed(actor, Action.HAND_OVER) else Action.ASSIGN)
    working = (user for user in _views(session) if not user.disabled and any(may_own(role) for role in user.roles))
    return tuple(working)


def may_own(role: str) -> bool:
    """Return whether an account with `role` can own an arrival."""
    return Action.TAKE in MATRIX.get(role, frozenset())


def roles_of(session: Session, user_id: str) -> frozenset[str]:
    """Return the roles of an account."""
    return frozenset(session.scalars(select(RoleRow.role).where(RoleRow.user_id == user_id)))


def _views(session: Session) -> tuple[User, ...]:
    found = session.scalars(select(UserRow).order_by(UserRow.user_id)).all()
    return tuple(
        User(
            user.user_id,
            user.display_name,
            tuple(sorted(roles_of(session, user.user_id))),
            user.language,
            user.agency,
            user.password_phc is not None,
            user.disabled_at is not None,
            user.ends_at,
        )
        for user in found
    )


def _authorise(actor: Actor | None) -> None:
    if actor is not None:
        require(actor, Action.ADMINISTER_USERS)


def _check_roles(roles: frozenset[str], *, visiting: bool) -> None:
    if visiting and roles != visits.ROLES:
        raise BadInput("roles of a visiting auditor")
    if not roles or any(role not in table("roles") for role in roles):
        raise BadInput("roles")
    if any(pair <= roles for pair in EXCLUSIVE):
        raise BadInput("roles that one person may not hold together")


def _user(session: Session, user_id: str) -> UserRow:
    user = session.get(UserRow, user_id)
    if user is None:
        raise NotFound
    return user


def _grant(session: Session, user_id: str, roles: frozenset[str]) -> None:
    session.add_all(RoleRow(user_id=user_id, role=role) for role in sorted(roles))


def _issue_code(session: Session, node: Node, user_id: str) -> str:
    code = passwords.new_code()
    expires = node.now() + node.settings.enrolment_lifetime
    session.merge(EnrolmentRow(user_id=user_id, code_hash=code_hash(code), expires=expires, totp_sealed=None))
    return code


def _act(actor: Actor | None, operation: str, subject: str, codes: tuple[str, ...] = ()) -> log.Act:
    who = AT_THE_MACHINE if actor is None else actor.user_id
    role = None if actor is None else min(actor.roles, default=None)
    return log.Act(operation=operation, actor=who, role=role, subject=subject, codes=codes)

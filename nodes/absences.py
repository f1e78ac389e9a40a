"""Absence: who is away from when to when, and who stands in; it begins and ends by itself.

Meanwhile what comes in the exchanges of an absent person goes to the deputy, and so do his reminders. A deputy gets no
role and no right: only what he may own and read himself reaches him, everything else waits for the duty officer as
without him. Whoever approves is replaced by somebody who may approve himself. Nothing has to run for it: every use asks
the clock.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from exchange.policy.facts import Act, Action
from nodes import alerts, judging, log, visits
from nodes.absence_errors import AlreadyAbsent, DeputyUnfit
from nodes.absence_tables import AbsenceRow
from nodes.account_tables import UserRow
from nodes.accounts import roles_of
from nodes.errors import BadInput, Denied, NotFound
from nodes.judging import Subject, Wish
from nodes.node import Node
from nodes.permissions import actions_of, allowed, require
from nodes.signin import actor_of
from nodes.tables import MessageRow
from nodes.views import Actor
from nodes.work import Work
from schemas.content import Content

LONGEST: Final = 366 * 86_400
_CARRIED: Final = frozenset({Action.TAKE, Action.APPROVE_SENDING})
"""What a deputy must be able to do himself if the absent person can: own arrivals, decide as the second person."""


@dataclass(frozen=True, slots=True)
class Away:
    """An absence to be said: whose, in [since, until), and who stands in."""

    user_id: str
    deputy: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence that is or is to come, with the names of both; `now` while it lasts."""

    absence_id: str
    user_id: str
    name: str
    deputy: str
    deputy_name: str
    since: int
    until: int
    said_by: str
    now: bool


def require_concerned(actor: Actor) -> None:
    """Return if absences are any business of `actor`: he owns, approves or assigns; raises `Denied`."""
    if not any(allowed(actor, action) for action in (*_CARRIED, Action.ASSIGN)):
        raise Denied(Action.TAKE.value)


def say(session: Session, node: Node, actor: Actor, away: Away) -> str:
    """Say that somebody will be absent; returns the id of the absence.

    Raises `Denied` for whoever speaks for another and does not assign, `BadInput` for times or a person that are none,
    `DeputyUnfit` and `AlreadyAbsent`.
    """
    _require_for(actor, away.user_id)
    now = node.now()
    if not (away.since < away.until and now < away.until and away.until - away.since <= LONGEST):
        raise BadInput("days")
    if not _carried(session, away.user_id):
        raise BadInput("user")
    if not _fit(session, node, away.user_id, away.deputy):
        raise DeputyUnfit
    others = _alive(away.since).where(AbsenceRow.user_id == away.user_id, AbsenceRow.since < away.until)
    if session.scalar(others) is not None:
        raise AlreadyAbsent
    row = AbsenceRow(
        absence_id=uuid.uuid4().hex,
        user_id=away.user_id,
        deputy=away.deputy,
        since=away.since,
        until=away.until,
        said_by=actor.user_id,
        said_at=now,
        ended=None,
        ended_by=None,
    )
    session.add(row)
    _record(session, node, actor, row, "SAID")
    return row.absence_id


def end(session: Session, node: Node, actor: Actor, absence_id: str) -> None:
    """End an absence before its time, or one to come; ending it again does nothing. Raises `Denied`, `NotFound`."""
    require_concerned(actor)
    row = session.get(AbsenceRow, absence_id, with_for_update=True)
    if row is None:
        raise NotFound
    _require_for(actor, row.user_id)
    if row.ended is None:
        row.ended, row.ended_by = node.now(), actor.user_id
        _record(session, node, actor, row, "ENDED")


def listed(session: Session, node: Node, actor: Actor) -> tuple[Absence, ...]:
    """Return the absences that are or are to come: everybody's for whoever assigns, else one's own and as a deputy."""
    require_concerned(actor)
    person, deputy = aliased(UserRow), aliased(UserRow)
    chosen = (
        _alive(node.now())
        .add_columns(person.display_name, deputy.display_name)
        .join(person, person.user_id == AbsenceRow.user_id)
        .join(deputy, deputy.user_id == AbsenceRow.deputy)
        .order_by(AbsenceRow.since, AbsenceRow.absence_id)
    )
    if not allowed(actor, Action.ASSIGN):
        chosen = chosen.where(or_(AbsenceRow.user_id == actor.user_id, AbsenceRow.deputy == actor.user_id))
    return tuple(
        Absence(
            row.absence_id,
            row.user_id,
            name,
            row.deputy,
            deputy_name,
            row.since,
            row.until,
            row.said_by,
            row.since <= node.now(),
        )
        for row, name, deputy_name in session.execute(chosen)
    )


def people(session: Session, node: Node, actor: Actor) -> tuple[UserRow, ...]:
    """Return for whom `actor` may say an absence, in the order of their names: himself, or everybody if he assigns."""
    everybody = session.scalars(select(UserRow).order_by(UserRow.display_name, UserRow.user_id)).all()
    carrying = (user for user in everybody if visits.usable(user, node.now()) and _carried(session, user.user_id))
    return tuple(user for user in carrying if user.user_id == actor.user_id or allowed(actor, Action.ASSIGN))


def deputies(session: Session, node: Node, user_id: str) -> tuple[UserRow, ...]:
    """Return who could stand in for somebody, in the order of their names."""
    everybody = session.scalars(select(UserRow).order_by(UserRow.display_name, UserRow.user_id)).all()
    return tuple(user for user in everybody if _fit(session, node, user_id, user.user_id))


def stands_in(session: Session, node: Node, user_id: str) -> Actor | None:
    """Return who stands in for somebody now; None while he is there, or when nobody fit does.

    A deputy who is absent himself is replaced in turn; a circle leads to nobody.
    """
    now, passed = node.now(), [user_id]
    while (row := _current(session, now, passed[-1])) is not None:
        if row.deputy in passed:
            return None
        passed.append(row.deputy)
    if len(passed) == 1 or not _fit(session, node, user_id, passed[-1]):
        return None
    return actor_of(session, node, session.get_one(UserRow, passed[-1]))


def reminded(session: Session, node: Node, user_id: str) -> str:
    """Return the audience of what reminds somebody: his deputy's while he is absent."""
    deputy = stands_in(session, node, user_id)
    return alerts.owner(deputy.user_id if deputy is not None else user_id)


def is_away(session: Session, now: int, user_id: str) -> bool:
    """Return whether somebody is absent now."""
    return _current(session, now, user_id) is not None


def may_get(work: Work, deputy: Actor, row: MessageRow, content: Content) -> bool:
    """Whether the deputy could read the message if it were his: his agency, clearance and roles, and every code."""
    to_case = replace(judging.standing(work.session, work.node, deputy, row.case_id), on_team=True)
    mine = Subject(work.whole(row), content.labels, to_case, recalled=False)
    return judging.decide(work.node, deputy, mine, Wish(Act.READ, text_confirmed=True)).allowed


def _require_for(actor: Actor, user_id: str) -> None:
    require_concerned(actor)
    if actor.user_id != user_id:
        require(actor, Action.ASSIGN)


def _carried(session: Session, user_id: str) -> frozenset[Action]:
    return _CARRIED & frozenset(action for role in roles_of(session, user_id) for action in actions_of(role))


def _fit(session: Session, node: Node, user_id: str, deputy: str) -> bool:
    """Whether `deputy` can carry all that falls to somebody, by his own roles, within one agency."""
    absent, user = session.get(UserRow, user_id), session.get(UserRow, deputy)
    if absent is None or user is None or deputy == user_id or not visits.usable(user, node.now()):
        return False
    return user.agency == absent.agency and _carried(session, user_id) <= _carried(session, deputy)


def _alive(since: int) -> Select[AbsenceRow]:
    return select(AbsenceRow).where(and_(AbsenceRow.ended.is_(None), AbsenceRow.until > since))


def _current(session: Session, now: int, user_id: str) -> AbsenceRow | None:
    return session.scalar(_alive(now).where(AbsenceRow.user_id == user_id, AbsenceRow.since <= now))


def _record(session: Session, node: Node, actor: Actor, row: AbsenceRow, what: str) -> None:
    act = replace(log.by(actor, "ASSIGN"), subject=row.user_id, codes=("ABSENCE", what))
    log.record(session, node, act)

"""The cases of a unit: opened with their key, joined by officers, found by the thread of a message.

A case is the unit of need-to-know and of erasure: who may read it, and the one key whose loss erases it.
"""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import CASE_ITSELF, Action
from nodes import judging, log, rest
from nodes.account_tables import UserRow
from nodes.errors import NotFound
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import CaseRow, CounterRow, MemberRow
from nodes.views import Actor
from nodes.work import Work


def open_case(work: Work, case_ref: str | None = None) -> CaseRow:
    """Open a case with a fresh key; `case_ref` is a new number of this unit unless one is given."""
    node, now = work.node, work.node.now()
    case_id = uuid.uuid4().hex
    _, wrapped = rest.new_key(node.store.kek, "case", case_id)
    case = CaseRow(
        case_id=case_id,
        case_ref=case_ref or next_ref(work),
        opened=now,
        updated=now,
        wrapped_key=wrapped,
        review=None,
        expires=None,
    )
    work.add(case)
    return case


def of(session: Session, case_id: str) -> CaseRow:
    """Return a case by its inner id."""
    case = session.get(CaseRow, case_id)
    if case is None:
        raise NotFound
    return case


def by_ref(session: Session, case_ref: str) -> CaseRow:
    """Return a case of this unit by its number; raises `NotFound`."""
    case = session.scalar(select(CaseRow).where(CaseRow.case_ref == case_ref))
    if case is None:
        raise NotFound
    return case


def add_member(session: Session, case_id: str, user_id: str, now: int) -> None:
    """Let an officer work on a case."""
    if session.get(MemberRow, (case_id, user_id)) is None:
        session.add(MemberRow(case_id=case_id, user_id=user_id, since=now))
        session.flush()


def require_read(session: Session, node: Node, actor: Actor, case_id: str, family: str = CASE_ITSELF) -> None:
    """Return if `actor` may look into the case, or into its messages of one family.

    Raises `NotFound`, so that a number cannot be probed.
    """
    if not judging.reads_of_case(node, actor, judging.standing(session, node, actor, case_id), family):
        raise NotFound


def require_work(session: Session, node: Node, actor: Actor, case_id: str, family: str = CASE_ITSELF) -> None:
    """Return if `actor` may join in the work on a case, or nobody works on it yet; raises `NotFound`.

    With a family: in the work on its messages of that family.

    Who owns an arrival works on its whole case: one in a case of others is neither taken nor given away by a stranger.
    Who only reads a case in an emergency does not come to it for good in this way.
    """
    to_case = replace(judging.standing(session, node, actor, case_id), emergency=False)
    if to_case.agencies and not judging.reads_of_case(node, actor, to_case, family):
        raise NotFound


def join(session: Session, node: Node, actor: Actor, case_ref: str, user_id: str) -> None:
    """Let a colleague work on a case; raises `Denied`, or `NotFound` for a case or account that is not there."""
    require(actor, Action.ASSIGN)
    case, user = by_ref(session, case_ref), session.get(UserRow, user_id)
    require_read(session, node, actor, case.case_id)
    if user is None or user.disabled_at is not None:
        raise NotFound
    add_member(session, case.case_id, user_id, node.now())
    role = min(actor.roles, default=None)
    act = log.Act(operation="ASSIGN", actor=actor.user_id, role=role, case=case, subject=user_id, codes=("MEMBER",))
    log.record(session, node, act)


def members(session: Session, case_id: str) -> tuple[str, ...]:
    """Return the staff numbers of those who work on a case."""
    query = select(MemberRow.user_id).where(MemberRow.case_id == case_id).order_by(MemberRow.user_id)
    return tuple(session.scalars(query))


def next_ref(work: Work) -> str:
    """Return the next case number of the year, `TJ-TJ-2026-000001`, and use it up; units without a country are XX."""
    year, unit = datetime.fromtimestamp(work.node.now(), UTC).year, work.node.unit
    name = f"case:{year}"
    counter = work.counters.one(name)
    if counter is None:
        counter = CounterRow(name=name, value=0)
        work.add(counter)
    counter.value += 1
    country = unit if len(unit) == 2 else "XX"
    return f"{country}-{unit}-{year}-{counter.value:06d}"

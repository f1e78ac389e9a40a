"""How far an auditor sees: all of the log; on a visit, the entries of one period, or those of some cases in it.

Asked wherever the log is read for an auditor. What shows hashes alone (checkpoints, consistency, a file handed in) has
no scope: it tells nothing about any act.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from nodes.errors import NotFound, OutsideVisit
from nodes.tables import CaseRow, EventRow, MessageRow
from nodes.views import Actor


def within(actor: Actor) -> list[ColumnElement[bool]]:
    """Return what the entries that `actor` may see fulfil; his own acts are told to him elsewhere."""
    visit = actor.visit
    if visit is None:
        return []
    found: list[ColumnElement[bool]] = [EventRow.at >= visit.since, EventRow.at < visit.until]
    if visit.cases is not None:
        found.append(EventRow.case_id.in_(select(CaseRow.case_id).where(CaseRow.case_ref.in_(visit.cases))))
    return found


def require_entry(session: Session, actor: Actor, index: int) -> None:
    """Return if `actor` may see the entry at `index`; raises `NotFound`, as for one that is not there."""
    if actor.visit is not None:
        held = select(EventRow.index).where(EventRow.index == index, *within(actor))
        if session.scalar(held) is None:
            raise NotFound


def require_messages(actor: Actor, case_ref: str, rows: Iterable[MessageRow]) -> None:
    """Return if the visit covers the case and every one of its messages in `rows`; raises `OutsideVisit`."""
    visit = actor.visit
    if visit is not None and not all(visit.since <= row.stored < visit.until for row in rows):
        raise OutsideVisit("PERIOD")
    require_case(actor, case_ref)


def require_case(actor: Actor, case_ref: str) -> None:
    """Return if the visit covers entries of the case; raises `OutsideVisit`."""
    if actor.visit is not None and actor.visit.cases is not None and case_ref not in actor.visit.cases:
        raise OutsideVisit("CASE")


def covers(actor: Actor, since: int, until: int) -> bool:
    """Return whether `actor` may see everything that was done in [since, until)."""
    visit = actor.visit
    return visit is None or (visit.cases is None and visit.since <= since and until <= visit.until)


def require_period(actor: Actor, since: int, until: int) -> None:
    """Return if `actor` may see everything that was done in [since, until); raises `OutsideVisit`."""
    if not covers(actor, since, until):
        raise OutsideVisit("PERIOD")

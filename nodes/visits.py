"""Visiting auditors: accounts that are for one mandate, one part of the log and a limited time, and end by themselves.

Nothing has to run for a visit to end: every use of the account asks the clock. A visit is never prolonged; another
mandate is another account. What a visitor may see of the log is asked in `nodes.oversight_scope`.
"""

from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes import log
from nodes.account_tables import UserRow, VisitCaseRow, VisitRow
from nodes.days import span
from nodes.errors import BadInput
from nodes.mandates import Visit, Wish
from nodes.tables import CaseRow

SHORTEST: Final = 10
MOST_CASES: Final = 50
ROLES: Final = frozenset({"AUDITOR"})
"""A visitor audits and does nothing else."""


def planned(wish: Wish, zone: ZoneInfo, now: int) -> Visit:
    """Return the visit that is wished; raises `BadInput` for days that are none, or an end that is not to come."""
    words = " ".join(wish.mandate.split())
    ends, (since, until) = span(wish.last_day, wish.last_day, zone)[1], span(wish.since, wish.until, zone)
    named = frozenset(case.strip() for case in wish.cases if case.strip())
    if ends <= now or not SHORTEST <= len(words) <= log.LONGEST_WORDS or len(named) > MOST_CASES:
        raise BadInput("visit")
    return Visit(ends, words, since, until, named or None)


def check(session: Session, visit: Visit) -> None:
    """Return if this unit has every case that the visit names; raises `BadInput`."""
    cases = visit.cases or frozenset()
    if len(session.scalars(select(CaseRow.case_id).where(CaseRow.case_ref.in_(cases))).all()) != len(cases):
        raise BadInput("case")


def admit(session: Session, user_id: str, visit: Visit) -> None:
    """Write down what the account `user_id` is for."""
    whole = int(visit.cases is None)
    session.add(
        VisitRow(user_id=user_id, mandate=visit.mandate, since=visit.since, until=visit.until, every_case=whole)
    )
    session.flush()
    session.add_all(VisitCaseRow(user_id=user_id, case_ref=case) for case in sorted(visit.cases or ()))


def of(session: Session, user: UserRow) -> Visit | None:
    """Return what the account was admitted to; None for one of the unit's own."""
    row = session.get(VisitRow, user.user_id) if user.ends_at is not None else None
    if row is None or user.ends_at is None:
        return None
    named = session.scalars(select(VisitCaseRow.case_ref).where(VisitCaseRow.user_id == user.user_id))
    cases = None if row.every_case else frozenset(named)
    return Visit(user.ends_at, row.mandate, row.since, row.until, cases)


def ended(user: UserRow, now: int) -> bool:
    """Return whether the time of the account is over."""
    return user.ends_at is not None and user.ends_at <= now


def usable(user: UserRow, now: int) -> bool:
    """Return whether the account may be used: not disabled, and its time not over."""
    return user.disabled_at is None and not ended(user, now)

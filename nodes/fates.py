"""What has become of a case, as the rules of access ask for it: an authority holds it, its time is over, it was erased.

The one place that says so, of one case or of many in a query that reads them anyhow. It decides nothing.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists

from nodes.protection_tables import HoldRow
from nodes.tables import CaseRow


@dataclass(frozen=True, slots=True)
class Fate:
    """`held`: an authority forbade its erasure; `expired`: it may not be kept any longer; `erased`: its key is gone."""

    held: bool = False
    expired: bool = False
    erased: bool = False


NOTHING: Final = Fate()
"""Of a case of which nothing has become, and of what is in none."""


def columns(now: int) -> tuple[ColumnElement[Any], ...]:
    """Return the members of `Fate` at `now` as columns of a query about `CaseRow`, in their order."""
    over = and_(CaseRow.expires.is_not(None), CaseRow.expires <= now)
    return held(now), over, CaseRow.wrapped_key.is_(None)


def held(now: int) -> ColumnElement[bool]:
    """Return whether a hold forbids the erasure of a case at `now`, as a column of a query about `CaseRow`."""
    return exists().where(HoldRow.case_id == CaseRow.case_id, standing(now))


def standing(now: int) -> ColumnElement[bool]:
    """Return which holds stand at `now`: until their day, unless they were lifted before."""
    return and_(HoldRow.lifted_at.is_(None), HoldRow.until > now)


def is_expired(case: CaseRow, now: int) -> bool:
    """Return whether the time of keeping is over: from that very second on nothing of the case may be read."""
    return case.expires is not None and case.expires <= now

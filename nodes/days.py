"""Days of a unit: what an address or a form names as a day, and the instants between which it lies."""

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from nodes.errors import BadInput

_PERIOD: Final = re.compile(r"(2\d{3})(?:-Q([1-4])|-(0[1-9]|1[0-2]))?")


def read_day(text: str) -> date | None:
    """Return the day that a text names; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a day of the unit."""
    return int(datetime.combine(day, time(), zone).timestamp())


def span(since: str, until: str, zone: ZoneInfo) -> tuple[int, int]:
    """Return the instants [since, until) from one named day to the end of another; raises `BadInput`."""
    first, last = read_day(since), read_day(until)
    if first is None or last is None or last < first or last == date.max:
        raise BadInput("days")
    return midnight(first, zone), midnight(last + timedelta(days=1), zone)


def read_period(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of a year (`2026`), quarter (`2026-Q4`) or month (`2026-11`); else None."""
    named = _PERIOD.fullmatch(text.strip())
    if named is None:
        return None
    year, quarter, month = (int(part) if part else 0 for part in named.groups())
    first = month or (3 * quarter - 2 if quarter else 1)
    last = month or (3 * quarter if quarter else 12)
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])

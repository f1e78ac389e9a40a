"""Days of a unit: what an address or a form names as a day, and the instants between which it lies."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nodes.errors import BadInput


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

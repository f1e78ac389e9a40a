"""The days that a page of the auditor is about: what the address says, else the last days that he may see."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nodes.days import midnight, read_day
from nodes.web.site import Desk


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of the unit, and their ends as instants."""

    since: str
    until: str
    ends: tuple[int, int]


def period(desk: Desk, days: int, since: str = "", until: str = "") -> Period:
    """Return the days from `since` to `until`; without them the last `days`, on a visit those of its own period."""
    zone, visit = ZoneInfo(desk.node.settings.time_zone), desk.actor.visit
    newest = desk.node.now() if visit is None else min(desk.node.now(), visit.until - 1)
    last = read_day(until) or datetime.fromtimestamp(newest, zone).date()
    first = read_day(since)
    if first is None:
        first = last - timedelta(days=days - 1)
        if visit is not None:
            first = max(first, datetime.fromtimestamp(visit.since, zone).date())
    return Period(str(first), str(last), (midnight(first, zone), midnight(last + timedelta(days=1), zone)))

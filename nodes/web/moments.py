"""Times as an officer reads them: the unit's own zone first, UTC beside it, and what is left of a deadline.

Everything takes unix seconds and the present as a parameter. Deadlines are never rounded up: 2 h 59 min is not 3 hours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from crypto import instants
from nodes.views import Clock
from nodes.web.languages import gettext, language

HOUR = 3600
SOON = 8 * HOUR


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline ready for a page: how pressing (`bad`, `soon`, `good`, `none`), words, and the part left of 100."""

    tone: str
    words: str
    due: int | None
    left: int
    running: bool


def local(at: int, zone: str) -> str:
    """Return the moment in the unit's zone, such as `22 Nov 2026, 11:03`."""
    moment = datetime.fromtimestamp(at, ZoneInfo(zone))
    return format_datetime(moment, "d MMM y, HH:mm", locale=language())


def universal(at: int) -> str:
    """Return the moment in UTC, such as `06:03 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")


def iso(at: int) -> str:
    """Return the moment for the `datetime` attribute of a `time` element."""
    return instants.to_text(at)


def hand(at: int, zone: str) -> str:
    """Return the hands of a clock in `zone`, such as `11:03`."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M")


def typed(text: str, zone: str) -> int:
    """Return the moment, or the start of the day, that a person typed in `zone`; raises `ValueError`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def to_type(at: int, zone: str) -> str:
    """Return a moment as an input for it holds it, such as `2026-11-22T11:03`."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def duration(seconds: int) -> str:
    """Return days, hours and minutes, whole minutes only and never rounded up; minutes vanish beyond a day."""
    minutes = abs(seconds) // 60
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [f"{days} {gettext('d')}"] if days else []
    if days or hours:
        parts.append(f"{hours} {gettext('h')}")
    if not days:
        parts.append(f"{rest} {gettext('min')}")
    return " ".join(parts)


def deadline(clock: Clock | None, now: int) -> Deadline:
    """Return how a page shows `clock` at `now`."""
    if clock is not None and clock.stopped:
        return Deadline("none", gettext("clock stopped"), clock.due, 100 - min(clock.share, 100), running=False)
    if clock is not None and clock.state == "ENDED":
        words = gettext("answered late") if clock.overdue else gettext("answered in time")
        return Deadline("none", words, None, 0, running=False)
    if clock is None or clock.due is None:
        return Deadline("none", gettext("no deadline"), None, 0, running=False)
    left = clock.due - now
    tone = "bad" if left <= HOUR else "soon" if left <= SOON else "good"
    words = duration(left) if left >= 0 else gettext("%s overdue") % duration(left)
    return Deadline(tone, words, clock.due, max(0, 100 - clock.share), running=True)

"""The time in which an exchange must be answered, as the kind that opens it declares it.

Both units compute it from the signed opening message alone, so that both read the same clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas import codes
from schemas.facts import Facts

HOUR: Final = 3600
DAY: Final = 24 * HOUR


@dataclass(frozen=True)
class Term:
    """Seconds to answer, the steps of table `escalation` taken on the way, and the role that silence alarms at last."""

    seconds: Callable[[Facts], int]
    steps: frozenset[str] = frozenset(codes.table("escalation"))
    silence: str = "SUPERVISOR"


def by_urgency(urgency: str, availability: str = "DIRECT") -> int:
    """Return the seconds that table `urgency` gives: fewer for what is directly available, which is the first guess."""
    row = codes.table("urgency")[urgency]
    return int(row.extra["direct_hours" if availability == "DIRECT" else "indirect_hours"]) * HOUR


def fixed(seconds: int) -> Callable[[Facts], int]:
    """Return the term that is the same for every message of a kind."""
    return lambda _facts: seconds


def of_request(facts: Facts) -> int:
    """Return the seconds that the urgency of a request gives."""
    return by_urgency(str(facts.labels["urgency"]))

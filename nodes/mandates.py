"""The mandate of a visiting auditor: for what, until when, and which part of the log. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visiting auditor was admitted to: until when, on what mandate, and the entries of [since, until).

    `cases` narrows them to those of some cases, by reference; None is every entry of the period.
    """

    ends: int
    mandate: str
    since: int
    until: int
    cases: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A visit as an administrator writes it: days of the unit, and case numbers; no case is the whole log of them."""

    mandate: str
    last_day: str
    since: str
    until: str
    cases: Sequence[str]

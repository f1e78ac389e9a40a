"""What an auditor looks for in the log: filters, and one word that may name an entry, a message or a case.

A look-up becomes conditions on the index of the log, and codes for the entry that records the look. Words that concern
a person or a case are never codes: they are committed to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from crypto.instants import to_text
from nodes.tables import CaseRow, EventRow, MessageRow

SHORTEST_HASH: Final = 8
HASH: Final = 64
LARGEST_INDEX: Final = 2**63 - 1
MOST_DIGITS: Final = 20
"""A word of so many digits is larger; none longer is ever counted."""
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Which entries: an absent filter lets everything through. `since` and `until` are unix seconds, [since, until)."""

    sought: str = ""
    operation: str | None = None
    unit: str | None = None
    role: str | None = None
    person: str | None = None
    denied: bool | None = None
    since: int | None = None
    until: int | None = None
    before: int | None = None
    after: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what the index rows must fulfil; which page is shown is not part of it."""
        equal = {
            EventRow.operation: self.operation,
            EventRow.unit: self.unit,
            EventRow.role: self.role,
            EventRow.actor: self.person,
            EventRow.denied: None if self.denied is None else int(self.denied),
        }
        found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
        if self.since is not None:
            found.append(EventRow.at >= self.since)
        if self.until is not None:
            found.append(EventRow.at < self.until)
        return found

    def codes(self) -> tuple[str, ...]:
        """Return the filters as codes for the log; the person is left out, for it is committed to."""
        named = {
            "OPERATION": self.operation,
            "UNIT": self.unit,
            "ROLE": self.role,
            "OUTCOME": None if self.denied is None else ("DENIED" if self.denied else "DONE"),
            "SINCE": to_text(self.since)[:10] if self.since is not None else None,
            "UNTIL": to_text(self.until)[:10] if self.until is not None else None,
        }
        found = [f"{name}.{value}" for name, value in named.items() if value]
        return (*found, "PERSON") if self.person is not None else tuple(found)


@dataclass(frozen=True, slots=True)
class Aim:
    """What the one word of a look-up names. `personal` says that it may concern a person or a case."""

    code: str = "ALL"
    condition: ColumnElement[bool] | None = None
    personal: bool = False
    subject: str = ""
    case: CaseRow | None = None
    message_id: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The aim as codes for the log; a position or hash in the log is no personal data."""
        given = () if self.personal or not self.subject else (self.subject.upper()[:40],)
        return (self.code, *given)

    def narrow(self, conditions: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
        """Return `conditions` and the aim's own."""
        return [*conditions] if self.condition is None else [*conditions, self.condition]


def aim_at(session: Session, sought: str) -> Aim:
    """Return what `sought` names: an index, a leaf hash or its beginning, a message, an envelope or a case.

    A word that names nothing finds nothing, and is as personal as the one that it may have been meant to be.
    """
    word = sought.strip()
    if not word:
        return Aim()
    if word.isascii() and word.isdecimal() and len(word) < MOST_DIGITS and int(word) <= LARGEST_INDEX:
        return Aim("INDEX", EventRow.index == int(word), subject=str(int(word)))
    digits = word.lower()
    if SHORTEST_HASH <= len(digits) <= HASH and _HEX.issuperset(digits):
        return _hash(digits)
    message = session.get(MessageRow, word)
    if message is not None:
        case = session.get(CaseRow, message.case_id)
        return Aim("MESSAGE", EventRow.message_id == word, personal=True, subject=word, case=case, message_id=word)
    case = session.scalar(select(CaseRow).where(CaseRow.case_ref == word))
    if case is not None:
        return Aim("CASE", EventRow.case_id == case.case_id, personal=True, subject=word, case=case)
    return Aim("UNKNOWN", false(), personal=True, subject=word)


def _hash(digits: str) -> Aim:
    """The leaf or envelope whose hash begins with `digits`; a range keeps the index usable on every database."""
    above = f"{digits}g"  # behind every continuation: no hex digit sorts after it
    leaf = (EventRow.leaf >= digits) & (EventRow.leaf < above)
    envelope = (EventRow.eid >= digits) & (EventRow.eid < above)
    return Aim("HASH", or_(leaf, envelope), subject=digits)

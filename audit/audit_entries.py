"""The entries of a log, one by one: the strict form, times that do not go back, and nothing logged twice.

Pure. It keeps 24 bytes of each entry, to find what is there twice however far apart the two stand.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final

from audit.audit_findings import Finding, Findings
from crypto.instants import to_text
from crypto.merkle_hash import EMPTY_ROOT
from schemas.entries import AdminEntry, AnchorEntry, AnyEntry
from schemas.errors import SchemaError

CLOCK_SECONDS: Final = 60
"""How far the clock of a log may be set back before its times prove nothing: the tolerance of signed requests."""

Parsed = tuple[int, AnyEntry]
"""Index and entry."""

_UNIQUE: Final[Mapping[str, Callable[[Any], tuple[object, ...]]]] = {
    "MESSAGE": lambda entry: ("envelope", entry.eid),
    "REFUSAL": lambda entry: ("envelope", entry.eid),
    "EQUIVOCATION": lambda entry: ("evidence", entry.sender, entry.seq),
    "RECEIPT": lambda entry: ("receipt", entry.eid, entry.unit, entry.receipt),
    "STATEMENT": lambda entry: ("statement", entry.digest),
    "DIRECTORY": lambda entry: ("directory", entry.part, entry.version),
}
"""By which members an entry is the only one of its kind; all others by their nonce."""


class EntryAudit:
    """Takes the entries of a log in their order; `read` turns bytes into an entry, or raises SchemaError."""

    def __init__(self, findings: Findings, read: Callable[[bytes], AnyEntry]) -> None:
        self._findings = findings
        self._read = read
        self._latest = 0
        self._start = 0
        self._anchors: dict[str, tuple[int, str]] = {}  # origin -> size and root of its largest head so far
        self._latest_at: list[int] = []  # for each entry of the last block: the latest time up to it
        self._keys = array("Q")
        self._more = array("Q")
        self._indices = array("Q")
        self.last_time: int | None = None

    def take(self, start: int, entries: Sequence[bytes | None]) -> list[Parsed]:
        """Check the entries from index `start` on; returns those that are entries."""
        parsed = []
        self._start, self._latest_at = start, []
        for index, data in enumerate(entries, start):
            entry = self._parsed(index, data)
            self.last_time = entry.time if entry else None
            if entry is not None:
                parsed.append((index, entry))
                self._remember(index, entry)
            self._latest_at.append(self._latest)
        return parsed

    def latest_before(self, size: int) -> int:
        """The latest time (unix seconds) that the entries of a log of `size` state; `size` ends in the last block."""
        at = size - self._start - 1
        return self._latest_at[at] if 0 <= at < len(self._latest_at) else 0

    def _parsed(self, index: int, data: bytes | None) -> AnyEntry | None:
        if data is None:
            return None
        try:
            return self._read(data)
        except SchemaError as error:
            self._findings.add(Finding("ENTRY_FORM", "", index, "", str(error)))
            return None

    def _remember(self, index: int, entry: AnyEntry) -> None:
        if entry.time < self._latest - CLOCK_SECONDS:
            self._findings.add(
                Finding("TIME_WENT_BACK", "", index, f"not before {to_text(self._latest)}", to_text(entry.time))
            )
        if not (isinstance(entry, AdminEntry) and entry.act == "LOST"):  # made later, for a place before others
            self._latest = max(self._latest, entry.time)
        if isinstance(entry, AnchorEntry):
            self._anchor(index, entry)
        unique = _UNIQUE.get(entry.type)
        key = unique(entry) if unique else ("nonce", entry.nonce)
        digest = blake2b(repr(key).encode(), digest_size=16).digest()
        self._keys.append(int.from_bytes(digest[:8], "big"))
        self._more.append(int.from_bytes(digest[8:], "big"))
        self._indices.append(index)

    def _anchor(self, index: int, entry: AnchorEntry) -> None:
        """The heads of another log never go back, and are one at one size."""
        before = self._anchors.get(entry.origin, (0, EMPTY_ROOT.hex()))
        now = entry.size, entry.root
        if now[0] < before[0] or (now[0] == before[0] and now[1] != before[1]):
            expected, found = (f"size {size}, root {root}" for size, root in (before, now))
            self._findings.add(Finding("ANCHOR_CONTRADICTS", entry.origin, index, expected, found))
        self._anchors[entry.origin] = max(before, now)

    def finish(self) -> None:
        """Name what was logged twice: the second place, and the first."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        again = sorted(
            (self._indices[later], self._indices[first])
            for first, later in pairwise(order)
            if self._keys[first] == self._keys[later] and self._more[first] == self._more[later]
        )
        for index, first in again:
            self._findings.add(Finding("ENTRY_AGAIN", "", index, f"only at {first}", f"again at {index}"))

"""The heads that units say they anchored in a log, held against its ANCHOR entries: none dropped, none made up.

Pure. The rows of a hub may agree with its log and with each other, and an anchor be missing from all of them; only the
record of the unit, with the hub's cosignature under it, knows of it. So the unit's own record is the measure here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audit.audit_entries import CLOCK_SECONDS, Parsed
from audit.audit_findings import Finding, Findings
from schemas.entries import AnchorEntry


@dataclass(frozen=True, slots=True)
class UnitAnchors:
    """What a unit keeps of the anchors of its log `origin`: size -> (root, index in the other log, None if unknown).

    `root_at` gives the root of the unit's own log at a size, None where it has not so many entries. `read_at` is when
    the record was read (unix seconds).
    """

    origin: str
    held: Mapping[int, tuple[bytes, int | None]]
    root_at: Callable[[int], bytes | None]
    read_at: int


class AnchorAudit:
    """Observes the audit of the log that holds the anchors of these units."""

    def __init__(self, units: Sequence[UnitAnchors], findings: Findings) -> None:
        self._units = {one.origin: one for one in units}
        self._findings = findings
        self._logged: dict[tuple[str, int], tuple[int, AnchorEntry]] = {}

    def take(self, parsed: Sequence[Parsed]) -> None:
        """Keep the anchors among the next entries."""
        for index, entry in parsed:
            if isinstance(entry, AnchorEntry) and entry.origin in self._units:
                self._logged.setdefault((entry.origin, entry.size), (index, entry))

    def finish(self) -> None:
        """Name every anchor that only one side has, and those on which the two differ."""
        for unit in self._units.values():
            before = self._findings.counts.total()
            for size, (root, index) in sorted(unit.held.items()):
                self._compare(unit, size, root, index)
            for (origin, size), (index, entry) in self._logged.items():
                if origin == unit.origin and size not in unit.held:
                    self._compare_unknown(unit, index, entry)
            if self._findings.counts.total() == before:
                self._add("ANCHORS_MATCH", unit.origin, None, "", f"{len(unit.held)}")

    def _compare(self, unit: UnitAnchors, size: int, root: bytes, index: int | None) -> None:
        own, subject = unit.root_at(size), f"{unit.origin} at {size}"
        if own != root:
            self._add("ANCHOR_NOT_OWN", subject, index, root.hex(), "" if own is None else own.hex())
        logged = self._logged.get((unit.origin, size))
        if logged is None:
            self._add("ANCHOR_DROPPED", subject, index, root.hex())
        elif logged[1].root != root.hex() or index not in {None, logged[0]}:
            self._add("ANCHOR_DROPPED", subject, index, root.hex(), f"{logged[1].root} at {logged[0]}")

    def _compare_unknown(self, unit: UnitAnchors, index: int, entry: AnchorEntry) -> None:
        """The newest may be on its way to the unit's record: its own log has that root then, or was read before."""
        own = unit.root_at(entry.size)
        on_its_way = entry.size > max(unit.held, default=0) and own is not None and own.hex() == entry.root
        if not on_its_way and entry.time < unit.read_at - CLOCK_SECONDS:
            self._add("ANCHOR_UNKNOWN", f"{unit.origin} at {entry.size}", index, "", entry.root)

    def _add(self, code: str, subject: str, index: int | None, expected: str, found: str = "") -> None:
        self._findings.add(Finding(code, subject, index, expected, found))

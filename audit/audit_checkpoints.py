"""Every checkpoint of a log: both signatures, its row, its time, and whether it is of the tree that the entries give.

Pure. Checkpoints come in the order of their sizes, each with the roots that the log has at that size.
"""

from dataclasses import dataclass

from audit.audit_entries import CLOCK_SECONDS
from audit.audit_findings import Finding, Findings
from audit.audit_tree import Roots
from audit.checkpoints import LogKeys, SignedCheckpoint, verify_checkpoint
from audit.errors import AuditError, SignatureRefused
from crypto.instants import to_text


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A checkpoint as it is stored: the signed note, and what is said beside it (None where nothing is)."""

    size: int
    note: bytes
    root: bytes | None = None
    time: int | None = None
    vkeys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trust:
    """Whose checkpoints count: the keys of the log, and whether they are known from elsewhere than from the log."""

    keys: tuple[LogKeys, ...]
    pinned: bool

    def verified(self, note: bytes, vkeys: tuple[str, ...] = ()) -> SignedCheckpoint:
        """The checkpoint in `note`, signed by keys that count (by `vkeys`, if named). Raises AuditError."""
        refused = SignatureRefused("no keys of this log are known")
        for keys in self.keys:
            if vkeys in ((), keys.vkeys):
                try:
                    return verify_checkpoint(note, keys)
                except SignatureRefused as error:
                    refused = error
        raise refused


class CheckpointAudit:
    """Takes the checkpoints of a log, smallest size first."""

    def __init__(self, trust: Trust, findings: Findings, log_size: int) -> None:
        self._trust = trust
        self._findings = findings
        self._log_size = log_size
        self._time = 0
        self.signed_size = 0
        self.count = 0
        self.as_signed = False

    def take(self, stored: StoredNote, roots: Roots | None, latest: int | None) -> None:
        """Check one; `roots` are those at its size (None beyond the log), `latest` the latest time of its entries."""
        self.count += 1
        if stored.vkeys and all(stored.vkeys != keys.vkeys for keys in self._trust.keys):
            expected = " or ".join(_names(keys.vkeys) for keys in self._trust.keys)
            self._add("CHECKPOINT_KEYS", stored.size, expected, _names(stored.vkeys))
            return
        try:
            signed = self._trust.verified(stored.note, stored.vkeys)
        except AuditError as error:
            self._add("CHECKPOINT_REFUSED", stored.size, "", str(error))
            return
        if self._row_says_so(stored, signed):
            self._compare(signed, roots, latest)

    def _row_says_so(self, stored: StoredNote, signed: SignedCheckpoint) -> bool:
        said = signed.checkpoint
        pairs = {
            "size": (str(said.size), str(stored.size)),
            "root": (said.root.hex(), (stored.root or said.root).hex()),
            "time": (str(signed.time), str(signed.time if stored.time is None else stored.time)),
        }
        wrong = [(name, note, row) for name, (note, row) in pairs.items() if note != row]
        for name, note, row in wrong:
            self._add("CHECKPOINT_ROW", stored.size, f"{name} {note}", f"{name} {row}")
        return not wrong

    def _compare(self, signed: SignedCheckpoint, roots: Roots | None, latest: int | None) -> None:
        said = signed.checkpoint
        self.signed_size = max(self.signed_size, said.size)
        if roots is None:
            self._add("CHECKPOINT_AHEAD", said.size, f"{said.size} entries", f"{self._log_size} entries")
            return
        if said.root not in {roots.by_entries, roots.by_hashes}:
            self._add("CHECKPOINT_ROOT", said.size, said.root.hex(), roots.by_entries.hex())
        elif said.root != roots.by_entries:
            self.as_signed = True
        earliest = max(self._time, (latest or 0) - CLOCK_SECONDS)
        if signed.time < earliest:
            self._add("CHECKPOINT_TIME", said.size, f"not before {to_text(earliest)}", to_text(signed.time))
        self._time = max(self._time, signed.time)

    def _add(self, code: str, size: int, expected: str, found: str) -> None:
        self._findings.add(Finding(code, "", size, expected, found))


def _names(vkeys: tuple[str, ...]) -> str:
    """The keys as people compare them: the key ids."""
    return ", ".join("+".join(vkey.split("+")[:2]) for vkey in vkeys)

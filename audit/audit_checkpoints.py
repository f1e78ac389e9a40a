"""Every checkpoint of a log: both signatures, its row, its time, and whether it is of the tree that the entries give.

Pure. Checkpoints come in the order of their sizes, each with the roots that the log has at that size.
"""

from collections.abc import Callable
from dataclasses import dataclass

from audit.audit_entries import CLOCK_SECONDS
from audit.audit_findings import Finding, Findings
from audit.audit_tree import Roots
from audit.checkpoints import Checkpoint, LogKeys, SignedCheckpoint, verify_checkpoint, verify_cosignatures
from audit.cosignatures import parse_lines
from audit.errors import AuditError, SignatureRefused
from audit.notes import Note
from audit.policy import NONE, Policy
from crypto.instants import to_text


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A checkpoint as it is stored: the signed note, and what is said beside it (None where nothing is)."""

    size: int
    note: bytes
    root: bytes | None = None
    time: int | None = None
    vkeys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredLines:
    """A cosignature as it is stored: whose, of which size of the log, and its signature lines."""

    witness: str
    size: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody said about the log at `size`: judged when its roots at that size are known."""

    size: int
    judge: Callable[[Roots], Finding]
    subject: str


@dataclass(frozen=True)
class Trust:
    """Whose checkpoints count: the keys of the log, whether known from elsewhere, and the policy on witnesses."""

    keys: tuple[LogKeys, ...]
    pinned: bool
    policy: Policy | None = None

    @property
    def origin(self) -> str:
        """The origin of the log; empty while no keys are known."""
        return self.keys[0].origin if self.keys else ""

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


def held_claim(trust: Trust, note: bytes) -> Claim:
    """What a checkpoint says that the auditor brought along. Raises AuditError unless its log signed it."""
    said = trust.verified(note).checkpoint

    def judge(roots: Roots) -> Finding:
        if said.root in roots.both:
            return Finding("HELD_CHECKPOINT", "", said.size, "", said.root.hex())
        return Finding("FORK", "held", said.size, said.root.hex(), roots.by_entries.hex())

    return Claim(said.size, judge, "held")


def published_claim(policy: Policy, stored: StoredNote) -> Claim:
    """What the checkpoint says that the world may see. Raises AuditError unless log and quorum signed it."""
    believed = policy.verify(stored.note)
    said = believed.checkpoint

    def judge(roots: Roots) -> Finding:
        if said.root not in roots.both:
            return Finding("FORK", "published", said.size, said.root.hex(), roots.by_entries.hex())
        if (stored.size, stored.time or believed.time) != (said.size, believed.time):
            return Finding("CHECKPOINT_ROW", "published", said.size, str(believed.time), str(stored.time))
        if policy.quorum == NONE:
            return Finding("NO_QUORUM", "", said.size)
        return Finding("QUORUM_MET", "", said.size, "", ", ".join(sorted(believed.cosigned)))

    return Claim(said.size, judge, "published")


def cosigned_claim(policy: Policy, origin: str, stored: StoredLines) -> Claim:
    """What a witness's cosignature says; its lines are verified against the tree that the log has at that size."""

    def judge(roots: Roots) -> Finding:
        parties = {name: one.key for name, one in policy.witnesses.items() if name.split(".")[0] == stored.witness}
        if not parties:
            return Finding("WITNESS_UNKNOWN", stored.witness, stored.size)
        signed: dict[bytes, int] = {}
        for root in roots.both:
            try:
                text = Checkpoint(origin, stored.size, root).text
                signed |= verify_cosignatures(Note(text, parse_lines(stored.lines)), parties.values())
            except AuditError as error:
                reason = str(error)
        if not signed:
            return Finding("COSIGNATURE_REFUSED", stored.witness, stored.size, "", reason)
        if stored.witness not in policy.satisfied(name for name, key in parties.items() if key.public in signed):
            return Finding("COSIGNATURE_REFUSED", stored.witness, stored.size, "both of its keys", "one")
        return Finding("COSIGNED", stored.witness, stored.size)

    return Claim(stored.size, judge, stored.witness)


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
            expected = " or ".join(names_of(keys.vkeys) for keys in self._trust.keys)
            self._add("CHECKPOINT_KEYS", stored.size, expected, names_of(stored.vkeys))
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
        if said.root not in roots.both:
            self._add("CHECKPOINT_ROOT", said.size, said.root.hex(), roots.by_entries.hex())
        elif said.root != roots.by_entries:
            self.as_signed = True
        earliest = max(self._time, (latest or 0) - CLOCK_SECONDS)
        if signed.time < earliest:
            self._add("CHECKPOINT_TIME", said.size, f"not before {to_text(earliest)}", to_text(signed.time))
        self._time = max(self._time, signed.time)

    def _add(self, code: str, size: int, expected: str, found: str) -> None:
        self._findings.add(Finding(code, "", size, expected, found))


def names_of(vkeys: tuple[str, ...]) -> str:
    """The keys as people compare them: the name of the log and the key ids."""
    return ", ".join("+".join(vkey.split("+")[:2]) for vkey in vkeys)

"""The audit of a whole log, from the bytes of its entries to everything that was ever signed about them.

Pure: where the log is stored, and how fast it is read, is the business of its `Source`. Memory does not grow with the
log, but for 24 bytes of each entry.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar

from audit.audit_checkpoints import (
    CheckpointAudit,
    Claim,
    StoredLines,
    StoredNote,
    Trust,
    cosigned_claim,
    held_claim,
    names_of,
    published_claim,
)
from audit.audit_entries import EntryAudit, Parsed
from audit.audit_findings import Finding, Findings
from audit.audit_tree import Block, Roots, Tiles, TreeAudit
from audit.errors import AuditError
from crypto.merkle_hash import EMPTY_ROOT
from schemas.entries import AnyEntry, parse

_TREE: Final = frozenset(
    {
        "ENTRY_MISSING",
        "ENTRY_ALTERED",
        "ENTRY_NOT_IN_TILE",
        "ENTRY_BEYOND_HEAD",
        "HEAD_ROOT",
        "CHECKPOINT_ROOT",
        "CHECKPOINT_AHEAD",
        "FORK",
    }
)
"""Findings after which nobody may say that the entries are whole."""


@dataclass(frozen=True, slots=True)
class StoredHead:
    """What is stored as the head of the log: root, and time of the last append (unix seconds)."""

    root: bytes
    time: int


class Source(Tiles, Protocol):
    """A stored log as an audit reads it: once, from the first entry to the last."""

    @property
    def size(self) -> int:
        """How many entries it says it has."""

    @property
    def head(self) -> StoredHead | None:
        """What it says about its end, if it has a row for that."""

    @property
    def has_entries(self) -> bool:
        """Whether the entries are here, or only their hashes."""

    def blocks(self) -> Iterator[Block]:
        """Return the leaves in order, 256 at a time."""

    def checkpoints(self) -> Iterator[StoredNote]:
        """Return every stored checkpoint, smallest size first."""

    def published(self) -> StoredNote | None:
        """Return the checkpoint that the world may see, if one is stored."""

    def cosignatures(self) -> Iterator[StoredLines]:
        """Return the stored cosignatures of witnesses."""

    def strays(self) -> Iterator[Finding]:
        """Return what is stored and has no place in a log of this size."""


class Observer(Protocol):
    """Who compares the entries with something else: the rows of a service, or the checkpoints of other logs."""

    def take(self, parsed: Sequence[Parsed]) -> None:
        """Take the next entries."""

    def finish(self) -> None:
        """Say what is left over."""


@dataclass
class Audit:
    """One audit: `source` under `trust`, with the notes that the auditor holds from elsewhere, and with observers."""

    source: Source
    trust: Trust
    held: Sequence[bytes] = ()
    observers: Sequence[Observer] = ()
    findings: Findings = field(default_factory=Findings)
    read: Callable[[bytes], AnyEntry] = parse

    def __post_init__(self) -> None:
        self._tree = TreeAudit(self.source, self.findings)
        self._entries = EntryAudit(self.findings, self.read)
        self._checkpoints = CheckpointAudit(self.trust, self.findings, self.source.size)

    @property
    def root(self) -> bytes:
        """The root over the entries that were read."""
        return self._tree.roots.by_entries

    @property
    def signed_size(self) -> int:
        """The size of the largest checkpoint that holds by its signatures."""
        return self._checkpoints.signed_size

    def run(self, follow: Callable[[int], None]) -> Findings:
        """Read the whole log; `follow` is told how many entries were read. Names every finding and raises nothing."""
        marks = _Marks(self.source.checkpoints())
        claims = _Marks(iter(sorted(self._claims(), key=lambda claim: claim.size)))
        self._judge(marks, claims, {0: Roots(0, EMPTY_ROOT, EMPTY_ROOT)}, 0)
        for block in self.source.blocks():
            end = block.start + block.width
            sizes = sorted({note.size for one in (marks, claims) for note in one.up_to(end)})
            roots = {one.size: one for one in self._tree.take(block, sizes)}
            if block.entries is not None:
                parsed = self._entries.take(block.start, block.entries)
                for observer in self.observers:
                    observer.take(parsed)
            self._judge(marks, claims, roots, end)
            follow(end)
        self._finish(marks, claims)
        return self.findings

    def _claims(self) -> Iterator[Claim]:
        """What others say about the log: notes held, the one published, cosignatures."""
        policy, published, add = self.trust.policy, self.source.published(), self.findings.add
        for note in self.held:
            try:
                yield held_claim(self.trust, note)
            except AuditError as error:
                add(Finding("HELD_REFUSED", found=str(error)))
        if policy is None:
            if published is not None:
                add(Finding("WITNESSES_UNKNOWN"))
            return
        if published is not None:
            try:
                yield published_claim(policy, published)
            except AuditError as error:
                add(Finding("PUBLISHED_REFUSED", "", published.size, "", str(error)))
        for lines in self.source.cosignatures():
            yield cosigned_claim(policy, self.trust.origin, lines)

    def _judge(self, marks: "_Marks[StoredNote]", claims: "_Marks[Claim]", roots: dict[int, Roots], end: int) -> None:
        for note in marks.take(end):
            self._checkpoints.take(note, roots.get(note.size), self._entries.latest_before(note.size))
        for claim in claims.take(end):
            self.findings.add(claim.judge(roots[max(claim.size, 0)]))

    def _finish(self, marks: "_Marks[StoredNote]", claims: "_Marks[Claim]") -> None:
        self._tree.finish()
        self._entries.finish()
        for observer in self.observers:
            observer.finish()
        for note in marks.rest():
            self._checkpoints.take(note, None, None)
        for claim in claims.rest():
            sizes = f"{claim.size} entries", f"{self.source.size} entries"
            self.findings.add(Finding("CHECKPOINT_AHEAD", claim.subject, claim.size, *sizes))
        for stray in self.source.strays():
            self.findings.add(stray)
        self._compare_head()
        self._conclude()

    def _compare_head(self) -> None:
        head, roots = self.source.head, self._tree.roots
        if head is None:
            return
        if head.root not in roots.both:
            self.findings.add(Finding("HEAD_ROOT", "", roots.size, head.root.hex(), roots.by_entries.hex()))
        last = self._entries.last_time
        if last is not None and head.time != last:
            self.findings.add(Finding("HEAD_TIME", "", roots.size, str(last), str(head.time)))

    def _conclude(self) -> None:
        """Say what holds, and what the reader must judge."""
        add, counts = self.findings.add, self.findings.counts
        size, signed = self.source.size, self._checkpoints.signed_size
        if self._checkpoints.as_signed:
            add(Finding("TILES_AS_SIGNED"))
        if not counts.keys() & _TREE and (self.source.head or self._checkpoints.count):
            add(Finding("ENTRIES_COMPLETE" if self.source.has_entries else "TILES_COMPLETE", found=f"{size} entries"))
        if not self.source.has_entries:
            add(Finding("ENTRIES_NOT_HERE"))
        if self._checkpoints.count and not any(code.startswith("CHECKPOINT") for code in counts):
            add(Finding("CHECKPOINTS_HOLD", found=str(self._checkpoints.count)))
        if signed < size:
            add(Finding("TAIL_NOT_SIGNED", "", signed, count=size - signed))
        names = ", ".join(names_of(keys.vkeys) for keys in self.trust.keys)
        add(Finding("LOG_KEYS_PINNED" if self.trust.pinned else "LOG_KEYS_NOT_PINNED", found=names))


class _Sized(Protocol):
    @property
    def size(self) -> int:
        """A size of the log."""


S = TypeVar("S", bound=_Sized)


class _Marks(Generic[S]):
    """What was said about sizes of the log, in the order of the sizes, read no further than needed."""

    def __init__(self, said: Iterator[S]) -> None:
        self._said = said
        self._ahead: list[S] = []

    def up_to(self, end: int) -> Sequence[S]:
        """What is about sizes up to `end` and not taken yet."""
        while not self._ahead or self._ahead[-1].size <= end:
            one = next(self._said, None)
            if one is None:
                break
            self._ahead.append(one)
        return [one for one in self._ahead if one.size <= end]

    def take(self, end: int) -> Sequence[S]:
        """Take that."""
        taken = self.up_to(end)
        self._ahead = self._ahead[len(taken) :]
        return taken

    def rest(self) -> Iterator[S]:
        """Take everything else."""
        yield from self._ahead
        yield from self._said

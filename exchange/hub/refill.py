"""Filling a restored hub from what units handed over: its log continues on the same tree, or it stays closed.

First the tree: the largest head that the hub signed and a unit shows must come out, leaf by leaf, from a unit's mirror.
Then the entries: from what units keep sealed for the hub, and from what they were told. Behind the largest signed head,
an entry that nobody holds leaves a place marked LOST: nobody was ever told what stood there. At last the rows, as each
entry says. Nothing here takes a unit's word for anything.
"""

from dataclasses import dataclass

from sqlmodel import Session

from audit.checkpoints import Checkpoint, verify_checkpoint
from audit.edge import Edge
from audit.errors import AuditError
from crypto import statements
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError
from crypto.merkle_hash import HASH_SIZE, leaf_hash
from exchange.contributions import Part
from exchange.errors import LogRolledBack, NotReady
from exchange.hub.batch import Batch
from exchange.hub.hub import Hub
from exchange.hub.recovery import Staged, name_of, unseal
from exchange.hub.replay import Replay
from exchange.hub.republication import republish
from schemas import sightings
from schemas.directory import any_statement
from schemas.entries import AdminEntry, StatementEntry
from schemas.errors import SchemaError
from schemas.keychecks import STATEMENT_LIMIT


@dataclass(frozen=True, slots=True)
class Tail:
    """What the log lacks: the entries from `start` on, in order; None where nobody holds the entry that stood there.

    Below `signed`, the largest head that was signed, there is no such gap.
    """

    start: int
    entries: tuple[bytes | None, ...]
    signed: int

    @property
    def lost(self) -> int:
        """How many places nobody can fill."""
        return sum(entry is None for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest entry of the hub's log that a unit holds: its index and leaf hash (64 hex digits); -1 for none."""

    index: int
    leaf: str


@dataclass(frozen=True, slots=True)
class Filled:
    """What came back: how many entries, of them places marked LOST, and the size of the log now."""

    entries: int
    lost: int
    size: int


def fill(hub: Hub, staged: Staged, key: EncryptionKey | None, seen: dict[str, Seen]) -> Filled:
    """Bring the log to where units saw it, in one transaction; raises `NotReady` or `LogRolledBack`, and then nothing.

    Afterwards the log holds the newest entry of every unit, and says by an entry of its own that it was filled again.
    """
    for unit, piece in staged.of(Part.CURSOR):
        seen.setdefault(unit, Seen(piece.index, piece.payload.hex()))
    for unit, _ in staged.of(Part.SIGHTING):
        seen.setdefault(unit, Seen(-1, ""))
    units = {unit.unit for unit in hub.register.current.units()}
    if missing := sorted(units - seen.keys()):
        raise NotReady(f"not asked yet: {', '.join(missing)}")
    with hub.db.write() as session:
        tail = find_tail(hub, session, staged, key)
        replay = Replay(hub, session, staged)
        entries = [_fresh(hub, staged, tail.start + at) if one is None else one for at, one in enumerate(tail.entries)]
        for index, entry in enumerate(entries, start=tail.start):
            replay.entry(index, entry)
        replay.check_complete()
        hub.log.append(session, entries, hub.clock())
        _check_seen(hub, session, {unit: seen[unit] for unit in sorted(units)})
        hub.log.verify(session, hub.keys.log.keys)
        batch = Batch(session, hub.log, hub.register, hub.keys.receipt, hub.clock())
        if entries:
            republish(hub, batch, staged, replay.newest_snapshot)
            batch.log(AdminEntry(time=batch.now, nonce=batch.nonce(), act="RECOVER"))
        batch.finish()
        size = hub.log.head(session).size
    for act in batch.after_commit:
        act()
    return Filled(len(entries), tail.lost, size)


def _fresh(hub: Hub, staged: Staged, index: int) -> bytes:
    """An entry for a place whose leaf nobody holds: the key statement that units know to stand there, or LOST."""
    now, nonce = hub.clock(), Batch.nonce()
    for _, piece in staged.of(Part.STATEMENT, index=index):
        try:
            said = any_statement(statements.parse(piece.payload, limit=STATEMENT_LIMIT).statement_bytes)
        except (CryptoError, SchemaError):
            continue
        digest = name_of(piece)
        return StatementEntry(time=now, nonce=nonce, unit=said.unit, kid=said.kid, digest=digest).to_bytes()
    return AdminEntry(time=now, nonce=nonce, act="LOST").to_bytes()


def _check_seen(hub: Hub, session: Session, seen: dict[str, Seen]) -> None:
    size = hub.log.head(session).size
    for unit, one in seen.items():
        if one.index >= size or (one.index >= 0 and hub.log.leaf_hash(session, one.index).hex() != one.leaf):
            raise LogRolledBack(f"{unit} holds entry {one.index}, this log ends at {size - 1}")


def find_tail(hub: Hub, session: Session, staged: Staged, key: EncryptionKey | None) -> Tail:
    """Return what the log lacks. Raises `NotReady` if that cannot be led to every head that this hub signed."""
    edge = hub.log.edge(session, hub.log.head(session).size)
    heads = _signed_heads(hub, staged)
    for head in heads:
        if head.size <= edge.size and hub.log.root(session, head.size) != head.root:
            raise NotReady(f"this log is another one than was signed at {head.size}")
    ahead = [head for head in heads if head.size > edge.size]
    known = _Known(edge.size, _longest_mirror(staged, edge, ahead))
    if key is not None:
        for unit, piece in staged.of(Part.SEALED):
            for offset, entry in enumerate(unseal(hub, key, piece)):
                known.offer(unit, piece.index + offset, entry)
    for unit, piece in staged.of(Part.ENTRY):
        known.offer(unit, piece.index, piece.payload)
    entries = known.in_order()
    _lead_to_heads(edge, entries, ahead)
    return Tail(edge.size, entries, ahead[-1].size if ahead else edge.size)


class _Known:
    """The entries that somebody holds, each led to a leaf of the mirror as far as that goes."""

    def __init__(self, start: int, mirrored: list[bytes]) -> None:
        self._start = start
        self._mirrored = mirrored
        self._entries: dict[int, tuple[str, bytes]] = {}

    def offer(self, unit: str, index: int, entry: bytes) -> None:
        """Take an entry. Raises `NotReady` if two units hold different ones where no mirror can tell who is right."""
        at = index - self._start
        if at < 0 or (at < len(self._mirrored) and leaf_hash(entry) != self._mirrored[at]):
            return
        other, held = self._entries.setdefault(index, (unit, entry))
        if held != entry:
            raise NotReady(f"{other} and {unit} hold different entries at {index}")

    def in_order(self) -> tuple[bytes | None, ...]:
        """All of them, None in the gaps."""
        end = max(self._start + len(self._mirrored), max(self._entries, default=-1) + 1)
        return tuple(self._entries.get(index, ("", None))[1] for index in range(self._start, end))


def _lead_to_heads(edge: Edge, entries: tuple[bytes | None, ...], heads: list[Checkpoint]) -> None:
    start = edge.size
    for head in heads:
        wanted = entries[edge.size - start : head.size - start]
        missing = [edge.size + at for at, entry in enumerate(wanted) if entry is None]
        if missing or len(wanted) < head.size - edge.size:
            first = missing[0] if missing else start + len(entries)
            raise NotReady(f"nobody has handed over the entry at {first}, below the head signed at {head.size}")
        edge, _ = edge.extended(leaf_hash(entry) for entry in wanted if entry is not None)
        if edge.root != head.root:
            raise NotReady(f"the entries do not lead to the head that was signed at {head.size}")


def _signed_heads(hub: Hub, staged: Staged) -> list[Checkpoint]:
    """Every head that a unit shows with our own two signatures, the smallest first."""
    found = {}
    for _, piece in staged.of(Part.SIGHTING):
        try:
            head = verify_checkpoint(sightings.parse(piece.payload).sighting.note, hub.keys.log.keys).checkpoint
        except (AuditError, SchemaError):
            continue
        found[head.size, head.root] = head
    return [found[key] for key in sorted(found)]


def _longest_mirror(staged: Staged, edge: Edge, heads: list[Checkpoint]) -> list[bytes]:
    """The leaf hashes behind our log that lead to the largest signed head that any unit's mirror reaches."""
    mirrors = _mirrors(staged, edge.size)
    for head in reversed(heads):
        for leaves in mirrors:
            wanted = leaves[: head.size - edge.size]
            if len(wanted) == head.size - edge.size and edge.extended(wanted)[0].root == head.root:
                return wanted
    return []


def _mirrors(staged: Staged, start: int) -> list[list[bytes]]:
    """The leaf hashes from `start` on as each unit has them, the longest first."""
    by_unit: dict[str, list[bytes]] = {}
    for unit, piece in staged.of(Part.LEAVES):
        held = by_unit.setdefault(unit, [])
        if piece.index == start + len(held) and piece.payload and not len(piece.payload) % HASH_SIZE:
            held += [piece.payload[at : at + HASH_SIZE] for at in range(0, len(piece.payload), HASH_SIZE)]
    return sorted(by_unit.values(), key=len, reverse=True)

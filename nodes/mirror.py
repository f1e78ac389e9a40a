"""The mirror: the hash tiles of the hub's log in this node's own database, about 32 bytes for each entry.

With them the node proves by itself what stands in that log and whether two of its heads belong together, with no hub to
ask. Everything here was led back to a signed checkpoint before it was stored; who fetches and checks is
`nodes.mirroring`. No entry is here: a node sees the entries of its own mail only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from audit import history, store
from audit.edge import Edge, FullTile
from audit.errors import LogDamaged, NotInLog
from audit.history import Publication
from audit.merkle import consistency_path, inclusion_path
from audit.tiles import TILE_HEIGHT, TILE_WIDTH, expand, nodes_in, split_tile
from nodes.watch_tables import MirrorRow


@dataclass(frozen=True, slots=True)
class Held:
    """How far a log is mirrored, and the newest checkpoint that was accepted for it (`note`, of size `accepted`)."""

    size: int
    root: bytes
    accepted: int
    note: bytes


class Mirror:
    """The mirrored log `log_id` (its origin), as one transaction sees it."""

    def __init__(self, session: Session, log_id: str) -> None:
        self._session = session
        self._log_id = log_id
        self._row = session.get(MirrorRow, log_id)

    @property
    def held(self) -> Held | None:
        """How far it goes; None before the first checkpoint."""
        row = self._row
        return None if row is None else Held(row.size, row.root, row.accepted, row.note)

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return 0 if self._row is None else self._row.size

    @property
    def asked(self) -> int:
        """When the hub was last asked (unix seconds); 0 before the first time."""
        return 0 if self._row is None else self._row.since

    def edge(self, size: int) -> Edge:
        """The right edge of the first `size` entries. Raises NotInLog above what is mirrored, LogDamaged."""
        self._demand(size)
        return Edge.read(size, self._hashes)

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries. Raises NotInLog, LogDamaged."""
        return self.edge(size).root

    def leaf_hash(self, index: int) -> bytes:
        """The leaf hash of entry `index`. Raises NotInLog, LogDamaged."""
        self._demand(index + 1)
        return self._hashes(0, index >> TILE_HEIGHT, index % TILE_WIDTH + 1)[-1]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of entry `index` in the tree of `size`. Raises NotInLog, LogDamaged."""
        self._demand(size)
        return inclusion_path(index, size, nodes_in(size, self._expanded))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `old` is a prefix of the tree of `new`. Raises NotInLog, LogDamaged."""
        self._demand(new)
        return consistency_path(old, new, nodes_in(new, self._expanded))

    def store(self, edge: Edge, full: Sequence[FullTile], accepted: tuple[int, bytes], now: int) -> None:
        """Put the mirror at `edge`, which `full` led to from where it was, under the checkpoint (size, note) accepted.

        The caller has led both back to a signature.
        """
        if full:
            store.insert_tiles(self._session.connection(), self._log_id, full)
        size, note = accepted
        row = MirrorRow(
            log_id=self._log_id,
            size=edge.size,
            root=edge.root,
            leaves=b"".join(edge.rows[0]),
            accepted=size,
            note=note,
            since=now,
        )
        self._row = self._session.merge(row)

    def confirm(self, now: int) -> None:
        """Note that the hub was asked and has nothing new."""
        if self._row is not None:
            self._row.since = now

    def follow(self, size: int, note: bytes, now: int) -> None:
        """Keep what the hub published: `note`, of a size that is mirrored, whose root is the mirrored one."""
        history.follow(self._session.connection(), self._log_id, Publication(size, now, note))

    def _demand(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise NotInLog(f"the mirror of {self._log_id} has {self.size} entries")

    def _expanded(self, level: int, index: int, width: int) -> bytes:
        return expand(b"".join(self._hashes(level, index, width)))

    def _hashes(self, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile: from the full tile, the unfinished one, or the roots of those below."""
        connection, first = self._session.connection(), index << TILE_HEIGHT
        tile = store.read_tile(connection, self._log_id, level, index)
        if tile is not None:
            hashes = split_tile(tile.data)[:width]
        elif level:
            hashes = store.read_tile_roots(connection, self._log_id, level - 1, first, first + width)
        else:
            leaves = self._row.leaves if self._row is not None else b""
            hashes = split_tile(leaves)[:width] if width else []
        if len(hashes) != width:
            raise LogDamaged(f"the mirror of {self._log_id} lacks tile {level}/{index}")
        return hashes

"""One append-only log in a database: append, read, prove, sign. The caller owns the transaction; nothing here commits.

An append is part of the act that it records: it writes into the transaction that the caller commits. Checkpoints are
signed in a later transaction, from the head as it was committed, after every new entry was hashed again from the stored
bytes and the tree was folded from the stored tiles (protocol.md section 9).

One `Log` object serves one process: one appending thread and any number of reading threads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import ref

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from audit import damages, store
from audit.checkpoints import LogKeys, LogSigner, verify_checkpoint
from audit.edge import Edge
from audit.errors import AuditError, CheckpointRefused, EntryTooLong, LogDamaged, NotInLog
from audit.merkle import NodeAt, consistency_path, inclusion_path
from audit.store import Head, StoredCheckpoint
from audit.tiles import (
    ENTRIES,
    MAX_ENTRY,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileAddress,
    TileCache,
    expand,
    nodes_in,
    pack_bundle,
    split_tile,
)
from crypto.merkle_hash import HASH_SIZE, leaf_hashes

Database = Connection | Session
"""An open transaction of the caller's."""

_PAGE = 512  # entries read at once: 32 MiB if all were as long as they may be


@dataclass(frozen=True)
class Appended:
    """What an append did: the entries stand at first_index, first_index + 1, ...; the log now has `size` and `root`.

    True only once the caller's transaction is committed.
    """

    first_index: int
    leaf_hashes: tuple[bytes, ...]
    size: int
    root: bytes


class Log:
    """The log `log_id`; with a `signer` it can sign checkpoints. `cached_tiles` is how many tiles stay expanded."""

    def __init__(self, log_id: str, signer: LogSigner | None = None, *, cached_tiles: int = 4096) -> None:
        self.log_id = log_id
        self._signer = signer
        self._cache = TileCache(cached_tiles)
        self._settled = 0  # a size known to be committed: tiles below it never change, so only they are cached
        self._edge = Edge()
        self._rehashed = Edge()  # the edge of what was hashed again from stored bytes
        self._appended_in: ref[object] | None = None

    @property
    def keys(self) -> LogKeys | None:
        """The public keys under which this log signs its checkpoints; None where it cannot sign."""
        return self._signer.keys if self._signer is not None else None

    # ---------------------------------------------------------------- append

    def append(self, database: Database, entries: Sequence[bytes], now: int) -> Appended:
        """Append `entries` in their order inside the caller's transaction and give them their indices.

        The head row is locked until that transaction ends (PostgreSQL: FOR UPDATE; on SQLite the caller holds the
        write lock, BEGIN IMMEDIATE). `now` is unix seconds. After any error, here or in the caller's commit, the
        transaction must be rolled back. Raises EntryTooLong, HeadMoved, LogDamaged.
        """
        if any(len(entry) > MAX_ENTRY for entry in entries):
            raise EntryTooLong(f"an entry of {self.log_id} is longer than {MAX_ENTRY} bytes")
        connection = _connection(database)
        try:
            return self._append(connection, entries, now)
        except BaseException:
            self.forget()
            raise

    def _append(self, connection: Connection, entries: Sequence[bytes], now: int) -> Appended:
        head = store.lock_head(connection, self.log_id)
        if not entries:
            return Appended(head.size, (), head.size, head.root)
        edge = self._edge
        if (edge.size, edge.root) != (head.size, head.root):
            edge = self._fold(connection, head.size, head.root)
        leaves = leaf_hashes(entries)
        edge, full = edge.extended(leaves)
        store.insert_entries(connection, self.log_id, head.size, entries, leaves)
        if full:
            store.insert_tiles(connection, self.log_id, full)
        store.swap_head(connection, self.log_id, head, Head(edge.size, edge.root, now))
        transaction = connection.get_transaction()
        self._appended_in = ref(transaction) if transaction else None
        self._edge = edge
        return Appended(head.size, tuple(leaves), edge.size, edge.root)

    def forget(self) -> None:
        """Drop what is held of the right edge, so that the next use reads it from the database."""
        self._edge = Edge()
        self._rehashed = Edge()

    # ---------------------------------------------------------------- read

    def head(self, database: Database) -> Head:
        """Size, root and time of the last append, as this transaction sees them."""
        return store.read_head(_connection(database), self.log_id)

    def entry(self, database: Database, index: int) -> bytes:
        """The entry at `index`. Raises NotInLog, LogDamaged."""
        return next(self.entries(database, index, index + 1))

    def entries(self, database: Database, start: int, end: int) -> Iterator[bytes]:
        """The entries of [start, end), each checked against its leaf hash. Raises NotInLog, LogDamaged."""
        connection = _connection(database)
        self._demand(connection, start, end)
        for first in range(start, end, _PAGE):
            for _, _, entry in self._page(connection, first, min(first + _PAGE, end)):
                yield entry

    def leaf_hash(self, database: Database, index: int) -> bytes:
        """The leaf hash at `index`. Raises NotInLog."""
        leaves = store.read_leaves(_connection(database), self.log_id, index, index + 1)
        if not leaves:
            raise NotInLog(f"{self.log_id} has no entry {index}")
        return leaves[0]

    def root(self, database: Database, size: int) -> bytes:
        """The root over the first `size` entries. Raises NotInLog, LogDamaged."""
        return self.edge(database, size).root

    def edge(self, database: Database, size: int) -> Edge:
        """The right edge of the first `size` entries. Raises NotInLog, LogDamaged."""
        connection = _connection(database)
        self._demand(connection, 0, size)
        return Edge.read(size, lambda level, index, width: self._hashes(connection, level, index, width))

    def inclusion(self, database: Database, index: int, size: int) -> list[bytes]:
        """The audit path of entry `index` in the tree of `size`. Raises NotInLog, LogDamaged."""
        connection = _connection(database)
        self._demand(connection, 0, size)
        return inclusion_path(index, size, self._nodes(connection, size))

    def proved(self, database: Database, indices: Sequence[int], size: int) -> dict[int, tuple[bytes, list[bytes]]]:
        """The entries at `indices`, each with its audit path in the tree of `size`; one that is missing is left out.

        Nothing is checked: whoever shows an entry hashes it and climbs. Raises NotInLog, LogDamaged.
        """
        connection = _connection(database)
        self._demand(connection, 0, size)
        nodes = self._nodes(connection, size)
        found = store.read_entries_at(connection, self.log_id, [index for index in indices if index < size])
        return {index: (entry, inclusion_path(index, size, nodes)) for index, entry in found}

    def consistency(self, database: Database, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `old` is a prefix of the tree of `new`. Raises NotInLog, LogDamaged."""
        connection = _connection(database)
        self._demand(connection, 0, new)
        return consistency_path(old, new, self._nodes(connection, new))

    def tile(self, database: Database, address: TileAddress) -> bytes:
        """A hash tile or entry bundle, as it is published. Raises NotInLog above the last signed size."""
        connection = _connection(database)
        signed = self.checkpoint(connection)
        if signed is None or address.end > signed.size:
            raise NotInLog(f"{address.path} is not signed yet")
        if address.level == ENTRIES:
            start = address.index * TILE_WIDTH
            return pack_bundle([entry for _, _, entry in self._page(connection, start, start + address.width)])
        return self._tile(connection, address.level, address.index, address.width)

    def checkpoint(self, database: Database) -> StoredCheckpoint | None:
        """The latest signed checkpoint."""
        stored = store.latest_checkpoint(_connection(database), self.log_id)
        if stored is not None:
            self._settled = max(self._settled, stored.size)
        return stored

    # ---------------------------------------------------------------- sign and verify

    def sign_checkpoint(self, database: Database, now: int) -> StoredCheckpoint:
        """Sign the committed head; call it in a transaction of its own and publish the note after that commits.

        Every entry since the last checkpoint is hashed again from its stored bytes, and the tree is folded from the
        stored tiles; both must give the head's root. Raises LogDamaged when they do not, or when the check of the log
        in use (`audit.patrol`) holds the tree for damaged; CheckpointRefused when this transaction itself appended,
        when the head is smaller than or differs from what was signed before, when `now` (unix seconds) is before the
        last signature, and when this log has no signer.
        """
        connection = _connection(database)
        if self._signer is None:
            raise CheckpointRefused(f"{self.log_id} has no signing keys here")
        if self._appended_in is not None and self._appended_in() is connection.get_transaction():
            raise CheckpointRefused("a checkpoint is signed only over what is committed")
        head = store.lock_head(connection, self.log_id)
        for damage in damages.read_damage(connection, self.log_id):
            if damage.of_tree:
                raise LogDamaged(f"{self.log_id}: {damage.text}")
        last = store.latest_checkpoint(connection, self.log_id)
        if last is not None:
            _refuse_other_history(last, head, now)
        edge = self._rehash(connection, self._rehash_start(connection, last, head), head.size)
        if edge.root != head.root or self._fold(connection, head.size, head.root) != edge:
            raise LogDamaged(f"the entries of {self.log_id} do not give the root of its head at {head.size}")
        if store.read_leaves(connection, self.log_id, head.size, head.size + 1):
            raise LogDamaged(f"{self.log_id} has an entry behind its head at {head.size}")
        note = self._signer.sign(head.size, head.root, now)
        verify_checkpoint(note, self._signer.keys)
        stored = StoredCheckpoint(head.size, head.root, now, note, self._signer.keys.vkeys)
        store.put_checkpoint(connection, self.log_id, stored)
        self._rehashed = edge
        self._settled = max(self._settled, head.size)
        return stored

    def verify(self, database: Database, keys: LogKeys) -> Head:
        """Hash the whole log again and compare every row: entries, tiles, checkpoints, head. Raises LogDamaged.

        Reads only; constant memory; about 300,000 entries a second.
        """
        connection = _connection(database)
        head = store.read_head(connection, self.log_id)
        edge = Edge()
        for stored in store.all_checkpoints(connection, self.log_id):
            edge = self._rehash(connection, edge, stored.size)
            _compare_checkpoint(stored, edge, keys)
        edge = self._rehash(connection, edge, head.size)
        if edge.root != head.root:
            raise LogDamaged(f"the entries do not give the root of the head at {head.size}")
        if store.count_outside(connection, self.log_id, head.size):
            raise LogDamaged(f"there are entries outside the head's size {head.size}")
        if store.count_tiles(connection, self.log_id) != sum(head.size >> (8 * level) for level in range(1, 8)):
            raise LogDamaged("there are tiles that the log does not have")
        return head

    def _rehash_start(self, connection: Connection, last: StoredCheckpoint | None, head: Head) -> Edge:
        """Where hashing again may begin: what this process hashed, if it is not older than the last checkpoint."""
        signed = 0 if last is None else last.size
        if signed <= self._rehashed.size <= head.size:
            return self._rehashed
        return Edge() if last is None else self._fold(connection, last.size, last.root)

    def _rehash(self, connection: Connection, edge: Edge, end: int) -> Edge:
        """The edge at `end`, from `edge` and the stored bytes of the entries behind it. Raises LogDamaged."""
        for start in range(edge.size, end, _PAGE):
            page = self._page(connection, start, min(start + _PAGE, end))
            edge, full = edge.extended([leaf for _, leaf, _ in page])
            for tile in full:
                if store.read_tile(connection, self.log_id, tile.level, tile.index) != tile:
                    raise LogDamaged(f"{TileAddress(tile.level, tile.index).path} is missing or was changed")
        return edge

    def _page(self, connection: Connection, start: int, end: int) -> Sequence[tuple[int, bytes, bytes]]:
        """(index, leaf hash, entry) of [start, end), hashed from the stored bytes. Raises LogDamaged."""
        page = store.read_entries(connection, self.log_id, start, end)
        if len(page) != end - start:
            raise LogDamaged(f"entries are missing between {start} and {end}")
        for (index, stored, _), computed in zip(page, leaf_hashes(entry for _, _, entry in page), strict=True):
            if computed != stored:
                raise LogDamaged(f"entry {index} was changed: its leaf hash is another")
        return page

    # ---------------------------------------------------------------- tiles

    def _demand(self, connection: Connection, start: int, end: int) -> None:
        size = self._settled if end <= self._settled else store.read_head(connection, self.log_id).size
        if not 0 <= start <= end <= size:
            raise NotInLog(f"{self.log_id} has no entries [{start}, {end})")

    def _nodes(self, connection: Connection, size: int) -> NodeAt:
        return nodes_in(size, lambda level, index, width: self._expanded(connection, level, index, width))

    def _expanded(self, connection: Connection, level: int, index: int, width: int) -> bytes:
        def load() -> bytes:
            return expand(self._tile(connection, level, index, width))

        if ((index << TILE_HEIGHT) + width) << (TILE_HEIGHT * level) > self._settled:
            return load()
        return self._cache.get((level, index, width), load)

    def _hashes(self, connection: Connection, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile."""
        return split_tile(self._tile(connection, level, index, width)) if width else []

    def _tile(self, connection: Connection, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes as one string: from the full tile, the leaves, or the roots of the tiles below."""
        first = index << TILE_HEIGHT
        if width == TILE_WIDTH:
            tile = store.read_tile(connection, self.log_id, level, index)
            data = tile.data if tile else b""
        elif level == 0:
            data = b"".join(store.read_leaves(connection, self.log_id, first, first + width))
        else:
            data = b"".join(store.read_tile_roots(connection, self.log_id, level - 1, first, first + width))
        if len(data) != width * HASH_SIZE:
            raise LogDamaged(f"{TileAddress(level, index, width).path} is missing or too short")
        return data

    def _fold(self, connection: Connection, size: int, root: bytes) -> Edge:
        """The edge of the first `size` entries from stored tiles and leaves. Raises LogDamaged unless it has `root`."""
        edge = Edge.read(size, lambda level, index, width: self._hashes(connection, level, index, width))
        if edge.root != root:
            raise LogDamaged(f"the stored tiles of {self.log_id} do not give its root at {size}")
        return edge


def _connection(database: Database) -> Connection:
    return database.connection() if isinstance(database, Session) else database


def _refuse_other_history(last: StoredCheckpoint, head: Head, now: int) -> None:
    if head.size < last.size or (head.size == last.size and head.root != last.root):
        raise CheckpointRefused(f"size {last.size} was signed before, and the head at {head.size} denies it")
    if now < last.time:
        raise CheckpointRefused("the clock stands before the last checkpoint")


def _compare_checkpoint(stored: StoredCheckpoint, edge: Edge, keys: LogKeys) -> None:
    try:
        signed = verify_checkpoint(stored.note, keys)
    except AuditError as error:
        raise LogDamaged(f"the checkpoint of size {stored.size} does not verify") from error
    said = signed.checkpoint.size, signed.checkpoint.root, signed.time
    if said != (stored.size, stored.root, stored.time) or stored.root != edge.root:
        raise LogDamaged(f"the checkpoint of size {stored.size} is not of these entries")

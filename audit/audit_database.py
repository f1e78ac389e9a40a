"""A log in a database, as an audit reads it: in pages, in one transaction of the caller's, believing no column.

It only reads. A column may hold anything that an administrator could write, of any type that SQLite lets it hold.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select, text

from audit import store
from audit.audit import StoredHead
from audit.audit_checkpoints import StoredLines, StoredNote
from audit.audit_findings import Finding
from audit.audit_tree import Block, StoredTile
from audit.store import CHECKPOINT, COSIGNATURE, ENTRY, PUBLISHED, TILE
from audit.tiles import TILE_HEIGHT, TILE_WIDTH, TileAddress

PAGE: Final = 4 * TILE_WIDTH
"""Entries read at once: 64 MiB if all were as long as they may be, a third of a megabyte as they are."""

NOTES: Final = 64
"""Checkpoints read at once."""

_ENTRIES: Final = text(
    "SELECT idx, leaf_hash, entry FROM log_entry WHERE log_id = :log AND idx >= :start AND idx < :end ORDER BY idx"
)
_TILES: Final = text(
    "SELECT n, data, root FROM log_tile WHERE log_id = :log AND level = 0 AND n >= :start AND n < :end ORDER BY n"
)


class DatabaseSource:
    """The log `log_id` of an open database; everything is read in the transaction of `connection`."""

    stores_partial: Final = False
    has_entries: Final = True

    def __init__(self, connection: Connection, log_id: str) -> None:
        self._connection = connection
        self._log_id = log_id
        head = store.read_head(connection, log_id)
        self.size: Final = max(0, _number(head.size))
        self.head: Final = StoredHead(_bytes(head.root), _number(head.time))

    def blocks(self, first: int = 0, last: int | None = None) -> Iterator[Block]:
        """Return the leaves in order, 256 at a time; those from `first` on, the start of a tile, up to `last`."""
        stop = self.size if last is None else last
        for start in range(first, stop, PAGE):
            end = min(start + PAGE, stop)
            places = {"log": self._log_id, "start": start, "end": end}
            rows = self._connection.execute(_ENTRIES, places).all()
            leaves, entries = _columns(rows, start, end)
            places |= {"start": start // TILE_WIDTH, "end": end // TILE_WIDTH}
            tiles = {row[0]: _tile(row[1], row[2]) for row in self._connection.execute(_TILES, places)}
            for at in range(0, end - start, TILE_WIDTH):
                width = min(TILE_WIDTH, end - start - at)
                tile = tiles.get((start + at) // TILE_WIDTH)
                yield Block(start + at, width, entries[at : at + width], leaves[at : at + width], tile)

    def tile(self, level: int, index: int, width: int) -> StoredTile | None:
        """Return a stored tile of level 1 or above; only full ones are stored."""
        query = select(TILE.c.data, TILE.c.root).where(
            TILE.c.log_id == self._log_id, TILE.c.level == level, TILE.c.n == index
        )
        row = self._connection.execute(query).one_or_none() if width == TILE_WIDTH else None
        return _tile(row[0], row[1]) if row else None

    def checkpoints(self, above: int | None = None, last: int | None = None) -> Iterator[StoredNote]:
        """Return every stored checkpoint, smallest size first; or those of sizes above one, and up to another."""
        columns = CHECKPOINT.c
        query = select(columns.size, columns.root, columns.time, columns.note, columns.vkeys)
        query = query.where(columns.log_id == self._log_id).order_by(columns.size)
        query = query if above is None else query.where(columns.size > above)
        query = query if last is None else query.where(columns.size <= last)
        for size, root, time, note, vkeys in self._connection.execute(query.execution_options(yield_per=NOTES)):
            yield StoredNote(_number(size), _bytes(note), _bytes(root), _number(time), tuple(str(vkeys).split("\n")))

    def published(self) -> StoredNote | None:
        """Return the checkpoint that the world may see, if one is stored."""
        columns = PUBLISHED.c
        query = select(columns.size, columns.time, columns.note).where(columns.log_id == self._log_id)
        row = self._connection.execute(query).one_or_none()
        return StoredNote(_number(row[0]), _bytes(row[2]), time=_number(row[1])) if row else None

    def cosignatures(self) -> Iterator[StoredLines]:
        """Return the stored cosignatures of witnesses."""
        columns = COSIGNATURE.c
        query = select(columns.witness, columns.size, columns.lines).where(columns.log_id == self._log_id)
        for witness, size, lines in self._connection.execute(query.order_by(columns.witness)):
            yield StoredLines(str(witness), _number(size), _bytes(lines))

    def strays(self) -> Iterator[Finding]:
        """Return the entries and tiles that stand where a log of this size has none."""
        outside = or_(ENTRY.c.idx < 0, ENTRY.c.idx >= self.size)
        query = select(ENTRY.c.idx).where(ENTRY.c.log_id == self._log_id, outside).order_by(ENTRY.c.idx)
        for (index,) in self._connection.execute(query.execution_options(yield_per=PAGE)):
            yield Finding("ENTRY_BEYOND_HEAD", "", _number(index), f"{self.size} entries")
        tiles = select(TILE.c.level, TILE.c.n).where(TILE.c.log_id == self._log_id).order_by(TILE.c.level, TILE.c.n)
        for level, index in self._connection.execute(tiles.execution_options(yield_per=PAGE)):
            if not (level >= 0 and 0 <= index < self.size >> (TILE_HEIGHT * (level + 1))):
                path = TileAddress(level, index).path if level >= 0 and index >= 0 else f"level {level}, tile {index}"
                yield Finding("TILE_UNKNOWN", path)


def latest_vkeys(connection: Connection, log_id: str) -> tuple[str, ...]:
    """The keys beside the largest checkpoint, for an auditor who was given none."""
    largest = select(func.max(CHECKPOINT.c.size)).where(CHECKPOINT.c.log_id == log_id).scalar_subquery()
    query = select(CHECKPOINT.c.vkeys).where(CHECKPOINT.c.log_id == log_id, CHECKPOINT.c.size == largest)
    found = connection.execute(query).scalar_one_or_none()
    return tuple(str(found).split("\n")) if found else ()


def _columns(rows: Sequence[Any], start: int, end: int) -> tuple[list[bytes | None], list[bytes | None]]:
    """Leaf hashes and entries of [start, end); None where no row is."""
    if [row[0] for row in rows] == list(range(start, end)):
        leaves, entries = [row[1] for row in rows], [row[2] for row in rows]
        if {type(one) for column in (leaves, entries) for one in column} == {bytes}:
            return leaves, entries
    at = {row[0]: (_bytes(row[1]), _bytes(row[2])) for row in rows}
    found = [at.get(index, (None, None)) for index in range(start, end)]
    return [leaf for leaf, _ in found], [entry for _, entry in found]


def _tile(data: object, root: object) -> StoredTile:
    return StoredTile(_bytes(data), _bytes(root))


def _bytes(value: object) -> bytes:
    """What a column holds, as bytes; what is not bytes becomes bytes that match nothing."""
    return value if isinstance(value, bytes) else repr(value).encode()


def _number(value: object) -> int:
    """What a column holds, as a number; what is no number becomes -1, which matches nothing."""
    return value if isinstance(value, int) else -1

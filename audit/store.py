"""The rows of logs, on SQLite and PostgreSQL: every SQL statement of the package, and nothing that decides.

`metadata` goes into the services' Alembic environments. Nothing here commits: the caller holds the transaction. A row
is immutable once written, but for the one head row of each log, which moves by compare-and-swap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    func,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from audit import rows
from audit.edge import FullTile
from audit.errors import HeadMoved
from crypto.merkle_hash import EMPTY_ROOT, HASH_SIZE

metadata: Final = MetaData()

ENTRY: Final = Table(
    "log_entry",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary(HASH_SIZE), nullable=False),
    Column("entry", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
TILE: Final = Table(
    "log_tile",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Column("root", LargeBinary(HASH_SIZE), nullable=False),
)
HEAD: Final = Table(
    "log_head",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(HASH_SIZE), nullable=False),
    Column("time", BigInteger, nullable=False),
)
CHECKPOINT: Final = Table(
    "log_checkpoint",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(HASH_SIZE), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("vkeys", Text, nullable=False),
)
COSIGNATURE: Final = Table(
    "log_cosignature",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("witness", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("lines", LargeBinary, nullable=False),
)
"""The last cosignature of each witness of a log of ours: the size that it signed, its time, its signature lines."""

PUBLISHED: Final = Table(
    "log_published",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
"""The checkpoint of each log of ours that the world may see: signed by the log, cosigned by the quorum."""

PUBLICATION: Final = Table(
    "log_publication",
    metadata,
    Column("log_id", String(255), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
)
"""Checkpoints that were published before, as far apart as `history` keeps them; `time` is when that was."""

WITNESS_STATE: Final = Table(
    "witness_state",
    metadata,
    Column("origin_hash", String(64), primary_key=True),
    Column("origin", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(HASH_SIZE), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
"""The last checkpoint of each log that this service witnesses; `note` carries our cosignature once it is made."""

CONFLICT: Final = Table(
    "witness_conflict",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("origin", String(255), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("held", LargeBinary, nullable=False),
    Column("offered", LargeBinary, nullable=False),
)
"""Two signed checkpoints of one log that do not fit, kept as evidence: `held` is a note, `offered` a submission."""

PATROL: Final = Table(
    "log_patrol",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("next", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("came_round", BigInteger, nullable=False),
)
"""Where the check of a log in use goes on, when it last looked, and when it last came to the end (unix seconds)."""

DAMAGE: Final = Table(
    "log_damage",
    metadata,
    Column("log_id", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("code", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("of_tree", Boolean, nullable=False),
)
"""What that check found wrong in the tile of entries that begins at `start`, until it is good again."""

_CHECKPOINTS: Final = select(
    CHECKPOINT.c.size, CHECKPOINT.c.root, CHECKPOINT.c.time, CHECKPOINT.c.note, CHECKPOINT.c.vkeys
)
UPSERT: Final[Mapping[str, Callable[[Table], postgresql.Insert | sqlite.Insert]]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
_HEAD: Final[Mapping[str, str]] = {
    "postgresql": "SELECT size, root, time FROM log_head WHERE log_id = %s",
    "sqlite": "SELECT size, root, time FROM log_head WHERE log_id = ?",
}
_SWAP: Final[Mapping[str, str]] = {
    "postgresql": "UPDATE log_head SET size = %s, root = %s, time = %s WHERE log_id = %s AND size = %s AND root = %s",
    "sqlite": "UPDATE log_head SET size = ?, root = ?, time = ? WHERE log_id = ? AND size = ? AND root = ?",
}
_TILE: Final[Mapping[str, str]] = {
    "postgresql": "SELECT data, root FROM log_tile WHERE log_id = %s AND level = %s AND n = %s",
    "sqlite": "SELECT data, root FROM log_tile WHERE log_id = ? AND level = ? AND n = ?",
}
_LEAVES: Final[Mapping[str, str]] = {
    "postgresql": "SELECT leaf_hash FROM log_entry WHERE log_id = %s AND idx >= %s AND idx < %s ORDER BY idx",
    "sqlite": "SELECT leaf_hash FROM log_entry WHERE log_id = ? AND idx >= ? AND idx < ? ORDER BY idx",
}
_ENTRIES: Final[Mapping[str, str]] = {
    "postgresql": "SELECT idx, leaf_hash, entry FROM log_entry "
    "WHERE log_id = %s AND idx >= %s AND idx < %s ORDER BY idx",
    "sqlite": "SELECT idx, leaf_hash, entry FROM log_entry WHERE log_id = ? AND idx >= ? AND idx < ? ORDER BY idx",
}
"""What is asked in every batch, for every tile of a proof and every page of an audit is not put together each time."""


@dataclass(frozen=True)
class Head:
    """The head row: size, root, and the time of the last append (unix seconds; 0 before the first)."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    time: int = 0


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint row: `note` is the signed note as it is published, `vkeys` the two keys that signed it."""

    size: int
    root: bytes
    time: int
    note: bytes
    vkeys: tuple[str, ...]


def lock_head(connection: Connection, log_id: str) -> Head:
    """The head row, locked until the transaction ends (PostgreSQL; on SQLite the caller holds the write lock).

    The row of a new log is made here.
    """
    found = _head(connection, log_id, lock=True)
    if found is None:
        row = {"log_id": log_id, "size": 0, "root": EMPTY_ROOT, "time": 0}
        connection.execute(UPSERT[connection.dialect.name](HEAD).values(row).on_conflict_do_nothing())
        found = _head(connection, log_id, lock=True)
    return found or Head()


def read_head(connection: Connection, log_id: str) -> Head:
    """The head row as this transaction sees it; an empty head when the log has none."""
    return _head(connection, log_id, lock=False) or Head()


def _head(connection: Connection, log_id: str, *, lock: bool) -> Head | None:
    dialect = connection.dialect.name
    query = _HEAD[dialect] + (" FOR UPDATE" if lock and dialect == "postgresql" else "")
    return next((Head(*row) for row in rows.ask(connection, query, (log_id,))), None)


def swap_head(connection: Connection, log_id: str, old: Head, new: Head) -> None:
    """Move the head from `old` to `new`. Raises HeadMoved when `old` is not what is stored."""
    given = (new.size, new.root, new.time, log_id, old.size, old.root)
    if rows.change(connection, _SWAP[connection.dialect.name], given) != 1:
        raise HeadMoved(f"the head of {log_id} is no longer at {old.size}")


def insert_entries(
    connection: Connection, log_id: str, first: int, entries: Sequence[bytes], leaves: Sequence[bytes]
) -> None:
    """Write the rows of entries first, first + 1, ... in one statement."""
    stored = [
        {"log_id": log_id, "idx": first + at, "leaf_hash": leaf, "entry": entries[at]} for at, leaf in enumerate(leaves)
    ]
    rows.insert(connection, ENTRY, stored)


def insert_tiles(connection: Connection, log_id: str, tiles: Sequence[FullTile]) -> None:
    """Write full tiles. A tile that is there already is an error of the database: tiles never change."""
    rows = [{"log_id": log_id, "level": one.level, "n": one.index, "data": one.data, "root": one.root} for one in tiles]
    connection.execute(TILE.insert(), rows)


def read_tile(connection: Connection, log_id: str, level: int, index: int) -> FullTile | None:
    """A full tile with its stored root."""
    found = rows.ask(connection, _TILE[connection.dialect.name], (log_id, level, index))
    return next((FullTile(level, index, data, root) for data, root in found), None)


def read_tile_roots(connection: Connection, log_id: str, level: int, start: int, end: int) -> list[bytes]:
    """The stored roots of the full tiles [start, end) of a level, in order; fewer when rows are missing."""
    query = select(TILE.c.root).where(TILE.c.log_id == log_id, TILE.c.level == level, TILE.c.n >= start, TILE.c.n < end)
    return list(connection.execute(query.order_by(TILE.c.n)).scalars())


def read_leaves(connection: Connection, log_id: str, start: int, end: int) -> list[bytes]:
    """The stored leaf hashes of [start, end) in order; fewer when rows are missing."""
    return [leaf for (leaf,) in rows.ask(connection, _LEAVES[connection.dialect.name], (log_id, start, end))]


def read_entries(connection: Connection, log_id: str, start: int, end: int) -> Sequence[tuple[int, bytes, bytes]]:
    """(index, stored leaf hash, entry) of [start, end) in order; fewer when rows are missing."""
    return rows.ask(connection, _ENTRIES[connection.dialect.name], (log_id, start, end))


def read_entries_at(connection: Connection, log_id: str, indices: Sequence[int]) -> list[tuple[int, bytes]]:
    """(index, entry) at each of `indices` that is there, in order."""
    query = select(ENTRY.c.idx, ENTRY.c.entry).where(ENTRY.c.log_id == log_id, ENTRY.c.idx.in_(indices))
    return [(row.idx, row.entry) for row in connection.execute(query.order_by(ENTRY.c.idx))]


def count_outside(connection: Connection, log_id: str, size: int) -> int:
    """How many entry rows stand where a log of `size` has none."""
    query = select(func.count()).where(ENTRY.c.log_id == log_id, or_(ENTRY.c.idx < 0, ENTRY.c.idx >= size))
    return connection.execute(query).scalar_one()


def count_tiles(connection: Connection, log_id: str) -> int:
    """How many full tiles are stored."""
    return connection.execute(select(func.count()).where(TILE.c.log_id == log_id)).scalar_one()


def put_checkpoint(connection: Connection, log_id: str, stored: StoredCheckpoint) -> None:
    """Write a checkpoint; one of the same size is replaced by the fresher one."""
    fresh = {"time": stored.time, "note": stored.note, "vkeys": "\n".join(stored.vkeys)}
    row = {"log_id": log_id, "size": stored.size, "root": stored.root, **fresh}
    insert = UPSERT[connection.dialect.name](CHECKPOINT).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["log_id", "size"], set_=fresh))


def latest_checkpoint(connection: Connection, log_id: str) -> StoredCheckpoint | None:
    """The checkpoint of the largest size."""
    query = _CHECKPOINTS.where(CHECKPOINT.c.log_id == log_id).order_by(CHECKPOINT.c.size.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return _checkpoint(row) if row else None


def read_checkpoint(connection: Connection, log_id: str, size: int) -> StoredCheckpoint | None:
    """The checkpoint of `size`, if one was signed."""
    row = connection.execute(_CHECKPOINTS.where(CHECKPOINT.c.log_id == log_id, CHECKPOINT.c.size == size)).one_or_none()
    return _checkpoint(row) if row else None


def checkpoints_below(connection: Connection, log_id: str, size: int, most: int) -> list[StoredCheckpoint]:
    """At most `most` checkpoints smaller than `size`, the largest first."""
    query = _CHECKPOINTS.where(CHECKPOINT.c.log_id == log_id, CHECKPOINT.c.size < size)
    return [_checkpoint(row) for row in connection.execute(query.order_by(CHECKPOINT.c.size.desc()).limit(most))]


def all_checkpoints(connection: Connection, log_id: str) -> list[StoredCheckpoint]:
    """Every checkpoint, smallest size first."""
    query = _CHECKPOINTS.where(CHECKPOINT.c.log_id == log_id).order_by(CHECKPOINT.c.size)
    return [_checkpoint(row) for row in connection.execute(query)]


def _checkpoint(row: Row[Any, Any, Any, Any, Any]) -> StoredCheckpoint:
    return StoredCheckpoint(row.size, row.root, row.time, row.note, tuple(row.vkeys.split("\n")))


def log_ids(connection: Connection) -> list[str]:
    """Every log of this database, sorted."""
    return list(connection.execute(select(HEAD.c.log_id).order_by(HEAD.c.log_id)).scalars())

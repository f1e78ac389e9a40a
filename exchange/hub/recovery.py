"""What units hand to a closed hub is kept aside in a file of its own until an operator lets the hub use it.

Taking it in believes nothing and changes nothing of the hub: `exchange.hub.refill` holds every part against the log.
The same parts again are the same rows. This module also seals the entries that units keep for the hub.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import anyio
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, func, select
from sqlalchemy.dialects import sqlite

from audit.errors import AuditError
from audit.tiles import TILE_WIDTH, pack_bundle, unpack_bundle
from crypto import encryption
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError
from crypto.pae import tagged, u64
from exchange import contributions
from exchange.contributions import Part, Piece
from exchange.database import Database
from exchange.errors import BadRequest, Conflict, NotReady, Unfound
from exchange.hub import callers
from exchange.hub.hub import Hub
from exchange.service import Answer, Receive, Scope, read_body
from schemas import receipts
from schemas.errors import SchemaError

RECOVERY_PUBLIC: Final = "recovery.pub"
"""The file in the hub's folder with the public recovery key, to which units keep entries sealed."""

STAGED: Final = "contributions.sqlite"
SEALED_LABEL: Final = "serai/sealed-entries/1"

_metadata: Final = MetaData()
_PART: Final = Table(
    "part",
    _metadata,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(128), primary_key=True),
    Column("unit", String(16), primary_key=True),
    Column("payload", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


class Staged:
    """The contributions in a hub's folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def at(cls, home: Path) -> Self:
        """Those in `home`, none at first."""
        database = Database(f"sqlite:///{home / STAGED}")
        with database.write() as session:
            _metadata.create_all(session.connection())
        return cls(database)

    @staticmethod
    def remove(home: Path) -> None:
        """Take the file away: what was in it is in the hub's database now."""
        for name in (STAGED, f"{STAGED}-wal", f"{STAGED}-shm"):
            (home / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def keep(self, unit: str, pieces: Sequence[Piece]) -> None:
        """Keep what `unit` handed over; a later cursor or sighting of it replaces the earlier."""
        rows = [
            {"part": one.part, "idx": one.index, "digest": name_of(one), "unit": unit, "payload": one.payload}
            for one in pieces
        ]
        with self._database.write() as session:
            for one in pieces:
                if one.part in {Part.CURSOR, Part.SIGHTING}:
                    here = (_PART.c.part == one.part, _PART.c.unit == unit)
                    session.connection().execute(_PART.delete().where(*here))
            if rows:
                session.connection().execute(sqlite.insert(_PART).on_conflict_do_nothing(), rows)

    def of(self, part: Part, *, digest: str | None = None, index: int | None = None) -> Iterator[tuple[str, Piece]]:
        """The parts of one kind with the units that gave them, by index; of one digest or index if it is named."""
        query = select(_PART).where(_PART.c.part == part).order_by(_PART.c.idx, _PART.c.unit)
        if digest is not None:
            query = query.where(_PART.c.digest == digest)
        if index is not None:
            query = query.where(_PART.c.idx == index)
        with self._database.read() as session:
            for row in session.connection().execute(query.execution_options(yield_per=64)):
                yield row.unit, Piece(part, row.idx, row.payload)

    def counts(self) -> list[tuple[str, Part, int]]:
        """How many parts of each kind each unit has handed over."""
        query = select(_PART.c.unit, _PART.c.part, func.count()).group_by(_PART.c.unit, _PART.c.part)
        with self._database.read() as session:
            rows = session.connection().execute(query.order_by(_PART.c.unit, _PART.c.part)).all()
        return [(unit, Part(part), count) for unit, part, count in rows]

    def one(self, part: Part, digest: str) -> bytes | None:
        """The payload of any part of this kind and digest."""
        return next((piece.payload for _, piece in self.of(part, digest=digest)), None)


def name_of(piece: Piece) -> str:
    """The digest by which a log entry names what is in `piece`: of a receipt's statement, else of the bytes."""
    data = piece.payload
    if piece.part is Part.RECEIPT:
        try:
            data = receipts.parse(data).signed.statement_bytes
        except SchemaError:
            return ""  # no entry will ever ask for it
    return hashlib.sha512(data).hexdigest()


async def take(hub: Hub, scope: Scope, receive: Receive) -> Answer:
    """Keep a page that the node of a unit hands over, while the hub is closed."""
    body = await read_body(scope, receive, contributions.PAGE_LIMIT)
    caller = callers.authenticate(hub, scope, body)
    callers.check_active(hub, caller)
    if not hub.closed:
        raise Conflict
    await anyio.to_thread.run_sync(_keep, hub, caller.unit, body)
    return Answer(204, b"application/octet-stream", b"")


def _keep(hub: Hub, unit: str, body: bytes) -> None:
    hub.disk.check_new()
    pieces = contributions.parse(body)
    staged = Staged.at(hub.settings.home)
    try:
        staged.keep(unit, pieces)
    finally:
        staged.close()


# --- entries in the keeping of units ----------------------------------------------------------------------------------


def sealed(hub: Hub, start: int, end: int) -> bytes:
    """The signed entries of [start, end), at most 256, sealed to the recovery key.

    Raises `BadRequest`, and `Unfound` for what is not signed yet and where no recovery key is.
    """
    public = hub.settings.home / RECOVERY_PUBLIC
    if not start < end <= start + TILE_WIDTH:
        raise BadRequest("from and to: 1 to 256 entries")
    with hub.db.read() as session:
        signed = hub.log.checkpoint(session)
        if not public.is_file() or signed is None or end > signed.size:
            raise Unfound
        bundle = pack_bundle(list(hub.log.entries(session, start, end)))
    try:
        return encryption.wrap(public.read_bytes(), bundle, _context(hub, start))
    except CryptoError as error:
        raise NotReady(f"{RECOVERY_PUBLIC}: {error.code}") from error


def unseal(hub: Hub, key: EncryptionKey, piece: Piece) -> list[bytes]:
    """The entries in a SEALED part, from its index on; none if it is not of this hub and key."""
    try:
        return unpack_bundle(key.unwrap(piece.payload, _context(hub, piece.index)))
    except (CryptoError, AuditError):
        return []


def _context(hub: Hub, start: int) -> bytes:
    return tagged(SEALED_LABEL, hub.settings.origin.encode(), u64(start))

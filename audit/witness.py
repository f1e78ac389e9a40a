"""A witness: it remembers for each log the last checkpoint that it cosigned, and cosigns only what continues it.

The rows are in the witness's own database, and nothing here commits. `record` checks and stores in one transaction of
the caller's; `cosign` is for the next one, after that is committed: it signs what it reads back, so that no signature
leaves over what is not durable (C2SP tlog-witness). A crash between the two is harmless: the log asks again with the
size that is held. A request that was overtaken between the two is refused: its size is not the largest any more.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.orm import Session

from audit.checkpoints import Checkpoint, LogKeys, SignedCheckpoint
from audit.cosignatures import Cosigner, with_lines
from audit.log import Database
from audit.notes import SignatureLine
from audit.store import CONFLICT, UPSERT, WITNESS_STATE
from audit.submission import ClockRefused, Held, OldSizeDiffers, Submission, judge, origin_hash
from crypto.merkle_hash import EMPTY_ROOT

_STATE = WITNESS_STATE.c


@dataclass(frozen=True)
class Conflict:
    """Two checkpoints of one log, each signed by it, of which the second does not continue the first."""

    origin: str
    time: int
    held: bytes
    offered: Submission


def held(database: Database, origin: str) -> Held:
    """What this witness remembers of the log `origin`; an empty record if it never cosigned it."""
    row = _row(_connection(database), origin, lock=False)
    return Held() if row is None else Held(row.size, row.root, row.time)


def note(database: Database, origin_digest: str) -> bytes | None:
    """The last checkpoint of the log whose origin has this SHA-256 (64 hex digits), with our cosignature if made."""
    query = select(_STATE.note).where(_STATE.origin_hash == origin_digest)
    return _connection(database).execute(query).scalar_one_or_none() or None


def record(database: Database, request: Submission, keys: LogKeys | None, now: int) -> SignedCheckpoint:
    """Check `request` against the record and advance it, in the caller's transaction; cosign after its commit.

    `keys` are those that the log of this origin signs with now, None if it is unknown; `now` is unix seconds. Raises a
    `WitnessRefused`; at most an empty record was written then.
    """
    connection, origin = _connection(database), request.origin
    row = _row(connection, origin, lock=True)
    if row is None and keys is not None:
        first = {"origin_hash": origin_hash(origin), "origin": origin, "size": 0, "root": EMPTY_ROOT, "time": 0}
        insert = UPSERT[connection.dialect.name](WITNESS_STATE).values({**first, "note": b""})
        connection.execute(insert.on_conflict_do_nothing())
        row = _row(connection, origin, lock=True)  # of two first requests at once, the second waits for the first here
    before = Held() if row is None else Held(row.size, row.root, row.time)
    signed = judge(request, keys, before, now)
    said = signed.checkpoint
    values = {"size": said.size, "root": said.root, "time": now, "note": request.note}
    connection.execute(_at(origin, before.size, before.root).values(values))
    return signed


def begin(database: Database, origin: str, genesis: bytes, now: int) -> None:
    """Begin the record of a log at its entry 0, whose leaf hash was registered, unless there is a record.

    From then on the log proves its continuation from size 1: its first checkpoint is taken on nobody's word.
    """
    connection = _connection(database)
    first = {"origin_hash": origin_hash(origin), "origin": origin, "size": 1, "root": genesis, "time": now, "note": b""}
    insert = UPSERT[connection.dialect.name](WITNESS_STATE).values(first)
    connection.execute(insert.on_conflict_do_nothing())


def cosign(
    database: Database, cosigner: Cosigner, checkpoint: Checkpoint, now: int
) -> tuple[SignatureLine, SignatureLine]:
    """Cosign `checkpoint` as it was recorded and committed; the lines may leave once this transaction is committed.

    Raises OldSizeDiffers when the record has moved on, and ClockRefused when `now` is before the record's time.
    """
    connection, origin = _connection(database), checkpoint.origin
    row = _row(connection, origin, lock=True)
    if row is None or (row.size, row.root) != (checkpoint.size, checkpoint.root):
        raise OldSizeDiffers(0 if row is None else row.size)
    if now < row.time:
        raise ClockRefused("the clock stands before the last cosignature")
    lines = cosigner.cosign(checkpoint, now)
    connection.execute(_at(origin, row.size, row.root).values(time=now, note=with_lines(row.note, lines)))
    return lines


def adopt(database: Database, said: Checkpoint, data: bytes, now: int) -> None:
    """Take `said` (its note is `data`) for the record without cosigning: the others proved it after a restore."""
    connection = _connection(database)
    values = {"size": said.size, "root": said.root, "time": now, "note": data}
    row = {"origin_hash": origin_hash(said.origin), "origin": said.origin, **values}
    insert = UPSERT[connection.dialect.name](WITNESS_STATE).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["origin_hash"], set_=values))


def keep_conflict(database: Database, request: Submission, now: int) -> str:
    """Keep `request`, which `record` refused as inconsistent, beside the note that is held; returns its id.

    The same two are kept once. The caller raises the alarm.
    """
    connection, origin = _connection(database), request.origin
    before, offered = note(database, origin_hash(origin)) or b"", request.to_bytes()
    digest = sha256(before + offered).hexdigest()
    row = {"digest": digest, "origin": origin, "time": now, "held": before, "offered": offered}
    connection.execute(UPSERT[connection.dialect.name](CONFLICT).values(row).on_conflict_do_nothing())
    return digest


def conflicts(database: Database) -> list[Conflict]:
    """The evidence that is kept, the oldest first."""
    rows = _connection(database).execute(select(CONFLICT).order_by(CONFLICT.c.time, CONFLICT.c.digest))
    return [Conflict(row.origin, row.time, row.held, Submission.parse(row.offered)) for row in rows]


def _at(origin: str, size: int, root: bytes) -> Any:
    here = (_STATE.origin_hash == origin_hash(origin), _STATE.size == size, _STATE.root == root)
    return update(WITNESS_STATE).where(*here)


def _row(connection: Connection, origin: str, *, lock: bool) -> Row[Any] | None:
    query = select(WITNESS_STATE).where(_STATE.origin_hash == origin_hash(origin))
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _connection(database: Database) -> Connection:
    return database.connection() if isinstance(database, Session) else database

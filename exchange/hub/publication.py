"""Publication: a signed checkpoint becomes the one that the world sees once the quorum of witnesses has cosigned it.

Messages never wait for this. One candidate is open at a time, so that the cosignatures gather on it; it is replaced
after ten minutes, or at the next growth once it is published. Late cosignatures of the published one are added to it.
Without a quorum in the federation document a checkpoint is published as soon as it is signed (protocol.md §9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, update

from audit import history, store
from audit.checkpoints import Checkpoint
from audit.cosignatures import Cosigned, parse_lines, with_lines, write_lines
from audit.errors import LogDamaged, QuorumMissed
from audit.history import Publication
from audit.log import Log
from audit.policy import NONE, Policy
from audit.store import COSIGNATURE, PUBLISHED, UPSERT, StoredCheckpoint
from exchange.database import Database
from exchange.errors import CosignatureRefused, ExchangeError
from exchange.hub import hints
from exchange.hub.batch import Batch
from exchange.hub.bell import Bell
from exchange.hub.register import Register
from exchange.hub.sequencer import Kind
from exchange.quorum import policy_of
from schemas.directory import Federation

FRESH: Final = 600
"""Seconds after which an unchanged head is signed again, and an open candidate is given up for a newer one."""
LATE: Final = 900
"""Seconds without a new publication after which operators are alarmed."""
_OUTDATED: Final = -1
"""The size of a cosignature row that belongs to an earlier candidate."""


@dataclass(frozen=True, slots=True)
class Published:
    """The checkpoint that the world sees; `time` is what the log states, `published_at` when the quorum was met."""

    size: int
    time: int
    published_at: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """The last cosignature of a witness: the size, -1 if it is of an earlier candidate, and its time."""

    size: int
    time: int


def ring(unit: str) -> str:
    """The name of the bell that rings for witness `unit` when a checkpoint waits for its cosignature."""
    return f"log:{unit}"


def due(now: int, size: int, candidate: StoredCheckpoint | None, published: Published | None) -> bool:
    """Whether a log of `size` entries is to be signed now."""
    if candidate is None or now >= candidate.time + FRESH:
        return True
    is_open = published is None or (published.size, published.time) != (candidate.size, candidate.time)
    return not is_open and size > candidate.size


def standing(connection: Connection, log_id: str, federation: Federation | None, now: int) -> dict[str, Any]:
    """What operators see of it: the published size and its age, whether that is an alarm, and each witness's last sign.

    `seen` is the time of a witness's last cosignature, 0 if there was none, and `cosigned` whether it is of the
    checkpoint that was signed last.
    """
    shown, last = published(connection, log_id), seen(connection, log_id)
    quorum = 0 if federation is None else federation.quorum
    began = now if federation is None else federation.issued
    age = now - (began if shown is None else shown.published_at)
    return {
        "published_size": 0 if shown is None else shown.size,
        "publication_age_seconds": max(0, age),
        "publication_late": bool(quorum) and age > LATE,
        "quorum": quorum,
        "witnesses": [
            {"unit": unit, "seen": one.time if one else 0, "cosigned": one is not None and one.size != _OUTDATED}
            for unit, one in ((unit, last.get(unit)) for unit in (federation.witnesses if federation else ()))
        ],
    }


@dataclass(frozen=True, slots=True)
class Offered:
    """A unit's cosignature of `checkpoint`, verified."""

    unit: str
    checkpoint: Checkpoint
    cosigned: Cosigned


class Publisher:
    """What signs and publishes the checkpoints of one process of the hub; its transactions are its own."""

    def __init__(self, database: Database, log: Log, register: Register, bell: Bell) -> None:
        self._db = database
        self._log = log
        self._register = register
        self._bell = bell
        self.damage = ""
        """Why the last signature was not given: what is stored contradicts itself. Empty when it was."""
        self.cosignatures: Final = Kind("cosignatures", self._take)

    def advance(self, now: int) -> None:
        """Sign the committed head if that is due, publish it if no quorum is asked for, and wake the witnesses.

        Nothing is signed over a damaged log; traffic goes on without. Raises LogDamaged then.
        """
        try:
            self._advance(now)
        except LogDamaged as error:
            self.damage = str(error)
            raise
        self.damage = ""

    def _advance(self, now: int) -> None:
        with self._db.read() as session:
            if not self._due(session.connection(), now):
                return
        with self._db.write() as session:
            connection = session.connection()
            store.lock_head(connection, self._log.log_id)
            if not self._due(connection, now):  # another process was faster
                return
            self._register.refresh(connection, now)  # another may also have put a quorum in force
            federation = self._register.current.federation if self._register.version else None
            candidate = self._log.sign_checkpoint(session, now)
            mine = COSIGNATURE.c.log_id == self._log.log_id
            connection.execute(update(COSIGNATURE).where(mine).values(size=_OUTDATED))
            bells = [ring(unit) for unit in federation.witnesses] if federation else []
            hints.give(connection, bells)
            if federation is None or not federation.quorum:
                _publish(connection, self._log.log_id, candidate, candidate.note, now)
        self._bell.ring(bells)

    def _due(self, connection: Connection, now: int) -> bool:
        size, candidate = self._log.head(connection).size, self._log.checkpoint(connection)
        return due(now, size, candidate, published(connection, self._log.log_id))

    def _take(self, batch: Batch, jobs: Sequence[Offered]) -> list[ExchangeError | None]:
        """Store cosignatures, and publish the checkpoint that they complete."""
        candidate = store.latest_checkpoint(batch.connection, self._log.log_id)
        return [_take(batch, self._log.log_id, candidate, job) for job in jobs]


def published(connection: Connection, log_id: str) -> Published | None:
    """The published checkpoint of a log of ours."""
    columns = PUBLISHED.c
    query = select(columns.size, columns.time, columns.published_at, columns.note).where(columns.log_id == log_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Published(*row)


def seen(connection: Connection, log_id: str) -> dict[str, Seen]:
    """The last cosignature of every witness that ever sent one."""
    columns = COSIGNATURE.c
    rows = connection.execute(select(columns.witness, columns.size, columns.time).where(columns.log_id == log_id))
    return {row.witness: Seen(row.size, row.time) for row in rows}


def _take(batch: Batch, log_id: str, candidate: StoredCheckpoint | None, job: Offered) -> ExchangeError | None:
    said = job.checkpoint
    if candidate is None or (candidate.size, candidate.root) != (said.size, said.root):
        return CosignatureRefused()
    values = {"size": said.size, "time": job.cosigned.time, "lines": write_lines(job.cosigned.lines)}
    insert = UPSERT[batch.connection.dialect.name](COSIGNATURE).values(log_id=log_id, witness=job.unit, **values)
    batch.connection.execute(insert.on_conflict_do_update(index_elements=["log_id", "witness"], set_=values))
    _complete(batch, log_id, candidate)
    return None


def _complete(batch: Batch, log_id: str, candidate: StoredCheckpoint) -> None:
    """Publish `candidate` if it now satisfies the policy; what is published already gains its late cosignatures."""
    try:
        policy = policy_of(batch.directory, batch.now)
    except QuorumMissed:
        return
    columns = COSIGNATURE.c
    query = select(columns.witness, columns.lines).where(columns.log_id == log_id, columns.size == candidate.size)
    rows = batch.connection.execute(query.order_by(columns.witness)).all()
    if policy.quorum == NONE or not _could(policy, [row.witness for row in rows]):
        return
    note = with_lines(candidate.note, [line for row in rows for line in parse_lines(row.lines)])
    try:
        policy.verify(note)
    except QuorumMissed:  # a key that has ended since its cosignature was taken
        return
    _publish(batch.connection, log_id, candidate, note, batch.now)


def _could(policy: Policy, units: Sequence[str]) -> bool:
    """Whether so many units may be enough, before their signatures are verified together."""
    return len(units) >= policy.groups[policy.quorum].needed


def _publish(connection: Connection, log_id: str, candidate: StoredCheckpoint, note: bytes, now: int) -> None:
    """Let the world see `candidate` with the signatures in `note`; `published_at` stays when only lines were added."""
    before = published(connection, log_id)
    again = before is not None and (before.size, before.time) == (candidate.size, candidate.time)
    at = before.published_at if before is not None and again else now
    if before is not None and not again:
        history.keep(connection, log_id, Publication(before.size, before.published_at, before.note))
    values: dict[str, Any] = {"size": candidate.size, "time": candidate.time, "published_at": at, "note": note}
    insert = UPSERT[connection.dialect.name](PUBLISHED).values(log_id=log_id, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=["log_id"], set_=values))

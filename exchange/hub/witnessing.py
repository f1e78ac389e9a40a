"""Witnesses at the hub: units cosign its log by calls of their own, and the hub cosigns the units' logs.

A node has no open port, so the two halves of C2SP tlog-witness are turned round for the hub's log: what a log would
send to its witness is the answer to `GET /v1/log/pending`, and what the witness would answer is posted to
`/v1/log/cosignatures`. For the units' own logs the hub is an ordinary witness (protocol.md §9).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from audit import witness
from audit.checkpoints import Checkpoint, LogKeys, SignedCheckpoint
from audit.cosignatures import Cosigned, Cosigner, check_cosigned, parse_lines
from audit.errors import Malformed, NotInLog, SignatureRefused
from audit.notes import SignatureLine
from audit.submission import MAX_SKEW, SIZE_TYPE, Inconsistent, OldSizeDiffers, Submission, WitnessRefused
from exchange.errors import BadRequest, CosignatureRefused, LogRolledBack, Unfound
from exchange.hub import anchors, bell, callers, publication
from exchange.hub.batch import Batch
from exchange.hub.callers import Caller
from exchange.hub.hot import LONGEST_WAIT
from exchange.hub.hub import Hub
from exchange.hub.publication import Offered
from exchange.hub.sequencer import Kind
from exchange.hub.upkeep import Refused, deny
from exchange.quorum import cosigner_keys
from exchange.service import Answer, Receive, Scope, query_of, read_body
from schemas.errors import SchemaError
from schemas.keychecks import KeyRecord
from schemas.trust import Directory

REWRITTEN: Final = "LOG_REWRITTEN"
"""What our log says of a unit whose own log contradicts what it had shown before."""

TEXT: Final = b"text/plain; charset=utf-8"
REREAD_SECONDS: Final = 5.0
"""On PostgreSQL another process may have signed the checkpoint, and its hint may be lost: so it is looked for again."""


# --- our log, cosigned by the units -----------------------------------------------------------------------------------


async def pending(hub: Hub, scope: Scope, receive: Receive) -> Answer:
    """Give the caller what waits for its cosignature, from the size `old` that it holds; wait up to `wait` seconds.

    The answer is an add-checkpoint request of C2SP tlog-witness, empty if nothing waits.
    """
    caller = callers.authenticate(hub, scope, await read_body(scope, receive, 0))
    place = _place(query_of(scope, ("old", "wait")))
    with hub.polls.taken(caller.unit):
        return await _poll(hub, caller.unit, place)


async def _poll(hub: Hub, unit: str, place: tuple[int, int]) -> Answer:
    old, seconds = place
    until = asyncio.get_running_loop().time() + seconds
    while True:
        ticket = hub.bell.ticket(publication.ring(unit))
        waiting = await anyio.to_thread.run_sync(_pending, hub, unit, old)
        left = until - asyncio.get_running_loop().time()
        if waiting or left <= 0:
            return Answer(200, TEXT, waiting)
        await bell.wait(ticket, left if hub.db.sqlite else min(left, REREAD_SECONDS))


def _place(query: dict[str, str]) -> tuple[int, int]:
    old, seconds = query.get("old", "0"), query.get("wait", "0")
    if not (old.isascii() and old.isdigit() and seconds.isascii() and seconds.isdigit()):
        raise BadRequest("old and wait")
    place = int(old[:20]), int(seconds[:20])
    if (str(place[0]), str(place[1])) != (old, seconds) or place[0] >= 2**53 or place[1] > LONGEST_WAIT:
        raise BadRequest("old and wait")
    return place


def _pending(hub: Hub, unit: str, old: int) -> bytes:
    with hub.db.read() as session:
        candidate = hub.log.checkpoint(session)
        if candidate is None:
            return b""
        if old > candidate.size:
            raise LogRolledBack(after=old)
        mine = publication.seen(session.connection(), hub.log.log_id).get(unit)
        if mine is not None and mine.size == candidate.size:
            return b""
        try:
            proof = hub.log.consistency(session, old, candidate.size) if 0 < old < candidate.size else []
        except NotInLog as error:
            raise LogRolledBack(after=old) from error
    return Submission(old, tuple(proof), candidate.note).to_bytes()


def cosigned(hub: Hub, caller: Caller, body: bytes) -> None:
    """Take the caller's cosignature of the checkpoint that waits; raises `CosignatureRefused` for anything else."""
    with hub.db.read() as session:
        candidate = hub.log.checkpoint(session)
    if candidate is None:
        raise CosignatureRefused
    now = hub.clock()
    try:
        found = _by_one_pair(hub.register.current, caller.unit, now, candidate.note, parse_lines(body))
    except (Malformed, SignatureRefused) as error:
        raise CosignatureRefused(error.code) from error
    said = Checkpoint(hub.settings.origin, candidate.size, candidate.root)
    if abs(found.time - now) > MAX_SKEW:
        raise CosignatureRefused("the time that it states is not now")
    hub.do(hub.publisher.cosignatures, Offered(caller.unit, said, found))


def _by_one_pair(directory: Directory, unit: str, now: int, note: bytes, lines: Sequence[SignatureLine]) -> Cosigned:
    ids = {(line.name, line.key_id) for line in lines}
    for record in directory.witness_keys(now).get(unit, ()):
        keys = cosigner_keys(record)
        if (keys.mldsa44.name, keys.mldsa44.key_id) in ids:
            return check_cosigned(note, lines, keys)
    raise SignatureRefused("no witness keys of this unit")


# --- the units' logs, cosigned by us ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ask:
    """A checkpoint that a unit's log wants cosigned; `log` is what the unit stated of it, None if it is unknown."""

    request: Submission
    log: KeyRecord | None

    @property
    def keys(self) -> LogKeys | None:
        """The keys of the log."""
        return None if self.log is None else LogKeys.of(self.request.origin, self.log.public)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A checkpoint that is recorded and committed, and what it is to be cosigned with."""

    checkpoint: Checkpoint
    cosigner: Cosigner


Lines = tuple[SignatureLine, ...]


def add_checkpoint(hub: Hub, body: bytes) -> Lines:
    """Cosign a checkpoint of a unit's log: recorded in one transaction, signed in the next.

    Raises a `WitnessRefused`, whose status is the answer.
    """
    request = Submission.parse(body)
    recorded: SignedCheckpoint = hub.do(RECORDS, _Ask(request, _log_of(hub, request.origin)))
    lines: Lines = hub.do(COSIGNING, _Recorded(recorded.checkpoint, hub.keys.witness))
    return lines


def refusal(refused: WitnessRefused) -> tuple[int, str, bytes]:
    """Return status, media type and body of a refusal; a witness that holds another size says which."""
    if isinstance(refused, OldSizeDiffers):
        return refused.status, SIZE_TYPE, refused.body
    return refused.status, TEXT.decode(), f"{refused.code}\n".encode()


def watched(hub: Hub, origin_digest: str) -> bytes:
    """Return the last checkpoint that we cosigned of the log of this origin (SHA-256, hex); raises `Unfound`."""
    with hub.db.read() as session:
        note = witness.note(session, origin_digest)
    if not note:
        raise Unfound
    return note


def _log_of(hub: Hub, origin: str) -> KeyRecord | None:
    """What a unit stated of the log `origin`; a log whose entry 0 was never registered is unknown."""
    try:
        record = hub.register.current.log_key(origin, hub.clock())
    except SchemaError:
        return None
    return record if record.statement.genesis is not None else None


def _record(batch: Batch, jobs: Sequence[_Ask]) -> list[SignedCheckpoint | WitnessRefused]:
    return [_record_one(batch, job) for job in jobs]


def _record_one(batch: Batch, job: _Ask) -> SignedCheckpoint | WitnessRefused:
    """Advance the record of a unit's log, from its registered entry 0 on, and anchor its head in ours.

    A contradiction is kept as evidence, logged, and counted for the operators.
    """
    if job.log is not None and job.log.statement.genesis is not None:
        genesis = bytes.fromhex(job.log.statement.genesis)
        witness.begin(batch.connection, job.request.origin, genesis, batch.now)
    try:
        recorded = witness.record(batch.connection, job.request, job.keys, batch.now)
    except Inconsistent as refused:
        witness.keep_conflict(batch.connection, job.request, batch.now)
        deny(batch, [Refused(job.log.unit if job.log else "", REWRITTEN)])
        return refused
    except WitnessRefused as refused:
        return refused
    anchors.anchor(batch, recorded.checkpoint, job.request.note)
    return recorded


def _cosign(batch: Batch, jobs: Sequence[_Recorded]) -> list[Lines | WitnessRefused]:
    return [_cosign_one(batch, job) for job in jobs]


def _cosign_one(batch: Batch, job: _Recorded) -> Lines | WitnessRefused:
    try:
        return witness.cosign(batch.connection, job.cosigner, job.checkpoint, batch.now)
    except WitnessRefused as refused:
        return refused


RECORDS: Final = Kind("witness records", _record)
COSIGNING: Final = Kind("witness cosignatures", _cosign)

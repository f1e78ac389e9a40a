"""What time alone does at the hub: silence becomes a final state, old ciphertext goes, the snapshot stays fresh.

And the receipts of units, which end what silence would have ended. Each is a job of the sequencer.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, delete, exists, or_, select, update

from audit import rows
from audit.rows import Wanted
from crypto import statements
from exchange import arrivals
from exchange.arrivals import FINAL, KEY_ENDED, NOT_DELIVERED_AFTER, Delivery, Received, Reception, State
from exchange.hub.batch import RECEIPT_KIND, Batch, Mail
from exchange.hub.handout import receipt
from exchange.hub.register import REFRESH, Register
from exchange.hub.sequencer import Kind
from exchange.hub.tables import DELIVERY, DENIAL, MESSAGE, NONCE, RECEIPT
from schemas.entries import DenialEntry
from schemas.receipts import SignedReceipt

MOST_LAPSES: Final = 256
DENIAL_SECONDS: Final = 60
"""A unit's refusals of one kind are one leaf in this many seconds, with their count."""


# --- receipts of units ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    """A unit's receipt whose signature is good."""

    signed: SignedReceipt

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is unique by: (eid, unit, type)."""
        one = self.signed.receipt
        return one.eid, one.unit, one.type

    @property
    def digest(self) -> bytes:
        """The SHA-512 of its statement bytes."""
        return hashlib.sha512(self.signed.signed.statement_bytes).digest()


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of it: the index of its leaf and the hub's time, unless it was refused with a code."""

    eid: str
    type: str
    received: Received
    index: int = 0
    time: int = 0


def report(batch: Batch, jobs: Sequence[Sequence[Reported]]) -> list[list[Noted]]:
    """Judge and log the receipts of each job, in order."""
    every = [one for job in jobs for one in job]
    before = _receipts_before(batch, every)
    deliveries = _deliveries(batch, every)
    states = {key: row["state"] for key, row in deliveries.items()}
    noted = [[_note(batch, one, before, deliveries) for one in job] for job in jobs]
    moved = [row for key, row in deliveries.items() if row["state"] != states[key]]
    rows.update(batch.connection, DELIVERY, ("state",), moved)
    return noted


RECEIPTS: Final = Kind("receipts", report)


_BEFORE: Final = Wanted(RECEIPT, ("eid", "unit", "type", "digest", "idx", "time"), ("eid", "unit", "type"))
_DELIVERIES: Final = Wanted(DELIVERY, tuple(DELIVERY.c.keys()), ("eid", "unit"), lock=True)


def _receipts_before(batch: Batch, every: Sequence[Reported]) -> dict[tuple[str, str, str], tuple[bytes, int, int]]:
    found = rows.find(batch.connection, _BEFORE, [one.key for one in every])
    return {(row.eid, row.unit, row.type): (row.digest, row.idx, row.time) for row in found}


def _deliveries(batch: Batch, every: Sequence[Reported]) -> dict[tuple[str, str], dict[str, Any]]:
    found = rows.find(batch.connection, _DELIVERIES, list(dict.fromkeys(one.key[:2] for one in every)))
    return {(row.eid, row.unit): row._asdict() for row in found}


def _note(
    batch: Batch,
    one: Reported,
    before: dict[tuple[str, str, str], tuple[bytes, int, int]],
    deliveries: dict[tuple[str, str], dict[str, Any]],
) -> Noted:
    stated = one.signed.receipt
    known = before.get(one.key)
    row = deliveries.get((stated.eid, stated.unit))
    delivery = Delivery(State(row["state"]), row["expires"], row["handed_at"]) if row else None
    received = arrivals.judge_receipt(batch.now, stated, one.digest, delivery, known[0] if known else None)
    if received.reception is Reception.KNOWN and known is not None:
        return Noted(stated.eid, stated.type, received, known[1], known[2])
    if received.state is not None and batch.directory.keys[one.signed.kids[0]].fault(batch.now):
        received = Received(Reception.REFUSED, code=KEY_ENDED)
    if row is None or received.state is None:
        return Noted(stated.eid, stated.type, received)
    index = batch.log_receipt(stated, one.digest)
    batch.keep(stated, index, one.digest, statements.split(one.signed.wire))
    batch.post(row["sender"], Mail(index, stated.eid, RECEIPT_KIND, stated.unit, stated.type))
    row["state"] = received.state.value
    before[one.key] = (one.digest, index, batch.now)
    return Noted(stated.eid, stated.type, received, index, batch.now)


# --- silence ----------------------------------------------------------------------------------------------------------


def lapse(batch: Batch, jobs: Sequence[object]) -> list[int]:
    """Make EXPIRED and NOT_DELIVERED of deliveries whose time has come, at most 256; return how many."""
    query = select(DELIVERY).where(
        or_(
            and_(DELIVERY.c.state == State.QUEUED.value, DELIVERY.c.expires <= batch.now),
            and_(DELIVERY.c.state == State.RELAYED.value, DELIVERY.c.expires <= batch.now - NOT_DELIVERED_AFTER),
        )
    )
    due = batch.connection.execute(query.order_by(DELIVERY.c.expires).limit(MOST_LAPSES).with_for_update()).all()
    for row in due:
        state = arrivals.lapse(batch.now, Delivery(State(row.state), row.expires, row.handed_at))
        if state is not None:
            batch.connection.execute(
                update(DELIVERY).where(DELIVERY.c.eid == row.eid, DELIVERY.c.unit == row.unit).values(state=state.value)
            )
            batch.state(receipt(batch, state.value, row.eid, row.unit), (row.sender, row.unit))
    return [len(due)] * len(jobs)


LAPSES: Final = Kind("lapses", lapse)


def forget(batch: Batch, jobs: Sequence[int]) -> list[None]:
    """Drop nonces that no longer protect anything, and ciphertext of which every recipient was final long ago.

    A job is the seconds for which ciphertext is kept after its expiry.
    """
    batch.connection.execute(delete(NONCE).where(NONCE.c.expires < batch.now))
    pending = exists().where(DELIVERY.c.eid == MESSAGE.c.eid, DELIVERY.c.state.not_in([state.value for state in FINAL]))
    kept_until = batch.now - max(jobs)
    batch.connection.execute(
        update(MESSAGE)
        .where(MESSAGE.c.expires < kept_until, MESSAGE.c.envelope.is_not(None), ~pending)
        .values(envelope=None)
    )
    return [None] * len(jobs)


FORGETTING: Final = Kind("forgetting", forget)


# --- refusals of those we know ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """An authenticated unit was refused with this error code."""

    unit: str
    code: str


def deny(batch: Batch, jobs: Sequence[Refused]) -> list[None]:
    """Log refusals of authenticated units: one leaf a minute for each unit and code, with the count since the last."""
    counts: dict[Refused, int] = {}
    for job in jobs:
        counts[job] = counts.get(job, 0) + 1
    for refused, count in counts.items():
        _deny(batch, refused, count)
    return [None] * len(jobs)


DENIALS: Final = Kind("denials", deny)


def _deny(batch: Batch, refused: Refused, count: int) -> None:
    here = and_(DENIAL.c.unit == refused.unit, DENIAL.c.code == refused.code)
    row = batch.connection.execute(select(DENIAL).where(here).with_for_update()).one_or_none()
    due = row is None or batch.now >= row.logged_at + DENIAL_SECONDS
    total = count + (row.pending if row else 0)
    if due:
        batch.log(DenialEntry(time=batch.now, nonce=batch.nonce(), unit=refused.unit, error=refused.code, count=total))
    values = {"pending": 0 if due else total}
    if row is None:
        key = {"unit": refused.unit, "code": refused.code, "logged_at": batch.now}
        batch.connection.execute(DENIAL.insert(), key | values)
    else:
        at = {"logged_at": batch.now} if due else {}
        batch.connection.execute(update(DENIAL).where(here).values(**values, **at))


# --- the snapshot -----------------------------------------------------------------------------------------------------


def refreshing(register: Register) -> Kind:
    """Return the kind of job that signs the snapshot anew when it is six hours old."""

    def refresh(batch: Batch, jobs: Sequence[object]) -> list[bool]:
        due = batch.now >= register.current.snapshot.issued + REFRESH
        if due:
            register.publish(batch)
        return [due] * len(jobs)

    return Kind("snapshot", refresh, alone=True)

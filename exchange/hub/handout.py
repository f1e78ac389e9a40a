"""Collecting: what a unit's mailbox holds after an index, and the first hand-out of each message, written first.

Asking acknowledges nothing. Before the bytes of a message leave the hub for the first time, its RELAYED receipt is
durable and on its way to both sides (protocol.md §7.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, or_, select

from audit import rows, store
from audit.rows import Wanted
from crypto.statements import Parts
from exchange import arrivals
from exchange.arrivals import Delivery, State
from exchange.hub.batch import MESSAGE_KIND, QUIET, Batch
from exchange.hub.sequencer import Kind
from exchange.hub.tables import DELIVERY, MAILBOX, MESSAGE, RECEIPT, SIGNATURES
from schemas.receipts import Receipt

MOST_ITEMS: Final = 256
MOST_BYTES: Final = 8 << 20
_FRAME: Final = Struct(">QBI")
_SIZE: Final = Struct(">I")

_THERE: Final = and_(DELIVERY.c.state != State.EXPIRED.value, MESSAGE.c.envelope.is_not(None))
"""What expired is not handed out, and what was erased long after everybody was final is not there any more. The query
leaves both out, so that however many of them stand in a row, the page behind them is reached."""


_BEHIND: Final = (
    select(
        MAILBOX.c.idx,
        MAILBOX.c.kind,
        MAILBOX.c.eid,
        MAILBOX.c.type,
        MESSAGE.c.envelope,
        DELIVERY.c.state,
        RECEIPT.c.proof,
        SIGNATURES.c.signatures,
        RECEIPT.c.statement,
    )
    .outerjoin(MESSAGE, and_(MAILBOX.c.kind == MESSAGE_KIND, MESSAGE.c.eid == MAILBOX.c.eid))
    .outerjoin(DELIVERY, and_(DELIVERY.c.eid == MESSAGE.c.eid, DELIVERY.c.unit == MAILBOX.c.unit))
    .outerjoin(
        RECEIPT,
        and_(RECEIPT.c.eid == MAILBOX.c.eid, RECEIPT.c.unit == MAILBOX.c.about, RECEIPT.c.type == MAILBOX.c.type),
    )
    .outerjoin(SIGNATURES, SIGNATURES.c.idx == RECEIPT.c.signed)
    .where(
        MAILBOX.c.unit == bindparam("unit"),
        MAILBOX.c.idx > bindparam("after"),
        or_(MAILBOX.c.kind != MESSAGE_KIND, _THERE),
    )
    .order_by(MAILBOX.c.idx)
    .limit(MOST_ITEMS)
    .execution_options(stream_results=True, yield_per=16)
)
"""What stands in a mailbox behind a leaf, with what each of it is."""

_ENTRIES: Final = Wanted(store.ENTRY, ("idx", "entry"), ("log_id", "idx"))
_DELIVERIES: Final = Wanted(DELIVERY, tuple(DELIVERY.c.keys()), ("eid", "unit"), lock=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a mailbox: its leaf index, kind, complete log entry and payload; `type` is that of a receipt."""

    index: int
    kind: int
    eid: str
    type: str
    entry: bytes
    payload: bytes

    @property
    def urgent(self) -> bool:
        """Return whether it ends a wait. That a message left the hub is soon followed by what became of it."""
        return self.type not in QUIET

    def frame(self) -> bytes:
        """Return the wire form: u64 index, u8 kind, u32 size and entry, u32 size and payload."""
        head = _FRAME.pack(self.index, self.kind, len(self.entry))
        return b"".join((head, self.entry, _SIZE.pack(len(self.payload)), self.payload))


@dataclass(frozen=True, slots=True)
class HandOut:
    """A unit is about to get these messages."""

    unit: str
    eids: tuple[str, ...]


def collect(connection: Connection, log_id: str, unit: str, after: int) -> tuple[list[Item], tuple[str, ...]]:
    """Return up to 256 items or 8 MiB of `unit` behind leaf `after`, and the messages never handed out before."""
    found = connection.execute(_BEHIND, {"unit": unit, "after": after})
    kept: list[tuple[Any, bytes]] = []
    size = 0
    for row in found:
        payload = row.envelope if row.kind == MESSAGE_KIND else Parts(row.proof, row.signatures, row.statement).wire()
        size += len(payload)
        if kept and size > MOST_BYTES:
            break
        kept.append((row, payload))
    found.close()
    entries = _entries(connection, log_id, [row.idx for row, _ in kept])
    fresh = tuple(row.eid for row, _ in kept if row.state == State.QUEUED)
    return [Item(row.idx, row.kind, row.eid, row.type, entries[row.idx], payload) for row, payload in kept], fresh


def _entries(connection: Connection, log_id: str, indices: Sequence[int]) -> dict[int, bytes]:
    found = rows.find(connection, _ENTRIES, [(log_id, index) for index in indices])
    return {row.idx: row.entry for row in found}


def relay(batch: Batch, jobs: Sequence[HandOut]) -> list[frozenset[str]]:
    """Write RELAYED for each first hand-out; return, for each job, the messages that may leave."""
    return [_relay(batch, job) for job in jobs]


HAND_OUTS: Final = Kind("hand-out", relay)


def _relay(batch: Batch, job: HandOut) -> frozenset[str]:
    allowed = []
    first = []
    for row in rows.find(batch.connection, _DELIVERIES, [(eid, job.unit) for eid in job.eids]):
        decision = arrivals.hand_out(Delivery(State(row.state), row.expires, row.handed_at))
        if decision is not None:
            allowed.append(row.eid)
        if decision:
            first.append(row)
    handed = {"unit": job.unit, "state": State.RELAYED.value, "handed_at": batch.now}
    rows.update(batch.connection, DELIVERY, ("state", "handed_at"), [{**handed, "eid": row.eid} for row in first])
    for row in first:
        batch.state(receipt(batch, "RELAYED", row.eid, job.unit), (row.sender, job.unit))
    return frozenset(allowed)


def receipt(batch: Batch, receipt_type: str, eid: str, unit: str) -> Receipt:
    """Return the hub's statement that this became of the delivery of `eid` to `unit`, now."""
    federation = batch.directory.federation
    return Receipt(
        env=federation.env,
        type=receipt_type,  # type: ignore[arg-type]  # the state tables name only receipt types
        eid=eid,
        by=federation.hub.name,
        unit=unit,
        time=batch.now,
    )

"""The rows that one transaction works on: each is looked up once, many at a time, and what is new is written together.

A page of the inbox is hundreds of rows. Asked for one by one they cost ten times what the cryptography does; here they
are read ahead with one query a table (`nodes.shelves`), and what changed, new rows, log leaves and alerts are written
by `finish`. Whoever uses a `Work` asks its tables no other way until then. It decides nothing.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast

from sqlalchemy.orm import Session

from nodes import alerts, log
from nodes.alerts import Raised
from nodes.errors import NotFound
from nodes.fingerprint_tables import FingerprintRow
from nodes.grant_tables import ConcernRow, GrantRow, PassageRow
from nodes.log import Act
from nodes.node import Node
from nodes.row import Row
from nodes.shelves import Held, Look, Shelf
from nodes.tables import (
    CaseRow,
    ChainRow,
    CounterRow,
    DeliveryRow,
    MessageRow,
    OutboxRow,
    QuarantineRow,
    ReceiptRow,
    ThreadRow,
    VoidRow,
)

R = TypeVar("R", bound=Row)

_WRITTEN_FIRST: Final[tuple[type[Row], ...]] = (CaseRow, CounterRow, MessageRow)
"""Rows that others refer to, in the order in which they are written; all others follow."""

_CASES: Final = Look(CaseRow, CaseRow.case_id, unique=True)
_CHAINS: Final = Look(ChainRow, ChainRow.chain, unique=True, lock=True)
_COUNTERS: Final = Look(CounterRow, CounterRow.name, unique=True, lock=True)
_MESSAGES: Final = Look(MessageRow, MessageRow.message_id, unique=True)
_BY_EID: Final = Look(MessageRow, MessageRow.eid, unique=True)
_BY_THREAD: Final = Look(MessageRow, MessageRow.thread_id)
_BY_PLACE: Final = Look(MessageRow, MessageRow.sender, MessageRow.pair_seq)
_DELIVERIES: Final = Look(DeliveryRow, DeliveryRow.message_id, lock=True)
_OUTBOX: Final = Look(OutboxRow, OutboxRow.message_id, unique=True, lock=True)
_THREADS: Final = Look(ThreadRow, ThreadRow.thread_id, lock=True)
_RECEIPTS: Final = Look(ReceiptRow, ReceiptRow.eid)
_VOIDS: Final = Look(VoidRow, VoidRow.unit)
_CONCERNS: Final = Look(ConcernRow, ConcernRow.message_id)
_REVOCATIONS: Final = Look(ConcernRow, ConcernRow.names)
_GRANTS: Final = Look(GrantRow, GrantRow.decision)
_PASSAGES: Final = Look(PassageRow, PassageRow.message_id)
_FINGERPRINTS: Final = Look(FingerprintRow, FingerprintRow.fingerprint)
_QUARANTINE: Final = Look(QuarantineRow, QuarantineRow.hub_index, unique=True)


class Work:
    """What one transaction of `node` reads and writes about messages; nothing new is written before `finish`."""

    def __init__(self, session: Session, node: Node) -> None:
        session.flush()
        self.session = session
        self.node = node
        self._held = held = Held(session.connection())
        self.cases = Shelf(held, _CASES)
        self.chains = Shelf(held, _CHAINS)
        self.counters = Shelf(held, _COUNTERS)
        self.messages = Shelf(held, _MESSAGES)
        self.by_eid = Shelf(held, _BY_EID)
        self.by_thread = Shelf(held, _BY_THREAD)
        self.by_place = Shelf(held, _BY_PLACE)
        self.deliveries = Shelf(held, _DELIVERIES)
        self.outbox = Shelf(held, _OUTBOX)
        self.threads = Shelf(held, _THREADS)
        self.receipts = Shelf(held, _RECEIPTS)
        self.quarantine = Shelf(held, _QUARANTINE)
        self.voids = Shelf(held, _VOIDS)
        self.concerns = Shelf(held, _CONCERNS)
        self.revocations = Shelf(held, _REVOCATIONS)
        self.grants = Shelf(held, _GRANTS)
        self.passages = Shelf(held, _PASSAGES)
        self.fingerprints = Shelf(held, _FINGERPRINTS)
        self._shelves: dict[type[Row], list[Shelf[Any]]] = {}
        for shelf in [one for one in vars(self).values() if isinstance(one, Shelf)]:
            self._shelves.setdefault(shelf.look.row_type, []).append(shelf)
        self._new: dict[type[Row], list[Row]] = {}
        self._acts: list[Act] = []
        self._alerts: list[Raised] = []

    def case(self, case_id: str) -> CaseRow:
        """Return a case by its inner id; raises `NotFound`."""
        found = self.cases.one(case_id)
        if found is None:
            raise NotFound
        return found

    def whole(self, message: MessageRow) -> MessageRow:
        """Return a message with its bytes, which are most of its row."""
        return self._held.fill(message)

    def receipt(self, eid: str, unit: str, kind: str) -> ReceiptRow | None:
        """Return the receipt of this type about an envelope and a unit."""
        return next((row for row in self.receipts.read([eid]) if (row.unit, row.type) == (unit, kind)), None)

    def read_threads(self, thread_ids: Iterable[str]) -> None:
        """Read ahead all that the state and the clocks of these exchanges are made of."""
        wanted = list(thread_ids)
        self.threads.read(wanted)
        messages = self.by_thread.read(wanted)
        self.messages.know(messages)
        self.deliveries.read(row.message_id for row in messages)
        self.receipts.read(row.eid for row in messages)

    def add(self, row: Row) -> None:
        """Have a new row written; it is found from now on."""
        for shelf in self._shelves.get(type(row), ()):
            shelf.put(row)
        self._new.setdefault(type(row), []).append(row)

    def added(self, row_type: type[R]) -> list[R]:
        """Return the new rows of a type; until `finish` they may still be changed."""
        return cast("list[R]", self._new.get(row_type, []))

    def delete(self, row: Row) -> None:
        """Have a row that was read deleted."""
        for shelf in self._shelves.get(type(row), ()):
            shelf.take(row)
        self._held.delete(self._shelves[type(row)][0].look, row)

    def record(self, act: Act) -> None:
        """Have an act logged; its leaf stands behind those of the acts before it."""
        self._acts.append(act)

    def alert(self, raised: Raised) -> None:
        """Have an alert raised."""
        self._alerts.append(raised)

    def finish(self) -> None:
        """Write what changed and what is new, then the leaves of the log in the order of the acts, then the alerts.

        Rows that were added are not to be changed afterwards.
        """
        self.session.flush()
        changed = self._held.write()
        for row in [row for row in self.session if type(row) in changed]:
            self.session.expire(row)
        for row_type in dict.fromkeys((*_WRITTEN_FIRST, *self._new)):
            self._held.insert(self._new.pop(row_type, []))
        acts, self._acts = self._acts, []
        if acts:
            log.record_all(self.session, self.node, acts)
        raised, self._alerts = self._alerts, []
        for alert in raised:
            alerts.raise_alert(self.session, self.node, alert)

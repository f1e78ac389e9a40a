"""The rows that one transaction works on: each is looked up once, many at a time, and what is new is written together.

A page of the inbox is hundreds of rows. Asked for one by one they cost ten times what the cryptography does; here they
are read ahead with one query a table, an absent row is remembered as absent, and new rows, log leaves and alerts are
written by `finish`. Whoever uses a `Work` asks its tables no other way until then. It decides nothing.
"""

from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from nodes import alerts, bulk, log
from nodes.alerts import Raised
from nodes.errors import NotFound
from nodes.grant_tables import ConcernRow, GrantRow, PassageRow
from nodes.log import Act
from nodes.node import Node
from nodes.tables import (
    CaseRow,
    CounterRow,
    DeliveryRow,
    MessageRow,
    OutboxRow,
    QuarantineRow,
    ReceiptRow,
    Row,
    ThreadRow,
    VoidRow,
)

R = TypeVar("R", bound=Row)
Column = InstrumentedAttribute[Any]

_WRITTEN_FIRST: Final[tuple[type[Row], ...]] = (CaseRow, CounterRow, MessageRow)
"""Rows that others refer to, in the order in which they are written; all others follow."""


_RARELY_READ: Final = (defer(MessageRow.envelope), defer(MessageRow.sealed), defer(MessageRow.salt_sealed))
"""Most of a message's row; whoever does need one of them gets it by itself."""


class Look(Generic[R]):
    """One way to find rows of a table: by the value of one column, or of several. The query is made once.

    With `unique` there is at most one row for a key; with `lock` nobody else changes what was found.
    """

    def __init__(self, row_type: type[R], *columns: Column, unique: bool = False, lock: bool = False) -> None:
        self.unique = unique
        self._names = tuple(column.key for column in columns)
        looked_at: Any = columns[0] if len(columns) == 1 else tuple_(*columns)
        self.query = select(row_type).where(looked_at.in_(bindparam("keys", expanding=True)))
        if row_type is MessageRow:
            self.query = self.query.options(*_RARELY_READ)
        if lock:  # always in the same order, so that no two transactions wait for each other in a circle
            self.query = self.query.order_by(*row_type.__table__.primary_key).with_for_update()

    def key(self, row: R) -> Any:
        """Return the key of a row."""
        values = tuple(getattr(row, name) for name in self._names)
        return values[0] if len(values) == 1 else values


class Shelf(Generic[R]):
    """What one transaction has found in one way, and what it adds."""

    def __init__(self, session: Session, look: Look[R]) -> None:
        self._session = session
        self._look = look
        self._rows: dict[Any, list[R]] = {}
        self._added: dict[Any, list[R]] = {}

    def read(self, keys: Iterable[Any]) -> list[R]:
        """Return all rows with one of these keys; those not read before are read with one query."""
        wanted = dict.fromkeys(keys)
        unread = [key for key in wanted if key not in self._rows]
        if unread:
            self._rows.update((key, []) for key in unread)
            with self._session.no_autoflush:
                for row in self._session.scalars(self._look.query, {"keys": unread}):
                    self._rows[self._look.key(row)].append(row)
            for key in unread:
                self._rows[key] += self._added.pop(key, ())
        return [row for key in wanted for row in self._rows[key]]

    def one(self, key: Any) -> R | None:
        """Return the row with this key, of which there is at most one."""
        found = self.read([key])
        return found[0] if found else None

    def put(self, row: R) -> None:
        """Place a new row; where its key may have others, they are read only if somebody asks."""
        key = self._look.key(row)
        if key in self._rows or self._look.unique:
            self._rows.setdefault(key, []).append(row)
        else:
            self._added.setdefault(key, []).append(row)

    def lack(self, keys: Iterable[Any]) -> None:
        """Take it that there is no row with any of these keys."""
        for key in keys:
            self._rows.setdefault(key, [])

    def know(self, rows: Iterable[R]) -> None:
        """Place rows that were found in another way; only for a unique key."""
        for row in rows:
            self._rows.setdefault(self._look.key(row), [row])

    def take(self, row: R) -> None:
        """Forget a row that is being deleted."""
        self._rows[self._look.key(row)].remove(row)


_CASES: Final = Look(CaseRow, CaseRow.case_id, unique=True)
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
_QUARANTINE: Final = Look(QuarantineRow, QuarantineRow.hub_index, unique=True)


class Work:
    """What one transaction of `node` reads and writes about messages; nothing new is written before `finish`."""

    def __init__(self, session: Session, node: Node) -> None:
        self.session = session
        self.node = node
        self.cases = Shelf(session, _CASES)
        self.counters = Shelf(session, _COUNTERS)
        self.messages = Shelf(session, _MESSAGES)
        self.by_eid = Shelf(session, _BY_EID)
        self.by_thread = Shelf(session, _BY_THREAD)
        self.by_place = Shelf(session, _BY_PLACE)
        self.deliveries = Shelf(session, _DELIVERIES)
        self.outbox = Shelf(session, _OUTBOX)
        self.threads = Shelf(session, _THREADS)
        self.receipts = Shelf(session, _RECEIPTS)
        self.quarantine = Shelf(session, _QUARANTINE)
        self.voids = Shelf(session, _VOIDS)
        self.concerns = Shelf(session, _CONCERNS)
        self.revocations = Shelf(session, _REVOCATIONS)
        self.grants = Shelf(session, _GRANTS)
        self.passages = Shelf(session, _PASSAGES)
        self._shelves: dict[type[Row], tuple[Shelf[Any], ...]] = {
            CaseRow: (self.cases,),
            CounterRow: (self.counters,),
            MessageRow: (self.messages, self.by_eid, self.by_thread, self.by_place),
            DeliveryRow: (self.deliveries,),
            OutboxRow: (self.outbox,),
            ThreadRow: (self.threads,),
            ReceiptRow: (self.receipts,),
            QuarantineRow: (self.quarantine,),
            VoidRow: (self.voids,),
            ConcernRow: (self.concerns, self.revocations),
            GrantRow: (self.grants,),
            PassageRow: (self.passages,),
        }
        self._new: dict[type[Row], list[Row]] = {}
        self._acts: list[Act] = []
        self._alerts: list[Raised] = []

    def case(self, case_id: str) -> CaseRow:
        """Return a case by its inner id; raises `NotFound`."""
        found = self.cases.one(case_id)
        if found is None:
            raise NotFound
        return found

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

    def delete(self, row: Row) -> None:
        """Have a row that was read deleted."""
        for shelf in self._shelves.get(type(row), ()):
            shelf.take(row)
        self.session.delete(row)

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
        for row_type in dict.fromkeys((*_WRITTEN_FIRST, *self._new)):
            bulk.insert(self.session, self._new.pop(row_type, ()))
        acts, self._acts = self._acts, []
        if acts:
            log.record_all(self.session, self.node, acts)
        raised, self._alerts = self._alerts, []
        for alert in raised:
            alerts.raise_alert(self.session, self.node, alert)

"""The legal clock of a thread at one recipient, read from what this unit has stored: leaves and receipts, nothing else.

The rule is `exchange.clock`; here its facts are gathered. Both units gather the same facts and so read the same clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from exchange import clock
from exchange.clock import Effect, Message, Running, Stamp
from nodes.tables import DeliveryRow, MessageRow, ReceiptRow, ThreadRow
from nodes.views import Clock
from nodes.work import Work

_STAMPED = ("RELAYED", "DELIVERED")
_UNREAD = (defer(MessageRow.envelope), defer(MessageRow.sealed), defer(MessageRow.salt_sealed))
"""What a message holds says nothing about its clock."""


def read(work: Work, thread: ThreadRow) -> clock.Clock | None:
    """Return the clock of `thread` now, or None before its request was accepted by the hub."""
    work.read_threads([thread.thread_id])
    messages = sorted(work.by_thread.read([thread.thread_id]), key=lambda row: (row.stored, row.message_id))
    deliveries = work.deliveries.read(row.message_id for row in messages)
    receipts = work.receipts.read(row.eid for row in messages)
    facts = _facts(messages, deliveries, (row for row in receipts if row.type in _STAMPED))
    return _judge(thread, facts, work.node.now())


def views(session: Session, found: Sequence[ThreadRow], now: int) -> dict[tuple[str, str], Clock | None]:
    """Return the clocks of many threads as pages show them, by thread and unit."""
    read_ones = read_all(session, found, now)
    return {place: _view(thread, clock) for (place, clock), thread in zip(read_ones.items(), found, strict=True)}


def read_all(session: Session, found: Sequence[ThreadRow], now: int) -> dict[tuple[str, str], clock.Clock | None]:
    """Return the clocks of many threads by thread and unit, in their order; the facts are read all at once."""
    facts = _gather(session, found)
    return {(thread.thread_id, thread.unit): _judge(thread, facts, now) for thread in found}


def view(session: Session, thread: ThreadRow, now: int) -> Clock | None:
    """Return the clock as a page shows it."""
    return views(session, [thread], now)[thread.thread_id, thread.unit]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the clocks of some threads are read from.

    The messages of each thread in order, who they are for, and the receipts of each envelope.
    """

    messages: Mapping[str, Sequence[MessageRow]]
    addressed: frozenset[tuple[str, str]]
    receipts: Mapping[str, Sequence[ReceiptRow]]


def _facts(messages: Iterable[MessageRow], deliveries: Iterable[DeliveryRow], receipts: Iterable[ReceiptRow]) -> _Facts:
    of_thread: dict[str, list[MessageRow]] = {}
    for row in messages:
        of_thread.setdefault(row.thread_id, []).append(row)
    of_envelope: dict[str, list[ReceiptRow]] = {}
    for receipt in receipts:
        of_envelope.setdefault(receipt.eid, []).append(receipt)
    return _Facts(of_thread, frozenset((one.message_id, one.unit) for one in deliveries), of_envelope)


def _gather(session: Session, found: Sequence[ThreadRow]) -> _Facts:
    threads = {thread.thread_id for thread in found}
    order = (MessageRow.stored, MessageRow.message_id)
    chosen = select(MessageRow).where(MessageRow.thread_id.in_(threads)).order_by(*order)
    messages = session.scalars(chosen.options(*_UNREAD)).all()
    numbers, eids = [row.message_id for row in messages], [row.eid for row in messages]
    deliveries = session.scalars(select(DeliveryRow).where(DeliveryRow.message_id.in_(numbers)))
    stamped = select(ReceiptRow).where(ReceiptRow.eid.in_(eids), ReceiptRow.type.in_(_STAMPED))
    return _facts(messages, deliveries, session.scalars(stamped))


def _judge(thread: ThreadRow, facts: _Facts, now: int) -> clock.Clock | None:
    rows = _between(thread, facts)
    opening = next((row for row in rows if row.message_id == thread.opening), None)
    if opening is None or opening.accepted is None or opening.effect != Effect.STARTS:
        return None
    messages = [_message(row) for row in rows if row.accepted is not None and row is not opening]
    return clock.read(now, thread.allowed, _message(opening), messages, _stamps(thread, facts, rows))


def _view(thread: ThreadRow, found: clock.Clock | None) -> Clock | None:
    if found is None:
        return None
    return Clock(
        state=found.running.value,
        started=found.started_at or None,
        due=found.due_at or None,
        stopped=found.running is Running.STOPPED,
        share=found.elapsed * 100 // thread.allowed,
        overdue=found.overdue,
    )


def _between(thread: ThreadRow, facts: _Facts) -> list[MessageRow]:
    """The messages of the thread between the requester and this recipient."""
    parties = (thread.unit, thread.requester)
    return [
        row
        for row in facts.messages.get(thread.thread_id, ())
        if row.sender in parties and any((row.message_id, unit) in facts.addressed for unit in parties)
    ]


def _stamps(thread: ThreadRow, facts: _Facts, rows: Sequence[MessageRow]) -> list[Stamp]:
    parties = (thread.unit, thread.requester)
    ours = (one for row in rows for one in facts.receipts.get(row.eid, ()) if one.unit in parties)
    return [Stamp(row.eid, row.type, row.time, row.logged) for row in ours if row.logged is not None]


def _message(row: MessageRow) -> Message:
    return Message(row.eid, Effect(row.effect), row.accepted or 0, row.cause)

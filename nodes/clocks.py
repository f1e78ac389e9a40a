"""The legal clock of a thread at one recipient, read from what this unit has stored: leaves and receipts, nothing else.

The rule is `exchange.clock`; here its facts are gathered. Both units gather the same facts and so read the same clock.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange import clock
from exchange.clock import Effect, Limit, Message, Running, Stamp
from nodes.tables import DeliveryRow, MessageRow, ReceiptRow, ThreadRow
from nodes.views import Clock

_STAMPED = ("RELAYED", "DELIVERED")


def read(session: Session, thread: ThreadRow, now: int) -> clock.Clock | None:
    """Return the clock of `thread` at `now`, or None before its request was accepted by the hub."""
    rows = _between(session, thread)
    opening = next((row for row in rows if row.message_id == thread.opening), None)
    if opening is None or opening.accepted is None or opening.effect != Effect.STARTS:
        return None
    messages = [_message(row) for row in rows if row.accepted is not None and row is not opening]
    limit = Limit(thread.urgency, thread.availability)
    return clock.read(now, limit, _message(opening), messages, _stamps(session, thread, rows))


def view(session: Session, thread: ThreadRow, now: int) -> Clock | None:
    """Return the clock as a page shows it."""
    found = read(session, thread, now)
    if found is None:
        return None
    allowed = Limit(thread.urgency, thread.availability).seconds
    return Clock(
        state=found.running.value,
        started=found.started_at or None,
        due=found.due_at or None,
        stopped=found.running is Running.STOPPED,
        share=found.elapsed * 100 // allowed,
        overdue=found.overdue,
    )


def _between(session: Session, thread: ThreadRow) -> Sequence[MessageRow]:
    """The messages of the thread between the requester and this recipient."""
    addressed = select(DeliveryRow.message_id).where(DeliveryRow.unit.in_([thread.unit, thread.requester]))
    query = select(MessageRow).where(
        MessageRow.thread_id == thread.thread_id,
        MessageRow.sender.in_([thread.unit, thread.requester]),
        MessageRow.message_id.in_(addressed),
    )
    return session.scalars(query.order_by(MessageRow.stored, MessageRow.message_id)).all()


def _stamps(session: Session, thread: ThreadRow, rows: Sequence[MessageRow]) -> list[Stamp]:
    eids, units = [row.eid for row in rows], [thread.unit, thread.requester]
    query = select(ReceiptRow).where(
        ReceiptRow.eid.in_(eids), ReceiptRow.unit.in_(units), ReceiptRow.type.in_(_STAMPED)
    )
    return [Stamp(row.eid, row.type, row.time, row.logged) for row in session.scalars(query) if row.logged is not None]


def _message(row: MessageRow) -> Message:
    return Message(row.eid, Effect(row.effect), row.accepted or 0, row.cause)

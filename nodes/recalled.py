"""What was sent here by mistake: the fact that the rules ask for. It follows from the recalls that arrived, whenever.

A recall counts for a message of the unit that recalls it, and for whatever carries that message: what this unit had
from the recaller, and what it wrote itself with it. A recall that was refused here counts no more. Our own recalls
close nothing to ourselves. Nothing is stored for this: a message that comes after its recall is closed as it comes.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from nodes.concerns import kinds
from nodes.grant_tables import ConcernRow, PassageRow
from nodes.tables import MessageRow, ThreadRow
from schemas.kind import Effect

RECALLS = kinds(Effect.RECALLS)
REFUSED = "REFUSED"


def among(session: Session, unit: str, message_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these messages are closed at `unit` because they were sent by mistake."""
    wanted = set(message_ids)
    carried = session.scalars(select(PassageRow).where(PassageRow.via.in_(wanted))).all()
    said = _said(session, unit, wanted | {row.message_id for row in carried})
    if not said:
        return frozenset()
    senders = select(MessageRow.message_id, MessageRow.sender).where(MessageRow.message_id.in_(wanted))
    own = {number for number, sender in session.execute(senders) if sender in said.get(number, ())}
    return frozenset(own | {row.via for row in carried if _givers(session, row) & said.get(row.message_id, set())})


def carriers(session: Session, item: str) -> tuple[MessageRow, ...]:
    """Return every message here in which an item stands: its own, and those that carry it."""
    via = select(PassageRow.via).where(PassageRow.message_id == item)
    chosen = select(MessageRow).where(or_(MessageRow.message_id == item, MessageRow.message_id.in_(via)))
    return tuple(session.scalars(chosen.order_by(MessageRow.stored, MessageRow.message_id)))


def _said(session: Session, unit: str, items: Iterable[str]) -> Mapping[str, set[str]]:
    """Return by item the other units that recall it."""
    chosen = (
        select(ConcernRow.item, MessageRow.sender)
        .join(MessageRow, MessageRow.message_id == ConcernRow.message_id)
        .outerjoin(ThreadRow, (ThreadRow.opening == ConcernRow.message_id) & (ThreadRow.unit == unit))
        .where(ConcernRow.item.in_(set(items)), ConcernRow.kind.in_(RECALLS), MessageRow.direction == "IN")
        .where(or_(ThreadRow.state.is_(None), ThreadRow.state != REFUSED))
    )
    found: dict[str, set[str]] = {}
    for item, sender in session.execute(chosen):
        found.setdefault(item, set()).add(sender)
    return found


def _givers(session: Session, row: PassageRow) -> set[str]:
    """Return who may recall what a message carries: who gave it first, and who passed it to us."""
    if row.direction == "IN":
        return {row.origin, row.unit}
    arrived = select(PassageRow.unit).where(PassageRow.message_id == row.message_id, PassageRow.direction == "IN")
    return {row.origin, *session.scalars(arrived)}

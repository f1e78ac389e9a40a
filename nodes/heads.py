"""The last message that the hub took for each partner, said by its sender every ten minutes (protocol.md §9.23).

A gap in the order of a pair shows only with the next message. A hub that keeps back the last ones, or all of them, is
found by what the sender says of them, or by the silence of a sender whose word it keeps back as well (ADR 22).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nodes import alerts, voids
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.tables import DeliveryRow, MessageRow, QuarantineRow
from nodes.watch_tables import LackRow, SightingRow
from schemas import sightings
from schemas.sightings import Head, Sighting

PATIENCE: Final = 1_200
"""Seconds in which what a unit says that it sent must have come here."""

_TAKEN = (MessageRow.direction == "OUT", MessageRow.accepted.is_not(None), DeliveryRow.state.not_in(voids.DEAD))


def ours(session: Session, node: Node, now: int) -> tuple[Head, ...]:
    """Return the last message to each unit that the hub took and that is on its way or there, as said at `now`."""
    sent = select(DeliveryRow.unit, DeliveryRow.pair_seq, MessageRow.eid).join(
        MessageRow, MessageRow.message_id == DeliveryRow.message_id
    )
    last = (
        select(DeliveryRow.unit, func.max(DeliveryRow.pair_seq).label("number"))
        .join(MessageRow, MessageRow.message_id == DeliveryRow.message_id)
        .where(*_TAKEN)
        .group_by(DeliveryRow.unit)
        .subquery()
    )
    same = (DeliveryRow.unit == last.c.unit) & (DeliveryRow.pair_seq == last.c.number)
    rows = session.execute(sent.where(*_TAKEN).join(last, same).order_by(DeliveryRow.unit).limit(sightings.MOST))
    heads = ((unit, sightings.head_of(node.unit, unit, now, eid)) for unit, _number, eid in rows)
    return tuple(Head(unit=unit, head=head) for unit, head in heads if unit != node.unit)


def hold(session: Session, node: Node, said: Iterable[SightingRow]) -> None:
    """Hold what other units said against what came; what is still missing after a while is an alarm."""
    for row in said:
        if row.wire:
            _hold(session, node, sightings.parse(row.wire).sighting, row)


def _hold(session: Session, node: Node, sighting: Sighting, row: SightingRow) -> None:
    """Wait for the oldest message that was named and did not come, until it or a later one that was named is here."""
    lack, now = session.get(LackRow, row.unit), node.now()
    if not sighting.speaks_to(node.unit) or _came(session, node, sighting):
        if lack is not None:
            session.delete(lack)
        alerts.keep(session, node, _alarm(row.unit), on=False)
        return
    if lack is None or _came(session, node, sightings.parse(lack.wire).sighting):
        lack = session.merge(LackRow(unit=row.unit, since=now, wire=row.wire))
    alerts.keep(session, node, _alarm(row.unit), on=now >= lack.since + PATIENCE)


def _alarm(unit: str) -> Raised:
    return Raised(Cause.MAIL_WITHHELD, unit, alerts.DUTY, outbound=True)


def _came(session: Session, node: Node, said: Sighting) -> bool:
    """Return whether the message that was named to us is here, opened or not; the newest are looked at first."""
    return any(said.names(node.unit, eid) for eid in _arrived(session, said.unit))


def _arrived(session: Session, sender: str) -> Iterator[str]:
    came = MessageRow.direction == "IN", MessageRow.sender == sender
    yield from session.scalars(select(MessageRow.eid).where(*came).order_by(MessageRow.pair_seq.desc()))
    aside = select(QuarantineRow.eid).where(QuarantineRow.sender == sender, QuarantineRow.eid.is_not(None))
    yield from (eid for eid in session.scalars(aside) if eid is not None)

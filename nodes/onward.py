"""The onward list: to whom items went from here, and who must hear of what becomes of them.

Every message that carries information of another message says so (label `passed_on`); both ends note it. A notice is
owed to every unit on the list, by the unit that told it of the items; it stands in `node_passing` until it was sent.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes.grant_tables import PassageRow, PassingRow
from nodes.tables import MessageRow
from nodes.work import Work
from schemas.content import Content
from schemas.facts import records
from schemas.items import Item, of_row


def note(work: Work, content: Content) -> None:
    """Note which items of other messages a message carries, and between whom."""
    ours = content.author.unit == work.node.unit
    others = sorted(content.units) if ours else [content.author.unit]
    for row in records(content.labels.get("passed_on")):
        item = of_row(row)
        for unit in others:
            work.add(
                PassageRow(
                    via=content.msg_id,
                    message_id=item.message,
                    object_id=item.object,
                    unit=unit,
                    direction="OUT" if ours else "IN",
                    origin=str(row["origin"]),
                    at=work.node.now(),
                )
            )


def origins(work: Work, item: Item) -> frozenset[str]:
    """Return who gave an item in the first place: the sender of its message, else what those say who passed it on."""
    message = work.messages.one(item.message)
    if message is not None:
        return frozenset({message.sender})
    return frozenset(row.origin for row in _passages(work, item, "IN"))


def sources(work: Work, item: Item) -> frozenset[str]:
    """Return the units from which we have an item."""
    return origins(work, item) | {row.unit for row in _passages(work, item, "IN")}


def carriers(work: Work, item: Item) -> list[MessageRow]:
    """Return the messages that brought an item: its own, or else those of the units that passed it on."""
    message = work.messages.one(item.message)
    if message is not None:
        return [message]
    return work.messages.read(row.via for row in _passages(work, item, "IN"))


def holders(work: Work, items: Iterable[Item]) -> frozenset[str]:
    """Return the units to which this one disclosed any of the items: in their own message, or in another."""
    found: set[str] = set()
    for item in items:
        message = work.messages.one(item.message)
        if message is not None and message.direction == "OUT":
            found |= {row.unit for row in work.deliveries.read([item.message])}
        found |= {row.unit for row in _passages(work, item, "OUT")}
    return frozenset(found)


def owe(work: Work, notice: Content, units: Iterable[str]) -> None:
    """Owe a notice to these units, but those that have it."""
    told = {work.node.unit, notice.author.unit, *notice.units}
    for unit in sorted(set(units) - told):
        work.add(PassingRow(notice=notice.msg_id, unit=unit, since=work.node.now(), passed=None))


def told(session: Session, notice: str) -> tuple[str, ...]:
    """Return the units to which a notice was passed on from here, or will be."""
    owed = select(PassingRow.unit).where(PassingRow.notice == notice).order_by(PassingRow.unit)
    return tuple(session.scalars(owed))


def _passages(work: Work, item: Item, direction: str) -> list[PassageRow]:
    """What carried the item, a whole of which it is a part, or a part of it."""
    return [
        row
        for row in work.passages.read([item.message])
        if row.direction == direction
        and (item.covers(other := Item(row.message_id, row.object_id)) or other.covers(item))
    ]

"""The register of permissions: what a decision of an originator lets a unit do with an item, for what, until when.

A row is written only from a signed decision of the unit that gave the item, in answer to a request of ours, within what
was asked (`concerns` and the kind's own rules see to that at both nodes). Each holds for its purpose alone, which
`judging` sees to. A revocation counts from its arrival, also when it overtakes the decision.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crypto import instants
from nodes.grant_tables import GrantRow
from nodes.work import Work
from schemas import releases
from schemas.content import Content
from schemas.items import Item, named


class Side(StrEnum):
    """Whose a permission is: `HELD` by us, or `GIVEN` by us."""

    HELD = "HELD"
    GIVEN = "GIVEN"


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that a decision permitted with an item, such as `EVIDENCE`, `FORWARD:KG`, `PURPOSE:PROSECUTE`.

    For which purpose, and when that ends or was ended.
    """

    item: Item
    action: str
    purpose: str
    until: int
    revoked: int | None


def covering(session: Session, now: int, item: Item) -> tuple[Grant, ...]:
    """Return the permissions of this unit that hold at `now` for an item: those for it, or for the whole message.

    Expired and revoked ones do not count, nor those that this unit gave.
    """
    return tuple(one for one in held(session, now, item.message) if one.item.covers(item))


def held(session: Session, now: int, message_id: str) -> tuple[Grant, ...]:
    """Return every permission of this unit that holds at `now` for a message or an object in it."""
    found = (
        select(GrantRow)
        .where(GrantRow.message_id == message_id, GrantRow.side == Side.HELD)
        .where(GrantRow.valid_from <= now, GrantRow.valid_until > now)
        .where(or_(GrantRow.revoked.is_(None), GrantRow.revoked > now))
        .order_by(GrantRow.object_id, GrantRow.action, GrantRow.valid_until)
    )
    return tuple(of_row(row) for row in session.scalars(found))


def of_row(row: GrantRow) -> Grant:
    """Return the permission in a row."""
    return Grant(Item(row.message_id, row.object_id), row.action, row.purpose, row.valid_until, row.revoked)


def record(work: Work, content: Content, revoked_by: str | None) -> None:
    """Enter what a decision permits to whoever asked; nothing if it permits nothing. `revoked_by` has overtaken it."""
    request = work.messages.one(content.in_reply_to)
    if "valid_until" not in content.body or request is None:
        return
    now, given = work.node.now(), content.author.unit == work.node.unit
    if given == (request.direction == "OUT"):
        return
    for item in named(content.body):
        for action in releases.actions(content.body):
            work.add(
                GrantRow(
                    decision=content.msg_id,
                    message_id=item.message,
                    object_id=item.object,
                    action=action,
                    unit=request.sender,
                    side=Side.GIVEN if given else Side.HELD,
                    originator=content.author.unit,
                    purpose=str(content.body["purpose_wanted"]),
                    valid_from=content.sent_at,
                    valid_until=instants.from_text(str(content.body["valid_until"])),
                    revoked=now if revoked_by else None,
                    revocation=revoked_by,
                )
            )


def revoke(work: Work, content: Content, decision: str) -> None:
    """End what `decision` permitted with the items of a revocation; only the unit that decided can."""
    items = named(content.body)
    for row in work.grants.read([decision]):
        covered = any(item.covers(Item(row.message_id, row.object_id)) for item in items)
        if covered and row.originator == content.author.unit and row.revoked is None:
            row.revoked, row.revocation = work.node.now(), content.msg_id

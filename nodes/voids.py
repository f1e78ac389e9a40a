"""Saying that numbers carry no message: after a restore that lost some, and after what was refused or never collected.

A number that this unit used towards another and that will never arrive leaves a mark there, *an earlier message is
missing*. A signed void closes it. It is sealed only where somebody can see the mark, and where the hub would take it.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from crypto.header import HeaderDraft
from crypto.sealing import Recipient, Sealed, seal
from exchange.courier import State
from nodes import chains, log
from nodes.chains import OWN
from nodes.node import Node
from nodes.tables import DeliveryRow, OutboxRow, VoidRow
from nodes.token_errors import TokenError
from schemas.errors import SchemaError
from schemas.void import Void

DEAD = (State.REFUSED.value, State.EXPIRED.value)
"""Nobody got it and nobody will: the hub's signed receipt says so. REJECTED was read, NOT_DELIVERED may still come."""

SEEN = (State.DELIVERED.value, State.OPENED.value)


def run(node: Node) -> int:
    """Seal what is due; returns how many voids were queued: none while the unit's token is away."""
    with node.db.read() as session:
        due = bool(_dead(session) or _failed(session))
    if not due:
        return 0
    try:
        with node.db.write() as session:
            queued = sum(_cover(session, node, row) for row in _dead(session))
            queued += sum(_replace(session, node, row) for row in _failed(session))
    except TokenError:
        return 0
    if queued:
        node.changed.bump()
    return queued


def failed(session: Session, eid: str) -> None:
    """Note that a void of ours did not arrive either: what it covers, and its own number, is to be covered again."""
    row = session.scalar(select(VoidRow).where(VoidRow.direction == "OUT", VoidRow.eid == eid))
    if row is not None:
        row.failed = 1


def state(session: Session, node: Node, unit: str, void: Void) -> bool:
    """Seal `void` to `unit` and queue it; returns False where no agreement or key lets us."""
    now, directory = node.now(), node.directory()
    try:
        directory.freshness(now)
        directory.check_active(unit)
        directory.check_pair(node.unit, unit)
        public = directory.encryption_key(unit, now).public
    except SchemaError:
        return False
    last = chains.last(session, [OWN, chains.to_unit(unit)])
    own, pair = last[OWN], last[chains.to_unit(unit)]
    draft = HeaderDraft(
        env=node.settings.env,
        ctype="void",
        id=secrets.token_hex(16),
        sender=node.unit,
        created=now,
        expires=now + node.settings.message_lifetime,
        seq=own.seq + 1,
        prev=own.eid,
        family="control",
        urgency="ROUTINE",
        classification="UNCL",
        handling=(),
    )
    recipient = Recipient(unit, public, pair.seq + 1, pair.eid)
    sealed = seal(draft, void.to_bytes(), node.keys.signing, [recipient])
    session.add(_row(recipient, void, sealed, now))
    queued = {"state": State.QUEUED.value, "queued": now, "accepted": None}
    session.add(OutboxRow(seq=draft.seq, message_id=None, eid=sealed.eid, prev=draft.prev, **queued))
    chains.advance(last.values(), sealed.eid)
    act = log.Act(operation="SEND", eid=sealed.eid, unit=unit, codes=("VOID",), count=void.last - void.first + 1)
    log.record(session, node, act)
    session.flush()
    return True


def _row(recipient: Recipient, void: Void, sealed: Sealed, now: int) -> VoidRow:
    return VoidRow(
        direction="OUT",
        unit=recipient.unit,
        pair_seq=recipient.pair_seq,
        pair_prev=recipient.pair_prev,
        eid=sealed.eid,
        first=void.first,
        last=void.last,
        stored=now,
        failed=0,
        envelope=sealed.wire,
    )


def _seen_after(unit: InstrumentedAttribute[str], number: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Say whether the unit holds a message of ours that follows the number, and therefore shows the mark."""
    later = aliased(DeliveryRow)
    return exists().where(later.unit == unit, later.pair_seq > number, later.state.in_(SEEN))


def _dead(session: Session) -> Sequence[DeliveryRow]:
    dead = select(DeliveryRow).where(DeliveryRow.state.in_(DEAD), DeliveryRow.voided.is_(None))
    seen = _seen_after(DeliveryRow.unit, DeliveryRow.pair_seq)
    return session.scalars(dead.where(seen).order_by(DeliveryRow.unit, DeliveryRow.pair_seq)).all()


def _failed(session: Session) -> Sequence[VoidRow]:
    broken = select(VoidRow).where(VoidRow.direction == "OUT", VoidRow.failed == 1)
    return session.scalars(broken.where(_seen_after(VoidRow.unit, VoidRow.pair_seq))).all()


def _cover(session: Session, node: Node, row: DeliveryRow) -> bool:
    number = row.pair_seq or 1
    stated = state(session, node, row.unit, Void(first=number, last=number))
    row.voided = 1 if stated else None
    return stated


def _replace(session: Session, node: Node, row: VoidRow) -> bool:
    stated = state(session, node, row.unit, Void(first=row.first, last=row.last))
    stated = stated and state(session, node, row.unit, Void(first=row.pair_seq, last=row.pair_seq))
    row.failed = 0 if stated else 1
    return stated

"""Sealing anew what was queued under a signing key that ended before the hub had it (protocol.md §7.8).

The hub consumed nothing of it and no recipient can have seen it, so everything keeps its message, its number, its
places in the pair orders and its sequence; only key, times and seal are new. The caller knows that no number from
`first` on was ever accepted. If we die before the commit, the old seals are still there and the hub refuses them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import envelope as cme
from crypto.header import GENESIS, Header, HeaderDraft
from crypto.sealing import Recipient, Sealed, seal
from nodes import alerts, cases, log, receipts, storing
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.tables import ChainRow, DeliveryRow, MessageRow, OutboxRow
from schemas.errors import SchemaError

OWN = "own"


def may(session: Session, node: Node, first: int) -> bool:
    """Return whether this node signs with another, valid key than the one under which number `first` was sealed."""
    key = node.directory().keys.get(node.keys.signing.kid)
    if key is None or key.fault(node.now()) is not None:
        return False
    _, message = _queued(session, first)[0]
    return cme.parse(message.envelope).header.skid != node.keys.signing.kid


def anew(session: Session, node: Node, first: int) -> int:
    """Seal every envelope of the outbox from number `first` on again, in its order; returns how many."""
    last = _Last()
    rows = _queued(session, first)
    for row, message in rows:
        row.prev = last.own or row.prev
        sealed = _seal(session, node, row, message, last)
        row.eid = message.eid = last.own = sealed.eid
        message.envelope = sealed.wire
        storing.keep_salt(node, cases.of(session, message.case_id), message, sealed.salt)
        _tell(session, node, message)
    for chain, eid in {OWN: last.own, **{f"out:{unit}": eid for unit, eid in last.pairs.items()}}.items():
        session.get_one(ChainRow, chain, with_for_update=True).eid = eid
    return len(rows)


@dataclass(slots=True)
class _Last:
    """The last link of each chain as it was sealed anew."""

    own: str = ""
    pairs: dict[str, str] = field(default_factory=dict)


def _queued(session: Session, first: int) -> Sequence[tuple[OutboxRow, MessageRow]]:
    query = (
        select(OutboxRow, MessageRow)
        .join(MessageRow, MessageRow.message_id == OutboxRow.message_id)
        .where(OutboxRow.seq >= first)
        .order_by(OutboxRow.seq)
    )
    return [(row, message) for row, message in session.execute(query)]


def _seal(session: Session, node: Node, row: OutboxRow, message: MessageRow, last: _Last) -> Sealed:
    before, now = cme.parse(message.envelope).header, node.now()
    draft = HeaderDraft(
        env=before.env,
        ctype=before.ctype,
        id=before.id,
        sender=before.sender,
        created=now,
        expires=now + node.settings.message_lifetime,
        seq=row.seq,
        prev=row.prev,
        family=before.family,
        urgency=before.urgency,
        classification=before.classification,
        handling=before.handling,
        blobs=before.blobs,
    )
    deliveries = receipts.deliveries(session, message.message_id)
    recipients = [_recipient(session, node, before, one, last) for one in deliveries]
    content = storing.plain_of(node, cases.of(session, message.case_id), message)
    sealed = seal(draft, content, node.keys.signing, recipients)
    last.pairs.update({one.unit: sealed.eid for one in recipients})
    return sealed


def _recipient(session: Session, node: Node, before: Header, one: DeliveryRow, last: _Last) -> Recipient:
    if one.pair_seq is None:  # sealed by a release that did not keep the place: the next one, and a gap is shown
        chain = session.get_one(ChainRow, f"out:{one.unit}", with_for_update=True)
        chain.seq += 1
        one.pair_seq, one.pair_prev = chain.seq, chain.eid
    one.pair_prev = last.pairs.get(one.unit, one.pair_prev or GENESIS)
    return Recipient(one.unit, _public(node, before, one.unit), one.pair_seq, one.pair_prev)


def _public(node: Node, before: Header, unit: str) -> bytes:
    """The unit's present key; where it has none any more the one of before, so that the hub's refusal says why."""
    directory = node.directory()
    try:
        return directory.encryption_key(unit, node.now()).public
    except SchemaError:
        return directory.keys[next(one.ekid for one in before.to if one.unit == unit)].public


def _tell(session: Session, node: Node, message: MessageRow) -> None:
    """The author learns that what left is not what was sealed at his desk, and why; the log says it for ever."""
    audience = alerts.owner(message.author) if message.author else alerts.DUTY
    subject = f"{message.message_id}/{message.eid}"
    alerts.raise_alert(session, node, Raised(Cause.RESEALED, subject, audience, message.message_id))
    act = log.Act(
        operation="KEY_CHANGE",
        case=cases.of(session, message.case_id),
        message_id=message.message_id,
        eid=message.eid,
        codes=("RESEALED",),
    )
    log.record(session, node, act)

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
from nodes import alerts, cases, chains, log, receipts, storing
from nodes.alerts import Cause, Raised
from nodes.chains import OWN
from nodes.node import Node
from nodes.tables import DeliveryRow, MessageRow, OutboxRow, VoidRow
from schemas.errors import SchemaError
from schemas.void import Void


def may(session: Session, node: Node, first: int) -> bool:
    """Return whether this node signs with another, valid key than the one under which number `first` was sealed."""
    key = node.directory().keys.get(node.keys.signing.kid)
    if key is None or key.fault(node.now()) is not None:
        return False
    _, queued = _queued(session, first)[0]
    return cme.parse(queued.envelope).header.skid != node.keys.signing.kid


def anew(session: Session, node: Node, first: int) -> int:
    """Seal every envelope of the outbox from number `first` on again, in its order; returns how many."""
    last = _Last()
    rows = _queued(session, first)
    for row, queued in rows:
        row.prev = last.own or row.prev
        old = _of_message(session, node, queued) if isinstance(queued, MessageRow) else _of_void(queued)
        sealed = _seal(node, row, old, last)
        row.eid = queued.eid = last.own = sealed.eid
        queued.envelope = sealed.wire
        if isinstance(queued, MessageRow):
            storing.keep_salt(node, cases.of(session, queued.case_id), queued, sealed.salt)
            _tell(session, node, queued)
    ends = {OWN: last.own, **{chains.to_unit(unit): eid for unit, eid in last.pairs.items()}}
    for name, chain in chains.last(session, list(ends)).items():
        chain.eid = ends[name]
    return len(rows)


@dataclass(slots=True)
class _Last:
    """The last link of each chain as it was sealed anew."""

    own: str = ""
    pairs: dict[str, str] = field(default_factory=dict)


def _queued(session: Session, first: int) -> Sequence[tuple[OutboxRow, MessageRow | VoidRow]]:
    rows = session.scalars(select(OutboxRow).where(OutboxRow.seq >= first).order_by(OutboxRow.seq))
    return [(row, _carried(session, row)) for row in rows]


def _carried(session: Session, row: OutboxRow) -> MessageRow | VoidRow:
    if row.message_id is not None:
        return session.get_one(MessageRow, row.message_id)
    return session.scalars(select(VoidRow).where(VoidRow.eid == row.eid)).one()


@dataclass(frozen=True, slots=True)
class _Old:
    """What was sealed before: the envelope, its content, and its places in the order of each pair."""

    envelope: bytes
    content: bytes
    places: Sequence[DeliveryRow | VoidRow]


def _of_message(session: Session, node: Node, message: MessageRow) -> _Old:
    content = storing.plain_of(node, cases.of(session, message.case_id), message)
    places = receipts.deliveries(session, message.message_id)
    for one in places:
        if one.pair_seq is None:  # sealed by a release that did not keep the place: the next one, and a gap is shown
            (chain,) = chains.last(session, [chains.to_unit(one.unit)]).values()
            one.pair_seq, one.pair_prev = chain.seq + 1, chain.eid
            chain.seq += 1
    return _Old(message.envelope, content, places)


def _of_void(void: VoidRow) -> _Old:
    return _Old(void.envelope, Void(first=void.first, last=void.last).to_bytes(), [void])


def _seal(node: Node, row: OutboxRow, old: _Old, last: _Last) -> Sealed:
    before, now = cme.parse(old.envelope).header, node.now()
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
    recipients = []
    for one in old.places:
        one.pair_prev = last.pairs.get(one.unit, one.pair_prev or GENESIS)
        recipients.append(Recipient(one.unit, _public(node, before, one.unit), one.pair_seq or 1, one.pair_prev))
    sealed = seal(draft, old.content, node.keys.signing, recipients)
    last.pairs.update({one.unit: sealed.eid for one in recipients})
    return sealed


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

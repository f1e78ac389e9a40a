"""How a message is kept: the envelope as it travelled, the content sealed under a key of its own.

What arrived and what was sent are rows of one table. This module decides nothing: it stores in the caller's transaction
what `arrivals` has accepted and what `outbox` has sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.sealing import Opened, Sealed
from exchange.courier import State
from exchange.pairs import Pair
from nodes import cases, concerns, fates, fingerprints, gaps, log, rest
from nodes.node import Node
from nodes.retention_errors import Expired
from nodes.tables import CaseRow, DeliveryRow, MessageRow, VoidRow
from nodes.work import Work
from schemas.content import Content
from schemas.void import Void


@dataclass(frozen=True, slots=True)
class Arrived:
    """An arrival that passed every check: its place in the hub's log, its bytes, and what was in it."""

    index: int
    wire: bytes
    eid: str
    opened: Opened
    content: Content
    logged: int
    gap: bool


@dataclass(frozen=True, slots=True)
class ArrivedVoid:
    """A void that passed every check."""

    wire: bytes
    eid: str
    opened: Opened
    void: Void


@dataclass(frozen=True, slots=True)
class Sent:
    """A message sealed by this unit, its place in the order of each pair, and why it has its handling codes."""

    sealed: Sealed
    content: Content
    content_bytes: bytes
    case: CaseRow
    pairs: Mapping[str, Pair]
    reason: str


def store_arrival(work: Work, arrived: Arrived) -> CaseRow:
    """Store an arrival in the case of its thread, or in a new one, and log it; returns the case."""
    node, content, opened = work.node, arrived.content, arrived.opened
    case = _case_of_thread(work, content.thread_id) or concerns.case_of(work, content) or cases.open_case(work)
    row = _row(node, case, content, arrived.eid)
    row.direction, row.author, row.envelope = "IN", None, arrived.wire
    row.hub_index, row.accepted, row.gap = arrived.index, arrived.logged, int(arrived.gap)
    row.pair_seq, row.pair_prev = opened.pair_seq, opened.pair_prev
    _seal(node, case, row, opened.content, opened.salt)
    work.add(row)
    fingerprints.note(work, content)
    work.add(_delivery(content, node.unit, State.DELIVERED, node.now()))
    gaps.close(work, content.author.unit, opened.pair_seq)
    case.updated = node.now()
    act = log.Act(
        operation="RECEIVE",
        case=case,
        message_id=content.msg_id,
        eid=arrived.eid,
        unit=content.author.unit,
        codes=_codes(content),
    )
    work.record(act)
    return case


def store_void(work: Work, arrived: ArrivedVoid) -> None:
    """Store a void, log it, and take the mark that it answers from the sender's next message."""
    opened, sender = arrived.opened, arrived.opened.header.sender
    work.add(
        VoidRow(
            direction="IN",
            unit=sender,
            pair_seq=opened.pair_seq,
            pair_prev=opened.pair_prev,
            eid=arrived.eid,
            first=arrived.void.first,
            last=arrived.void.last,
            stored=work.node.now(),
            failed=0,
            envelope=arrived.wire,
        )
    )
    gaps.close(work, sender, arrived.void.last)
    gaps.close(work, sender, opened.pair_seq)
    count = arrived.void.last - arrived.void.first + 1
    work.record(log.Act(operation="RECEIVE", eid=arrived.eid, unit=sender, codes=("VOID",), count=count))


def store_sent(work: Work, sent: Sent) -> None:
    """Store a message of ours with one delivery for each recipient, and log to whom it discloses what."""
    node, content, eid = work.node, sent.content, sent.sealed.eid
    row = _row(node, sent.case, content, eid)
    row.direction, row.author, row.envelope = "OUT", content.author.officer, sent.sealed.wire
    _seal(node, sent.case, row, sent.content_bytes, sent.sealed.salt)
    if sent.reason:
        key = rest.message_key(node.store.kek, sent.case, row)
        row.reason_sealed = key.seal(sent.reason.encode(), *rest.place("message", row.message_id, "reason"))
    work.add(row)
    fingerprints.note(work, content)
    for unit in sorted(content.units):
        delivery = _delivery(content, unit, State.QUEUED, node.now())
        delivery.pair_seq, delivery.pair_prev = sent.pairs[unit].seq, sent.pairs[unit].prev
        work.add(delivery)
        act = log.Act(
            operation="DISCLOSE",
            actor=content.author.officer,
            case=sent.case,
            message_id=content.msg_id,
            eid=eid,
            unit=unit,
            justification=content.label("purpose"),
            codes=_codes(content),
        )
        work.record(act)
    sent.case.updated = node.now()


def content_of(node: Node, case: CaseRow, row: MessageRow) -> Content:
    """Return the content of a stored message; raises `Erased` once it was, and `Expired` from the end of its time."""
    return Content.from_bytes(plain_of(node, case, row))


def plain_of(node: Node, case: CaseRow, row: MessageRow) -> bytes:
    """Return the canonical bytes of the content; raises `Erased` and `Expired` as `content_of` does."""
    key = rest.message_key(node.store.kek, case, row)
    if fates.is_expired(case, node.now()):
        raise Expired
    return key.open(row.sealed, *rest.place("message", row.message_id, "content"))


def is_readable(case: CaseRow, row: MessageRow, now: int) -> bool:
    """Return whether there is content left that may be read, by whoever may read the case."""
    return case.wrapped_key is not None and bool(row.sealed) and not fates.is_expired(case, now)


def _row(node: Node, case: CaseRow, content: Content, eid: str) -> MessageRow:
    body = content.body
    return MessageRow(
        message_id=content.msg_id,
        eid=eid,
        case_id=case.case_id,
        thread_id=content.thread_id,
        in_reply_to=content.in_reply_to,
        kind=content.kind,
        family=content.declared.family,
        env=content.mode.lower(),
        sender=content.author.unit,
        urgency=content.label("urgency"),
        classification=content.label("classification"),
        created=content.sent_at,
        stored=node.now(),
        accepted=None,
        effect=content.declared.effect_on_clock(body),
        cause=str(body.get("cause", "")) if content.declared.clock == "EXTENDS" else "",
        hub_index=None,
        pair_seq=None,
        pair_prev=None,
        assignee=None,
        opened_at=None,
        gap=0,
        reason_sealed=None,
    )


def reason_of(node: Node, case: CaseRow, row: MessageRow) -> str:
    """Return why a message of ours has its handling codes; raises `NotFound` once it was erased."""
    if row.reason_sealed is None:
        return ""
    key = rest.message_key(node.store.kek, case, row)
    return key.open(row.reason_sealed, *rest.place("message", row.message_id, "reason")).decode()


def keep_salt(node: Node, case: CaseRow, row: MessageRow, salt: bytes) -> None:
    """Keep the salt that opens the content commitment of the row's envelope."""
    key = rest.message_key(node.store.kek, case, row)
    row.salt_sealed = key.seal(salt, *rest.place("message", row.message_id, "salt"))


def _seal(node: Node, case: CaseRow, row: MessageRow, content: bytes, salt: bytes) -> None:
    key, row.wrapped_key = rest.new_key(rest.case_key(node.store.kek, case), "message", row.message_id)
    row.sealed = key.seal(content, *rest.place("message", row.message_id, "content"))
    row.salt_sealed = key.seal(salt, *rest.place("message", row.message_id, "salt"))


def _delivery(content: Content, unit: str, state: State, now: int) -> DeliveryRow:
    return DeliveryRow(
        message_id=content.msg_id,
        unit=unit,
        role="TO" if unit in content.to else "CC",
        state=state,
        reason=None,
        since=now,
        handed_out=None,
        delivered=now if state is State.DELIVERED else None,
        opened=None,
        pair_seq=None,
        pair_prev=None,
        voided=None,
    )


def _case_of_thread(work: Work, thread_id: str) -> CaseRow | None:
    found = work.by_thread.read([thread_id])
    case = work.cases.one(found[0].case_id) if found else None
    # A new key for an erased case would mix what was to be forgotten with what may be kept.
    return case if case is not None and case.wrapped_key is not None else None


def _codes(content: Content) -> tuple[str, ...]:
    handling = content.labels["handling"]
    listed = [str(code) for code in handling] if isinstance(handling, list) else []
    return (content.kind, content.label("purpose"), *listed)

"""Arrivals: an item of the inbox is verified and opened in the order of protocol.md §4, and stored with what follows.

One item is one transaction of the caller: envelope, sealed content, case, thread, receipt to be sent, alert, log leaf.
What cannot be opened is quarantined with its reason. To the outside every cryptographic failure is one code; the
finding itself stays in the local log.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import envelope as cme
from crypto.envelope import Envelope
from crypto.errors import (
    BadSignature,
    CryptoError,
    NotForUs,
    WrongEnvironment,
    WrongSenderKey,
)
from crypto.sealing import Opened, open_sealed
from exchange import courier
from exchange.courier import ARRIVALS, Finding, Pair, Take, Taken
from exchange.errors import Conflict
from nodes import alerts, cases, log, receipts, storing, threads
from nodes.alerts import Cause, Raised
from nodes.answers import Frame, FrameKind
from nodes.errors import AnswerRefused, NotFound, OutOfStep
from nodes.node import Node
from nodes.storing import Arrived
from nodes.tables import MessageRow, QuarantineRow
from schemas import entries
from schemas.codes import table
from schemas.content import Content, check_labels
from schemas.entries import MessageEntry
from schemas.errors import LabelMismatch, SchemaError, SchemaUnknown
from schemas.trust import Directory, DirectoryStale, KeyUnknown, UnitSuspended, UnitUnknown

HELD = "HELD"
REJECTED = "REJECTED"


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.value)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class _Outside:
    """What is known before anything is opened."""

    entry: MessageEntry
    envelope: Envelope


def take(session: Session, node: Node, frame: Frame) -> bool:
    """Take one item of the inbox; returns whether it is held to be tried again. No item makes it raise."""
    if frame.kind is FrameKind.RECEIPT:
        return _take_receipt(session, node, frame)
    finding, arrived = Finding.GOOD, None
    try:
        arrived = _open(session, node, frame)
    except _Found as found:
        finding = found.finding
    taken = ARRIVALS[finding]
    _raise_alarm(session, node, frame, taken)
    if taken.take is Take.HOLD:
        _hold(session, node, frame, finding)
        return True
    if taken.take is Take.REJECT:
        _reject(session, node, frame, finding, taken)
        return False
    _release(session, frame)
    if arrived is not None:
        row = storing.store_arrival(session, node, arrived)
        threads.note_message(session, node, arrived.content, cases.of(session, row.case_id))
        _after(session, node, arrived)
    return False


def set_aside(session: Session, node: Node, frame: Frame) -> bool:
    """Hold an item that could not be taken for a reason that nobody foresaw, so that it stops nothing behind it."""
    _raise_alarm(session, node, frame, ARRIVALS[Finding.UNFORESEEN])
    _hold(session, node, frame, Finding.UNFORESEEN)
    return True


def _raise_alarm(session: Session, node: Node, frame: Frame, taken: Taken) -> None:
    if taken.alarm is not None:
        alarm = Raised(taken.alarm.value, f"{frame.index}", alerts.ADMIN, outbound=True)
        alerts.raise_alert(session, node, alarm)


def _open(session: Session, node: Node, frame: Frame) -> Arrived:
    """Steps 1-13 of protocol.md §4; raises `_Found` with the first thing that is wrong."""
    outside = _outside(session, frame)
    opened = _unseal(node, outside)
    content = _content(opened)
    _known_before(session, content, opened)
    _permitted(node, outside, content)
    header = outside.envelope.header
    pair = Pair(opened.pair_seq, opened.pair_prev)
    predecessor = select(MessageRow.eid).where(
        MessageRow.direction == "IN", MessageRow.sender == header.sender, MessageRow.pair_seq == pair.seq - 1
    )
    gap = courier.pair_gap(pair, session.scalar(predecessor))
    _in_step(session, node, content, gap=gap)
    return Arrived(frame.index, frame.payload, outside.envelope.eid, opened, content, outside.entry.time, gap)


def _outside(session: Session, frame: Frame) -> _Outside:
    """Entry and envelope belong together, and the envelope is new. Steps 1, 2 and the entry's own leaf."""
    try:
        entry = entries.parse(frame.entry)
    except SchemaError as error:
        raise _Found(Finding.ENTRY_MISMATCH) from error
    if not isinstance(entry, MessageEntry):
        raise _Found(Finding.ENTRY_MISMATCH)
    if session.scalar(select(MessageRow.message_id).where(MessageRow.eid == entry.eid)) is not None:
        raise _Found(Finding.SEEN)
    if not frame.payload:
        raise _Found(Finding.GONE)
    try:
        envelope = cme.parse(frame.payload)
    except CryptoError as error:
        raise _Found(Finding.MALFORMED) from error
    same = (entry.eid, entry.sender, entry.to, entry.sha512) == (
        envelope.eid,
        envelope.header.sender,
        tuple(addressee.unit for addressee in envelope.header.to),
        hashlib.sha512(frame.payload).hexdigest(),
    )
    if not same:
        raise _Found(Finding.ENTRY_MISMATCH)
    return _Outside(entry, envelope)


def _unseal(node: Node, outside: _Outside) -> Opened:
    """Steps 3-10: environment, sender's key at the log time, both halves, our key, wrap, body, padding, commitment."""
    header = outside.envelope.header
    if header.env != node.settings.env:
        raise _Found(Finding.ENV_MISMATCH)
    public = _sender_key(node, node.directory(), outside)
    try:
        return open_sealed(outside.envelope, node.keys.encryption, node.unit, public, node.settings.env)
    except CryptoError as error:
        finding = next((found for kind, found in _CRYPTO.items() if isinstance(error, kind)), Finding.UNDECRYPTABLE)
        raise _Found(finding) from error


_CRYPTO: dict[type[CryptoError], Finding] = {
    WrongEnvironment: Finding.ENV_MISMATCH,
    WrongSenderKey: Finding.BAD_SIGNATURE,
    BadSignature: Finding.BAD_SIGNATURE,
    NotForUs: Finding.NOT_FOR_US,
}


def _sender_key(node: Node, directory: Directory, outside: _Outside) -> bytes:
    header = outside.envelope.header
    try:
        directory.freshness(node.now())
        directory.check_active(header.sender)
        key = directory.signing_key(header.skid, outside.entry.time)
    except SchemaError as error:
        finding = next((found for kind, found in _TRUST.items() if isinstance(error, kind)), Finding.KEY_REVOKED)
        raise _Found(finding) from error
    if key.unit != header.sender:
        raise _Found(Finding.BAD_SIGNATURE)
    return key.public


_TRUST: dict[type[SchemaError], Finding] = {
    DirectoryStale: Finding.DIRECTORY_STALE,
    UnitSuspended: Finding.UNIT_SUSPENDED,
    UnitUnknown: Finding.KEY_UNKNOWN,
    KeyUnknown: Finding.KEY_UNKNOWN,
}
"""What a newer directory may cure; a key that was revoked or not valid at the log time stays so."""


def _content(opened: Opened) -> Content:
    """Step 11: the content keeps every rule of its kind, and its labels equal the clear header."""
    if opened.header.ctype != "message":
        raise _Found(Finding.KIND_UNKNOWN)
    try:
        content = Content.from_bytes(opened.content)
        check_labels(content, opened.header)
    except SchemaUnknown as error:
        raise _Found(Finding.KIND_UNKNOWN) from error
    except LabelMismatch as error:
        raise _Found(Finding.LABEL_MISMATCH) from error
    except SchemaError as error:
        raise _Found(Finding.CONTENT_INVALID) from error
    return content


def _known_before(session: Session, content: Content, opened: Opened) -> None:
    """Step 12: neither the id nor the place in the pair's order was used by another envelope."""
    if session.get(MessageRow, content.msg_id) is not None:
        raise _Found(Finding.ID_TAKEN)
    same_place = select(MessageRow.eid).where(
        MessageRow.direction == "IN", MessageRow.sender == content.author.unit, MessageRow.pair_seq == opened.pair_seq
    )
    if session.scalar(same_place) is not None:
        raise _Found(Finding.EQUIVOCATION)


def _permitted(node: Node, outside: _Outside, content: Content) -> None:
    """The kind may come from that agency to ours, and the agreement of the pair covers it: checked at both ends."""
    header, directory = outside.envelope.header, node.directory()
    try:
        directory.check_agreement(header.sender, node.unit, header.family, header.classification)
        ours = frozenset(directory.unit(node.unit).agencies)
    except SchemaError as error:
        raise _Found(Finding.KIND_FORBIDDEN) from error
    if not content.declared.receivers & ours or content.author.agency not in directory.unit(header.sender).agencies:
        raise _Found(Finding.KIND_FORBIDDEN)


def _in_step(session: Session, node: Node, content: Content, *, gap: bool) -> None:
    """The message is a step of its exchange; after a gap the lifecycle cannot tell, and the message is kept."""
    parent = session.get(MessageRow, content.in_reply_to) if content.in_reply_to else None
    try:
        if parent is not None:
            content.check(storing.content_of(node, cases.of(session, parent.case_id), parent))
        threads.check_step(session, node, content)
    except NotFound as error:
        raise _Found(Finding.CASE_ERASED) from error
    except OutOfStep as error:
        raise _Found(Finding.OUT_OF_STEP) from error
    except Conflict as error:
        if not gap:
            raise _Found(Finding.OUT_OF_STEP) from error
    except SchemaError as error:
        raise _Found(Finding.CONTENT_INVALID) from error


def _after(session: Session, node: Node, arrived: Arrived) -> None:
    """What an arrival sets off: the receipt that starts the clock, and an alert if it is urgent."""
    message_id = arrived.content.msg_id
    receipts.make(session, node, arrived.eid, "DELIVERED")
    if table("urgency")[arrived.content.label("urgency")].extra["urgent"]:
        alerts.raise_alert(session, node, Raised(Cause.URGENT, message_id, alerts.DUTY, message_id, outbound=True))


def _take_receipt(session: Session, node: Node, frame: Frame) -> bool:
    try:
        evidence = receipts.check_collected(node.directory(), frame.payload, frame.entry)
    except KeyUnknown:
        _hold(session, node, frame, Finding.KEY_UNKNOWN)
        return True
    except AnswerRefused:
        _keep(session, node, frame, Finding.BAD_SIGNATURE, REJECTED)
        return False
    _release(session, frame)
    receipts.store(session, node, evidence)
    threads.note_receipt(session, node, evidence.receipt)
    return False


def _hold(session: Session, node: Node, frame: Frame, finding: Finding) -> None:
    row = _keep(session, node, frame, finding, HELD)
    row.retry_at = courier.retry_at(node.now(), row.attempts)
    row.attempts += 1


def _reject(session: Session, node: Node, frame: Frame, finding: Finding, taken: Taken) -> None:
    """Keep it as evidence and tell the sender, with the one reason from the closed list."""
    row = _keep(session, node, frame, finding, REJECTED)
    if row.eid is not None:
        receipts.make(session, node, row.eid, "REJECTED", taken.reason)
    log.record(
        session,
        node,
        log.Act(operation="OPEN_FAILED", eid=row.eid, unit=row.sender, codes=(finding.value,), denied=True),
    )


def _keep(session: Session, node: Node, frame: Frame, finding: Finding, state: str) -> QuarantineRow:
    row = session.get(QuarantineRow, frame.index)
    if row is None:
        eid, sender = _named(frame)
        row = QuarantineRow(
            hub_index=frame.index,
            frame=int(frame.kind),
            eid=eid,
            sender=sender,
            since=node.now(),
            attempts=0,
            retry_at=node.now(),
            entry=frame.entry,
            wire=frame.payload,
        )
        session.add(row)
    row.reason, row.state = finding.value, state
    return row


def _named(frame: Frame) -> tuple[str | None, str | None]:
    """Return envelope and sender as the hub's entry names them, if it does."""
    try:
        entry = entries.parse(frame.entry)
    except SchemaError:
        return None, None
    return (entry.eid, entry.sender) if isinstance(entry, MessageEntry) else (None, None)


def _release(session: Session, frame: Frame) -> None:
    row = session.get(QuarantineRow, frame.index)
    if row is not None:
        session.delete(row)

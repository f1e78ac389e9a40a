"""Evidence: the receipts that come in are verified before they are believed, ours are stored before they are sent.

A receipt counts only under a key of who may say it: the hub's receipt keys, or the signing key of the unit itself at
the time of the log entry (protocol.md §7.2, §8). States only ever move by the table in `exchange.courier`.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import envelope as cme
from crypto.errors import CryptoError
from crypto.header import Header
from crypto.signing import kid_of
from exchange import courier
from exchange.arrivals import KEY_ENDED
from exchange.courier import FINAL, State
from nodes import absences, alerts, voids
from nodes.alerts import Cause, Raised
from nodes.answers import Frame, Outcome
from nodes.errors import AnswerRefused
from nodes.node import Node
from nodes.tables import DeliveryRow, MessageRow, ReceiptRow
from nodes.token_errors import TokenError
from nodes.work import Work
from schemas import entries, receipts
from schemas.directory import keys_by_id
from schemas.entries import MessageEntry, ReceiptEntry, RefusalEntry
from schemas.errors import Malformed, SchemaError
from schemas.receipts import HUB_TYPES, Receipt, SignedReceipt
from schemas.trust import Directory, KeyUnknown

BATCH = 256
OUTSIDE_TIME = "OUTSIDE_TIME"
OWN = "OWN"
HUB = "HUB"
PEER = "PEER"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A verified receipt, its exact bytes, and the log entry that it came with."""

    receipt: Receipt
    statement: bytes
    wire: bytes
    entry: bytes | None
    logged: int


class Batches:
    """The batch signatures that were found good: what holds for one receipt of a batch holds for all of them.

    The path of each receipt to the signed root is checked when it is parsed. Many threads may use one object.
    """

    def __init__(self) -> None:
        self._good: set[tuple[int, bytes, tuple[tuple[str, bytes], ...], tuple[bytes, ...]]] = set()

    def verify(self, signed: SignedReceipt, publics: tuple[bytes, ...]) -> None:
        """Return if one of `publics` signed; raises `AnswerRefused`."""
        batch = (signed.signed.size, signed.signed.root, signed.signed.signatures, publics)
        if batch in self._good:
            return
        try:
            signed.verify(keys_by_id(publics))
        except CryptoError as error:
            raise AnswerRefused("a receipt that nobody entitled signed") from error
        self._good.add(batch)


def check_submitted(directory: Directory, wire: bytes, envelope: bytes, eid: str, batches: Batches) -> Evidence:
    """Return the hub's verified SUBMITTED or REFUSED receipt for our `envelope`.

    Raises `AnswerRefused`, and `schemas.trust.KeyUnknown` where a newer directory may help.
    """
    signed = _parse(wire)
    receipt, header = signed.receipt, cme.parse(envelope).header
    if receipt.type not in {"SUBMITTED", "REFUSED"} or (receipt.eid, receipt.unit) != (eid, header.sender):
        raise AnswerRefused("a receipt about something else")
    _check_hub(directory, signed, receipt.time, batches)
    entry = _entry(receipt.entry or b"")
    if entry != _told_by(receipt, header, hashlib.sha512(envelope).hexdigest(), entry.nonce):
        raise AnswerRefused("a receipt whose entry is about something else")
    return Evidence(receipt, signed.signed.statement_bytes, wire, receipt.entry, receipt.time)


def check_collected(directory: Directory, frame: Frame, batches: Batches) -> Evidence:
    """Return the verified receipt in an item of the inbox, by the hub or by a unit.

    Raises `AnswerRefused` for a lasting fault, `schemas.trust.KeyUnknown` where a newer directory may help.
    """
    signed, entry = _parse(frame.payload), _entry(frame.entry)
    receipt, statement = signed.receipt, signed.signed.statement_bytes
    if not isinstance(entry, ReceiptEntry):
        raise AnswerRefused("a receipt with another entry")
    stated = (entry.eid, entry.unit, entry.receipt, entry.digest)
    if stated != (receipt.eid, receipt.unit, receipt.type, hashlib.sha512(statement).hexdigest()):
        raise AnswerRefused("a receipt that is not the one in its entry")
    if receipt.type in HUB_TYPES:
        # The clock of the law starts from what the hub says: it says one time, in the log and in the receipt.
        if receipt.time != entry.time:
            raise AnswerRefused("a receipt of another time than its entry")
        _check_hub(directory, signed, receipt.time, batches)
    else:
        _check_unit(directory, signed, (entry.time, frame.index), batches)
    return Evidence(receipt, statement, frame.payload, frame.entry, entry.time)


def store(work: Work, evidence: Evidence) -> None:
    """Keep a verified receipt and move the states that it is about; the same receipt again moves nothing."""
    receipt = evidence.receipt
    message = work.by_eid.one(receipt.eid)
    if work.receipt(receipt.eid, receipt.unit, receipt.type) is None:
        work.add(_kept(evidence))
        if message is not None:
            _believe(work, message, evidence)
        elif receipt.type in voids.DEAD:
            voids.failed(work.session, receipt.eid)
    if message is not None:
        _settle(work, message)


def _kept(evidence: Evidence) -> ReceiptRow:
    receipt = evidence.receipt
    return ReceiptRow(
        eid=receipt.eid,
        unit=receipt.unit,
        type=receipt.type,
        time=receipt.time,
        logged=evidence.logged,
        origin=HUB if receipt.type in HUB_TYPES else PEER,
        statement=evidence.statement,
        wire=evidence.wire,
        entry=evidence.entry,
        posted=None,
        outcome=None,
    )


def _believe(work: Work, message: MessageRow, evidence: Evidence) -> None:
    receipt = evidence.receipt
    about_all = receipt.type in {"SUBMITTED", "REFUSED"}
    if about_all:
        message.hub_index, message.accepted = receipt.index, evidence.logged
    for row in work.deliveries.read([message.message_id]):
        if about_all or row.unit == receipt.unit:
            _move(work, message, row, evidence)


def deliveries(session: Session, message_id: str) -> Sequence[DeliveryRow]:
    """Return the recipients of a message and their states, by unit."""
    query = select(DeliveryRow).where(DeliveryRow.message_id == message_id).order_by(DeliveryRow.unit)
    return session.scalars(query).all()


def make(work: Work, eid: str, kind: str, reason: str | None = None) -> None:
    """Store a receipt of ours in the caller's transaction, once; it is signed with its batch and sent later.

    `kind` is DELIVERED, OPENED or REJECTED.
    """
    node = work.node
    if work.receipt(eid, node.unit, kind) is not None:
        return
    receipt = Receipt.model_validate(
        {
            "env": node.settings.env,
            "type": kind,
            "eid": eid,
            "by": node.unit,
            "unit": node.unit,
            "time": node.now(),
            "reason": reason,
        }
    )
    work.add(
        ReceiptRow(
            eid=eid,
            unit=node.unit,
            type=kind,
            time=receipt.time,
            logged=None,
            origin=OWN,
            statement=receipt.to_bytes(),
            wire=None,
            entry=None,
            posted=None,
            outcome=None,
        )
    )


_UNPOSTED = (
    select(ReceiptRow)
    .where(ReceiptRow.origin == OWN, ReceiptRow.posted.is_(None))
    # DELIVERED sorts before OPENED, so the hub never sees a message opened before it was delivered.
    .order_by(ReceiptRow.time, ReceiptRow.type, ReceiptRow.eid)
    .limit(BATCH)
)
_WIRES = _UNPOSTED.with_only_columns(ReceiptRow.wire)


def waiting(session: Session) -> tuple[bool, list[bytes]]:
    """Return whether some of our first unposted receipts are still to be signed, and the signed ones, the oldest first.

    Both are about one batch at most.
    """
    wires = session.connection().scalars(_WIRES).all()
    return None in wires, [wire for wire in wires if wire is not None]


def sign_pending(session: Session, node: Node) -> list[bytes]:
    """Sign what is unsigned of the first batch of our unposted receipts; returns what of the batch is signed then."""
    rows = session.scalars(_UNPOSTED.with_for_update()).all()
    _sign(node, [row for row in rows if row.wire is None])
    return [row.wire for row in rows if row.wire is not None]


def sign_made(work: Work) -> None:
    """Sign what the caller's transaction states, with one signature, so that it is written once."""
    _sign(work.node, [row for row in work.added(ReceiptRow) if row.origin == OWN])


def _sign(node: Node, rows: Sequence[ReceiptRow]) -> None:
    """Sign all of them with one signature, or none while the unit's token is away: they then wait for it."""
    if rows:
        with suppress(TokenError):
            wires = receipts.sign_written([node.keys.signing], [row.statement for row in rows])
            for row, wire in zip(rows, wires, strict=True):
                row.wire = wire


def posted(work: Work, outcomes: Sequence[Outcome]) -> list[str]:
    """Note what the hub did with receipts of ours; returns the envelopes concerned. Others' outcomes change nothing."""
    touched, node = [], work.node
    work.receipts.read(outcome.eid for outcome in outcomes)
    for outcome in outcomes:
        row = work.receipt(outcome.eid, node.unit, outcome.type)
        if row is None or row.posted is not None:
            continue
        if outcome.code == OUTSIDE_TIME:
            _state_anew(row, node.now())
            continue
        if outcome.code == KEY_ENDED:
            row.wire = None  # the same statement is signed again under the present key
            continue
        row.posted, row.outcome, row.logged = node.now(), outcome.code or outcome.status, outcome.time
        touched.append(row.eid)
    return touched


def _state_anew(row: ReceiptRow, now: int) -> None:
    """Our clock was wrong when we said it, and the hub has logged nothing: say it by the clock as it is now."""
    row.time, row.wire = now, None
    row.statement = Receipt.from_bytes(row.statement).model_copy(update={"time": now}).to_bytes()


def _move(work: Work, message: MessageRow, row: DeliveryRow, evidence: Evidence) -> None:
    receipt = evidence.receipt
    state = courier.advance(State(row.state), State(receipt.type))
    if state != row.state:
        row.state, row.since, row.reason = state, receipt.time, receipt.reason
        if state in {State.REJECTED, State.REFUSED, State.EXPIRED, State.NOT_DELIVERED} and message.direction == "OUT":
            _tell_author(work, message, row)
    # Times are kept whatever the order of arrival: the legal clock is computed from all of them (protocol.md §10).
    if receipt.type == "RELAYED":
        row.handed_out = receipt.time
    elif receipt.type == "DELIVERED":
        row.delivered = receipt.time
    elif receipt.type == "OPENED":
        row.opened = receipt.time


def _tell_author(work: Work, message: MessageRow, row: DeliveryRow) -> None:
    audience = absences.reminded(work.session, work.node, message.author) if message.author else alerts.DUTY
    subject = f"{message.message_id}/{row.unit}/{row.state}"
    work.alert(Raised(Cause.REJECTED, subject, audience, message.message_id))


def _settle(work: Work, message: MessageRow) -> None:
    """Let the outbox forget an envelope once every recipient is final."""
    row = work.outbox.one(message.message_id)
    if row is None or row.state != "ACCEPTED":
        return
    if all(State(one.state) in FINAL for one in work.deliveries.read([message.message_id])):
        row.state = "FINAL"


def _parse(wire: bytes) -> SignedReceipt:
    try:
        return receipts.parse(wire)
    except (Malformed, CryptoError) as error:
        raise AnswerRefused("not a receipt") from error


def _entry(data: bytes) -> entries.AnyEntry:
    try:
        return entries.parse(data)
    except SchemaError as error:
        raise AnswerRefused("not a log entry") from error


def _told_by(receipt: Receipt, header: Header, sha512: str, nonce: str) -> MessageEntry | RefusalEntry:
    """Return the one log entry that says about our envelope what the receipt says."""
    if receipt.type == "SUBMITTED":
        units = tuple(addressee.unit for addressee in header.to)
        return MessageEntry(
            time=receipt.time, nonce=nonce, eid=receipt.eid, sender=header.sender, to=units, sha512=sha512
        )
    return RefusalEntry(
        time=receipt.time,
        nonce=nonce,
        eid=receipt.eid,
        sender=header.sender,
        seq=header.seq,
        reason=receipt.reason or "",
        sha512=sha512,
    )


def _check_hub(directory: Directory, signed: SignedReceipt, at: int, batches: Batches) -> None:
    receipt = signed.receipt
    if receipt.by != directory.federation.hub.name or receipt.env != directory.federation.env:
        raise AnswerRefused("a receipt of another hub or environment")
    named = {kid_of(key.public) for key in directory.federation.hub.keys if key.use == "RECEIPT"}
    if not named.intersection(signed.kids):
        raise KeyUnknown("a receipt under a key of the hub that the directory does not name yet")
    batches.verify(signed, directory.hub_keys("RECEIPT", at))


def _check_unit(directory: Directory, signed: SignedReceipt, logged: tuple[int, int], batches: Batches) -> None:
    """`logged` is the time and the index of the receipt's entry."""
    if signed.receipt.env != directory.federation.env or len(signed.kids) != 1:
        raise AnswerRefused("a receipt of another environment")
    try:
        key = directory.signing_key(signed.kids[0], *logged)
    except KeyUnknown:
        raise
    except SchemaError as error:
        raise AnswerRefused("a receipt under a key that was not valid") from error
    if key.unit != signed.receipt.unit:
        raise AnswerRefused("a receipt by another unit")
    batches.verify(signed, (key.public,))

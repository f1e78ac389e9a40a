"""The hub's end of the protocol, pure: what becomes of an envelope, of a unit's receipt and of silence.

Every rule is a function of (now, event, facts) or a table; nothing here reads a clock, a database or a socket. The
sequencer gathers the facts, stores what is decided in one transaction, and only then answers (protocol.md §6, §8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crypto.header import GENESIS, Header
from schemas.errors import SchemaError
from schemas.receipts import UNIT_TYPES, Receipt
from schemas.trust import (
    ClassificationTooHigh,
    Directory,
    KeyNotValid,
    KeyRevoked,
    KeyUnknown,
    NoAgreement,
    UnitSuspended,
    UnitUnknown,
)

CLOCK_SKEW = 600
"""Seconds by which a sender's clock may be ahead of the hub's."""

LONGEST_LIFE = 14 * 86_400
"""Seconds from `created` to `expires`: a recipient erases its private key 14 days after it stops being sealed to."""

NOT_DELIVERED_AFTER = 96 * 3_600
"""Seconds after `expires` at which a delivery that was handed out and never answered becomes NOT_DELIVERED."""

RECEIPT_SKEW = 60
"""Seconds by which a unit's clock may differ from the hub's in a receipt."""


class Refusal(StrEnum):
    """Why a request is answered without a receipt and without a trace: the caller is nobody the hub knows."""

    WRONG_ENVIRONMENT = "WRONG_ENVIRONMENT"
    NOT_ALLOWED = "NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class Screened:
    """The public key (1,984 bytes) that must have signed the envelope, or why nobody's could have."""

    public: bytes = b""
    refusal: Refusal | None = None


def screen(now: int, header: Header, directory: Directory) -> Screened:
    """Return whose signature to check, before the costly check itself (protocol.md §6.3, §6.4).

    An unknown unit, a suspended one and a foreign key are one refusal: strangers learn nothing. A key of the sender's
    own that has ended passes: what it sealed may have been accepted before, and `judge` decides in order.
    """
    if header.env != directory.federation.env:
        return Screened(refusal=Refusal.WRONG_ENVIRONMENT)
    try:
        directory.check_active(header.sender)
    except SchemaError:
        return Screened(refusal=Refusal.NOT_ALLOWED)
    public = signer(now, header.sender, header.skid, directory)
    return Screened(refusal=Refusal.NOT_ALLOWED) if public is None else Screened(public)


def signer(now: int, unit: str, kid: str, directory: Directory) -> bytes | None:
    """Return the public key `kid` of `unit` if it signs now or has ended, None for one that nobody vouches for."""
    key = directory.keys.get(kid)
    if key is None or key.use != "SIGNING" or key.unit != unit:
        return None
    return key.public if key.fault(now) is None or key.ended(now) else None


# --- envelopes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """A correctly signed envelope: its identity, the SHA-512 of its bytes, and its header."""

    eid: str
    digest: bytes
    header: Header


@dataclass(frozen=True, slots=True)
class Stored:
    """An envelope whose number was consumed before."""

    eid: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class SenderHead:
    """The last number that a unit consumed and the envelope that consumed it; before the first, 0 and zeros."""

    seq: int = 0
    eid: str = GENESIS


@dataclass(frozen=True, slots=True)
class Facts:
    """What the hub holds: the sender's head, and what stands under the same id and the sender's same number."""

    head: SenderHead = SenderHead()
    same_id: Stored | None = None
    same_seq: Stored | None = None


class Verdict(StrEnum):
    """What becomes of an envelope."""

    ACCEPT = "ACCEPT"
    DUPLICATE = "DUPLICATE"
    EQUIVOCATION = "EQUIVOCATION"
    ID_TAKEN = "ID_TAKEN"
    EARLY = "EARLY"
    REFUSE_FOR_GOOD = "REFUSE_FOR_GOOD"
    KEY_ENDED = "KEY_ENDED"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The decision: `expected` with EARLY or KEY_ENDED, `other` (the eid there) with EQUIVOCATION, or a `reason`."""

    verdict: Verdict
    expected: SenderHead | None = None
    other: str | None = None
    reason: str | None = None


_ACCEPT = Judgement(Verdict.ACCEPT)
_DUPLICATE = Judgement(Verdict.DUPLICATE)
_ID_TAKEN = Judgement(Verdict.ID_TAKEN)


def judge(now: int, arrival: Arrival, facts: Facts, directory: Directory) -> Judgement:
    """Decide about a correctly signed envelope, in the order of protocol.md §6.6 and §6.7.

    ACCEPT and REFUSE_FOR_GOOD consume the sender's number; EQUIVOCATION keeps the other envelope as evidence; the rest
    change nothing.
    """
    header = arrival.header
    # §6.6 the same envelope again, byte for byte
    if facts.same_id is not None and facts.same_id.digest == arrival.digest:
        return _DUPLICATE
    # §6.6 new bytes under a key that has ended by the log's time: a receiver would not believe their entry
    if directory.keys[header.skid].fault(now) is not None:
        return Judgement(Verdict.KEY_ENDED, expected=SenderHead(facts.head.seq + 1, facts.head.eid))
    # §6.6 a number that another envelope consumed
    if header.seq <= facts.head.seq and facts.same_seq is not None and facts.same_seq.eid != arrival.eid:
        return Judgement(Verdict.EQUIVOCATION, other=facts.same_seq.eid)
    # §6.6 the same id with other bytes
    if facts.same_id is not None:
        return _ID_TAKEN
    # §6.6 not the next number, or not on our end of the sender's chain
    if header.seq != facts.head.seq + 1 or header.prev != facts.head.eid:
        return Judgement(Verdict.EARLY, expected=SenderHead(facts.head.seq + 1, facts.head.eid))
    # §6.7 the rules of the federation
    reason = refusal(now, header, directory)
    return _ACCEPT if reason is None else Judgement(Verdict.REFUSE_FOR_GOOD, reason=reason)


_REASONS: Mapping[type[SchemaError], str] = {
    UnitUnknown: "RECIPIENT_UNKNOWN",
    UnitSuspended: "RECIPIENT_SUSPENDED",
    NoAgreement: "NO_AGREEMENT",
    ClassificationTooHigh: "CLASSIFICATION_TOO_HIGH",
    KeyUnknown: "RECIPIENT_KEY",
    KeyNotValid: "RECIPIENT_KEY",
    KeyRevoked: "RECIPIENT_KEY",
}


def refusal(now: int, header: Header, directory: Directory) -> str | None:
    """Return why the rules forbid this envelope (a code of `schemas.receipts.REFUSED_REASONS`), or None.

    One recipient that may not have it refuses the whole: its list of recipients is signed and cannot be cut.
    """
    if header.expires <= now:
        return "EXPIRED"
    if header.created > now + CLOCK_SKEW:
        return "CLOCK_SKEW"
    if header.expires - header.created > LONGEST_LIFE:
        return "LIFETIME"
    if header.blobs:
        return "ATTACHMENT_MISSING"
    try:
        for addressee in header.to:
            directory.check_active(addressee.unit)
            _agreed(header, addressee.unit, directory)
            directory.recipient_key(addressee.unit, addressee.ekid, min(header.created, now))
    except SchemaError as error:
        return _REASONS[type(error)]
    return None


def _agreed(header: Header, recipient: str, directory: Directory) -> None:
    """A void discloses nothing but numbers, so any agreement of the pair carries it (protocol.md §6.7)."""
    if header.ctype == "void":
        directory.check_pair(header.sender, recipient)
    else:
        directory.check_agreement(header.sender, recipient, header.family, header.classification)


# --- deliveries: one state for each (message, recipient) --------------------------------------------------------------


class State(StrEnum):
    """What the hub can prove about one message for one recipient."""

    QUEUED = "QUEUED"
    RELAYED = "RELAYED"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    NOT_DELIVERED = "NOT_DELIVERED"


TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.QUEUED: {"RELAYED": State.RELAYED, "EXPIRED": State.EXPIRED},
    State.RELAYED: {
        "DELIVERED": State.DELIVERED,
        "OPENED": State.OPENED,
        "REJECTED": State.REJECTED,
        "NOT_DELIVERED": State.NOT_DELIVERED,
    },
    State.NOT_DELIVERED: {"DELIVERED": State.DELIVERED, "OPENED": State.OPENED, "REJECTED": State.REJECTED},
    State.DELIVERED: {"OPENED": State.OPENED},
    State.OPENED: {"DELIVERED": State.OPENED},
    State.REJECTED: {},
    State.EXPIRED: {},
}
"""What each receipt makes of each state; what is not here contradicts what was said before (protocol.md §8.3)."""

FINAL = frozenset({State.DELIVERED, State.OPENED, State.REJECTED, State.EXPIRED, State.NOT_DELIVERED})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one recipient: `handed_at` is the time of the first hand-out (unix seconds), if there was one."""

    state: State
    expires: int
    handed_at: int | None = None


KEY_ENDED = "KEY_ENDED"
"""Why a receipt is not logged whose signing key ended first: the unit signs the same statement under its next one."""


class Reception(StrEnum):
    """What becomes of a unit's receipt."""

    LOGGED = "LOGGED"
    KNOWN = "KNOWN"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Received:
    """The decision: `state` with LOGGED, `code` with REFUSED."""

    reception: Reception
    state: State | None = None
    code: str | None = None


def judge_receipt(
    now: int, receipt: Receipt, digest: bytes, delivery: Delivery | None, before: bytes | None
) -> Received:
    """Decide about a correctly signed receipt of a unit about its own delivery.

    `digest` is the SHA-512 of its statement, `before` that of the receipt held under the same (eid, unit, type).
    A receipt's time is signed and cannot be corrected, so one that lies outside [hand-out, now], give or take 60
    seconds, is refused with OUTSIDE_TIME and the unit states it anew: the legal clock starts from this time.
    """
    if before is not None:
        known = before == digest
        return Received(Reception.KNOWN) if known else Received(Reception.REFUSED, code="OTHER_BEFORE")
    if receipt.type not in UNIT_TYPES or delivery is None:
        return Received(Reception.REFUSED, code="NO_DELIVERY")
    if delivery.handed_at is None:
        return Received(Reception.REFUSED, code="NOT_HANDED_OUT")
    after = TRANSITIONS[delivery.state].get(receipt.type)
    if after is None:
        return Received(Reception.REFUSED, code="CONTRADICTS")
    if not delivery.handed_at - RECEIPT_SKEW <= receipt.time <= now + RECEIPT_SKEW:
        return Received(Reception.REFUSED, code="OUTSIDE_TIME")
    return Received(Reception.LOGGED, after)


def hand_out(delivery: Delivery) -> bool | None:
    """Return True if this hand-out is the first and must be written, False if it is a repetition, None if forbidden.

    An expired envelope is never handed out: its sender holds the proof that nobody got it.
    """
    if delivery.state is State.EXPIRED:
        return None
    return delivery.state is State.QUEUED


def lapse(now: int, delivery: Delivery) -> State | None:
    """Return what silence has made of a delivery by `now`, or None (protocol.md §8.3)."""
    if delivery.state is State.QUEUED and now >= delivery.expires:
        return State.EXPIRED
    if delivery.state is State.RELAYED and now >= delivery.expires + NOT_DELIVERED_AFTER:
        return State.NOT_DELIVERED
    return None

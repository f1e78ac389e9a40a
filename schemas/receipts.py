"""Receipts: the signed statements that say what became of an envelope (protocol.md §8).

A receipt is a canonical statement whose signature covers the Merkle root of the batch it was signed with. This module
knows the words and who may say them; it must not know states, timers or tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import StringConstraints, model_validator

from crypto import canonical, encoding, instants, statements
from crypto.errors import CryptoError
from crypto.signing import SigningKey
from crypto.statements import Parts
from schemas.base import Binary, CodeText, Env, Hex64, UnitId, UtcText, Wire
from schemas.errors import Malformed

LABEL = "serai/receipt/1"
"""Context of every receipt signature, of the hub and of units."""

WIRE_LIMIT = 32_768
"""Bytes of the largest signed receipt: a statement with a 4 KiB entry, two signatures, a path of 8."""

HubName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}[a-z0-9]$")]
"""The hub's name, which is also the first part of its log's origin."""

ReceiptType = Literal["SUBMITTED", "REFUSED", "RELAYED", "NOT_DELIVERED", "EXPIRED", "DELIVERED", "OPENED", "REJECTED"]

HUB_TYPES = frozenset({"SUBMITTED", "REFUSED", "RELAYED", "NOT_DELIVERED", "EXPIRED"})
UNIT_TYPES = frozenset({"DELIVERED", "OPENED", "REJECTED"})
LOGGED_TYPES = frozenset({"SUBMITTED", "REFUSED"})
"""Types that carry the leaf index and the complete log entry of the envelope itself."""

REJECTED_REASONS = frozenset(
    {
        "UNREADABLE",  # every cryptographic failure, whatever it was
        "CLASSIFICATION_TOO_HIGH",
        "DUPLICATE",
        "EQUIVOCATION",
        "LABEL_MISMATCH",
        "LEGAL_BASIS_MISSING",
        "MODE_MISMATCH",
        "POLICY_DENY",
        "SCHEMA_UNKNOWN",
        "TOO_LARGE",
        "VIRUS_FLAG",
    }
)
REFUSED_REASONS = frozenset(
    {
        "ATTACHMENT_MISSING",
        "CLASSIFICATION_TOO_HIGH",
        "CLOCK_SKEW",
        "EXPIRED",
        "LIFETIME",
        "NO_AGREEMENT",
        "RECIPIENT_KEY",
        "RECIPIENT_SUSPENDED",
        "RECIPIENT_UNKNOWN",
    }
)
_REASONS: Mapping[str, frozenset[str]] = {"REJECTED": REJECTED_REASONS, "REFUSED": REFUSED_REASONS}


class Receipt(Wire):
    """One statement about one envelope and one unit.

    `unit` is the recipient the statement is about; for SUBMITTED and REFUSED, which are about the envelope as a whole,
    it is the sender. `by` is who says it: the hub's name, or the unit itself.
    """

    v: Literal[1] = 1
    env: Env
    type: ReceiptType
    eid: Hex64
    by: str
    unit: UnitId
    time: UtcText
    reason: CodeText | None = None
    index: int | None = None
    entry: Binary | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.type in UNIT_TYPES) != (self.by == self.unit):
            raise ValueError("only units say DELIVERED, OPENED and REJECTED, each for itself; the hub says the others")
        if self.reason is not None and self.reason not in _REASONS.get(self.type, frozenset()):
            raise ValueError("reason: not in the closed list of this type")
        if (self.type in _REASONS) != (self.reason is not None):
            raise ValueError("reason: required for REFUSED and REJECTED, forbidden elsewhere")
        logged = self.index is not None and self.index >= 0 and self.entry is not None
        if (self.type in LOGGED_TYPES) != logged or (not logged and (self.index, self.entry) != (None, None)):
            raise ValueError("index and entry: required for SUBMITTED and REFUSED, forbidden elsewhere")
        return self

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, written down member by member: a hub writes thousands of receipts a second."""
        reason = "" if self.reason is None else f'"reason":"{self.reason}",'
        logged = "" if self.entry is None else f'"entry":"{encoding.b64(self.entry)}",'
        try:
            by, time = canonical.dumps(self.by).decode(), instants.to_text(self.time)
            index = "" if self.index is None else f'"index":{canonical.dumps(self.index).decode()},'
        except CryptoError as error:
            raise Malformed(f"Receipt: {error}") from error
        return (
            f'{{"by":{by},"eid":"{self.eid}",{logged}"env":"{self.env}",{index}{reason}'
            f'"time":"{time}","type":"{self.type}","unit":"{self.unit}","v":{self.v}}}'
        ).encode()

    def statement(self) -> dict[str, Any]:
        """Return the members as the wire carries them, ready to be signed."""
        return self.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt together with the exact bytes that came and the ids of the keys that signed it."""

    receipt: Receipt
    wire: bytes
    kids: tuple[str, ...]
    signed: statements.SignedStatement

    def verify(self, publics: Mapping[str, bytes]) -> None:
        """Return if a key of `publics` (kid -> composite public key) signed it; raises `crypto.errors.BadSignature`.

        The caller chooses `publics` by who may speak: the hub's receipt keys, or the unit's signing keys.
        """
        self.signed.verify(LABEL, publics)


def sign(keys: Sequence[SigningKey], receipts: Sequence[Receipt]) -> list[bytes]:
    """Return one wire form for each receipt, all under one signature of each key (protocol.md §6.8)."""
    return sign_written(keys, [receipt.to_bytes() for receipt in receipts])


def sign_parts(keys: Sequence[SigningKey], receipts: Sequence[Receipt]) -> list[Parts]:
    """Return the parts of each wire form; they share the bytes of their signatures."""
    return statements.sign_written(keys, LABEL, [receipt.to_bytes() for receipt in receipts])


def sign_written(keys: Sequence[SigningKey], written: Sequence[bytes]) -> list[bytes]:
    """Return what `sign` returns, for the canonical bytes of receipts."""
    return [parts.wire() for parts in statements.sign_written(keys, LABEL, written)]


def parse(wire: bytes) -> SignedReceipt:
    """Return the receipt in `wire`, not yet verified; raises `Malformed` unless it is the one canonical form."""
    try:
        signed = statements.parse(wire, limit=WIRE_LIMIT)
        receipt = Receipt.from_bytes(signed.statement_bytes)
    except CryptoError as error:
        raise Malformed(f"Receipt: {error}") from error
    return SignedReceipt(receipt, wire, tuple(kid for kid, _ in signed.signatures), signed)

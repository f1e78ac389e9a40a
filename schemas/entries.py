"""Log entries: the bytes of every leaf, of the hub's log and of a node's log (protocol.md §9).

An entry carries digests, nonces and codes. A value about a person or a case appears only as `commitment(salt, value)`
whose salt is kept elsewhere and erased with the case. This module must not know tables, trees or services.
"""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from crypto import canonical, instants
from crypto.errors import CryptoError
from crypto.pae import tagged
from schemas.base import CodeText, Hex32, Hex64, Hex128, UnitId, UtcText, Wire, explain
from schemas.codes import table
from schemas.errors import Malformed
from schemas.receipts import ReceiptType

ENTRY_LIMIT = 4096
"""Bytes of the largest entry."""

COMMITMENT_LABEL = "serai/leaf/1"

OPERATIONS = frozenset(table("log_operations"))
"""The operations that an act may name: article 25 of Directive (EU) 2016/680, and what else an exchange does."""


def commitment(salt: bytes, value: str) -> str:
    """Return the 64 hex digits that commit to `value` and hide it from whoever lacks `salt` (16 bytes or more)."""
    return tagged(COMMITMENT_LABEL, salt, value.encode())[:32].hex()


class Entry(Wire):
    """What every leaf has: a version, the log's time and a nonce that keeps its hash from being guessed."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    v: Literal[1] = 1
    time: UtcText
    nonce: Hex32


class MessageEntry(Entry):
    """The hub accepted an envelope."""

    type: Literal["MESSAGE"] = "MESSAGE"
    eid: Hex64
    sender: UnitId = Field(validation_alias="from", serialization_alias="from")
    to: tuple[UnitId, ...]
    sha512: Hex128

    def to_bytes(self) -> bytes:
        """Return the canonical bytes, written down member by member: no member has a character to escape."""
        try:
            time = instants.to_text(self.time)
        except CryptoError as error:
            raise Malformed(f"MessageEntry: {error}") from error
        to = ",".join([f'"{unit}"' for unit in self.to])
        return (
            f'{{"eid":"{self.eid}","from":"{self.sender}","nonce":"{self.nonce}","sha512":"{self.sha512}",'
            f'"time":"{time}","to":[{to}],"type":"{self.type}","v":{self.v}}}'
        ).encode()


class RefusalEntry(Entry):
    """The hub refused a correctly signed envelope for good; its number is consumed."""

    type: Literal["REFUSAL"] = "REFUSAL"
    eid: Hex64
    sender: UnitId = Field(validation_alias="from", serialization_alias="from")
    seq: int
    reason: CodeText
    sha512: Hex128


class EquivocationEntry(Entry):
    """A unit signed two envelopes for one number or one id; both are kept as evidence."""

    type: Literal["EQUIVOCATION"] = "EQUIVOCATION"
    sender: UnitId = Field(validation_alias="from", serialization_alias="from")
    seq: int
    eid: Hex64
    other: Hex64
    sha512: Hex128


class ReceiptEntry(Entry):
    """A receipt was made by the hub or taken from a unit; `digest` is SHA-512 of its statement bytes."""

    type: Literal["RECEIPT"] = "RECEIPT"
    eid: Hex64
    unit: UnitId
    receipt: ReceiptType
    digest: Hex128


class StatementEntry(Entry):
    """A key statement or revocation of a unit entered the directory; `digest` is SHA-512 of its wire form."""

    type: Literal["STATEMENT"] = "STATEMENT"
    unit: UnitId
    kid: Hex64
    digest: Hex128


class DirectoryEntry(Entry):
    """A new federation document or snapshot is current; `digest` is SHA-512 of its wire form."""

    type: Literal["DIRECTORY"] = "DIRECTORY"
    part: Literal["FEDERATION", "SNAPSHOT"]
    version: int
    digest: Hex128


class DenialEntry(Entry):
    """An authenticated unit asked for what it may not have, `count` times since the last such entry."""

    type: Literal["DENIAL"] = "DENIAL"
    unit: UnitId
    error: CodeText
    count: int


class AdminEntry(Entry):
    """An operator's act at the hub: `digest` is SHA-512 of what was given, where the act had an input.

    INVITE, ENROL and REFUSE are steps by which a unit is let in; SIGN and WITHDRAW are a keeper's word about the next
    federation document, and their reason names his root.
    RECOVER says that a restored hub was filled again up to here; LOST stands where an entry was that nobody held.
    """

    type: Literal["ADMIN"] = "ADMIN"
    act: Literal[
        "INIT",
        "INVITE",
        "SIGN",
        "WITHDRAW",
        "ENROL",
        "REFUSE",
        "SUSPEND",
        "REINSTATE",
        "REVOKE",
        "PUBLISH",
        "RECOVER",
        "LOST",
    ]
    unit: UnitId | None = None
    reason: CodeText | None = None
    digest: Hex128 | None = None


class AnchorEntry(Entry):
    """The head of another log, seen and kept: a node's in the hub's log, the hub's in a node's.

    `digest` is SHA-512 of the signed note that said so.
    """

    type: Literal["ANCHOR"] = "ANCHOR"
    origin: str = Field(max_length=200)
    size: int
    root: Hex64
    digest: Hex128 | None = None


class ActEntry(Entry):
    """What an officer or the node did (article 25 of Directive (EU) 2016/680), with commitments instead of names.

    `actor`, `case`, `subject` and `justification` are `commitment()` values; `eid` and `unit` name the envelope and
    the counterpart unit; `codes` are the coded circumstances (purpose, legal basis, handling codes).
    """

    type: Literal["ACT"] = "ACT"
    operation: CodeText
    result: Literal["DONE", "DENIED"] = "DONE"
    actor: Hex64
    role: CodeText | None = None
    case: Hex64 | None = None
    subject: Hex64 | None = None
    justification: Hex64 | None = None
    eid: Hex64 | None = None
    unit: UnitId | None = None
    codes: tuple[CodeText, ...] | None = None
    digest: Hex128 | None = None
    count: int | None = None

    @model_validator(mode="after")
    def _known_operation(self) -> Self:
        if self.operation not in OPERATIONS:
            raise ValueError("operation: not in the table of log operations")
        return self


AnyEntry = Annotated[
    MessageEntry
    | RefusalEntry
    | EquivocationEntry
    | ReceiptEntry
    | StatementEntry
    | DirectoryEntry
    | DenialEntry
    | AdminEntry
    | AnchorEntry
    | ActEntry,
    Field(discriminator="type"),
]
_ANY: TypeAdapter[AnyEntry] = TypeAdapter(AnyEntry)


def parse(data: bytes) -> AnyEntry:
    """Return the entry in `data`, of whichever type; raises `Malformed` unless it is the one canonical form."""
    try:
        canonical.loads(data, limit=ENTRY_LIMIT)
        entry = _ANY.validate_json(data)
    except CryptoError as error:
        raise Malformed(f"Entry: {error}") from error
    except ValidationError as error:
        raise Malformed(f"Entry: {explain(error)}") from error
    if entry.to_bytes() != data:
        raise Malformed("Entry: not in canonical form")
    return entry

"""The rows of the hub: a key, the columns that are filtered on, and the exact bytes. Nothing of content is here.

The log's own tables are `audit.store`'s; one Alembic history holds both. Instants are unix seconds.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata: Final = MetaData()

_EID = String(64)
_UNIT = String(16)

HUB: Final = Table(
    "hub",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("env", String(16), nullable=False),
    Column("origin", String(255), nullable=False),
)
"""One row: which hub this database belongs to."""

MESSAGE: Final = Table(
    "message",
    metadata,
    Column("eid", _EID, primary_key=True),
    Column("sender", _UNIT, nullable=False),
    Column("id", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("digest", LargeBinary(64), nullable=False),
    Column("envelope", LargeBinary, nullable=True),
    Column("signed", BigInteger, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    UniqueConstraint("id", name="message_id"),
    UniqueConstraint("sender", "seq", name="message_sender_seq"),
    Index("message_expires", "expires"),
    Index("message_idx", "idx"),
)
"""Every envelope that consumed a number, with its SUBMITTED or REFUSED receipt (`signed`, `proof` and `statement`).
`envelope` is null once refused or when every recipient has long been final."""

SENDER: Final = Table(
    "sender",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("eid", _EID, nullable=False),
)

EVIDENCE: Final = Table(
    "evidence",
    metadata,
    Column("sender", _UNIT, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("eid", _EID, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Index("evidence_idx", "idx"),
)
"""The second envelope that a unit signed for one number: the first is in `message`."""

DELIVERY: Final = Table(
    "delivery",
    metadata,
    Column("eid", _EID, primary_key=True),
    Column("unit", _UNIT, primary_key=True),
    Column("sender", _UNIT, nullable=False),
    Column("state", String(16), nullable=False),
    Column("queued_at", BigInteger, nullable=False),
    Column("handed_at", BigInteger, nullable=True),
    Column("expires", BigInteger, nullable=False),
    Index("delivery_state_expires", "state", "expires"),
    Index("delivery_unit_state", "unit", "state"),
)

MAILBOX: Final = Table(
    "mailbox",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False),
    Column("eid", _EID, nullable=False),
    Column("about", _UNIT, nullable=False),
    Column("type", String(16), nullable=False),
    sqlite_with_rowid=False,
)
"""What a unit collects, in the order of the log: kind 1 is the message `eid`, kind 2 the receipt (eid, about, type)."""

RECEIPT: Final = Table(
    "receipt",
    metadata,
    Column("eid", _EID, primary_key=True),
    Column("unit", _UNIT, primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("idx", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("digest", LargeBinary(64), nullable=False),
    Column("signed", BigInteger, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("statement", LargeBinary, nullable=False),
    Index("receipt_idx", "idx"),
)
"""Receipts about deliveries, made by the hub or taken from a unit; unique by (eid, unit, type)."""

SIGNATURES: Final = Table(
    "signatures",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("signatures", LargeBinary, nullable=False),
)
"""The signatures that a batch of receipts shares, once: `idx` is the leaf of one of them, and their rows name it in
`signed`. A receipt's wire form is put together from its `proof`, these, and its `statement` (`crypto.statements`)."""

NONCE: Final = Table(
    "nonce",
    metadata,
    Column("keyid", String(160), primary_key=True),
    Column("nonce", String(32), primary_key=True),
    Column("expires", BigInteger, nullable=False),
    Index("nonce_expires", "expires"),
)

FEDERATION: Final = Table(
    "federation",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, nullable=False),
    Column("wire", LargeBinary, nullable=False),
)

STATEMENT: Final = Table(
    "statement",
    metadata,
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", _UNIT, nullable=False),
    Column("kid", _EID, nullable=False),
    Column("digest", LargeBinary(64), nullable=False, unique=True),
    Column("wire", LargeBinary, nullable=False),
)

INVITATION: Final = Table(
    "invitation",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("kid", _EID, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("profile", LargeBinary, nullable=False),
)
"""Open invitations, one for a unit: what may stand about it, and the id of the key that signs its answer."""

PROPOSAL: Final = Table(
    "proposal",
    metadata,
    Column("digest", LargeBinary(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("wire", LargeBinary, nullable=False),
)
"""Next documents that too few keepers have signed (`schemas.proposals`); `digest` is SHA-512 of what each signs.

One that was withdrawn stays until it expires or another document is in force, so that nobody goes on with signatures
that he kept.
"""

SUSPENSION: Final = Table(
    "suspension",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("reason", String(40), nullable=False),
)

SNAPSHOT: Final = Table(
    "snapshot",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("issued", BigInteger, nullable=False),
    Column("wire", LargeBinary, nullable=False),
)

DENIAL: Final = Table(
    "denial",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("code", String(40), primary_key=True),
    Column("logged_at", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
)
"""Refusals of an authenticated unit since its last DENIAL leaf: a flood of them is one leaf a minute with a count."""

SIGHTING: Final = Table(
    "sighting",
    metadata,
    Column("unit", _UNIT, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("wire", LargeBinary, nullable=False),
)
"""What each unit last said, under its signature, about the newest checkpoint that it accepted."""

STAMP: Final = Table(
    "checkpoint_stamp",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
)
"""Published checkpoints with the time-stamp of an outside authority (RFC 3161); `time` is what the authority states."""

ANCHOR: Final = Table(
    "anchor",
    metadata,
    Column("origin", String(255), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, nullable=False),
    Index("anchor_idx", "idx"),
)
"""Where our log says that a unit's own log had this size, and under which note."""

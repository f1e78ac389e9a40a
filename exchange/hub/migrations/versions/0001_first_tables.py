"""The first tables: the log's own, and the hub's messages, deliveries, receipts and directory."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_tables = sa.MetaData()
sa.Table(
    "log_entry",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("idx", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("leaf_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("entry", sa.LargeBinary(), nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "log_tile",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("level", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("n", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary(), nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
)
sa.Table(
    "log_head",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
)
sa.Table(
    "log_checkpoint",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
    sa.Column("vkeys", sa.Text(), nullable=False),
)
sa.Table(
    "hub",
    _tables,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("env", sa.String(16), nullable=False),
    sa.Column("origin", sa.String(255), nullable=False),
)
sa.Table(
    "message",
    _tables,
    sa.Column("eid", sa.String(64), primary_key=True),
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("id", sa.String(32), nullable=False),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("idx", sa.BigInteger(), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Column("refused", sa.Boolean(), nullable=False),
    sa.Column("digest", sa.LargeBinary(64), nullable=False),
    sa.Column("receipt", sa.LargeBinary(), nullable=False),
    sa.Column("envelope", sa.LargeBinary(), nullable=True),
    sa.UniqueConstraint("sender", "id", name="message_sender_id"),
    sa.UniqueConstraint("sender", "seq", name="message_sender_seq"),
    sa.Index("message_expires", "expires"),
)
sa.Table(
    "sender",
    _tables,
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("eid", sa.String(64), nullable=False),
)
sa.Table(
    "evidence",
    _tables,
    sa.Column("sender", sa.String(16), primary_key=True),
    sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("eid", sa.String(64), nullable=False),
    sa.Column("idx", sa.BigInteger(), nullable=False),
    sa.Column("envelope", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "delivery",
    _tables,
    sa.Column("eid", sa.String(64), primary_key=True),
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("sender", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("queued_at", sa.BigInteger(), nullable=False),
    sa.Column("handed_at", sa.BigInteger(), nullable=True),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Index("delivery_state_expires", "state", "expires"),
    sa.Index("delivery_unit_state", "unit", "state"),
)
sa.Table(
    "mailbox",
    _tables,
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("idx", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Integer(), nullable=False),
    sa.Column("eid", sa.String(64), nullable=False),
    sa.Column("about", sa.String(16), nullable=False),
    sa.Column("type", sa.String(16), nullable=False),
    sqlite_with_rowid=False,
)
sa.Table(
    "receipt",
    _tables,
    sa.Column("eid", sa.String(64), primary_key=True),
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("type", sa.String(16), primary_key=True),
    sa.Column("idx", sa.BigInteger(), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("digest", sa.LargeBinary(64), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "nonce",
    _tables,
    sa.Column("keyid", sa.String(160), primary_key=True),
    sa.Column("nonce", sa.String(32), primary_key=True),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Index("nonce_expires", "expires"),
)
sa.Table(
    "federation",
    _tables,
    sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "statement",
    _tables,
    sa.Column("idx", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("kid", sa.String(64), nullable=False),
    sa.Column("digest", sa.LargeBinary(64), nullable=False, unique=True),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "suspension",
    _tables,
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
)
sa.Table(
    "snapshot",
    _tables,
    sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("issued", sa.BigInteger(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "denial",
    _tables,
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("code", sa.String(40), primary_key=True),
    sa.Column("logged_at", sa.BigInteger(), nullable=False),
    sa.Column("pending", sa.BigInteger(), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Drop the tables with everything in them."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

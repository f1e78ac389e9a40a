"""The node's own log, its accounts and sessions, its keys and its directory."""

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
    sa.Column("vkeys", sa.String(), nullable=False),
)
sa.Table(
    "node_user",
    _tables,
    sa.Column("user_id", sa.String(), primary_key=True),
    sa.Column("display_name", sa.String(), nullable=False),
    sa.Column("language", sa.String(), nullable=False),
    sa.Column("agency", sa.String(), nullable=False),
    sa.Column("created", sa.BigInteger(), nullable=False),
    sa.Column("disabled_at", sa.BigInteger()),
    sa.Column("password_phc", sa.String()),
    sa.Column("totp_sealed", sa.LargeBinary()),
    sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
)
sa.Table(
    "node_role",
    _tables,
    sa.Column(
        "user_id", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_role_user_id"), primary_key=True
    ),
    sa.Column("role", sa.String(), primary_key=True),
)
sa.Table(
    "node_enrolment",
    _tables,
    sa.Column(
        "user_id", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_enrolment_user_id"), primary_key=True
    ),
    sa.Column("code_hash", sa.String(), nullable=False),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Column("totp_sealed", sa.LargeBinary()),
)
sa.Table(
    "node_session",
    _tables,
    sa.Column("token_hash", sa.String(), primary_key=True),
    sa.Column(
        "user_id", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_session_user_id"), nullable=False
    ),
    sa.Column("csrf", sa.String(), nullable=False),
    sa.Column("created", sa.BigInteger(), nullable=False),
    sa.Column("seen", sa.BigInteger(), nullable=False),
    sa.Index("ix_node_session_user_id", "user_id"),
)
sa.Table(
    "node_rate",
    _tables,
    sa.Column("bucket", sa.String(), primary_key=True),
    sa.Column("window", sa.BigInteger(), nullable=False),
    sa.Column("count", sa.BigInteger(), nullable=False),
)
sa.Table(
    "node_key",
    _tables,
    sa.Column("kid", sa.String(), primary_key=True),
    sa.Column("purpose", sa.String(), nullable=False),
    sa.Column("not_before", sa.BigInteger(), nullable=False),
    sa.Column("not_after", sa.BigInteger(), nullable=False),
    sa.Column("statement", sa.LargeBinary(), nullable=False),
    sa.Column("posted_at", sa.BigInteger()),
    sa.Column("erased_at", sa.BigInteger()),
    sa.Index("ix_node_key_purpose", "purpose"),
)
sa.Table(
    "node_directory",
    _tables,
    sa.Column("part", sa.String(), primary_key=True),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
    sa.Column("fetched", sa.BigInteger(), nullable=False),
)
sa.Table(
    "node_statement",
    _tables,
    sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "node_event",
    _tables,
    sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("operation", sa.String(), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("actor", sa.String()),
    sa.Column("case_id", sa.String()),
    sa.Column("message_id", sa.String()),
    sa.Column("sealed", sa.LargeBinary()),
    sa.Index("ix_node_event_actor", "actor"),
    sa.Index("ix_node_event_case_id", "case_id"),
    sa.Index("ix_node_event_operation", "operation"),
)
sa.Table(
    "node_counter",
    _tables,
    sa.Column("name", sa.String(), primary_key=True),
    sa.Column("value", sa.BigInteger(), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

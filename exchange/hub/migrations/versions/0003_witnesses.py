"""Witnesses: cosignatures of our log, its published checkpoint, what we hold of the logs of others, contradictions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_tables = sa.MetaData()
sa.Table(
    "log_cosignature",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("witness", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("lines", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "log_published",
    _tables,
    sa.Column("log_id", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("published_at", sa.BigInteger(), nullable=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "witness_state",
    _tables,
    sa.Column("origin_hash", sa.String(64), primary_key=True),
    sa.Column("origin", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "witness_conflict",
    _tables,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("origin", sa.String(255), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("held", sa.LargeBinary(), nullable=False),
    sa.Column("offered", sa.LargeBinary(), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

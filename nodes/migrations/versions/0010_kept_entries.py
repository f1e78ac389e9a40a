"""Entries of the hub's log that are kept for it: sealed ones, and those that came with mail."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_tables = sa.MetaData()
sa.Table(
    "node_sealed",
    _tables,
    sa.Column("start", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("end", sa.BigInteger(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("start", name="pk_node_sealed"),
)
sa.Table(
    "node_collected",
    _tables,
    sa.Column("index", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("entry", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("index", name="pk_node_collected"),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

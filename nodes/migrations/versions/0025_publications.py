"""Checkpoints that were published before."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_tables = sa.MetaData()
sa.Table(
    "log_publication",
    _tables,
    sa.Column("log_id", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("time", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("log_id", "size", "time"),
)


def upgrade() -> None:
    """Make the table."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take it away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

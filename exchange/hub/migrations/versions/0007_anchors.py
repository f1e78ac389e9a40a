"""Where the hub's log holds the heads of the units' own logs."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_tables = sa.MetaData()
sa.Table(
    "anchor",
    _tables,
    sa.Column("origin", sa.String(255), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("idx", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("origin", "size"),
)


def upgrade() -> None:
    """Make the table."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take it away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

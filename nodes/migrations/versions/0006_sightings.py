"""What the other units say about the hub's log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_tables = sa.MetaData()
sa.Table(
    "node_sighting",
    _tables,
    sa.Column("unit", sa.String(), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("heard", sa.BigInteger(), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("root", sa.LargeBinary(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("unit", name="pk_node_sighting"),
    sa.Index("ix_node_sighting_state", "state"),
)


def upgrade() -> None:
    """Make the table."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take it away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

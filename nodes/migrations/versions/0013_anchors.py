"""Where this node's own log is anchored in the hub's."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_tables = sa.MetaData()
sa.Table(
    "node_anchor",
    _tables,
    sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("root", sa.LargeBinary(), nullable=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
    sa.Column("cosigned", sa.BigInteger(), nullable=False),
    sa.Column("index", sa.BigInteger()),
    sa.Column("entry", sa.LargeBinary()),
    sa.Column("proved", sa.BigInteger()),
    sa.PrimaryKeyConstraint("size", name="pk_node_anchor"),
    sa.Index("ix_node_anchor_proved", "proved"),
)


def upgrade() -> None:
    """Make the table."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take it away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

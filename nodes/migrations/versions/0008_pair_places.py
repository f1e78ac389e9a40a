"""The place of each message of ours in the order of its pair, so that it can be sealed anew in the same place."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns; what was sealed before has none and keeps its seal."""
    op.add_column("node_delivery", sa.Column("pair_seq", sa.BigInteger()))
    op.add_column("node_delivery", sa.Column("pair_prev", sa.String()))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("node_delivery", "pair_prev")
    op.drop_column("node_delivery", "pair_seq")

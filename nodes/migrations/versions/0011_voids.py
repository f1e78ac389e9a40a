"""Voids: what says that a number of a pair's order carries no message."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table; an envelope in the outbox need not be a message any more."""
    op.create_table(
        "node_void",
        sa.Column("direction", sa.String(), primary_key=True),
        sa.Column("unit", sa.String(), primary_key=True),
        sa.Column("pair_seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("pair_prev", sa.String(), nullable=False),
        sa.Column("eid", sa.String(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("eid", name="uq_node_void_eid"),
    )
    op.add_column("node_delivery", sa.Column("voided", sa.BigInteger()))
    with op.batch_alter_table("node_outbox") as outbox:
        outbox.alter_column("message_id", existing_type=sa.String(), nullable=True)


def downgrade() -> None:
    """Take it away; voids that still wait are lost, and receivers keep their marks."""
    op.execute("DELETE FROM node_outbox WHERE message_id IS NULL")
    with op.batch_alter_table("node_outbox") as outbox:
        outbox.alter_column("message_id", existing_type=sa.String(), nullable=False)
    op.drop_column("node_delivery", "voided")
    op.drop_table("node_void")

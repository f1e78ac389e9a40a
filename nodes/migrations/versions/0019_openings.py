"""Content that two auditors opened to one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "node_opening",
        sa.Column(
            "opening_id",
            sa.String(),
            sa.ForeignKey("node_approval.approval_id", name="fk_node_opening_opening_id"),
            primary_key=True,
        ),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("mandate", sa.LargeBinary(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("ended_by", sa.String()),
        sa.CheckConstraint("approved_by <> reader", name="ck_node_opening_two_auditors"),
    )
    op.create_index("ix_node_opening_reader", "node_opening", ["reader"])
    op.create_index("ix_node_opening_state", "node_opening", ["state"])
    op.create_table(
        "node_opened",
        sa.Column(
            "opening_id",
            sa.String(),
            sa.ForeignKey("node_opening.opening_id", name="fk_node_opened_opening_id"),
            primary_key=True,
        ),
        sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column(
            "message_id",
            sa.String(),
            sa.ForeignKey("node_message.message_id", name="fk_node_opened_message_id"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("node_opened")
    op.drop_table("node_opening")

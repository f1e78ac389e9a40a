"""Domestic tasks and the replies to them."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "node_task",
        sa.Column("task_id", sa.String(), primary_key=True),
        sa.Column(
            "message_id",
            sa.String(),
            sa.ForeignKey("node_message.message_id", name="fk_node_task_message_id"),
            nullable=False,
        ),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("sent", sa.BigInteger()),
        sa.Column("told", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary()),
        sa.UniqueConstraint("message_id", "number", name="uq_node_task_message_id_number"),
    )
    op.create_index("ix_node_task_due", "node_task", ["state", "due"])
    op.create_table(
        "node_task_reply",
        sa.Column(
            "task_id",
            sa.String(),
            sa.ForeignKey("node_task.task_id", name="fk_node_task_reply_task_id"),
            primary_key=True,
        ),
        sa.Column("ordinal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("node_task_reply")
    op.drop_table("node_task")

"""The history of roles and enrolments; enrolment codes come in two halves."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table; codes that were printed in one piece are void, new ones have two halves."""
    op.create_table(
        "node_change",
        sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String()),
        sa.CheckConstraint("asked_by <> user_id", name="ck_node_change_asked_for_another"),
        sa.CheckConstraint("decided_by <> user_id", name="ck_node_change_decided_for_another"),
        sa.CheckConstraint("decided_by <> asked_by", name="ck_node_change_two_persons"),
    )
    op.create_index("ix_node_change_user_id", "node_change", ["user_id"])
    op.execute("DELETE FROM node_enrolment")


def downgrade() -> None:
    """Take it away; no code of two halves is taken for one."""
    op.execute("DELETE FROM node_enrolment")
    op.drop_table("node_change")

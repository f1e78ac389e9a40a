"""Accounts that end, and what a visiting auditor may see."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the column and the tables."""
    op.add_column("node_user", sa.Column("ends_at", sa.BigInteger()))
    op.create_table(
        "node_visit",
        sa.Column(
            "user_id", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_visit_user_id"), primary_key=True
        ),
        sa.Column("mandate", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("every_case", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "node_visit_case",
        sa.Column(
            "user_id",
            sa.String(),
            sa.ForeignKey("node_visit.user_id", name="fk_node_visit_case_user_id"),
            primary_key=True,
        ),
        sa.Column("case_ref", sa.String(), primary_key=True),
    )


def downgrade() -> None:
    """Take them away; an account that has an end is disabled, so that none outlives it."""
    op.execute("UPDATE node_user SET disabled_at = ends_at WHERE ends_at IS NOT NULL AND disabled_at IS NULL")
    op.drop_table("node_visit_case")
    op.drop_table("node_visit")
    op.drop_column("node_user", "ends_at")

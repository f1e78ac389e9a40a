"""Absences, and who stands in."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Make the table."""
    person = sa.ForeignKey("node_user.user_id", name="fk_node_absence_user_id")
    deputy = sa.ForeignKey("node_user.user_id", name="fk_node_absence_deputy")
    op.create_table(
        "node_absence",
        sa.Column("absence_id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), person, nullable=False),
        sa.Column("deputy", sa.String(), deputy, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
    )
    op.create_index("ix_node_absence_user_id", "node_absence", ["user_id"])
    op.create_index("ix_node_absence_until", "node_absence", ["until"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_absence")

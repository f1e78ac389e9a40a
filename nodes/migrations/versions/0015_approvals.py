"""Acts that two persons decide."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_approval",
        sa.Column("approval_id", sa.String(), primary_key=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint("decided_by <> asked_by", name="ck_node_approval_two_persons"),
        sa.CheckConstraint("decided_by <> author", name="ck_node_approval_not_by_the_author"),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'REFUSED', 'DONE') OR decided_by IS NOT NULL",
            name="ck_node_approval_decided_by_somebody",
        ),
    )
    op.create_index("ix_node_approval_target", "node_approval", ["what", "target", "state"])
    op.create_index("ix_node_approval_state", "node_approval", ["state"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_approval")

"""Inspections: what was declared, what was drawn, verdicts and replies."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "node_inspection",
        sa.Column("inspection_id", sa.String(), primary_key=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("mandate", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary()),
        sa.Column("closed", sa.BigInteger()),
        sa.Column("report", sa.LargeBinary()),
    )
    op.create_table(
        "node_sampled",
        sa.Column(
            "inspection_id",
            sa.String(),
            sa.ForeignKey("node_inspection.inspection_id", name="fk_node_sampled_inspection_id"),
            primary_key=True,
        ),
        sa.Column("index", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("verdict", sa.String()),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("judged_by", sa.String()),
        sa.Column("due", sa.BigInteger()),
        sa.Column("reply", sa.LargeBinary()),
        sa.Column("replied_by", sa.String()),
        sa.Column("replied_at", sa.BigInteger()),
    )
    op.create_index("ix_node_sampled_verdict", "node_sampled", ["verdict"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("node_sampled")
    op.drop_table("node_inspection")

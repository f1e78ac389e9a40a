"""Breaches of personal data and their phases."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "node_breach",
        sa.Column("breach_id", sa.String(), primary_key=True),
        sa.Column("detected", sa.BigInteger(), nullable=False),
        sa.Column("authority_at", sa.BigInteger()),
        sa.Column("partners_at", sa.BigInteger()),
    )
    op.create_index("ix_node_breach_authority_at", "node_breach", ["authority_at"])
    op.create_table(
        "node_breach_phase",
        sa.Column(
            "breach_id",
            sa.String(),
            sa.ForeignKey("node_breach.breach_id", name="fk_node_breach_phase_breach_id"),
            primary_key=True,
        ),
        sa.Column("ordinal", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("node_breach_phase")
    op.drop_table("node_breach")

"""Clearance of accounts, and the rules of access that were in force."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Whoever had an account saw everything that is carried: he keeps that until an administrator says less."""
    op.add_column("node_user", sa.Column("clearance", sa.String(), nullable=False, server_default="RESTR"))
    op.create_table(
        "node_rules",
        sa.Column("since", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
    )


def downgrade() -> None:
    """Take both away."""
    op.drop_table("node_rules")
    op.drop_column("node_user", "clearance")

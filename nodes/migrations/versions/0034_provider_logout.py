"""Whom the identity provider opened a session for, and which of its logout tokens were obeyed."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Make both; sessions that are open now end as they would have."""
    op.add_column("node_session", sa.Column("subject_hash", sa.String()))
    op.add_column("node_session", sa.Column("sid_hash", sa.String()))
    op.create_table(
        "node_logout",
        sa.Column("jti_hash", sa.String(), primary_key=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("node_logout")
    op.drop_column("node_session", "sid_hash")
    op.drop_column("node_session", "subject_hash")

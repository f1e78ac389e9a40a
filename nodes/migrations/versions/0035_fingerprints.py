"""Keyed fingerprints of what requests are about."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Make the table."""
    message = sa.ForeignKey("node_message.message_id", name="fk_node_fingerprint_message_id")
    op.create_table(
        "node_fingerprint",
        sa.Column("fingerprint", sa.String(), primary_key=True),
        sa.Column("message_id", sa.String(), message, primary_key=True),
    )
    op.create_index("ix_node_fingerprint_message_id", "node_fingerprint", ["message_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_fingerprint")

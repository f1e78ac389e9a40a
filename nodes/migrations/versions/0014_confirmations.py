"""Who has read and confirmed the sender's own restriction of an arrival."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_confirmation",
        sa.Column(
            "message_id",
            sa.String(),
            sa.ForeignKey("node_message.message_id", name="fk_node_confirmation_message_id"),
            primary_key=True,
        ),
        sa.Column(
            "user_id",
            sa.String(),
            sa.ForeignKey("node_user.user_id", name="fk_node_confirmation_user_id"),
            primary_key=True,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_confirmation")

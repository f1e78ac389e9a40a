"""Who gets a message as a copy, and why a message of ours has its handling codes."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the columns; until now everything was addressed."""
    op.add_column("node_message", sa.Column("reason_sealed", sa.LargeBinary()))
    op.add_column("node_delivery", sa.Column("role", sa.String(), nullable=False, server_default="TO"))
    copy = sa.text("role = 'CC'")
    op.create_index("ix_node_delivery_copy", "node_delivery", ["message_id"], sqlite_where=copy, postgresql_where=copy)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_node_delivery_copy", "node_delivery")
    op.drop_column("node_delivery", "role")
    op.drop_column("node_message", "reason_sealed")

"""Which requests of an older release lack their fingerprints: a node makes them, some at each turn of its timers."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Make the list: every request whose content is here and of which no fingerprint is."""
    message = sa.ForeignKey("node_message.message_id", name="fk_node_fingerprint_due_message_id")
    op.create_table("node_fingerprint_due", sa.Column("message_id", sa.String(), message, primary_key=True))
    lacking = "SELECT message_id FROM node_message AS one WHERE kind = 'REQ' AND length(sealed) > 0 AND NOT EXISTS"
    made = "(SELECT 1 FROM node_fingerprint WHERE message_id = one.message_id)"
    op.execute(f"INSERT INTO node_fingerprint_due (message_id) {lacking} {made}")


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_fingerprint_due")

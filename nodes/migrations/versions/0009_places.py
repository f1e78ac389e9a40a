"""Indexes for what every arrival and list asks: a place in a pair's order, the opening of an exchange, the lists."""

from alembic import op

revision = "0009"
down_revision = "0008"

_INDEXES = (
    ("ix_node_message_place", "node_message", ("sender", "pair_seq")),
    ("ix_node_message_unread", "node_message", ("direction", "opened_at", "assignee", "case_id")),
    (
        "ix_node_message_list",
        "node_message",
        (
            "direction",
            "stored",
            "message_id",
            "case_id",
            "assignee",
            "author",
            "opened_at",
            "urgency",
            "sender",
            "kind",
        ),
    ),
    ("ix_node_member_user_id", "node_member", ("user_id",)),
    ("ix_node_thread_opening", "node_thread", ("opening",)),
)


def upgrade() -> None:
    """Make the indexes."""
    for name, table, columns in _INDEXES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    """Take them away."""
    for name, table, _ in _INDEXES:
        op.drop_index(name, table)

"""Indexes for what every arrival and list asks: a place in a pair's order, the opening of an exchange, a box."""

from alembic import op

revision = "0009"
down_revision = "0008"

_INDEXES = (
    ("ix_node_message_place", "node_message", ("sender", "pair_seq")),
    ("ix_node_message_box", "node_message", ("direction", "stored")),
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

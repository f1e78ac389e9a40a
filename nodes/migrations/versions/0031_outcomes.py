"""How each reply left its exchange, for statistics, and messages by the time at which the hub accepted them."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_EVENTS = {
    "ANSWERED_FULL": "ANSWER_FULL",
    "ANSWERED_PARTIAL": "ANSWER_PARTIAL",
    "NO_INFORMATION": "ANSWER_NONE",
    "REFUSED": "REFUSE",
    "WITHDRAWN": "WITHDRAW",
}
"""State of an exchange -> the event that brought it there; grounds stand in sealed content alone and stay unknown."""


def upgrade() -> None:
    """Make the table, and fill it from what the states of older exchanges tell."""
    message = sa.ForeignKey("node_message.message_id", name="fk_node_outcome_message_id")
    made = op.create_table(
        "node_outcome",
        sa.Column("message_id", sa.String(), message, primary_key=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("grounds", sa.String(), nullable=False),
    )
    op.create_index("ix_node_message_accepted", "node_message", ["accepted", "kind"])
    ended = sa.text(
        "SELECT m.message_id, max(t.state) FROM node_message m JOIN node_thread t ON t.thread_id = m.thread_id "
        "WHERE m.effect = 'ENDS' AND m.sender IN (t.unit, t.requester) AND (m.sender = t.requester) = "
        "(t.state = 'WITHDRAWN') GROUP BY m.message_id"
    )
    found = [(number, _EVENTS.get(state)) for number, state in op.get_bind().execute(ended)]
    rows = [{"message_id": number, "event": event, "grounds": ""} for number, event in found if event is not None]
    op.bulk_insert(made, rows)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_node_message_accepted", "node_message")
    op.drop_table("node_outcome")

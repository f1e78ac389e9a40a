"""Drafts, assignments, escalations and alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_tables = sa.MetaData()
sa.Table("node_case", _tables, sa.Column("case_id", sa.String(), primary_key=True))
sa.Table("node_message", _tables, sa.Column("message_id", sa.String(), primary_key=True))
sa.Table("node_user", _tables, sa.Column("user_id", sa.String(), primary_key=True))
sa.Table(
    "node_draft",
    _tables,
    sa.Column("draft_id", sa.String(), primary_key=True),
    sa.Column("message_id", sa.String(), nullable=False),
    sa.Column("author", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_draft_author"), nullable=False),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("case_id", sa.String(), sa.ForeignKey("node_case.case_id", name="fk_node_draft_case_id")),
    sa.Column("in_reply_to", sa.String()),
    sa.Column("revision", sa.BigInteger(), nullable=False),
    sa.Column("created", sa.BigInteger(), nullable=False),
    sa.Column("updated", sa.BigInteger(), nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.UniqueConstraint("message_id", name="uq_node_draft_message_id"),
    sa.Index("ix_node_draft_author", "author"),
)
sa.Table(
    "node_assignment",
    _tables,
    sa.Column("assignment_id", sa.String(), primary_key=True),
    sa.Column(
        "message_id",
        sa.String(),
        sa.ForeignKey("node_message.message_id", name="fk_node_assignment_message_id"),
        nullable=False,
    ),
    sa.Column("ordinal", sa.BigInteger(), nullable=False),
    sa.Column("how", sa.String(), nullable=False),
    sa.Column("by_user", sa.String(), nullable=False),
    sa.Column("to_user", sa.String(), nullable=False),
    sa.Column("from_user", sa.String()),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("ended", sa.BigInteger()),
    sa.Column("note_sealed", sa.LargeBinary()),
    sa.Index("ix_node_assignment_message_id", "message_id"),
)
sa.Table(
    "node_escalation",
    _tables,
    sa.Column("thread_id", sa.String(), primary_key=True),
    sa.Column("unit", sa.String(), primary_key=True),
    sa.Column("step", sa.String(), primary_key=True),
    sa.Column("at", sa.BigInteger(), nullable=False),
)
sa.Table(
    "node_alert",
    _tables,
    sa.Column("alert_id", sa.String(), primary_key=True),
    sa.Column("cause", sa.String(), nullable=False),
    sa.Column("subject", sa.String(), nullable=False),
    sa.Column("message_id", sa.String(), sa.ForeignKey("node_message.message_id", name="fk_node_alert_message_id")),
    sa.Column("audience", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("raised", sa.BigInteger(), nullable=False),
    sa.Column("acknowledged_by", sa.String()),
    sa.Column("acknowledged_at", sa.BigInteger()),
    sa.Column("notify_at", sa.BigInteger()),
    sa.Column("notified", sa.BigInteger(), nullable=False),
    sa.Column("attempts", sa.BigInteger(), nullable=False),
    sa.UniqueConstraint("cause", "subject", name="uq_node_alert_cause_subject"),
    sa.Index("ix_node_alert_notify_at", "notify_at"),
    sa.Index("ix_node_alert_state", "state"),
)

_own = [_tables.tables[name] for name in _tables.tables if name not in {"node_case", "node_message", "node_user"}]


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), tables=_own, checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), tables=_own, checkfirst=False)

"""Cases, messages, their deliveries and receipts, and where the courier stands."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_tables = sa.MetaData()
sa.Table("node_user", _tables, sa.Column("user_id", sa.String(), primary_key=True))
sa.Table(
    "node_case",
    _tables,
    sa.Column("case_id", sa.String(), primary_key=True),
    sa.Column("case_ref", sa.String(), nullable=False),
    sa.Column("opened", sa.BigInteger(), nullable=False),
    sa.Column("updated", sa.BigInteger(), nullable=False),
    sa.Column("wrapped_key", sa.LargeBinary()),
    sa.UniqueConstraint("case_ref", name="uq_node_case_case_ref"),
    sa.Index("ix_node_case_updated", "updated"),
)
sa.Table(
    "node_member",
    _tables,
    sa.Column(
        "case_id", sa.String(), sa.ForeignKey("node_case.case_id", name="fk_node_member_case_id"), primary_key=True
    ),
    sa.Column(
        "user_id", sa.String(), sa.ForeignKey("node_user.user_id", name="fk_node_member_user_id"), primary_key=True
    ),
    sa.Column("since", sa.BigInteger(), nullable=False),
)
sa.Table(
    "node_message",
    _tables,
    sa.Column("message_id", sa.String(), primary_key=True),
    sa.Column("eid", sa.String(), nullable=False),
    sa.Column("direction", sa.String(), nullable=False),
    sa.Column(
        "case_id", sa.String(), sa.ForeignKey("node_case.case_id", name="fk_node_message_case_id"), nullable=False
    ),
    sa.Column("thread_id", sa.String(), nullable=False),
    sa.Column("in_reply_to", sa.String()),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("family", sa.String(), nullable=False),
    sa.Column("sender", sa.String(), nullable=False),
    sa.Column("author", sa.String()),
    sa.Column("urgency", sa.String(), nullable=False),
    sa.Column("classification", sa.String(), nullable=False),
    sa.Column("created", sa.BigInteger(), nullable=False),
    sa.Column("stored", sa.BigInteger(), nullable=False),
    sa.Column("accepted", sa.BigInteger()),
    sa.Column("effect", sa.String(), nullable=False),
    sa.Column("cause", sa.String(), nullable=False),
    sa.Column("hub_index", sa.BigInteger()),
    sa.Column("pair_seq", sa.BigInteger()),
    sa.Column("pair_prev", sa.String()),
    sa.Column("assignee", sa.String()),
    sa.Column("opened_at", sa.BigInteger()),
    sa.Column("gap", sa.BigInteger(), nullable=False),
    sa.Column("envelope", sa.LargeBinary(), nullable=False),
    sa.Column("sealed", sa.LargeBinary(), nullable=False),
    sa.Column("salt_sealed", sa.LargeBinary(), nullable=False),
    sa.UniqueConstraint("eid", name="uq_node_message_eid"),
    sa.Index("ix_node_message_assignee", "assignee"),
    sa.Index("ix_node_message_case_id", "case_id"),
    sa.Index("ix_node_message_kind", "kind"),
    sa.Index("ix_node_message_stored", "stored"),
    sa.Index("ix_node_message_thread_id", "thread_id"),
)
sa.Table(
    "node_thread",
    _tables,
    sa.Column("thread_id", sa.String(), primary_key=True),
    sa.Column("unit", sa.String(), primary_key=True),
    sa.Column("requester", sa.String(), nullable=False),
    sa.Column(
        "case_id", sa.String(), sa.ForeignKey("node_case.case_id", name="fk_node_thread_case_id"), nullable=False
    ),
    sa.Column(
        "opening", sa.String(), sa.ForeignKey("node_message.message_id", name="fk_node_thread_opening"), nullable=False
    ),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("urgency", sa.String(), nullable=False),
    sa.Column("availability", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("rounds", sa.BigInteger(), nullable=False),
    sa.Column("closed", sa.BigInteger(), nullable=False),
    sa.Column("due", sa.BigInteger()),
    sa.Column("updated", sa.BigInteger(), nullable=False),
    sa.Index("ix_node_thread_case_id", "case_id"),
    sa.Index("ix_node_thread_due", "due"),
    sa.Index("ix_node_thread_state", "state"),
)
sa.Table(
    "node_delivery",
    _tables,
    sa.Column(
        "message_id",
        sa.String(),
        sa.ForeignKey("node_message.message_id", name="fk_node_delivery_message_id"),
        primary_key=True,
    ),
    sa.Column("unit", sa.String(), primary_key=True),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("reason", sa.String()),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.Column("handed_out", sa.BigInteger()),
    sa.Column("delivered", sa.BigInteger()),
    sa.Column("opened", sa.BigInteger()),
    sa.Index("ix_node_delivery_state", "state"),
)
sa.Table(
    "node_outbox",
    _tables,
    sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column(
        "message_id",
        sa.String(),
        sa.ForeignKey("node_message.message_id", name="fk_node_outbox_message_id"),
        nullable=False,
    ),
    sa.Column("eid", sa.String(), nullable=False),
    sa.Column("prev", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("queued", sa.BigInteger(), nullable=False),
    sa.Column("accepted", sa.BigInteger()),
    sa.UniqueConstraint("eid", name="uq_node_outbox_eid"),
    sa.UniqueConstraint("message_id", name="uq_node_outbox_message_id"),
    sa.Index("ix_node_outbox_state", "state"),
)
sa.Table(
    "node_receipt",
    _tables,
    sa.Column("eid", sa.String(), primary_key=True),
    sa.Column("unit", sa.String(), primary_key=True),
    sa.Column("type", sa.String(), primary_key=True),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("logged", sa.BigInteger()),
    sa.Column("origin", sa.String(), nullable=False),
    sa.Column("statement", sa.LargeBinary(), nullable=False),
    sa.Column("wire", sa.LargeBinary()),
    sa.Column("entry", sa.LargeBinary()),
    sa.Column("posted", sa.BigInteger()),
    sa.Column("outcome", sa.String()),
    sa.Index("ix_node_receipt_unposted", "origin", "posted"),
)
sa.Table(
    "node_quarantine",
    _tables,
    sa.Column("hub_index", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("frame", sa.BigInteger(), nullable=False),
    sa.Column("eid", sa.String()),
    sa.Column("sender", sa.String()),
    sa.Column("reason", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.Column("retry_at", sa.BigInteger(), nullable=False),
    sa.Column("attempts", sa.BigInteger(), nullable=False),
    sa.Column("entry", sa.LargeBinary(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
    sa.Index("ix_node_quarantine_eid", "eid"),
    sa.Index("ix_node_quarantine_state", "state"),
)
sa.Table(
    "node_chain",
    _tables,
    sa.Column("chain", sa.String(), primary_key=True),
    sa.Column("seq", sa.BigInteger(), nullable=False),
    sa.Column("eid", sa.String(), nullable=False),
)
sa.Table(
    "node_cursor",
    _tables,
    sa.Column("name", sa.String(), primary_key=True),
    sa.Column("index", sa.BigInteger(), nullable=False),
    sa.Column("leaf", sa.String(), nullable=False),
    sa.Column("state", sa.String(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
)

_own = [_tables.tables[name] for name in _tables.tables if name != "node_user"]


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), tables=_own, checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), tables=_own, checkfirst=False)

"""Permissions, what messages are about, and what follows items onward."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_tables = sa.MetaData()
sa.Table(
    "node_message",
    _tables,
    sa.Column("message_id", sa.String(), primary_key=True),
)
_concern = sa.Table(
    "node_concern",
    _tables,
    sa.Column("message_id", sa.String(), nullable=False),
    sa.Column("item", sa.String(), nullable=False),
    sa.Column("object_id", sa.String(), nullable=False),
    sa.Column("kind", sa.String(), nullable=False),
    sa.Column("names", sa.String()),
    sa.Column("settled", sa.BigInteger()),
    sa.PrimaryKeyConstraint("message_id", "item", "object_id", name="pk_node_concern"),
    sa.ForeignKeyConstraint(["message_id"], ["node_message.message_id"], name="fk_node_concern_message_id"),
    sa.Index("ix_node_concern_item", "item"),
    sa.Index("ix_node_concern_kind", "kind"),
    sa.Index("ix_node_concern_names", "names"),
)
_grant = sa.Table(
    "node_grant",
    _tables,
    sa.Column("decision", sa.String(), nullable=False),
    sa.Column("message_id", sa.String(), nullable=False),
    sa.Column("object_id", sa.String(), nullable=False),
    sa.Column("action", sa.String(), nullable=False),
    sa.Column("unit", sa.String(), nullable=False),
    sa.Column("side", sa.String(), nullable=False),
    sa.Column("originator", sa.String(), nullable=False),
    sa.Column("purpose", sa.String(), nullable=False),
    sa.Column("valid_from", sa.BigInteger(), nullable=False),
    sa.Column("valid_until", sa.BigInteger(), nullable=False),
    sa.Column("revoked", sa.BigInteger()),
    sa.Column("revocation", sa.String()),
    sa.PrimaryKeyConstraint("decision", "message_id", "object_id", "action", "unit", name="pk_node_grant"),
    sa.ForeignKeyConstraint(["decision"], ["node_message.message_id"], name="fk_node_grant_decision"),
    sa.Index("ix_node_grant_item", "message_id", "side"),
)
_passage = sa.Table(
    "node_passage",
    _tables,
    sa.Column("via", sa.String(), nullable=False),
    sa.Column("message_id", sa.String(), nullable=False),
    sa.Column("object_id", sa.String(), nullable=False),
    sa.Column("unit", sa.String(), nullable=False),
    sa.Column("direction", sa.String(), nullable=False),
    sa.Column("origin", sa.String(), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("via", "message_id", "object_id", "unit", name="pk_node_passage"),
    sa.ForeignKeyConstraint(["via"], ["node_message.message_id"], name="fk_node_passage_via"),
    sa.Index("ix_node_passage_message_id", "message_id"),
)
_passing = sa.Table(
    "node_passing",
    _tables,
    sa.Column("notice", sa.String(), nullable=False),
    sa.Column("unit", sa.String(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.Column("passed", sa.String()),
    sa.PrimaryKeyConstraint("notice", "unit", name="pk_node_passing"),
    sa.ForeignKeyConstraint(["notice"], ["node_message.message_id"], name="fk_node_passing_notice"),
    sa.Index("ix_node_passing_passed", "passed"),
)
_MADE = (_concern, _grant, _passage, _passing)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), _MADE, checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), _MADE, checkfirst=False)

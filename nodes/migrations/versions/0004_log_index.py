"""The index of the log for the auditor's pages, filled from the leaves it repeats, and the mandate of a sitting."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_EVENT = sa.table(
    "node_event",
    sa.column("index", sa.BigInteger()),
    sa.column("role", sa.String()),
    sa.column("eid", sa.String()),
    sa.column("unit", sa.String()),
    sa.column("denied", sa.BigInteger()),
    sa.column("leaf", sa.String()),
)
_ENTRY = sa.table(
    "log_entry",
    sa.column("idx", sa.BigInteger()),
    sa.column("leaf_hash", sa.LargeBinary()),
    sa.column("entry", sa.LargeBinary()),
)
_INDEXES = {
    "ix_node_event_eid": ["eid"],
    "ix_node_event_facets": ["operation", "unit", "role", "denied", "at"],
    "ix_node_event_leaf": ["leaf"],
    "ix_node_event_message_id": ["message_id"],
}
_COLUMNS = ("role", "eid", "unit", "denied", "leaf")


def upgrade() -> None:
    """Add the columns, fill them from the leaves, and index them."""
    for name in ("role", "eid", "unit"):
        op.add_column("node_event", sa.Column(name, sa.String()))
    op.add_column("node_event", sa.Column("denied", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("node_event", sa.Column("leaf", sa.String(), nullable=False, server_default=""))
    op.add_column("node_session", sa.Column("mandate", sa.LargeBinary()))
    _fill(op.get_bind())
    for name, columns in _INDEXES.items():
        op.create_index(name, "node_event", columns)


def downgrade() -> None:
    """Take them away; the leaves hold everything that they repeated."""
    for name in _INDEXES:
        op.drop_index(name, "node_event")
    op.drop_column("node_session", "mandate")
    for name in _COLUMNS:
        op.drop_column("node_event", name)


def _fill(connection: sa.Connection) -> None:
    for index, leaf, entry in connection.execute(sa.select(_ENTRY.c.idx, _ENTRY.c.leaf_hash, _ENTRY.c.entry)).all():
        said = json.loads(entry)
        values = {name: said.get(name) for name in ("role", "eid", "unit")}
        denied = int(said.get("result") == "DENIED")
        connection.execute(
            _EVENT.update().where(_EVENT.c.index == index).values(**values, denied=denied, leaf=leaf.hex())
        )

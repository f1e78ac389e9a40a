"""Every federation document names its leaf, so that its place in the log can be proved."""

import sqlalchemy as sa
from alembic import op

from crypto.canonical import loads

revision = "0004"
down_revision = "0003"

_federation = sa.table("federation", sa.column("version"), sa.column("idx"))
_entry = sa.table("log_entry", sa.column("log_id"), sa.column("idx"), sa.column("entry"))
ENTRIES_AT_ONCE = 1000


def upgrade() -> None:
    """Find the leaf of each document in the log, from the first entry on."""
    with op.batch_alter_table("federation") as alter:
        alter.add_column(sa.Column("idx", sa.BigInteger(), nullable=True))
    start = 0
    query = sa.select(_entry.c.idx, _entry.c.entry).where(_entry.c.log_id == "hub").order_by(_entry.c.idx)
    while page := op.get_bind().execute(query.where(_entry.c.idx >= start).limit(ENTRIES_AT_ONCE)).all():
        for row in page:
            _note(row.idx, bytes(row.entry))
        start = page[-1].idx + 1
    with op.batch_alter_table("federation") as alter:
        alter.alter_column("idx", existing_type=sa.BigInteger(), nullable=False)


def _note(index: int, data: bytes) -> None:
    entry = loads(data, limit=65_535)
    if isinstance(entry, dict) and (entry.get("type"), entry.get("part")) == ("DIRECTORY", "FEDERATION"):
        here = _federation.c.version == entry["version"]
        op.get_bind().execute(_federation.update().where(here).values(idx=index))


def downgrade() -> None:
    """Forget the leaves."""
    with op.batch_alter_table("federation") as alter:
        alter.drop_column("idx")

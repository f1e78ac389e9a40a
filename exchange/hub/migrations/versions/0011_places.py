"""Rows are found by the place of their entry, so that one that belongs to none is found while the hub runs."""

from alembic import op

revision = "0011"
down_revision = "0010"

_TABLES = ("message", "evidence", "receipt", "anchor")


def upgrade() -> None:
    """Make the indices."""
    for table in _TABLES:
        op.create_index(f"{table}_idx", table, ["idx"])


def downgrade() -> None:
    """Take them away."""
    for table in _TABLES:
        op.drop_index(f"{table}_idx", table)

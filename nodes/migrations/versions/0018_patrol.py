"""What the check of a log in use found, and where it goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_tables = sa.MetaData()
sa.Table(
    "log_patrol",
    _tables,
    sa.Column("log_id", sa.String(64), nullable=False),
    sa.Column("next", sa.BigInteger(), nullable=False),
    sa.Column("at", sa.BigInteger(), nullable=False),
    sa.Column("came_round", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("log_id"),
)
sa.Table(
    "log_damage",
    _tables,
    sa.Column("log_id", sa.String(64), nullable=False),
    sa.Column("start", sa.BigInteger(), nullable=False, autoincrement=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("of_tree", sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint("log_id", "start"),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

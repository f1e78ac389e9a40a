"""Invitations of units, and documents that wait for the signatures of keepers."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_tables = sa.MetaData()
sa.Table(
    "invitation",
    _tables,
    sa.Column("unit", sa.String(16), primary_key=True),
    sa.Column("kid", sa.String(64), nullable=False),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Column("profile", sa.LargeBinary(), nullable=False),
)
sa.Table(
    "proposal",
    _tables,
    sa.Column("digest", sa.LargeBinary(64), primary_key=True),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

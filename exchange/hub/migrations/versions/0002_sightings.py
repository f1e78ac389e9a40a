"""What each unit says about the log that it was shown."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_tables = sa.MetaData()
sa.Table(
    "sighting",
    _tables,
    sa.Column("unit", sa.String(16), nullable=False),
    sa.Column("time", sa.BigInteger(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("unit"),
)


def upgrade() -> None:
    """Make the table."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take it away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

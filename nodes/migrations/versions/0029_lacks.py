"""Messages that a unit said it had sent here and that have not come."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "node_lack",
        sa.Column("unit", sa.String(), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_lack")

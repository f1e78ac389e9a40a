"""Whether a message said yes or unknown about human rights: counted after its content is erased."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Add the column; what was exchanged before counts as without a doubt."""
    op.add_column("node_outcome", sa.Column("doubted", sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("node_outcome", "doubted")

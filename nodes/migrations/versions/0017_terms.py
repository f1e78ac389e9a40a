"""The seconds that each exchange may take stand beside it: each kind declares its own."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


_thread = sa.table("node_thread", sa.column("urgency"), sa.column("availability"), sa.column("allowed"))


def upgrade() -> None:
    """Add the column, filled from urgency and availability, which decided until now."""
    op.add_column("node_thread", sa.Column("allowed", sa.BigInteger(), nullable=False, server_default="604800"))
    for availability, hours in (("DIRECT", 8), ("INDIRECT", 72)):
        urgent = _thread.update().where(_thread.c.urgency != "ROUTINE", _thread.c.availability == availability)
        op.execute(urgent.values(allowed=hours * 3600))
    op.drop_column("node_thread", "availability")


def downgrade() -> None:
    """Take it away; what is due in less than a day counts as directly available."""
    op.add_column("node_thread", sa.Column("availability", sa.String(), nullable=False, server_default="DIRECT"))
    op.execute(_thread.update().where(_thread.c.allowed == 72 * 3600).values(availability="INDIRECT"))
    op.drop_column("node_thread", "allowed")

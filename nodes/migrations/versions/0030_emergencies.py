"""Cases that one person opened in an emergency."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Make the table."""
    approval = sa.ForeignKey("node_approval.approval_id", name="fk_node_emergency_approval_id")
    case = sa.ForeignKey("node_case.case_id", name="fk_node_emergency_case_id")
    person = sa.ForeignKey("node_user.user_id", name="fk_node_emergency_user_id")
    op.create_table(
        "node_emergency",
        sa.Column("approval_id", sa.String(), approval, primary_key=True),
        sa.Column("case_id", sa.String(), case, nullable=False),
        sa.Column("user_id", sa.String(), person, nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_node_emergency_user_id", "node_emergency", ["user_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_emergency")

"""Which account a subject of the unit's identity provider is."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Make the table."""
    owner = sa.ForeignKey("node_user.user_id", name="fk_node_subject_user_id")
    op.create_table(
        "node_subject",
        sa.Column("subject_hash", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), owner, nullable=False),
        sa.UniqueConstraint("user_id", name="uq_node_subject_user_id"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("node_subject")

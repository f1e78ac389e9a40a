"""Keys of messages, the times of cases, and reviews, holds and erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def _case(table: str) -> sa.Column[str]:
    key = sa.ForeignKey("node_case.case_id", name=f"fk_{table}_case_id")
    return sa.Column("case_id", sa.String(), key, nullable=False, primary_key=table == "node_review")


def upgrade() -> None:
    """Make the columns and tables; messages stored before stay under the keys of their cases."""
    op.add_column("node_message", sa.Column("wrapped_key", sa.LargeBinary()))
    op.add_column("node_case", sa.Column("review", sa.BigInteger()))
    op.add_column("node_case", sa.Column("expires", sa.BigInteger()))
    op.create_index("ix_node_case_review", "node_case", ["review"])
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "node_review",
        _case("node_review"),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "node_hold",
        sa.Column("hold_id", sa.String(), primary_key=True),
        _case("node_hold"),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_by", sa.String()),
        sa.Column("lifted_at", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_node_hold_case_id", "node_hold", ["case_id"])
    op.create_table(
        "node_erasure",
        sa.Column("erasure_id", sa.String(), primary_key=True),
        _case("node_erasure"),
        sa.Column(
            "message_id", sa.String(), sa.ForeignKey("node_message.message_id", name="fk_node_erasure_message_id")
        ),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("exports", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("asked_by <> approved_by", name="ck_node_erasure_two_persons"),
    )
    op.create_index("ix_node_erasure_case_id", "node_erasure", ["case_id"])
    op.create_index("ix_node_erasure_message_id", "node_erasure", ["message_id"])


def downgrade() -> None:
    """Take them away; messages with a key of their own cannot be read by the release before."""
    for table in ("node_erasure", "node_hold", "node_review"):
        op.drop_table(table)
    op.drop_index("ix_node_case_review", "node_case")
    op.drop_column("node_case", "expires")
    op.drop_column("node_case", "review")
    op.drop_column("node_message", "wrapped_key")

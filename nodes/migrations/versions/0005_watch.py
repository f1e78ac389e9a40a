"""The mirror of the hub's log, and the notes of a history that was shown in two versions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_tables = sa.MetaData()
sa.Table(
    "node_mirror",
    _tables,
    sa.Column("log_id", sa.String(), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("root", sa.LargeBinary(), nullable=False),
    sa.Column("leaves", sa.LargeBinary(), nullable=False),
    sa.Column("accepted", sa.BigInteger(), nullable=False),
    sa.Column("note", sa.LargeBinary(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("log_id", name="pk_node_mirror"),
)
sa.Table(
    "node_fork",
    _tables,
    sa.Column("log_id", sa.String(), nullable=False),
    sa.Column("told_by", sa.String(), nullable=False),
    sa.Column("held", sa.LargeBinary(), nullable=False),
    sa.Column("other", sa.LargeBinary(), nullable=False),
    sa.Column("found", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("log_id", "told_by", name="pk_node_fork"),
)


def upgrade() -> None:
    """Make the tables."""
    _tables.create_all(op.get_bind(), checkfirst=False)


def downgrade() -> None:
    """Take them away."""
    _tables.drop_all(op.get_bind(), checkfirst=False)

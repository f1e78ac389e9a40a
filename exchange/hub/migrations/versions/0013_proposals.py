"""Proposals of every kind: until when, of which version, whether withdrawn, and as keepers hand them on.

What waited for signatures before had no time of its own; its keepers propose it again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_before, _after = sa.MetaData(), sa.MetaData()
_OLD = sa.Table(
    "proposal",
    _before,
    sa.Column("digest", sa.LargeBinary(64), primary_key=True),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)
_NEW = sa.Table(
    "proposal",
    _after,
    sa.Column("digest", sa.LargeBinary(64), primary_key=True),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("expires", sa.BigInteger(), nullable=False),
    sa.Column("withdrawn", sa.Boolean(), nullable=False),
    sa.Column("wire", sa.LargeBinary(), nullable=False),
)


def upgrade() -> None:
    """Make the table anew."""
    _OLD.drop(op.get_bind())
    _NEW.create(op.get_bind())


def downgrade() -> None:
    """Make it as it was."""
    _NEW.drop(op.get_bind())
    _OLD.create(op.get_bind())

"""Whether a message is of reality or of an exercise: a fact of its own, that the rules of access are asked about."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0036"


def upgrade() -> None:
    """Add the column; every message so far was opened under the environment that the pinned roots name."""
    op.add_column("node_message", sa.Column("env", sa.String(), nullable=False, server_default=sa.text("''")))
    pinned = op.get_bind().execute(sa.text("SELECT wire FROM node_directory WHERE part = 'anchor'")).scalar()
    if pinned is not None:
        filled = sa.text("UPDATE node_message SET env = :env")
        op.get_bind().execute(filled.bindparams(env=json.loads(bytes(pinned))["env"]))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("node_message", "env")

"""Passkeys, printed codes, proofs of single acts, and how strongly a session began."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the tables; sessions that are open began with a code of the app."""
    op.create_table(
        "node_passkey",
        sa.Column("credential_id", sa.String(), primary_key=True),
        _owner("node_passkey"),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
    )
    op.create_table(
        "node_printed_code", sa.Column("code_hash", sa.String(), primary_key=True), _owner("node_printed_code")
    )
    op.create_table(
        "node_proof",
        sa.Column("ticket_hash", sa.String(), primary_key=True),
        _owner("node_proof"),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
    )
    for table in ("node_passkey", "node_printed_code", "node_proof"):
        op.create_index(f"ix_{table}_user_id", table, ["user_id"])
    op.add_column("node_session", sa.Column("level", sa.String(), nullable=False, server_default="TOTP"))


def _owner(table: str) -> sa.Column[str]:
    reference = sa.ForeignKey("node_user.user_id", name=f"fk_{table}_user_id")
    return sa.Column("user_id", sa.String(), reference, nullable=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_column("node_session", "level")
    for table in ("node_proof", "node_printed_code", "node_passkey"):
        op.drop_table(table)

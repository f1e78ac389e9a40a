"""An id belongs to one envelope, whoever sends it: a recipient who learnt it cannot use it first elsewhere."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the ids unique across senders."""
    with op.batch_alter_table("message") as alter:
        alter.drop_constraint("message_sender_id", type_="unique")
        alter.create_unique_constraint("message_id", ["id"])


def downgrade() -> None:
    """Make them unique for each sender."""
    with op.batch_alter_table("message") as alter:
        alter.drop_constraint("message_id", type_="unique")
        alter.create_unique_constraint("message_sender_id", ["sender", "id"])

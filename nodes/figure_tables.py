"""What statistics are counted from beside the messages themselves: how each left its exchange, in codes."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row
from nodes.tables import MessageRow


class OutcomeRow(Row):
    """What a message did to its exchange: the lifecycle event that ended it, and the grounds on which it refused.

    Codes alone, so it outlives the content; `event` is empty where a part was refused and the rest is still owed, and
    for a request. `doubted` is 1 for a message that says yes or unknown about human rights.
    """

    __tablename__ = "node_outcome"
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    event: Mapped[str]
    grounds: Mapped[str]
    doubted: Mapped[int] = mapped_column(server_default=text("0"))


Index("ix_node_message_accepted", MessageRow.accepted, MessageRow.kind)

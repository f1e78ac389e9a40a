"""The rows of domestic tasks and of the replies to them: codes and times; every word is sealed. No behaviour."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class TaskRow(Row):
    """A part of a request given to an agency of the own state; `number` counts the tasks of its message.

    `sealed` holds the order and `reason_sealed` why it was taken back, both under the key of the message. `told` is
    when its owner heard that it is late.
    """

    __tablename__ = "node_task"
    __table_args__ = (UniqueConstraint("message_id", "number"), Index("ix_node_task_due", "state", "due"))
    task_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"))
    number: Mapped[int]
    agency: Mapped[str]
    state: Mapped[str]
    due: Mapped[int]
    made: Mapped[int]
    made_by: Mapped[str]
    sent: Mapped[int | None]
    told: Mapped[int | None]
    sealed: Mapped[bytes]
    reason_sealed: Mapped[bytes | None]


class TaskReplyRow(Row):
    """What the agency replied, as it was entered; a later reply stands beside the first."""

    __tablename__ = "node_task_reply"
    task_id: Mapped[str] = mapped_column(ForeignKey("node_task.task_id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int]
    by_user: Mapped[str]
    sealed: Mapped[bytes]

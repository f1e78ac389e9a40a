"""The rows of permissions, of what follows items, and of restrictions that were read: never content, no behaviour."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class ConcernRow(Row):
    """A message that is about an item; `names` is the other message that it names, such as the decision it revokes."""

    __tablename__ = "node_concern"
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True, index=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(index=True)
    names: Mapped[str | None] = mapped_column(index=True)
    settled: Mapped[int | None]


class GrantRow(Row):
    """One action that a decision permits `unit` with an item: `HELD` is ours to use, `GIVEN` we gave.

    It holds from `valid_from` until before `valid_until`, and not from `revoked` on.
    """

    __tablename__ = "node_grant"
    __table_args__ = (Index("ix_node_grant_item", "message_id", "side"),)
    decision: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    side: Mapped[str]
    originator: Mapped[str]
    purpose: Mapped[str]
    valid_from: Mapped[int]
    valid_until: Mapped[int]
    revoked: Mapped[int | None]
    revocation: Mapped[str | None]


class PassageRow(Row):
    """An item of another message that the message `via` carried: to a unit (`OUT`), or from it to us (`IN`)."""

    __tablename__ = "node_passage"
    via: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    direction: Mapped[str]
    origin: Mapped[str]
    at: Mapped[int]


class PassingRow(Row):
    """A notice that is owed to a unit to which its items went; `passed` is the message by which it was passed on."""

    __tablename__ = "node_passing"
    notice: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[int]
    passed: Mapped[str | None] = mapped_column(index=True)


class ConfirmationRow(Row):
    """A person has read the sender's own restriction of an arrival, and so may read the message."""

    __tablename__ = "node_confirmation"
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), primary_key=True)
    at: Mapped[int]

"""The rows of oversight: inspections with their sample, verdicts and replies, and what was opened to an auditor.

Texts are sealed under the key of the key store; nothing of a case is here but the indices of log entries.
"""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class InspectionRow(Row):
    """One inspection: the entries `first` to `last`, at most `most` of them, drawn by the hub's root at `target`."""

    __tablename__ = "node_inspection"
    inspection_id: Mapped[str] = mapped_column(primary_key=True)
    opened_by: Mapped[str]
    opened: Mapped[int]
    since: Mapped[int]
    until: Mapped[int]
    first: Mapped[int]
    last: Mapped[int]
    most: Mapped[int]
    target: Mapped[int]
    mandate: Mapped[bytes]
    root: Mapped[bytes | None]
    closed: Mapped[int | None]
    report: Mapped[bytes | None]


class SampledRow(Row):
    """One drawn entry with its verdict and note, and the reply of the unit to a finding that is due at `due`."""

    __tablename__ = "node_sampled"
    inspection_id: Mapped[str] = mapped_column(ForeignKey("node_inspection.inspection_id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verdict: Mapped[str | None] = mapped_column(index=True)
    note: Mapped[bytes | None]
    judged_by: Mapped[str | None]
    due: Mapped[int | None]
    reply: Mapped[bytes | None]
    replied_by: Mapped[str | None]
    replied_at: Mapped[int | None]


class OpeningRow(Row):
    """Content that two auditors opened to the first of them, `reader`, until `ends` or until somebody ended it.

    `opening_id` is the id of the approval, which keeps mandate and reason. The constraint holds whatever the code above
    it does: nobody opens content to himself.
    """

    __tablename__ = "node_opening"
    __table_args__ = (CheckConstraint("approved_by <> reader", name="ck_node_opening_two_auditors"),)
    opening_id: Mapped[str] = mapped_column(ForeignKey("node_approval.approval_id"), primary_key=True)
    reader: Mapped[str] = mapped_column(index=True)
    approved_by: Mapped[str]
    mandate: Mapped[bytes]
    opened: Mapped[int]
    ends: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    ended: Mapped[int | None]
    ended_by: Mapped[str | None]


class OpenedRow(Row):
    """One entry of an opening: the content of its message may be read."""

    __tablename__ = "node_opened"
    opening_id: Mapped[str] = mapped_column(ForeignKey("node_opening.opening_id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"))

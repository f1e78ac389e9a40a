"""The rows of inspections: what an auditor declared, the entries that were drawn, his verdicts and the unit's replies.

Texts are sealed under the key of the key store; nothing of a case is here but the indices of log entries.
"""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nodes.tables import Row


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

"""The rows of data protection: what two persons decide. Rows have no behaviour.

Reasons and parameters are sealed under the key of the key store, not of a case: they must outlive what was erased.
"""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from nodes.tables import Row


class ApprovalRow(Row):
    """An act that waits for a second person: `digest` binds what it is, on what, with which parameters, and why.

    The constraints hold whatever the code above them does: nobody decides what he asked for, nor what he wrote.
    """

    __tablename__ = "node_approval"
    __table_args__ = (
        CheckConstraint("decided_by <> asked_by", name="ck_node_approval_two_persons"),
        CheckConstraint("decided_by <> author", name="ck_node_approval_not_by_the_author"),
        CheckConstraint(
            "state NOT IN ('APPROVED', 'REFUSED', 'DONE') OR decided_by IS NOT NULL",
            name="ck_node_approval_decided_by_somebody",
        ),
        Index("ix_node_approval_target", "what", "target", "state"),
    )
    approval_id: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str]
    target: Mapped[str]
    digest: Mapped[str]
    sealed: Mapped[bytes]
    author: Mapped[str | None]
    asked_by: Mapped[str]
    asked_at: Mapped[int]
    expires: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    decided_by: Mapped[str | None]
    decided_at: Mapped[int | None]

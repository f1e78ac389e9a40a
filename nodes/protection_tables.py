"""The rows of data protection: what two persons decide, reviews, holds, erasures, breaches. Rows have no behaviour.

Reasons and parameters are sealed under the key of the key store, not of a case: they must outlive what was erased.
"""

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row


class EmergencyRow(Row):
    """A case that one person opened in an emergency, until before `ends`; the approval judges it afterwards."""

    __tablename__ = "node_emergency"
    approval_id: Mapped[str] = mapped_column(ForeignKey("node_approval.approval_id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    opened: Mapped[int]
    ends: Mapped[int]


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


class ReviewRow(Row):
    """A review of a case whose time had come: who kept it, until when, and why (`sealed`)."""

    __tablename__ = "node_review"
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), primary_key=True)
    at: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    by_user: Mapped[str]
    until: Mapped[int]
    sealed: Mapped[bytes]


class HoldRow(Row):
    """A legal hold: until `until` or until it is lifted the case is not erased. `sealed`: authority and its number."""

    __tablename__ = "node_hold"
    hold_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), index=True)
    until: Mapped[int]
    placed_by: Mapped[str]
    placed_at: Mapped[int]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[int | None]
    sealed: Mapped[bytes]


class ErasureRow(Row):
    """What was erased, by which two persons, and why. `exports`: how many files had left the unit before."""

    __tablename__ = "node_erasure"
    __table_args__ = (CheckConstraint("asked_by <> approved_by", name="ck_node_erasure_two_persons"),)
    erasure_id: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("node_message.message_id"), index=True)
    cause: Mapped[str]
    asked_by: Mapped[str]
    approved_by: Mapped[str]
    at: Mapped[int]
    exports: Mapped[int]
    sealed: Mapped[bytes]


class BreachRow(Row):
    """A breach of personal data: when it was detected, when the authority and the partners were told."""

    __tablename__ = "node_breach"
    breach_id: Mapped[str] = mapped_column(primary_key=True)
    detected: Mapped[int]
    authority_at: Mapped[int | None] = mapped_column(index=True)
    partners_at: Mapped[int | None]


class BreachPhaseRow(Row):
    """What was known of a breach at one moment, sealed: the first report, then what was learned later."""

    __tablename__ = "node_breach_phase"
    breach_id: Mapped[str] = mapped_column(ForeignKey("node_breach.breach_id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int]
    by_user: Mapped[str]
    sealed: Mapped[bytes]

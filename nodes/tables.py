"""The rows of one national unit: a key, the columns one filters on, and the exact bytes. Rows have no behaviour.

Times are unix seconds UTC. Columns named `sealed` hold content under the key of a case or a draft, never plaintext;
`wire` columns hold what was signed, byte for byte. The tables of the log itself belong to `audit.store`.
"""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from nodes.row import Row

# --- keys and directory -----------------------------------------------------------------------------------------------


class KeyRow(Row):
    """One of our own public keys: its statement, when it was posted to the hub, when its private part was erased."""

    __tablename__ = "node_key"
    kid: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(index=True)
    not_before: Mapped[int]
    not_after: Mapped[int]
    statement: Mapped[bytes]
    posted_at: Mapped[int | None]
    erased_at: Mapped[int | None]


class DirectoryRow(Row):
    """What is held of the directory: pinned `anchor`, `federation`, `snapshot`, and `known`, which never goes back."""

    __tablename__ = "node_directory"
    part: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    wire: Mapped[bytes]
    fetched: Mapped[int]


class StatementRow(Row):
    """A key statement of the directory at its position there, with its index in the hub's log."""

    __tablename__ = "node_statement"
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int]
    wire: Mapped[bytes]


class ChainRow(Row):
    """The last link of a chain: `own` (our envelopes), `out:KG` and `in:KG` (the pair sequences)."""

    __tablename__ = "node_chain"
    chain: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    eid: Mapped[str]


class CursorRow(Row):
    """Where the courier stands in the hub's log: the index it holds, that entry's leaf hash, and why it waits."""

    __tablename__ = "node_cursor"
    name: Mapped[str] = mapped_column(primary_key=True)
    index: Mapped[int]
    leaf: Mapped[str]
    state: Mapped[str]
    since: Mapped[int]


# --- cases and messages -----------------------------------------------------------------------------------------------


class CaseRow(Row):
    """A case and its wrapped key, without which nothing of it can be read; from `expires` on nothing of it may be."""

    __tablename__ = "node_case"
    case_id: Mapped[str] = mapped_column(primary_key=True)
    case_ref: Mapped[str] = mapped_column(unique=True)
    opened: Mapped[int]
    updated: Mapped[int] = mapped_column(index=True)
    wrapped_key: Mapped[bytes | None]
    review: Mapped[int | None] = mapped_column(index=True)
    expires: Mapped[int | None]


class MemberRow(Row):
    """An officer who works on a case, and therefore may read it."""

    __tablename__ = "node_member"
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), primary_key=True, index=True)
    since: Mapped[int]


LISTED = (
    "direction",
    "stored",
    "message_id",
    "case_id",
    "assignee",
    "author",
    "opened_at",
    "urgency",
    "sender",
    "kind",
)
"""What lists are filtered, counted and sorted by: an index of it spares reading the messages themselves."""


class MessageRow(Row):
    """A message sent (`OUT`) or received (`IN`), with its envelope and its content sealed under a key of its own.

    `wrapped_key` is that key under the key of the case; a message stored before there was one is under the case's own.
    An erased message has empty `sealed`. `env` is live or exercise, as its sender sealed it.
    """

    __tablename__ = "node_message"
    __table_args__ = (
        Index("ix_node_message_place", "sender", "pair_seq"),
        Index("ix_node_message_unread", "direction", "opened_at", "assignee", "case_id"),
        Index("ix_node_message_list", *LISTED),
    )
    message_id: Mapped[str] = mapped_column(primary_key=True)
    eid: Mapped[str] = mapped_column(unique=True)
    direction: Mapped[str]
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), index=True)
    thread_id: Mapped[str] = mapped_column(index=True)
    in_reply_to: Mapped[str | None]
    kind: Mapped[str] = mapped_column(index=True)
    family: Mapped[str]
    env: Mapped[str] = mapped_column(server_default=text("''"))
    sender: Mapped[str]
    author: Mapped[str | None]
    urgency: Mapped[str]
    classification: Mapped[str]
    created: Mapped[int]
    stored: Mapped[int] = mapped_column(index=True)
    accepted: Mapped[int | None]
    effect: Mapped[str]
    cause: Mapped[str]
    hub_index: Mapped[int | None]
    pair_seq: Mapped[int | None]
    pair_prev: Mapped[str | None]
    assignee: Mapped[str | None] = mapped_column(index=True)
    opened_at: Mapped[int | None]
    gap: Mapped[int]
    envelope: Mapped[bytes]
    wrapped_key: Mapped[bytes | None]
    sealed: Mapped[bytes]
    salt_sealed: Mapped[bytes]
    reason_sealed: Mapped[bytes | None]


class ThreadRow(Row):
    """The state of one exchange with one recipient (both ends keep the same automaton), and when it is due."""

    __tablename__ = "node_thread"
    thread_id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    requester: Mapped[str]
    case_id: Mapped[str] = mapped_column(ForeignKey("node_case.case_id"), index=True)
    opening: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), index=True)
    kind: Mapped[str]
    urgency: Mapped[str]
    allowed: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    rounds: Mapped[int]
    closed: Mapped[int]
    due: Mapped[int | None] = mapped_column(index=True)
    updated: Mapped[int]


_COPY = text("role = 'CC'")


class DeliveryRow(Row):
    """One message for one recipient, addressed (`TO`) or copied (`CC`): its state, its place in the pair."""

    __tablename__ = "node_delivery"
    __table_args__ = (Index("ix_node_delivery_copy", "message_id", sqlite_where=_COPY, postgresql_where=_COPY),)
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str | None]
    since: Mapped[int]
    handed_out: Mapped[int | None]
    delivered: Mapped[int | None]
    opened: Mapped[int | None]
    pair_seq: Mapped[int | None]
    pair_prev: Mapped[str | None]
    voided: Mapped[int | None]


class VoidRow(Row):
    """A void sent (`OUT`) or received (`IN`): its own number in the pair's order, and the numbers that it closes."""

    __tablename__ = "node_void"
    direction: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    pair_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pair_prev: Mapped[str]
    eid: Mapped[str] = mapped_column(unique=True)
    first: Mapped[int]
    last: Mapped[int]
    stored: Mapped[int]
    failed: Mapped[int]
    envelope: Mapped[bytes]


class OutboxRow(Row):
    """An envelope of ours on its way, in the order of `seq`: a message until every recipient is final, or a void."""

    __tablename__ = "node_outbox"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("node_message.message_id"), unique=True)
    eid: Mapped[str] = mapped_column(unique=True)
    prev: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    queued: Mapped[int]
    accepted: Mapped[int | None]


class ReceiptRow(Row):
    """Evidence about a message, from the hub or a unit. Ours are signed (`wire`) in batches and wait for `posted`."""

    __tablename__ = "node_receipt"
    __table_args__ = (Index("ix_node_receipt_unposted", "origin", "posted"),)
    eid: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    time: Mapped[int]
    logged: Mapped[int | None]
    origin: Mapped[str]
    statement: Mapped[bytes]
    wire: Mapped[bytes | None]
    entry: Mapped[bytes | None]
    posted: Mapped[int | None]
    outcome: Mapped[str | None]


class QuarantineRow(Row):
    """An arrival that was not opened, with the reason; `HELD` ones are tried again, `REJECTED` ones are evidence."""

    __tablename__ = "node_quarantine"
    hub_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    frame: Mapped[int]
    eid: Mapped[str | None] = mapped_column(index=True)
    sender: Mapped[str | None]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    since: Mapped[int]
    retry_at: Mapped[int]
    attempts: Mapped[int]
    entry: Mapped[bytes]
    wire: Mapped[bytes]


class DraftRow(Row):
    """A message being written, sealed under its own key; `revision` stops two tabs from overwriting each other."""

    __tablename__ = "node_draft"
    draft_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    author: Mapped[str] = mapped_column(ForeignKey("node_user.user_id"), index=True)
    kind: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("node_case.case_id"))
    in_reply_to: Mapped[str | None]
    revision: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]


# --- duty -------------------------------------------------------------------------------------------------------------


class AssignmentRow(Row):
    """Who became the owner of an arrival, by whom and by which act; the row without `ended` is the present one."""

    __tablename__ = "node_assignment"
    assignment_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("node_message.message_id"), index=True)
    ordinal: Mapped[int]
    how: Mapped[str]
    by_user: Mapped[str]
    to_user: Mapped[str]
    from_user: Mapped[str | None]
    at: Mapped[int]
    ended: Mapped[int | None]
    note_sealed: Mapped[bytes | None]


class EscalationRow(Row):
    """A step of the escalation that was taken, once for each thread and unit."""

    __tablename__ = "node_escalation"
    thread_id: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]


class AlertRow(Row):
    """Something a person must acknowledge: urgent arrival, escalation, message not collected, alarm of the courier."""

    __tablename__ = "node_alert"
    __table_args__ = (UniqueConstraint("cause", "subject"),)
    alert_id: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    subject: Mapped[str]
    message_id: Mapped[str | None] = mapped_column(ForeignKey("node_message.message_id"))
    audience: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    raised: Mapped[int]
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[int | None]
    notify_at: Mapped[int | None] = mapped_column(index=True)
    notified: Mapped[int]
    attempts: Mapped[int]


# --- the index of our own log -----------------------------------------------------------------------------------------


class EventRow(Row):
    """What one leaf of our log is about: the columns one filters on; salts and words are sealed under the case key.

    Everything but `case_id`, `message_id` and `actor` repeats the leaf; whoever shows a row compares them again.
    """

    __tablename__ = "node_event"
    __table_args__ = (Index("ix_node_event_facets", "operation", "unit", "role", "denied", "at"),)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    operation: Mapped[str] = mapped_column(index=True)
    at: Mapped[int]
    actor: Mapped[str | None] = mapped_column(index=True)
    role: Mapped[str | None]
    case_id: Mapped[str | None] = mapped_column(index=True)
    message_id: Mapped[str | None] = mapped_column(index=True)
    eid: Mapped[str | None] = mapped_column(index=True)
    unit: Mapped[str | None]
    denied: Mapped[int]
    leaf: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[bytes | None]


class CounterRow(Row):
    """A counter that only grows: case numbers by year."""

    __tablename__ = "node_counter"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]

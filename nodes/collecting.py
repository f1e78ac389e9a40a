"""Collecting: what the hub holds for this unit is taken item by item, each in one transaction, and receipted.

Asking acknowledges nothing: the mark of how far we have read moves in the same transaction as what was read, so after a
crash the same item comes again and changes nothing (protocol.md §7.4, §7.6).
"""

from collections.abc import Callable

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from crypto.merkle_hash import leaf_hash
from exchange.courier import Alarm
from exchange.errors import LogRolledBack, Unavailable
from nodes import alerts, arrivals, receipts, restored, threads, upkeep
from nodes.alerts import Raised
from nodes.answers import Frame, FrameKind
from nodes.errors import HubProblem, HubUnreachable
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.tables import CursorRow, QuarantineRow

INBOX = "inbox"
FOLLOWING = "FOLLOWING"
HELD = "HELD"
RETRIES_AT_ONCE = 64

_OF_THE_ITEM = (IntegrityError, DataError)
"""What a store that is well says about one item."""

_log = structlog.get_logger("nodes.collecting")


def step(node: Node, client: HubClient, wait: int) -> int:
    """Ask once and take everything that came; returns how many items. Raises `HubUnreachable`, `HubProblem`.

    A hub whose log is not the one we read before is not followed: an alarm is raised and the mark stays.
    """
    with node.db.read() as session:
        cursor = session.get(CursorRow, INBOX)
        after, leaf = (-1, "") if cursor is None else (cursor.index, cursor.leaf)
    try:
        frames = client.inbox(after, leaf, wait)
    except HubProblem as error:
        if error.problem == LogRolledBack.code:
            _halt(node)
        raise
    held = False
    for frame in frames:
        held = _take(node, frame, mark=True) or held
    with node.db.write() as session:
        _note_contact(session, node, ended=not frames)
    if held and upkeep.refresh(node, client):
        retry_held(node)
    return len(frames)


def hand_over(node: Node, client: HubClient) -> int:
    """Sign and post our receipts, up to a batch; returns how many the hub has taken note of."""
    with node.db.write() as session:
        receipts.sign_pending(session, node)
    # If we die here, the signed receipts are in the database and the same bytes are sent again.
    with node.db.read() as session:
        wires = receipts.to_post(session)
    if not wires:
        return 0
    outcomes = client.post_receipts(wires)
    with node.db.write() as session:
        touched = receipts.posted(session, node, outcomes)
        for eid in touched:
            threads.refresh_for(session, node, eid)
    if not touched:
        raise HubUnreachable("no receipt of ours was taken note of")
    return len(touched)


def retry_held(node: Node) -> int:
    """Try the held arrivals whose time has come again; returns how many are not held any more."""
    now = node.now()
    due = (
        select(QuarantineRow)
        .where(QuarantineRow.state == HELD, QuarantineRow.retry_at <= now)
        .order_by(QuarantineRow.hub_index)
        .limit(RETRIES_AT_ONCE)
    )
    with node.db.read() as session:
        frames = [_frame(row) for row in session.scalars(due)]
    return sum(not _take(node, frame, mark=False) for frame in frames)


def _take(node: Node, frame: Frame, *, mark: bool) -> bool:
    """Take one item, and with `mark` move the mark behind it, in one transaction; returns whether it is held.

    An item that fails for a reason that nobody foresaw is set aside with an alarm and tried again later: it never holds
    up what stands behind it. A store that fails is no fault of the item, and the item comes again.
    """
    try:
        held = _in_one(node, frame, arrivals.take, mark=mark)
    except Exception as error:
        if isinstance(error, Unavailable) and not isinstance(error.__cause__, _OF_THE_ITEM):
            raise
        _log.error("arrival set aside", index=frame.index, error=type(error).__name__)
        held = _in_one(node, frame, arrivals.set_aside, mark=mark)
    node.changed.bump()
    return held


def _in_one(node: Node, frame: Frame, act: Callable[[Session, Node, Frame], bool], *, mark: bool) -> bool:
    with node.db.write() as session:
        held = act(session, node, frame)
        if mark:
            session.merge(
                CursorRow(
                    name=INBOX,
                    index=frame.index,
                    leaf=leaf_hash(frame.entry).hex(),
                    state=FOLLOWING,
                    since=node.now(),
                )
            )
    return held


def _note_contact(session: Session, node: Node, *, ended: bool) -> None:
    cursor = session.get(CursorRow, INBOX)
    if cursor is not None:
        cursor.state, cursor.since = FOLLOWING, node.now()
    alerts.clear(session, Alarm.LOG_ROLLED_BACK.value, INBOX)
    if ended:
        restored.note_read(session)


def _halt(node: Node) -> None:
    with node.db.write() as session:
        cursor = session.get(CursorRow, INBOX)
        if cursor is not None:
            cursor.state = Alarm.LOG_ROLLED_BACK.value
        alarm = Raised(Alarm.LOG_ROLLED_BACK.value, INBOX, alerts.ADMIN, outbound=True)
        alerts.raise_alert(session, node, alarm)
    node.changed.bump()


def _frame(row: QuarantineRow) -> Frame:
    return Frame(row.hub_index, FrameKind(row.frame), row.entry, row.wire)

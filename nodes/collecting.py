"""Collecting: what the hub holds for this unit is taken a page at a time, in one transaction, and receipted.

Asking acknowledges nothing: the mark of how far we have read moves in the same transaction as what was read, so after a
crash the same page comes again and changes nothing (protocol.md §7.4, §7.6). Signatures are verified and envelopes
opened before the transaction begins.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from audit import rows
from crypto.merkle_hash import leaf_hash
from exchange.courier import Alarm
from exchange.errors import LogRolledBack, Unavailable
from nodes import alerts, arrivals, keeping, opening, receipts, restored, threads, upkeep
from nodes.alerts import Raised
from nodes.answers import Frame, FrameKind
from nodes.errors import HubProblem, HubUnreachable
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.opening import Examined
from nodes.shelves import table_of
from nodes.tables import CursorRow, QuarantineRow
from nodes.work import Work

INBOX = "inbox"
FOLLOWING = "FOLLOWING"
HELD = "HELD"
RETRIES_AT_ONCE = 64
PAGE = 64
"""Items of one transaction: enough to share a flush and its queries, few enough that officers do not wait for it."""

_PLACE = select(CursorRow.index, CursorRow.leaf, CursorRow.state).where(CursorRow.name == INBOX)
_MOVED = """ON CONFLICT (name) DO UPDATE
    SET "index" = excluded."index", leaf = excluded.leaf, state = excluded.state, since = excluded.since"""
_OF_THE_ITEM = (IntegrityError, DataError)
"""What a store that is well says about one item."""

_log = structlog.get_logger("nodes.collecting")


def step(node: Node, client: HubClient, wait: int, pool: ThreadPoolExecutor | None = None) -> int:
    """Ask once and take everything that came; returns how many items. Raises `HubUnreachable`, `HubProblem`.

    With too little room on the disk nothing is asked for: it waits at the hub. Raises `DiskLow` then.

    With a `pool` items are opened in parallel. A hub whose log is not the one we read before is not followed: an alarm
    is raised and the mark stays.
    """
    node.disk.check_new()
    with node.db.read() as session:
        place = session.connection().execute(_PLACE).one_or_none()
    after, leaf, state = (-1, "", FOLLOWING) if place is None else place
    try:
        frames = client.inbox(after, leaf, wait)
    except HubProblem as error:
        if error.problem == LogRolledBack.code:
            _halt(node)
        raise
    held = False
    for at in range(0, len(frames), PAGE):
        page = opening.examine_all(node, frames[at : at + PAGE], pool)
        held = any(_take(node, page, mark=True)) or held
    if not frames or state != FOLLOWING:
        _note_contact(node, ended=not frames)
    if held and upkeep.refresh(node, client):
        retry_held(node)
    return len(frames)


def hand_over(node: Node, client: HubClient) -> int:
    """Sign and post our receipts, up to a batch; returns how many the hub has taken note of."""
    with node.db.read() as session:
        unsigned, wires = receipts.waiting(session)
    if unsigned:
        with node.db.write() as session:
            wires = receipts.sign_pending(session, node)
        # If we die here, the signed receipts are in the database and the same bytes are sent again.
    if not wires:
        return 0
    outcomes = client.post_receipts(wires)
    with node.db.write() as session:
        work = Work(session, node)
        touched = receipts.posted(work, outcomes)
        threads.refresh_for(work, touched)
        work.finish()
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
    if not frames:
        return 0
    return _take(node, opening.examine_all(node, frames), mark=False).count(False)


def _take(node: Node, page: Sequence[Examined], *, mark: bool) -> list[bool]:
    """Take a page, and with `mark` move the mark behind it, in one transaction; returns for each item if it is held.

    If the page fails for a reason that nobody foresaw, its items are taken one by one, and the one at fault is set
    aside with an alarm and tried again later: it never holds up what stands behind it. A store that fails is no fault
    of the items, and they come again.
    """
    try:
        held = _in_one(node, page, mark=mark)
    except Exception as error:
        if isinstance(error, Unavailable) and not isinstance(error.__cause__, _OF_THE_ITEM):
            raise
        if len(page) > 1:
            return [held for item in page for held in _take(node, [item], mark=mark)]
        _log.error("arrival set aside", index=page[0].frame.index, error=type(error).__name__)
        held = _set_aside(node, page[0].frame, mark=mark)
    node.changed.bump()
    return held


def _in_one(node: Node, page: Sequence[Examined], *, mark: bool) -> list[bool]:
    with node.db.write() as session:
        work = Work(session, node)
        arrivals.read_ahead(work, page, fresh=mark)
        held = [arrivals.take(work, item) for item in page]
        receipts.sign_made(work)
        work.finish()
        if mark:
            keeping.keep(session, [item.frame for item in page])
            _mark(session, node, page[-1].frame)
    return held


def _set_aside(node: Node, frame: Frame, *, mark: bool) -> list[bool]:
    with node.db.write() as session:
        work = Work(session, node)
        held = arrivals.set_aside(work, frame)
        work.finish()
        if mark:
            keeping.keep(session, [frame])
            _mark(session, node, frame)
    return [held]


def _mark(session: Session, node: Node, frame: Frame) -> None:
    leaf = leaf_hash(frame.entry).hex()
    place = {"name": INBOX, "index": frame.index, "leaf": leaf, "state": FOLLOWING, "since": node.now()}
    rows.insert(session.connection(), table_of(CursorRow), [place], _MOVED)


def _note_contact(node: Node, *, ended: bool) -> None:
    """Note that the hub's log is the one we read before, and with `ended` that the mailbox was read to its end."""
    with node.db.write() as session:
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

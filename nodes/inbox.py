"""The lists of a unit: what arrived and what was sent, filtered, sorted and counted by the database.

An officer sees his own arrivals, those on whose case nobody works yet, and all of his cases; who may read everything
sees everything. That something came is shown before it is taken, what it says only to members of its case.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal_column, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, defer

from exchange.lifecycle import MACHINES
from exchange.policy.facts import Action
from nodes import alerts, judging, log, rows
from nodes.judging import PROTECTION
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.tables import CaseRow, DeliveryRow, DraftRow, MemberRow, MessageRow, QuarantineRow, ThreadRow
from nodes.views import Actor, Box, Counters, InboxPage, InboxQuery, InboxRow, Quarantined, Sort, View

LARGEST_PAGE = 200
_MACHINES = [machine for sides in MACHINES.values() for machine in (sides.asking, sides.asked)]
OPEN = sorted({code for machine in _MACHINES for code, state in machine.states.items() if state.open})
_OF_OPENING = (
    select(ThreadRow.opening, func.min(ThreadRow.due).label("due"))
    .where(ThreadRow.due.is_not(None))
    .group_by(ThreadRow.opening)
    .subquery()
)
"""When the first answer to a request is due; few have a due time, so they are found once and not for each message."""

_COPIED = MessageRow.message_id.in_(select(DeliveryRow.message_id).where(DeliveryRow.role == literal_column("'CC'")))
"""What came for information only: nobody owes anything for it. Written out, so that the index of copies serves it."""


def page(session: Session, node: Node, actor: Actor, query: InboxQuery, *, leaving: bool = False) -> InboxPage:
    """Return one page of a list, `leaving` as a file or not; raises `Denied` for a role that has no lists."""
    require(actor, Action.LIST_ARRIVALS)
    chosen = [*_filtered(node, actor, query), *_of_case(session, node, actor, query)]
    total = session.scalar(select(func.count()).select_from(MessageRow).where(*chosen)) or 0
    size = min(max(query.size, 1), LARGEST_PAGE)
    wanted = select(MessageRow.message_id).where(*chosen).order_by(*_order(query.sort))
    if query.sort is Sort.DUE:
        wanted = wanted.outerjoin(_OF_OPENING, _OF_OPENING.c.opening == MessageRow.message_id)
    numbers = session.scalars(wanted.offset((max(query.page, 1) - 1) * size).limit(size)).all()
    lines = _rows(session, node, actor, numbers, leaving=leaving)
    return InboxPage(lines, total, max(query.page, 1), max(1, -(-total // size)))


def taken_out(session: Session, node: Node, actor: Actor, query: InboxQuery) -> InboxPage:
    """Return a page as a file that leaves: a line says no word that may not, and of which it says one is logged."""
    found, act = page(session, node, actor, query, leaving=True), replace(log.by(actor, "EXPORT"), codes=("LIST",))
    told = [line.message_id for line in found.rows if line.subject is not None]
    if told:
        log.record_all(session, node, [replace(act, message_id=number) for number in told])
    return found


def _rows(session: Session, node: Node, actor: Actor, numbers: Sequence[str], *, leaving: bool) -> tuple[InboxRow, ...]:
    """The lines of these messages in this order; they were chosen from an index, without reading what they hold."""
    chosen = select(MessageRow).where(MessageRow.message_id.in_(numbers)).options(defer(MessageRow.envelope))
    found = {row.message_id: row for row in session.scalars(chosen)}
    return rows.views(session, node, actor, [found[number] for number in numbers], leaving=leaving)


def counters(session: Session, node: Node, actor: Actor) -> Counters:
    """Return the numbers over the inbox; zero for what the role does not see."""
    lists = allowed(actor, Action.LIST_ARRIVALS)
    counted = {view: func.count(case((_view(node, actor, view), 1))) for view in _COUNTED}
    query = select(*counted.values()).where(*_filtered(node, actor, InboxQuery()))
    found = dict(zip(counted, session.execute(query).one(), strict=True)) if lists else dict.fromkeys(counted, 0)
    own = select(func.count()).select_from(DraftRow).where(DraftRow.author == actor.user_id)
    held = select(func.count()).select_from(QuarantineRow)
    return Counters(
        arrived=found[View.ALL],
        mine=found[View.MINE],
        unassigned=found[View.UNASSIGNED],
        unread=found[View.UNREAD],
        urgent=found[View.URGENT],
        overdue=found[View.OVERDUE],
        drafts=session.scalar(own) or 0,
        quarantined=(session.scalar(held) or 0) if allowed(actor, Action.SEE_QUARANTINE) else 0,
        alerts=alerts.count_open(session, actor),
    )


_COUNTED = (View.ALL, View.MINE, View.UNASSIGNED, View.UNREAD, View.URGENT, View.OVERDUE)


def unread(session: Session, node: Node, actor: Actor) -> int:
    """Return how many arrivals nobody has opened yet: the one number that every page shows."""
    chosen = _filtered(node, actor, InboxQuery(view=View.UNREAD))
    return session.scalar(select(func.count()).select_from(MessageRow).where(*chosen)) or 0


def quarantined(session: Session, actor: Actor) -> tuple[Quarantined, ...]:
    """Return the arrivals that were not opened, the newest first; raises `Denied`."""
    require(actor, Action.SEE_QUARANTINE)
    found = session.scalars(select(QuarantineRow).order_by(QuarantineRow.since.desc()).limit(LARGEST_PAGE))
    return tuple(
        Quarantined(row.hub_index, row.sender, row.reason, row.state, row.since, row.retry_at, row.attempts)
        for row in found
    )


def open_threads(case_ids: Sequence[str]) -> Select[str, int]:
    """Return the query that counts, for each of these cases, the exchanges in which an answer is owed."""
    owed = select(ThreadRow.case_id, func.count()).where(ThreadRow.case_id.in_(case_ids), ThreadRow.state.in_(OPEN))
    return owed.group_by(ThreadRow.case_id)


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a message appears in the lists of `actor`; data protection has its own list."""
    other = MessageRow.kind.not_in(PROTECTION)
    if allowed(actor, Action.READ_ANY):
        return other
    own_cases = select(MemberRow.case_id).where(MemberRow.user_id == actor.user_id)
    nobodys = ~exists().where(MemberRow.case_id == MessageRow.case_id)
    unowned = and_(MessageRow.direction == "IN", MessageRow.assignee.is_(None), nobodys)
    return and_(other, or_(MessageRow.assignee == actor.user_id, unowned, MessageRow.case_id.in_(own_cases)))


def _filtered(node: Node, actor: Actor, query: InboxQuery) -> list[ColumnElement[bool]]:
    arrived = query.box is Box.ARRIVED
    chosen = [MessageRow.direction == ("IN" if arrived else "OUT"), visible(actor), _view(node, actor, query.view)]
    if query.kind:
        chosen.append(MessageRow.kind == query.kind)
    if query.unit and arrived:
        chosen.append(MessageRow.sender == query.unit)
    elif query.unit:
        to = select(DeliveryRow.message_id).where(DeliveryRow.unit == query.unit)
        chosen.append(MessageRow.message_id.in_(to))
    return chosen


def _of_case(session: Session, node: Node, actor: Actor, query: InboxQuery) -> list[ColumnElement[bool]]:
    """Only a case that `actor` may look into: else the filter would tell which messages belong to it."""
    if query.case_ref is None:
        return []
    case_id = session.scalar(select(CaseRow.case_id).where(CaseRow.case_ref == query.case_ref))
    if case_id is None or not judging.reads_case(node, actor, judging.standing(session, node, actor, case_id)):
        return [false()]
    return [MessageRow.case_id == case_id]


def _view(node: Node, actor: Actor, view: View) -> ColumnElement[bool]:
    return _VIEWS[view](node, actor)


def _mine(_node: Node, actor: Actor) -> ColumnElement[bool]:
    return or_(MessageRow.assignee == actor.user_id, MessageRow.author == actor.user_id)


def _overdue(node: Node, _actor: Actor) -> ColumnElement[bool]:
    return MessageRow.message_id.in_(select(ThreadRow.opening).where(ThreadRow.due < node.now()))


_OWED = MessageRow.message_id.in_(select(ThreadRow.opening).where(ThreadRow.state.in_(OPEN)))
_URGENT = and_(MessageRow.urgency != "ROUTINE", _OWED)
_UNASSIGNED = and_(MessageRow.assignee.is_(None), ~_COPIED)
_UNREAD = MessageRow.opened_at.is_(None)
_VIEWS: Mapping[View, Callable[[Node, Actor], ColumnElement[bool]]] = {
    View.ALL: lambda _node, _actor: true(),
    View.MINE: _mine,
    View.UNASSIGNED: lambda _node, _actor: _UNASSIGNED,
    View.UNREAD: lambda _node, _actor: _UNREAD,
    View.URGENT: lambda _node, _actor: _URGENT,
    View.OVERDUE: _overdue,
    View.OPEN: lambda _node, _actor: _OWED,
}
"""Each part of a list as a condition; those that are the same for everybody are put together once."""


def _order(sort: Sort) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    newest = (MessageRow.stored.desc(), MessageRow.message_id.desc())
    due = _OF_OPENING.c.due
    orders: dict[Sort, tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]] = {
        Sort.NEWEST: newest,
        Sort.OLDEST: (MessageRow.stored.asc(), MessageRow.message_id.asc()),
        Sort.DUE: (case((due.is_(None), 1), else_=0).asc(), due.asc(), *newest),
        Sort.SENDER: (MessageRow.sender.asc(), *newest),
        Sort.KIND: (MessageRow.kind.asc(), *newest),
    }
    return orders[sort]

"""The lists of a unit: what arrived and what was sent, filtered, sorted and counted by the database.

An officer sees his own arrivals and those without an owner, and what was sent in his cases; who may read everything
sees everything. That something came is shown before it is taken, what it says only to members of its case.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from exchange.lifecycle import MACHINES
from nodes import alerts, rows
from nodes.node import Node
from nodes.permissions import Action, allowed, require
from nodes.tables import CaseRow, DeliveryRow, DraftRow, MemberRow, MessageRow, QuarantineRow, ThreadRow
from nodes.views import Actor, Box, Counters, InboxPage, InboxQuery, Quarantined, Sort, View

LARGEST_PAGE = 200
_OPEN = sorted({code for machine in MACHINES.values() for code, state in machine.states.items() if state.open})
_DUE = (
    select(func.min(ThreadRow.due))
    .where(ThreadRow.opening == MessageRow.message_id)
    .correlate(MessageRow)
    .scalar_subquery()
)


def page(session: Session, node: Node, actor: Actor, query: InboxQuery) -> InboxPage:
    """Return one page of a list; raises `Denied` for a role that has no lists."""
    require(actor, Action.LIST_ARRIVALS)
    chosen = _filtered(node, actor, query)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    size = min(max(query.size, 1), LARGEST_PAGE)
    wanted = chosen.order_by(*_order(query.sort)).offset((max(query.page, 1) - 1) * size).limit(size)
    found = rows.views(session, node, actor, session.scalars(wanted))
    return InboxPage(found, total, max(query.page, 1), max(1, -(-total // size)))


def counters(session: Session, node: Node, actor: Actor) -> Counters:
    """Return the numbers over the inbox; zero for what the role does not see."""
    lists = allowed(actor, Action.LIST_ARRIVALS)

    def count(view: View) -> int:
        chosen = _filtered(node, actor, InboxQuery(view=view)).subquery()
        return (session.scalar(select(func.count()).select_from(chosen)) or 0) if lists else 0

    own = select(func.count()).select_from(DraftRow).where(DraftRow.author == actor.user_id)
    held = select(func.count()).select_from(QuarantineRow)
    return Counters(
        arrived=count(View.ALL),
        mine=count(View.MINE),
        unassigned=count(View.UNASSIGNED),
        unread=count(View.UNREAD),
        urgent=count(View.URGENT),
        overdue=count(View.OVERDUE),
        drafts=session.scalar(own) or 0,
        quarantined=(session.scalar(held) or 0) if allowed(actor, Action.SEE_QUARANTINE) else 0,
        alerts=alerts.count_open(session, actor),
    )


def unread(session: Session, node: Node, actor: Actor) -> int:
    """Return how many arrivals nobody has opened yet: the one number that every page shows."""
    chosen = _filtered(node, actor, InboxQuery(view=View.UNREAD)).subquery()
    return session.scalar(select(func.count()).select_from(chosen)) or 0


def quarantined(session: Session, actor: Actor) -> tuple[Quarantined, ...]:
    """Return the arrivals that were not opened, the newest first; raises `Denied`."""
    require(actor, Action.SEE_QUARANTINE)
    found = session.scalars(select(QuarantineRow).order_by(QuarantineRow.since.desc()).limit(LARGEST_PAGE))
    return tuple(
        Quarantined(row.hub_index, row.sender, row.reason, row.state, row.since, row.retry_at, row.attempts)
        for row in found
    )


def open_threads(case_id: str) -> Select[int]:
    """Return the query that counts the exchanges of a case in which an answer is owed."""
    return select(func.count()).select_from(ThreadRow).where(ThreadRow.case_id == case_id, ThreadRow.state.in_(_OPEN))


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a message appears in the lists of `actor`."""
    if allowed(actor, Action.READ_ANY):
        return true()
    member = exists().where(MemberRow.case_id == MessageRow.case_id, MemberRow.user_id == actor.user_id)
    unowned = and_(MessageRow.direction == "IN", MessageRow.assignee.is_(None))
    return or_(MessageRow.assignee == actor.user_id, unowned, member)


def _filtered(node: Node, actor: Actor, query: InboxQuery) -> Select[MessageRow]:
    arrived = query.box is Box.ARRIVED
    chosen = select(MessageRow).where(MessageRow.direction == ("IN" if arrived else "OUT"), visible(actor))
    chosen = chosen.where(_view(node, actor, query.view))
    if query.kind:
        chosen = chosen.where(MessageRow.kind == query.kind)
    if query.unit and arrived:
        chosen = chosen.where(MessageRow.sender == query.unit)
    elif query.unit:
        to = exists().where(DeliveryRow.message_id == MessageRow.message_id, DeliveryRow.unit == query.unit)
        chosen = chosen.where(to)
    if query.case_ref:
        chosen = chosen.join(CaseRow, CaseRow.case_id == MessageRow.case_id).where(CaseRow.case_ref == query.case_ref)
    return chosen


def _view(node: Node, actor: Actor, view: View) -> ColumnElement[bool]:
    mine = or_(MessageRow.assignee == actor.user_id, MessageRow.author == actor.user_id)
    conditions: dict[View, ColumnElement[bool]] = {
        View.ALL: true(),
        View.MINE: mine,
        View.UNASSIGNED: MessageRow.assignee.is_(None),
        View.UNREAD: MessageRow.opened_at.is_(None),
        View.URGENT: MessageRow.urgency != "ROUTINE",
        View.OVERDUE: node.now() > _DUE,
        View.OPEN: exists().where(ThreadRow.opening == MessageRow.message_id, ThreadRow.state.in_(_OPEN)),
    }
    return conditions[view]


def _order(sort: Sort) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    newest = (MessageRow.stored.desc(), MessageRow.message_id.desc())
    orders: dict[Sort, tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]] = {
        Sort.NEWEST: newest,
        Sort.OLDEST: (MessageRow.stored.asc(), MessageRow.message_id.asc()),
        Sort.DUE: (case((_DUE.is_(None), 1), else_=0).asc(), _DUE.asc(), *newest),
        Sort.SENDER: (MessageRow.sender.asc(), *newest),
        Sort.KIND: (MessageRow.kind.asc(), *newest),
    }
    return orders[sort]

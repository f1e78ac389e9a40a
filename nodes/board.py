"""The team board: every open request that this unit owes an answer to, who owns it, and how the work lies on people.

It shows what presses and who could take more, for whoever assigns. It ranks nobody: people stand in the order of their
names, and nothing but what is open now is counted (Directive (EU) 2016/680, article 25(2)).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, func, select, true
from sqlalchemy.orm import Session, defer

from exchange.policy.facts import Action
from nodes import accounts, approvals, inbox, rows
from nodes.account_tables import UserRow
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.tables import EscalationRow, MessageRow, ThreadRow
from nodes.views import Actor, InboxRow
from schemas.codes import table

NOBODY: Final = "NOBODY"
"""In place of a person: what has no owner."""

PAGE: Final = 50


class Show(StrEnum):
    """Which part of the open requests; at risk is what has used three quarters of its time."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    AT_RISK = "AT_RISK"
    UNASSIGNED = "UNASSIGNED"
    ESCALATED = "ESCALATED"


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """Filters of the board; an empty one lets everything through. Pages count from 1."""

    show: Show = Show.OPEN
    person: str = ""
    family: str = ""
    urgency: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Load:
    """What lies on one person, or on nobody (`user_id` `NOBODY`); `working`: he can be given more."""

    user_id: str
    name: str
    working: bool
    open: int
    overdue: int
    at_risk: int


@dataclass(frozen=True, slots=True)
class Line:
    """One open request, and the last step of the escalation that was taken for it."""

    row: InboxRow
    step: str


@dataclass(frozen=True, slots=True)
class Board:
    """One page of the board: its lines, how many there are of each part, and the load of everybody."""

    lines: tuple[Line, ...]
    total: int
    counts: Mapping[Show, int]
    loads: tuple[Load, ...]
    to_approve: int


def read(session: Session, node: Node, actor: Actor, query: BoardQuery) -> Board:
    """Return the board as `query` asks for it; raises `Denied`."""
    require(actor, Action.ASSIGN)
    parts, chosen = _parts(node), _chosen(node, actor, query)
    counted = select(*(func.count(case((part, 1))) for part in parts.values())).select_from(ThreadRow)
    numbers = session.execute(counted.join(MessageRow, _OPENING).where(*_chosen(node, actor, BoardQuery()))).one()
    wanted = select(MessageRow.message_id).join(ThreadRow, _OPENING).where(*chosen, parts[query.show])
    order = (case((ThreadRow.due.is_(None), 1), else_=0), ThreadRow.due, MessageRow.stored, MessageRow.message_id)
    skipped = (max(query.page, 1) - 1) * PAGE
    found = session.scalars(wanted.order_by(*order).offset(skipped).limit(PAGE)).all()
    return Board(
        lines=_lines(session, node, actor, found),
        total=session.scalar(select(func.count()).select_from(wanted.subquery())) or 0,
        counts=dict(zip(parts, numbers, strict=True)),
        loads=_loads(session, node, actor, parts),
        to_approve=len(approvals.pending(session, node, actor)) if allowed(actor, Action.SEE_APPROVALS) else 0,
    )


_OPENING: Final = ThreadRow.opening == MessageRow.message_id


def _parts(node: Node) -> dict[Show, ColumnElement[bool]]:
    now = node.now()
    escalated = exists().where(EscalationRow.thread_id == ThreadRow.thread_id, EscalationRow.unit == ThreadRow.unit)
    return {
        Show.OPEN: true(),
        Show.OVERDUE: ThreadRow.due < now,
        Show.AT_RISK: and_(ThreadRow.due >= now, (ThreadRow.due - now) * 4 <= ThreadRow.allowed),
        Show.UNASSIGNED: MessageRow.assignee.is_(None),
        Show.ESCALATED: escalated,
    }


def _chosen(node: Node, actor: Actor, query: BoardQuery) -> list[ColumnElement[bool]]:
    asked_us = ThreadRow.unit == node.unit, ThreadRow.state.in_(inbox.OPEN)
    chosen = [*asked_us, MessageRow.direction == "IN", inbox.visible(actor)]
    if query.person:
        chosen.append(MessageRow.assignee == (None if query.person == NOBODY else query.person))
    if query.family:
        chosen.append(MessageRow.family == query.family)
    if query.urgency:
        chosen.append(MessageRow.urgency == query.urgency)
    return chosen


def _lines(session: Session, node: Node, actor: Actor, numbers: Iterable[str]) -> tuple[Line, ...]:
    wanted = list(numbers)
    chosen = select(MessageRow).where(MessageRow.message_id.in_(wanted)).options(defer(MessageRow.envelope))
    found = {row.message_id: row for row in session.scalars(chosen)}
    lines = rows.views(session, node, actor, [found[number] for number in wanted])
    threads = {line.thread_id for line in lines}
    taken = select(EscalationRow.thread_id, EscalationRow.step).where(EscalationRow.unit == node.unit)
    steps: dict[str, set[str]] = {}
    for thread, step in session.execute(taken.where(EscalationRow.thread_id.in_(threads))):
        steps.setdefault(thread, set()).add(step)
    last = {thread: [step for step in table("escalation") if step in found][-1] for thread, found in steps.items()}
    return tuple(Line(line, last.get(line.thread_id, "")) for line in lines)


def _loads(session: Session, node: Node, actor: Actor, parts: Mapping[Show, ColumnElement[bool]]) -> tuple[Load, ...]:
    """Return the load of everybody who may own, of whoever owns something all the same, and of nobody."""
    numbers = (func.count(), *(func.count(case((parts[part], 1))) for part in (Show.OVERDUE, Show.AT_RISK)))
    grouped = select(MessageRow.assignee, *numbers).join(ThreadRow, _OPENING)
    grouped = grouped.where(*_chosen(node, actor, BoardQuery())).group_by(MessageRow.assignee)
    lying = {user or NOBODY: tuple(counts) for user, *counts in session.execute(grouped)}
    working = {user.user_id: user.display_name for user in accounts.colleagues(session, actor)}
    left = set(lying) - set(working) - {NOBODY}
    ended = {row.user_id: row.display_name for row in session.scalars(select(UserRow).where(UserRow.user_id.in_(left)))}
    people = sorted({**working, **ended}.items(), key=lambda one: one[1].casefold())
    none = (0, 0, 0)
    return tuple(Load(user, name, user in working, *lying.get(user, none)) for user, name in (*people, (NOBODY, "")))

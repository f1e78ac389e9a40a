"""Domestic tasks: parts of a request that agencies of the own state answer for this unit, before the legal deadline.

A task names the agency, the questions, what is wanted and an internal deadline. To make one begins enquiries by what
another unit gave (acts TASK and USE_AS_LEAD). It leaves the unit as a letter only, and only with what the rules let go
to that agency (act OWN_AGENCY, asked again for every letter and everything in it). The reply comes back
by whatever way and is entered with its source and the person who answers for it. Nothing of a task is ever part of a
message; its words are sealed with the request that it belongs to and are erased with it. Each act is logged.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from nodes import absences, alerts, clocks, judging, log, messages, task_words, threads
from nodes.alerts import Cause, Raised
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.judging import Wish
from nodes.messages import Opened
from nodes.node import Node
from nodes.tables import MessageRow, ThreadRow
from nodes.task_errors import TooLate
from nodes.task_tables import TaskReplyRow, TaskRow
from nodes.task_words import Order, Reply, Request
from nodes.views import Actor
from nodes.work import Work
from schemas.codes import table

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 300
_WHEN_LATE: Final = 86_400
"""Seconds that are proposed where the legal deadline has passed already."""


class State(StrEnum):
    """The states of a task; that one is overdue is read from its deadline."""

    OPEN = "OPEN"
    SENT = "SENT"
    ANSWERED = "ANSWERED"
    CANCELLED = "CANCELLED"


class Step(StrEnum):
    """What moves a task."""

    SEND = "SEND"
    ANSWER = "ANSWER"
    CANCEL = "CANCEL"


NEXT: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.OPEN, Step.SEND): State.SENT,
        (State.OPEN, Step.CANCEL): State.CANCELLED,
        (State.SENT, Step.ANSWER): State.ANSWERED,
        (State.SENT, Step.CANCEL): State.CANCELLED,
        (State.ANSWERED, Step.ANSWER): State.ANSWERED,
    }
)
"""The whole automaton; what is not in it is refused."""

UNSETTLED: Final = (State.OPEN, State.SENT)


@dataclass(frozen=True, slots=True)
class Plan:
    """A task to be made."""

    message_id: str
    agency: str
    due: int
    order: Order


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a new task begins with: the request, a moment for its deadline, and the one that it must lie before.

    `legal` is the earliest moment at which the answer may be due; `None` once that has passed.
    """

    request: Request
    legal: int | None
    due: int


def propose(session: Session, node: Node, actor: Actor, message_id: str) -> Proposal:
    """Return what a new task of a request begins with: two thirds of the time that is left.

    Raises `OutOfStep` for what is no request to this unit or is answered, and what `messages.opened` raises.
    """
    return proposal(session, node, actor, messages.opened(session, node, actor, message_id, Act.READ))


def proposal(session: Session, node: Node, actor: Actor, opened: Opened) -> Proposal:
    """Return the same for a request that is open: to split it is a task, and begins enquiries of one's own by it.

    Raises `OutOfStep`, and `Refused` and `RestrictionUnread` as `messages.require` does.
    """
    for needed in (Act.TASK, Act.USE_AS_LEAD):
        messages.require(session, node, actor, opened, needed)
    request = task_words.request_of(opened)
    exchange = session.get(ThreadRow, (request.message_id, node.unit))
    if exchange is None or not request.questions or not threads.is_open(node, exchange):
        raise OutOfStep
    clock, now = clocks.read(Work(session, node), exchange), node.now()
    left = clock.remaining if clock is not None else exchange.allowed
    if left <= 0:
        return Proposal(request, None, now + _WHEN_LATE)
    return Proposal(request, now + left, now + left * 2 // 3)


def make(session: Session, node: Node, actor: Actor, plan: Plan) -> str:
    """Give a part of a request to an agency; returns the id of the task. Nothing leaves the unit by this.

    Raises `TooLate` unless the deadline lies before the legal one, `BadInput` naming what is wrong, and what `propose`
    raises.
    """
    opened, now = messages.opened(session, node, actor, plan.message_id, Act.READ), node.now()
    begun = proposal(session, node, actor, opened)
    task_words.check_order(plan.order, begun.request.questions)
    if plan.agency not in table("agency_types") or plan.due <= now:
        raise BadInput("agency" if plan.due > now else "due")
    if begun.legal is not None and plan.due >= begun.legal:
        raise TooLate
    task_id = uuid.uuid4().hex
    before = select(func.count()).select_from(TaskRow).where(TaskRow.message_id == plan.message_id)
    row = TaskRow(
        task_id=task_id,
        message_id=plan.message_id,
        number=(session.scalar(before) or 0) + 1,
        agency=plan.agency,
        state=State.OPEN,
        due=plan.due,
        made=now,
        made_by=actor.user_id,
        sent=None,
        told=None,
        sealed=task_words.seal_order(node, opened, task_id, plan.order),
        reason_sealed=None,
    )
    session.add(row)
    session.flush()
    log.record(session, node, replace(act(actor, "ASSIGN", row, opened), count=len(plan.order.items)))
    return task_id


def send(session: Session, node: Node, actor: Actor, task_id: str, *, confirmed: bool) -> None:
    """Note that the letter goes to the agency now; `confirmed`: the sender's restriction was shown and is kept to.

    Raises `Refused` with the rules that keep it from the agency, `RestrictionUnread` without the confirmation that H3
    asks for, `OutOfStep` unless the task is open.
    """
    row, opened = _found(session, node, actor, task_id)
    judging.require(node, actor, opened.subject, leaving(row, confirmed=confirmed))
    _move(row, Step.SEND)
    row.sent = node.now()
    done = act(actor, "DISCLOSE", row, opened)
    handling = tuple(str(code) for code in opened.content.labels["handling"])
    purpose = opened.content.label("purpose")
    log.record(session, node, replace(done, codes=(*done.codes, *handling), justification=purpose))


def answer(session: Session, node: Node, actor: Actor, task_id: str, reply: Reply) -> None:
    """Enter what the agency replied; raises `BadInput` naming what is missing, `OutOfStep` unless it was sent."""
    row, opened = _found(session, node, actor, task_id)
    task_words.check_reply(reply, task_words.order_of(node, opened, row), node.now())
    _move(row, Step.ANSWER)
    before = select(func.count()).select_from(TaskReplyRow).where(TaskReplyRow.task_id == task_id)
    ordinal = session.scalar(before) or 0
    sealed = task_words.seal_reply(node, opened, (task_id, ordinal), reply)
    session.add(TaskReplyRow(task_id=task_id, ordinal=ordinal, at=node.now(), by_user=actor.user_id, sealed=sealed))
    log.record(session, node, replace(act(actor, "COLLECT", row, opened), count=len(reply.answers)))


def cancel(session: Session, node: Node, actor: Actor, task_id: str, reason: str) -> None:
    """Take a task back; raises `BadInput` without a reason, `OutOfStep` once it is answered or was taken back."""
    row, opened = _found(session, node, actor, task_id)
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise BadInput("reason")
    _move(row, Step.CANCEL)
    row.reason_sealed = task_words.seal_reason(node, opened, task_id, reason)
    log.record(session, node, replace(act(actor, "ALTER", row, opened), justification=reason))


def run(session: Session, node: Node) -> int:
    """Tell the owner of each task whose internal deadline has passed, once; returns how many."""
    late = (
        select(TaskRow, MessageRow.assignee)
        .join(MessageRow, MessageRow.message_id == TaskRow.message_id)
        .where(TaskRow.state.in_(UNSETTLED), TaskRow.due <= node.now(), TaskRow.told.is_(None))
    )
    found = session.execute(late).all()
    for row, owner in found:
        row.told = node.now()
        audience = absences.reminded(session, node, owner or row.made_by)
        alerts.raise_alert(session, node, Raised(Cause.TASK_OVERDUE, row.task_id, audience, row.message_id))
    return len(found)


def leaving(row: TaskRow, *, confirmed: bool) -> Wish:
    """Return the wish to give what a task is about to its agency."""
    return Wish(Act.OWN_AGENCY, to=row.agency, text_confirmed=confirmed)


def reference(opened: Opened, row: TaskRow) -> str:
    """Return the number under which an agency answers, such as `TJ-TJ-2026-000123/T2`."""
    return f"{opened.case.case_ref}/T{row.number}"


def act(actor: Actor, operation: str, row: TaskRow, opened: Opened) -> log.Act:
    """Return an act about a task to be logged: codes only, its number as a commitment."""
    return replace(
        log.by(actor, operation),
        case=opened.case,
        message_id=row.message_id,
        eid=opened.row.eid,
        subject=reference(opened, row),
        codes=("TASK", row.agency),
    )


def _found(session: Session, node: Node, actor: Actor, task_id: str) -> tuple[TaskRow, Opened]:
    """Return a task, locked, and its request, for whoever may work on it."""
    row = session.get(TaskRow, task_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row, messages.opened(session, node, actor, row.message_id, Act.TASK)


def _move(row: TaskRow, step: Step) -> None:
    after = NEXT.get((State(row.state), step))
    if after is None:
        raise OutOfStep
    row.state = after

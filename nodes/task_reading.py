"""Domestic tasks as they are shown: the list with what is overdue, one task, its letter, replies to take over.

A letter holds the questions that were given to the agency, the persons and things that these are about, and nothing
else of the request. Each person and thing is asked of the rules by itself, under its own handling codes; what may not
leave is named as left out.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import Act, Action
from exchange.policy.rulebook import Rule
from nodes import judging, log, messages, quoting, rows, task_words, tasks
from nodes.errors import Denied, NotFound, OutOfStep, RestrictionUnread
from nodes.judging import Wish
from nodes.messages import Opened
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import CaseRow, MessageRow
from nodes.task_tables import TaskReplyRow, TaskRow
from nodes.task_words import Order, Reply, Request
from nodes.tasks import UNSETTLED, State, Step
from nodes.views import Actor, InboxRow
from schemas.facts import records
from schemas.items import Item

OVERDUE = "OVERDUE"
MOST = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A task in a list: `state` is its own, or OVERDUE."""

    task_id: str
    message_id: str
    number: int
    agency: str
    state: str
    due: int
    request: InboxRow


@dataclass(frozen=True, slots=True)
class Entered:
    """A reply, and who entered it when."""

    at: int
    by_user: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a whole. `steps`: what its reader can do with it; `refused`: rules that keep it from its agency."""

    task_id: str
    reference: str
    agency: str
    state: str
    due: int
    made: int
    made_by: str
    sent: int | None
    reason: str
    order: Order
    replies: tuple[Entered, ...]
    steps: frozenset[Step]
    refused: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A task with the request that it is a part of."""

    task: Task
    request: Request


@dataclass(frozen=True, slots=True)
class Letter:
    """What leaves for the agency: its questions, their persons and things, and which of these are left out."""

    shown: Shown
    objects: tuple[Mapping[str, Json], ...]
    withheld: tuple[str, ...]
    recorded: int


def listed(session: Session, node: Node, actor: Actor) -> tuple[Line, ...]:
    """Return the tasks of the requests that `actor` may read, the unsettled first, the most pressing on top."""
    require(actor, Action.READ_OWN)
    settled = case((TaskRow.state.in_(UNSETTLED), 0), else_=1)
    chosen = (
        select(TaskRow, MessageRow)
        .join(MessageRow, MessageRow.message_id == TaskRow.message_id)
        .join(CaseRow, CaseRow.case_id == MessageRow.case_id)
        .where(CaseRow.wrapped_key.is_not(None))
        .order_by(settled, TaskRow.due, TaskRow.task_id)
        .limit(MOST)
    )
    found = session.execute(chosen).all()
    requests = {row.message_id: row for _, row in found}
    seen = {one.message_id: one for one in rows.views(session, node, actor, requests.values())}
    lines = (_line(node, row, seen[row.message_id]) for row, _ in found)
    return tuple(line for line in lines if line.request.subject is not None)


def of_message(session: Session, node: Node, request: InboxRow) -> tuple[Line, ...]:
    """Return the tasks of a request that the caller has read, in their order."""
    return tuple(_line(node, row, request) for row in _rows(session, request.message_id))


def may_split(session: Session, node: Node, actor: Actor, opened: Opened) -> bool:
    """Return whether `actor` may make a task of a message that he has read now."""
    try:
        tasks.proposal(session, node, actor, opened)
    except (Denied, OutOfStep, RestrictionUnread):
        return False
    return True


def read(session: Session, node: Node, actor: Actor, task_id: str) -> Shown:
    """Open a task and log it; raises `NotFound`, and what `messages.opened` raises."""
    row, opened = _opened(session, node, actor, task_id)
    log.record(session, node, tasks.act(actor, "CONSULT", row, opened))
    return _shown(session, node, actor, (row, opened))


def letter(session: Session, node: Node, actor: Actor, task_id: str) -> Letter:
    """Return the letter of a task that was sent, and log that it is printed.

    Raises `OutOfStep` before it was sent, and `Refused` where the rules do not let it go to the agency any more.
    """
    row, opened = _opened(session, node, actor, task_id)
    if row.sent is None:
        raise OutOfStep
    for wish in _printed(row):
        judging.require(node, actor, opened.subject, wish)
    shown = _shown(session, node, actor, (row, opened))
    chosen = list(_objects(shown))
    kept = {str(one["object_id"]): one for one in chosen if _may_leave(session, node, actor, (row, opened), one)}
    withheld = tuple(name for one in chosen if (name := str(one["object_id"])) not in kept)
    recorded = log.record(session, node, tasks.act(actor, "PRINT", row, opened))
    return Letter(shown, tuple(_alone(one, kept) for one in kept.values()), withheld, recorded)


def _printed(row: TaskRow) -> tuple[Wish, Wish]:
    """A letter is two acts: content leaves the node on paper, and it goes to the agency."""
    return Wish(Act.EXPORT, text_confirmed=True), tasks.leaving(row, confirmed=True)


def replies(session: Session, node: Node, actor: Actor, message_id: str) -> tuple[Shown, ...]:
    """Return the tasks of a request that were replied to, and log the look if there are any."""
    answered = [row for row in _rows(session, message_id) if row.state == State.ANSWERED]
    if not answered:
        return ()
    opened = messages.opened(session, node, actor, message_id, Act.READ)
    log.record_all(session, node, [tasks.act(actor, "CONSULT", row, opened) for row in answered])
    return tuple(_shown(session, node, actor, (row, opened)) for row in answered)


def _opened(session: Session, node: Node, actor: Actor, task_id: str) -> tuple[TaskRow, Opened]:
    row = session.get(TaskRow, task_id)
    if row is None:
        raise NotFound
    return row, messages.opened(session, node, actor, row.message_id, Act.READ)


def _rows(session: Session, message_id: str) -> Iterable[TaskRow]:
    return session.scalars(select(TaskRow).where(TaskRow.message_id == message_id).order_by(TaskRow.number))


def _line(node: Node, row: TaskRow, request: InboxRow) -> Line:
    return Line(row.task_id, row.message_id, row.number, row.agency, _state(node, row), row.due, request)


def _state(node: Node, row: TaskRow) -> str:
    return OVERDUE if row.state in UNSETTLED and row.due <= node.now() else row.state


def _shown(session: Session, node: Node, actor: Actor, one: tuple[TaskRow, Opened]) -> Shown:
    row, opened = one
    found = session.scalars(
        select(TaskReplyRow).where(TaskReplyRow.task_id == row.task_id).order_by(TaskReplyRow.ordinal)
    )
    decision = judging.decide(node, actor, opened.subject, tasks.leaving(row, confirmed=True))
    works = judging.decide(node, actor, opened.subject, Wish(Act.TASK, text_confirmed=True)).allowed
    task = Task(
        task_id=row.task_id,
        reference=tasks.reference(opened, row),
        agency=row.agency,
        state=_state(node, row),
        due=row.due,
        made=row.made,
        made_by=row.made_by,
        sent=row.sent,
        reason=task_words.reason_of(node, opened, row),
        order=task_words.order_of(node, opened, row),
        replies=tuple(Entered(one.at, one.by_user, task_words.reply_of(node, opened, one)) for one in found),
        steps=frozenset(step for step in Step if works and (State(row.state), step) in tasks.NEXT),
        refused=() if decision.allowed else decision.rules,
    )
    return Shown(task, task_words.request_of(opened))


def _objects(shown: Shown) -> Iterator[Mapping[str, Json]]:
    """The persons and things that the chosen questions are about."""
    request = shown.request
    about = [request.questions[number].get("about") for number in shown.task.order.items]
    named = {str(name) for names in about if isinstance(names, list) for name in names}
    yield from (one for one in request.content.objects if one["object_id"] in named)


def _alone(one: Mapping[str, Json], kept: Container[str]) -> Mapping[str, Json]:
    """Return an object without its links to those that are not in the letter."""
    links = [link for link in records(one.get("links")) if link["to"] in kept]
    return {**{name: value for name, value in one.items() if name != "links"}, **({"links": [*links]} if links else {})}


def _may_leave(
    session: Session, node: Node, actor: Actor, task: tuple[TaskRow, Opened], one: Mapping[str, Json]
) -> bool:
    """Return whether an object may go to the agency on paper, under its own codes and those of the message."""
    row, opened = task
    item = Item(row.message_id, str(one["object_id"]))
    subject = quoting.as_item(session, node, opened.subject, opened.content, item)
    return all(judging.decide(node, actor, subject, wish).allowed for wish in _printed(row))

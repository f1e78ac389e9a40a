"""Every arrival has an owner or shows that it has none: take, assign, hand over a shift, take back.

Who owned what, through whom and when, stays for ever in `node_assignment` and in the log; a note is content and sealed
under the key of its case. The new owner becomes a member of the case, and so may read it.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from exchange.policy.facts import Action
from nodes import alerts, cases, judging, log, rest, rows, storing, threads
from nodes.account_tables import UserRow
from nodes.accounts import may_own, roles_of
from nodes.alerts import Cause, Raised
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import AssignmentRow, CaseRow, EventRow, MessageRow
from nodes.views import Actor, Assignment, InboxRow

LONGEST_NOTE = 1000
MOST_AT_ONCE = 500


class How(StrEnum):
    """How an arrival came to its owner; `FOLLOWS`: by itself, as the exchange that it continues is his."""

    TAKE = "TAKE"
    ASSIGN = "ASSIGN"
    HAND_OVER = "HAND_OVER"
    TAKE_BACK = "TAKE_BACK"
    STAND_IN = "STAND_IN"
    FOLLOWS = "FOLLOWS"


@dataclass(frozen=True, slots=True)
class HandOver:
    """A shift handed over: to whom, which arrivals (none named: all of mine), and what the next one must know."""

    to_user: str
    message_ids: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """An arrival given to a colleague, with what he must know."""

    message_id: str
    to_user: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    """One change of owner."""

    how: How
    to_user: str
    note: str = ""


def take(session: Session, node: Node, actor: Actor, message_id: str) -> None:
    """Become the owner of an arrival that has none; taking one's own again does nothing.

    Raises `NotFound` for one in a case of others, and `OutOfStep`.
    """
    require(actor, Action.TAKE)
    message = _within_reach(session, node, actor, message_id)
    if message.assignee == actor.user_id:
        return
    if message.assignee is not None:
        raise OutOfStep("owned by a colleague")
    _move(session, node, actor, message, _Move(How.TAKE, actor.user_id))


def assign(session: Session, node: Node, actor: Actor, order: Assign) -> None:
    """Give an arrival to a colleague, whoever owned it before; raises as `take` does."""
    require(actor, Action.ASSIGN)
    _check_owner(session, order.to_user)
    message = _within_reach(session, node, actor, order.message_id)
    if message.assignee != order.to_user:
        _move(session, node, actor, message, _Move(How.ASSIGN, order.to_user, _note(order.note)))


def hand_over(session: Session, node: Node, actor: Actor, shift: HandOver) -> int:
    """Give one's own arrivals to a colleague, all or those named; returns how many; `OutOfStep` for another's."""
    require(actor, Action.HAND_OVER)
    _check_owner(session, shift.to_user)
    if shift.to_user == actor.user_id:
        raise BadInput("to_user")
    mine = select(MessageRow).where(MessageRow.assignee == actor.user_id).order_by(MessageRow.stored).with_for_update()
    if shift.message_ids:
        mine = mine.where(MessageRow.message_id.in_(shift.message_ids[:MOST_AT_ONCE]))
    messages = session.scalars(mine).all()
    if shift.message_ids and len(messages) != len(set(shift.message_ids)):
        raise OutOfStep("not all of these are yours")
    move = _Move(How.HAND_OVER, shift.to_user, _note(shift.note))
    for message in messages:
        _move(session, node, actor, message, move)
    return len(messages)


def take_back(session: Session, node: Node, actor: Actor, message_ids: tuple[str, ...]) -> None:
    """Undo one's own hand-over of these arrivals; `OutOfStep` if the new owner has taken up even one of them."""
    require(actor, Action.HAND_OVER)
    wanted = message_ids[:MOST_AT_ONCE]
    found = session.scalars(_given_away(actor).where(MessageRow.message_id.in_(wanted)).with_for_update()).all()
    if not found or len(found) != len(set(message_ids)):
        raise OutOfStep("taken up, or never handed over")
    for message in found:
        _move(session, node, actor, message, _Move(How.TAKE_BACK, actor.user_id))


def given_away(session: Session, node: Node, actor: Actor) -> tuple[InboxRow, ...]:
    """Return the arrivals that `actor` has handed over and may still take back, the newest first."""
    found = session.scalars(_given_away(actor).order_by(MessageRow.stored.desc()).limit(MOST_AT_ONCE))
    return rows.views(session, node, actor, found)


def may_take_back(session: Session, actor: Actor, message_id: str) -> bool:
    """Return whether `take_back` of this arrival would be accepted now."""
    return session.scalar(_given_away(actor).where(MessageRow.message_id == message_id)) is not None


def _given_away(actor: Actor) -> Select[MessageRow]:
    """Choose the arrivals whose new owner has done nothing in their exchange, not even read it, since he got them.

    If he gives them on, that ends his ownership; what he assigned before, in the same second, is no act since.
    """
    related = aliased(MessageRow)
    taken_up = exists().where(
        EventRow.actor == AssignmentRow.to_user,
        EventRow.at >= AssignmentRow.at,
        EventRow.operation != "ASSIGN",
        EventRow.message_id.in_(select(related.message_id).where(related.thread_id == MessageRow.thread_id)),
    )
    ours = (AssignmentRow.how == How.HAND_OVER, AssignmentRow.from_user == actor.user_id, AssignmentRow.ended.is_(None))
    return select(MessageRow).join(AssignmentRow).where(*ours, ~taken_up)


def call_supervisor(session: Session, node: Node, actor: Actor, message_id: str) -> None:
    """Ask a supervisor to step in before the clock does; only the owner of an arrival can."""
    require(actor, Action.TAKE)
    message = _within_reach(session, node, actor, message_id)
    if message.assignee != actor.user_id:
        raise OutOfStep("not yours")
    alerts.raise_alert(session, node, Raised(Cause.CALLED, message_id, alerts.HEAD, message_id, outbound=True))
    act = log.Act(
        operation="ASSIGN",
        actor=actor.user_id,
        role=min(actor.roles, default=None),
        case=cases.of(session, message.case_id),
        message_id=message_id,
        eid=message.eid,
        codes=("CALLED",),
    )
    log.record(session, node, act)


def assignments(session: Session, node: Node, actor: Actor, message_id: str) -> tuple[Assignment, ...]:
    """Return every owner of an arrival, the first one first; notes only for whoever may read the case."""
    require(actor, Action.LIST_ARRIVALS)
    message = _arrival(session, message_id)
    case = cases.of(session, message.case_id)
    to_case = judging.standing(session, node, actor, case.case_id)
    readable = judging.reads_case(node, actor, to_case) and storing.is_readable(case, message, node.now())
    hands = session.scalars(
        select(AssignmentRow)
        .where(AssignmentRow.message_id == message_id)
        .order_by(AssignmentRow.at, AssignmentRow.ordinal)
    ).all()
    people = session.scalars(select(UserRow).where(UserRow.user_id.in_({row.to_user for row in hands})))
    names = {one.user_id: one.display_name for one in people}
    return tuple(_view(node, case, row, names.get(row.to_user, row.to_user), readable=readable) for row in hands)


def _move(session: Session, node: Node, actor: Actor, message: MessageRow, move: _Move) -> None:
    """End the present ownership and begin the next, with its log entry, in the caller's transaction."""
    now = node.now()
    case = cases.of(session, message.case_id)
    before = session.scalars(
        select(AssignmentRow).where(AssignmentRow.message_id == message.message_id).with_for_update()
    ).all()
    for row in before:
        row.ended = row.ended or now
    assignment_id = uuid.uuid4().hex
    place = rest.place("assignment", assignment_id, "note")
    session.add(
        AssignmentRow(
            assignment_id=assignment_id,
            message_id=message.message_id,
            ordinal=len(before),
            how=move.how,
            by_user=actor.user_id,
            to_user=move.to_user,
            from_user=message.assignee,
            at=now,
            ended=None,
            note_sealed=rest.case_key(node.store.kek, case).seal(move.note.encode(), *place) if move.note else None,
        )
    )
    message.assignee = move.to_user
    cases.add_member(session, message.case_id, move.to_user, now)
    threads.note_local(session, node, message, "ASSIGN")
    act = log.Act(
        operation="ASSIGN",
        actor=actor.user_id,
        role=min(actor.roles, default=None),
        case=case,
        message_id=message.message_id,
        eid=message.eid,
        subject=move.to_user,
        codes=(move.how.value,),
    )
    log.record(session, node, act)


def _arrival(session: Session, message_id: str) -> MessageRow:
    message = session.get(MessageRow, message_id, with_for_update=True)
    if message is None or message.direction != "IN":
        raise NotFound
    return message


def _within_reach(session: Session, node: Node, actor: Actor, message_id: str) -> MessageRow:
    message = _arrival(session, message_id)
    cases.require_work(session, node, actor, message.case_id)
    return message


def _check_owner(session: Session, user_id: str) -> None:
    user = session.get(UserRow, user_id)
    if user is None or user.disabled_at is not None or not any(map(may_own, roles_of(session, user_id))):
        raise BadInput("to_user")


def _note(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        raise BadInput("note")
    return note.strip()


def _view(node: Node, case: CaseRow, row: AssignmentRow, name: str, *, readable: bool) -> Assignment:
    note = None
    if row.note_sealed is not None and readable:
        place = rest.place("assignment", row.assignment_id, "note")
        note = rest.case_key(node.store.kek, case).open(row.note_sealed, *place).decode()
    return Assignment(
        row.assignment_id, row.how, row.by_user, row.to_user, name, row.from_user, row.at, row.ended, note
    )

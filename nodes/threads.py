"""The state of every exchange: both units keep the same automaton, moved only by signed messages and receipts.

One row for one request at one requested unit. Which steps there are is the table of `exchange.lifecycle`; here it is
fed. A step that the table does not have is refused at compose, and on arrival unless an earlier message is missing.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange import lifecycle
from exchange.clock import Effect
from exchange.errors import Conflict
from exchange.lifecycle import MACHINES, Machine, Progress
from nodes import clocks
from nodes.errors import OutOfStep
from nodes.figure_tables import OutcomeRow
from nodes.node import Node
from nodes.tables import CaseRow, MessageRow, ThreadRow
from nodes.work import Work
from schemas import human_rights
from schemas.content import Content
from schemas.kind import Kind
from schemas.receipts import Receipt
from schemas.term import by_urgency

_RECEIPT_EVENTS = frozenset({"DELIVERED", "REJECTED", "EXPIRED", "NOT_DELIVERED"})


def check_step(work: Work, content: Content) -> None:
    """Return if `content` is the next thing that its sender may say in its thread.

    Raises `OutOfStep` for a message that answers what its kind cannot answer, comes from the wrong side or from a unit
    that was never asked, and `exchange.errors.Conflict` for a step that the lifecycle does not have.
    """
    if content.in_reply_to is None or _copied(work.node, content):
        return
    parent, opening = work.messages.one(content.in_reply_to), work.messages.one(content.thread_id)
    if opening is None:
        return  # an earlier message is missing; the gap is shown, and this one is worth reading all the same
    rows = _rows(work, content)
    if not rows:
        raise OutOfStep("no party to this exchange")
    from_requester = content.author.unit == opening.sender
    if from_requester != (content.declared.side == "requester"):
        raise OutOfStep("said by the wrong side")
    if parent is None:
        return
    if parent.kind not in content.declared.answers or parent.thread_id != content.thread_id:
        raise OutOfStep("answers something else")
    for row in rows:
        _step(work.node, row, content.declared.causes.of(content.body), work.node.now())


def note_message(work: Work, content: Content, case: CaseRow) -> None:
    """Move the exchange by a message that was just stored, sent or received; a new request begins its rows."""
    if content.in_reply_to is None:
        _begin(work, content, case)
    _keep_outcome(work, content)
    for row in _rows(work, content):
        if content.in_reply_to is not None:
            _apply(work.node, row, content.declared.causes.of(content.body))
        if content.declared.clock == Effect.ENDS and "availability" in content.body:
            row.allowed = by_urgency(row.urgency, str(content.body["availability"]))
        _refresh(work, row)


def note_receipt(work: Work, receipt: Receipt) -> None:
    """Move the requester's side by a receipt about the request itself, and read the clocks that it may start."""
    message = work.by_eid.one(receipt.eid)
    if message is None:
        return
    for row in work.threads.read([message.thread_id]):
        about_request = row.opening == message.message_id and row.unit == receipt.unit
        if about_request and row.requester == work.node.unit and receipt.type in _RECEIPT_EVENTS:
            _apply(work.node, row, receipt.type)
        _refresh(work, row)


def note_local(session: Session, node: Node, message: MessageRow, event: str) -> None:
    """Move our own side by something that happened here: ASSIGN, START."""
    row = session.get(ThreadRow, (message.thread_id, node.unit))
    if row is not None and row.opening == message.message_id:
        _apply(node, row, event)


def refresh_for(work: Work, eids: Iterable[str]) -> None:
    """Read the clocks of the exchanges that these envelopes belong to again."""
    thread_ids = [message.thread_id for message in work.by_eid.read(eids)]
    work.read_threads(thread_ids)
    for row in work.threads.read(thread_ids):
        _refresh(work, row)


def of_thread(session: Session, thread_id: str) -> Sequence[ThreadRow]:
    """Return the state of an exchange at every requested unit that we know of."""
    return session.scalars(select(ThreadRow).where(ThreadRow.thread_id == thread_id).order_by(ThreadRow.unit)).all()


def machine_of(node: Node, row: ThreadRow) -> Machine:
    """Return the automaton of our side."""
    sides = MACHINES[row.kind]
    return sides.asking if row.requester == node.unit else sides.asked


def is_open(node: Node, row: ThreadRow) -> bool:
    """Return whether an answer is still owed."""
    return machine_of(node, row).states[row.state].open


def events_of(kind: Kind) -> tuple[str, ...]:
    """Return every event that a message of `kind` may cause."""
    return tuple(kind.causes.by_value.values()) if kind.causes.chosen_by else (kind.causes.event,)


def may_say(node: Node, row: ThreadRow, event: str) -> bool:
    """Return whether `event` is a step from where the exchange stands."""
    try:
        _step(node, row, event, node.now())
    except Conflict:
        return False
    return True


def _keep_outcome(work: Work, content: Content) -> None:
    """Keep what a message did to its exchange, in codes: it is counted also when nobody may read it any more."""
    declared, body = content.declared, content.body
    grounds, ends = declared.refused_on(body), declared.effect_on_clock(body) == Effect.ENDS
    doubted = human_rights.DOUBT.needed(content.facts())
    if ends or grounds or doubted:
        event, refused = declared.causes.of(body) if ends else "", " ".join(sorted(grounds))
        work.add(OutcomeRow(message_id=content.msg_id, event=event, grounds=refused, doubted=int(doubted)))


def _begin(work: Work, content: Content, case: CaseRow) -> None:
    node = work.node
    ours, term, sides = content.author.unit == node.unit, content.declared.term, MACHINES[content.kind]
    for unit in sorted(content.to if ours else content.to & {node.unit}):
        work.add(
            ThreadRow(
                thread_id=content.thread_id,
                unit=unit,
                requester=content.author.unit,
                case_id=case.case_id,
                opening=content.msg_id,
                kind=content.kind,
                urgency=content.label("urgency"),
                allowed=term.seconds(content.facts()) if term is not None else 0,
                state=lifecycle.advance(sides.asking, "DRAFT", "SEND") if ours else sides.asked.initial,
                rounds=0,
                closed=0,
                due=None,
                updated=node.now(),
            )
        )


def _rows(work: Work, content: Content) -> list[ThreadRow]:
    """The rows that a message is about: where we asked, those of the other side; where we were asked, our own.

    A copy moves nothing, neither where it is read nor at the units that it is about.
    """
    found: list[ThreadRow] = []
    unit = work.node.unit
    if _copied(work.node, content):
        return found
    for row in work.threads.read([content.thread_id]):
        other = row.unit if row.requester == unit else row.requester
        if content.author.unit == other or (content.author.unit == unit and other in content.to):
            found.append(row)
    return found


def _copied(node: Node, content: Content) -> bool:
    return node.unit in content.units - content.to


def _step(node: Node, row: ThreadRow, event: str, now: int) -> Progress:
    return lifecycle.progress(machine_of(node, row), Progress(row.state, row.rounds, row.closed), event, now)


def _apply(node: Node, row: ThreadRow, event: str) -> None:
    """Take the step if the table has it; what came out of order after a gap is kept without moving anything."""
    now = node.now()
    try:
        after = _step(node, row, event, now)
    except Conflict:
        return
    row.state, row.rounds, row.closed, row.updated = after.state, after.clarifications, after.closed_at, now


def _refresh(work: Work, row: ThreadRow) -> None:
    """Keep the due time beside the row, so that lists can be ordered by it."""
    opening = work.messages.one(row.opening)
    if opening is None or opening.accepted is None:
        row.due = None
        return
    found = clocks.read(work, row)
    row.due = found.due_at or None if found is not None and is_open(work.node, row) else None

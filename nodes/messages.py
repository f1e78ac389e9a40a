"""Reading and printing a message: for whoever may, logged every time, receipted the first time an officer does.

The sender learns that it was opened, never by whom (protocol.md §8).
"""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import envelope as cme
from exchange import courier
from exchange.arrivals import RECEIPT_SKEW
from exchange.courier import Collection, State
from exchange.policy.facts import Act, Action
from nodes import (
    cases,
    clocks,
    concerns,
    judging,
    log,
    recall_rules,
    receipts,
    register,
    restrictions,
    rows,
    storing,
    threads,
)
from nodes.errors import NotFound
from nodes.judging import PROTECTION, Subject, Wish
from nodes.node import Node
from nodes.permissions import allowed, may_write
from nodes.recalled import RECALLS
from nodes.tables import CaseRow, DeliveryRow, MessageRow, ThreadRow
from nodes.views import Actor, Delivery, InboxRow, MessageDetail
from nodes.work import Work
from schemas.content import Content
from schemas.kind import Kind
from schemas.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Opened:
    """A message that somebody may use for an act: its row, its case, what it says, and how the rules see it."""

    row: MessageRow
    case: CaseRow
    content: Content
    subject: Subject


def opened(session: Session, node: Node, actor: Actor, message_id: str, act: Act) -> Opened:
    """Return a message with what it says if the rules let `actor` do `act` with it; it is not logged here.

    Raises `NotFound` for one of a case that is not his to see, or erased, `Refused` where rules bind the message, and
    `RestrictionUnread` before he has confirmed the sender's own restriction: nothing is opened then.
    """
    row = session.get(MessageRow, message_id)
    if row is None:
        raise NotFound
    cases.require_read(session, node, actor, row.case_id, row.family)
    case = cases.of(session, row.case_id)
    content = storing.content_of(node, case, row)
    found = Opened(row, case, content, judging.subject(session, node, actor, row, content.labels))
    require(session, node, actor, found, act)
    return found


def require(session: Session, node: Node, actor: Actor, found: Opened, act: Act) -> None:
    """Return if the rules let `actor` do `act` with a message that is open; raises `Refused`, `RestrictionUnread`."""
    confirmed = restrictions.confirmed(session, actor, found.row.message_id)
    judging.require(node, actor, found.subject, Wish(act, text_confirmed=confirmed))


def read(session: Session, node: Node, actor: Actor, message_id: str, justification: str = "") -> MessageDetail:
    """Open a message for `actor` and log it; raises what `opened` raises."""
    found = opened(session, node, actor, message_id, Act.READ)
    return consult(session, node, actor, found, justification)


def consult(session: Session, node: Node, actor: Actor, found: Opened, justification: str = "") -> MessageDetail:
    """Return what a page shows of a message that was opened to be read, and log the look."""
    row, content = found.row, found.content
    act = replace(
        log.by(actor, "CONSULT"),
        case=found.case,
        message_id=row.message_id,
        eid=row.eid,
        justification=justification or content.label("purpose"),
    )
    log.record(session, node, act)
    if row.direction == "IN" and row.opened_at is None and (allowed(actor, Action.TAKE) or row.kind in PROTECTION):
        row.opened_at = node.now()
        work = Work(session, node)
        receipts.make(work, row.eid, "OPENED")
        work.finish()
    session.flush()
    return _detail(session, node, actor, found)


def printed(session: Session, node: Node, actor: Actor, message_id: str) -> tuple[MessageDetail, int]:
    """Return a message as it leaves on paper, and the entry of the log that says so; raises what `opened` raises."""
    found = opened(session, node, actor, message_id, Act.READ)
    require(session, node, actor, found, Act.EXPORT)
    detail = consult(session, node, actor, found)
    act = replace(log.by(actor, "PRINT"), case=found.case, message_id=message_id, eid=found.row.eid)
    return detail, log.record(session, node, replace(act, justification=found.content.label("purpose")))


def unowned(session: Session, node: Node, actor: Actor, message_id: str) -> InboxRow:
    """Return the line of an arrival that `actor` may take but not read before; raises `NotFound` for any other."""
    row = session.get(MessageRow, message_id)
    if row is None or row.direction != "IN" or row.assignee is not None or not allowed(actor, Action.TAKE):
        raise NotFound
    cases.require_work(session, node, actor, row.case_id)
    return rows.view(session, node, actor, row)


def _detail(session: Session, node: Node, actor: Actor, found: Opened) -> MessageDetail:
    row, content = found.row, found.content
    leaving = judging.decide(node, actor, found.subject, Wish(Act.EXPORT, text_confirmed=True))
    related = session.scalars(
        select(MessageRow)
        .where(MessageRow.thread_id == row.thread_id)
        .order_by(MessageRow.stored, MessageRow.message_id)
    ).all()
    about = register.about(session, row.message_id)
    lines = rows.views(session, node, actor, [row, *about, *related])
    body = {**content.body, **({"objects": list(content.objects)} if content.objects else {})}
    return MessageDetail(
        row=lines[0],
        eid=row.eid,
        to=tuple(sorted(content.to)),
        copies=tuple(sorted(content.units - content.to)),
        reason=storing.reason_of(node, cases.of(session, row.case_id), row),
        author=f"{content.author.name} ({content.author.officer}, {content.author.unit})",
        common=dict(content.labels),
        body=body,
        deliveries=tuple(_delivery(session, node, row, one) for one in receipts.deliveries(session, row.message_id)),
        replies=_replies(session, node, actor, row, content),
        begins=tuple(kind.code for kind in KINDS.values() if _begins(session, node, actor, row, kind)),
        about=lines[1 : 1 + len(about)],
        thread=lines[1 + len(about) :],
        hub_index=row.hub_index,
        key_id=cme.parse(row.envelope).header.skid,
        ahead=_ahead(row),
        leaves=leaving.allowed,
    )


def _ahead(row: MessageRow) -> int:
    """Return by how much the sender's clock was ahead: nothing is sealed after the hub has accepted it.

    A message that was sealed long before may have waited in its outbox, so an earlier time proves nothing.
    """
    ahead = row.created - row.accepted if row.accepted is not None else 0
    return ahead if ahead > RECEIPT_SKEW else 0


def _delivery(session: Session, node: Node, row: MessageRow, one: DeliveryRow) -> Delivery:
    told = courier.collection(node.now(), row.accepted, State(one.state))
    thread = session.get(ThreadRow, (row.thread_id, one.unit))
    opens = thread is not None and thread.opening == row.message_id
    return Delivery(
        one.unit,
        one.state,
        one.reason,
        one.since,
        one.handed_out,
        one.delivered,
        one.opened,
        told is not Collection.FINE,
        told is Collection.WARNING,
        clocks.view(session, thread, node.now()) if thread is not None and opens else None,
    )


def _replies(session: Session, node: Node, actor: Actor, row: MessageRow, content: Content) -> tuple[str, ...]:
    """The kinds that may follow this message now: by their declaration, our side, and where the exchange stands.

    A copy is answered by those to whom the message is addressed.
    """
    if node.unit in content.units - content.to:
        return ()
    opening = session.get(MessageRow, row.thread_id)
    side = "requester" if opening is not None and opening.sender == node.unit else "requested"
    exchanges = threads.of_thread(session, row.thread_id)
    found = []
    for kind in KINDS.values():
        follows = row.kind in kind.answers and kind.side == side and _writes(actor, kind)
        if follows and any(threads.may_say(node, one, event) for one in exchanges for event in threads.events_of(kind)):
            found.append(kind.code)
    return tuple(found)


def _begins(session: Session, node: Node, actor: Actor, row: MessageRow, kind: Kind) -> bool:
    """Return whether a message of `kind` may be begun from this one; whom a recall is for, the rules say."""
    allowed_here = kind.code not in RECALLS or recall_rules.may(session, node, actor, row)
    return concerns.begins(row, kind) and _writes(actor, kind) and allowed_here


def _writes(actor: Actor, kind: Kind) -> bool:
    return may_write(actor, kind) and actor.agency in kind.senders

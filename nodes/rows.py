"""How a stored message looks in a list: its labels, its state, its clock, and its subject for whoever may read it.

Only the members that a line shows are unsealed; the whole content is opened in `messages.read`, which is logged.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import canonical
from crypto.canonical import Json
from nodes import cases, clocks, receipts, storing, threads
from nodes.node import Node
from nodes.tables import CaseRow, MessageRow, ThreadRow, UserRow
from nodes.views import Actor, Clock, InboxRow
from schemas.base import WIRE_LIMIT


def views(session: Session, node: Node, actor: Actor, found: Iterable[MessageRow]) -> tuple[InboxRow, ...]:
    """Return the lines of a list."""
    return tuple(view(session, node, actor, row) for row in found)


def view(session: Session, node: Node, actor: Actor, row: MessageRow) -> InboxRow:
    """Return the line of one message; its subject is `None` for whoever may not read its case."""
    case = cases.of(session, row.case_id)
    readable = cases.may_read(session, actor, row.case_id) and case.wrapped_key is not None
    labels = _labels(node, case, row) if readable else {}
    handling = labels.get("handling", [])
    owner = session.get(UserRow, row.assignee) if row.assignee else None
    state, clock = _standing(session, node, row)
    return InboxRow(
        message_id=row.message_id,
        thread_id=row.thread_id,
        kind=row.kind,
        direction=row.direction,
        sender=row.sender,
        recipients=tuple(one.unit for one in receipts.deliveries(session, row.message_id)),
        case_ref=case.case_ref if readable else None,
        subject=str(labels.get("subject_line", "")) if readable else None,
        urgency=row.urgency,
        classification=row.classification,
        handling=tuple(str(code) for code in handling) if isinstance(handling, list) else (),
        at=row.stored,
        assignee=row.assignee,
        assignee_name=owner.display_name if owner else None,
        unread=row.direction == "IN" and row.opened_at is None,
        gap=bool(row.gap),
        state=state,
        clock=clock,
    )


def thread_rows(session: Session, row: MessageRow) -> list[ThreadRow]:
    """Return the exchanges that `row` opens, one for each requested unit; none for a message that answers."""
    query = select(ThreadRow).where(ThreadRow.opening == row.message_id).order_by(ThreadRow.unit)
    return list(session.scalars(query))


def _standing(session: Session, node: Node, row: MessageRow) -> tuple[str, Clock | None]:
    """A request stands where its least advanced exchange stands; everything else where its delivery stands."""
    opened = thread_rows(session, row)
    if not opened:
        states = [one.state for one in receipts.deliveries(session, row.message_id)]
        return min(states, default=row.direction), None
    pressing = min(opened, key=lambda one: (not threads.is_open(node, one), one.due or 1 << 62))
    return pressing.state, clocks.view(session, pressing, node.now())


def _labels(node: Node, case: CaseRow, row: MessageRow) -> dict[str, Json]:
    members = canonical.loads(storing.plain_of(node, case, row), limit=WIRE_LIMIT)
    labels = members.get("labels") if isinstance(members, dict) else None
    return labels if isinstance(labels, dict) else {}

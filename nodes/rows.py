"""How a stored message looks in a list: its labels, its state, its clock, and its subject for whoever may read it.

Only the members that a line shows are unsealed; the whole content is opened in `messages.read`, which is logged.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import Act
from nodes import clocks, judging, recalled, restrictions, storing, threads
from nodes.account_tables import UserRow
from nodes.judging import Standing, Subject, Wish
from nodes.node import Node
from nodes.tables import CaseRow, DeliveryRow, MessageRow, ThreadRow
from nodes.views import Actor, Clock, InboxRow


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around some messages, read all at once; the maps also keep the rows in the session.

    `leaving`: the lines leave as a file, and these restrictions were confirmed; `None` for a list that is looked at.
    """

    cases: Mapping[str, CaseRow]
    standings: Mapping[str, Standing]
    recalled: frozenset[str]
    owners: Mapping[str, UserRow]
    deliveries: Mapping[str, list[DeliveryRow]]
    opened: Mapping[str, list[ThreadRow]]
    clocks: Mapping[tuple[str, str], Clock | None]
    leaving: frozenset[str] | None = None


def views(
    session: Session, node: Node, actor: Actor, found: Iterable[MessageRow], *, leaving: bool = False
) -> tuple[InboxRow, ...]:
    """Return the lines of a list; of one that leaves as a file, lines say only what may leave."""
    messages = list(found)
    if not messages:
        return ()
    around = _gather(session, node, actor, messages)
    if leaving:
        read = restrictions.confirmed_among(session, actor, [row.message_id for row in messages])
        around = replace(around, leaving=read)
    return tuple(_line(node, actor, row, around) for row in messages)


def view(session: Session, node: Node, actor: Actor, row: MessageRow) -> InboxRow:
    """Return the line of one message; its subject is `None` for whoever may not read its case."""
    return views(session, node, actor, [row])[0]


def _gather(session: Session, node: Node, actor: Actor, messages: Sequence[MessageRow]) -> _Around:
    numbers, of_cases = [row.message_id for row in messages], {row.case_id for row in messages}
    owners = {row.assignee for row in messages if row.assignee is not None}
    deliveries: dict[str, list[DeliveryRow]] = {}
    chosen = select(DeliveryRow).where(DeliveryRow.message_id.in_(numbers)).order_by(DeliveryRow.unit)
    for delivery in session.scalars(chosen):
        deliveries.setdefault(delivery.message_id, []).append(delivery)
    opened: dict[str, list[ThreadRow]] = {}
    for thread in session.scalars(select(ThreadRow).where(ThreadRow.opening.in_(numbers)).order_by(ThreadRow.unit)):
        opened.setdefault(thread.opening, []).append(thread)
    all_opened = [thread for threads_of_one in opened.values() for thread in threads_of_one]
    return _Around(
        {one.case_id: one for one in session.scalars(select(CaseRow).where(CaseRow.case_id.in_(of_cases)))},
        judging.standings(session, node, actor, of_cases),
        recalled.among(session, node.unit, numbers),
        {one.user_id: one for one in session.scalars(select(UserRow).where(UserRow.user_id.in_(owners)))},
        deliveries,
        opened,
        clocks.views(session, all_opened, node.now()),
    )


def _line(node: Node, actor: Actor, row: MessageRow, around: _Around) -> InboxRow:
    case = around.cases[row.case_id]
    labels = _readable(node, actor, row, around)
    handling = labels.get("handling", [])
    owner = around.owners.get(row.assignee or "")
    state, clock = _standing(node, row, around)
    copies = _units(around, row, "CC")
    return InboxRow(
        message_id=row.message_id,
        thread_id=row.thread_id,
        kind=row.kind,
        direction=row.direction,
        sender=row.sender,
        recipients=_units(around, row, "TO"),
        copies=copies,
        copied=row.direction == "IN" and bool(copies),
        case_ref=case.case_ref if labels else None,
        subject=str(labels.get("subject_line", "")) if labels else None,
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


def _units(around: _Around, row: MessageRow, role: str) -> tuple[str, ...]:
    return tuple(one.unit for one in around.deliveries.get(row.message_id, ()) if one.role == role)


def _standing(node: Node, row: MessageRow, around: _Around) -> tuple[str, Clock | None]:
    """A request stands where its least advanced exchange stands; what else arrived is new until somebody opens it.

    What we sent otherwise stands where its delivery stands.
    """
    opened = around.opened.get(row.message_id, [])
    if not opened and row.direction == "IN":
        return "RECEIVED" if row.opened_at is None else "OPENED", None
    if not opened:
        states = [one.state for one in around.deliveries.get(row.message_id, ())]
        return min(states, default=row.direction), None
    pressing = min(opened, key=lambda one: (not threads.is_open(node, one), one.due or 1 << 62))
    return pressing.state, around.clocks[pressing.thread_id, pressing.unit]


def _readable(node: Node, actor: Actor, row: MessageRow, around: _Around) -> dict[str, Json]:
    """The labels of a message for whoever may read it, before or after its restriction; empty for others."""
    case, to_case = around.cases[row.case_id], around.standings[row.case_id]
    if not (storing.is_readable(case, row, node.now()) and judging.reads_of_case(node, actor, to_case, row.family)):
        return {}
    labels = _labels(node, case, row)
    wishes = [Wish(Act.READ, text_confirmed=True)]
    if around.leaving is not None:
        wishes.append(Wish(Act.EXPORT, text_confirmed=row.message_id in around.leaving))
    subject = Subject(row, labels, to_case, row.message_id in around.recalled)
    return labels if all(judging.decide(node, actor, subject, wish).allowed for wish in wishes) else {}


def _labels(node: Node, case: CaseRow, row: MessageRow) -> dict[str, Json]:
    """The labels as they were stored: the bytes were held to their one form before, and nobody else could seal others.

    To write each message of a list again, only to compare, is most of what the list costs.
    """
    labels: dict[str, Json] = json.loads(storing.plain_of(node, case, row))["labels"]
    return labels

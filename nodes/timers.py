"""What time alone brings about: escalation of open requests, messages nobody collects, the end of what nobody decided.

The clocks are those of `exchange.clock`; the steps and their shares stand in the code table `escalation`.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from exchange import courier
from exchange.courier import Collection, State
from nodes import (
    absences,
    alerts,
    approvals,
    breaches,
    clocks,
    fingerprinting,
    log,
    oversight_openings,
    retention,
    tasks,
    threads,
)
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.tables import CaseRow, DeliveryRow, EscalationRow, MessageRow, ThreadRow
from nodes.work import Work
from schemas.codes import table
from schemas.kinds import kind_of

_CAUSES: Mapping[int, Cause] = {
    50: Cause.ESCALATION_50,
    75: Cause.ESCALATION_75,
    90: Cause.ESCALATION_90,
    100: Cause.OVERDUE,
}


def run(node: Node) -> int:
    """Take every step whose time has come; returns how many alerts were raised."""
    with node.db.write() as session:
        raised = _escalate_all(session, node) + _not_collected(session, node) + tasks.run(session, node)
        approvals.run(session, node)
        oversight_openings.run(session, node)
        retention.run(session, node)
        breaches.run(session, node)
        fingerprinting.run(session, node)
    if raised:
        node.changed.bump()
    return raised


def _escalate_all(session: Session, node: Node) -> int:
    """Read the clock only where the due time beside the row says that a step may be reached that was not taken."""
    found = session.scalars(select(ThreadRow).where(ThreadRow.due.is_not(None)).order_by(ThreadRow.due))
    reached = {(row.thread_id, row.unit): (row, _reached(node, row)) for row in found if threads.is_open(node, row)}
    near = {place[0] for place, (_, steps) in reached.items() if steps}
    rows = session.scalars(select(EscalationRow).where(EscalationRow.thread_id.in_(near))).all() if near else ()
    taken = {(row.thread_id, row.unit, row.step) for row in rows}
    left = [(row, [step for step in steps if (*place, step) not in taken]) for place, (row, steps) in reached.items()]
    return sum(_escalate(session, node, row, steps) for row, steps in left if steps)


def _reached(node: Node, row: ThreadRow) -> list[str]:
    """Return the steps of a running clock that ends at the row's due time; a stopped one has no due time."""
    asked_us, term = row.unit == node.unit, kind_of(row.kind).term
    used = row.allowed - ((row.due or 0) - node.now())
    return [
        code
        for code, step in table("escalation").items()
        # The requesting unit is told of the last step only: before that, the time is the other side's to use.
        if used * 100 >= step.extra["percent"] * row.allowed and (asked_us or step.extra["percent"] >= 100)
        if term is not None and code in term.steps
    ]


def _escalate(session: Session, node: Node, row: ThreadRow, codes: Sequence[str]) -> int:
    """Alert whom each step names: the owner, the head of the desk, the duty officer, both units' coordinators."""
    clock, steps = clocks.read(Work(session, node), row), table("escalation")
    level = steps[clock.level].extra["percent"] if clock is not None and clock.level else 0
    raised = 0
    for code in codes:
        percent = steps[code].extra["percent"]
        if percent <= level:
            session.add(EscalationRow(thread_id=row.thread_id, unit=row.unit, step=code, at=node.now()))
            _tell(session, node, row, percent)
            raised += 1
    return raised


def _tell(session: Session, node: Node, row: ThreadRow, percent: int) -> None:
    message = session.get_one(MessageRow, row.opening)
    owner, term = message.assignee or message.author, kind_of(row.kind).term
    audience = {
        50: absences.reminded(session, node, owner) if owner else alerts.DUTY,
        75: alerts.HEAD,
        90: alerts.DUTY,
        100: alerts.role(term.silence) if term is not None else alerts.HEAD,
    }[percent]
    subject = f"{row.thread_id}/{row.unit}"
    raised = Raised(_CAUSES[percent], subject, audience, message.message_id, outbound=percent >= 90)
    alerts.raise_alert(session, node, raised)
    case = session.get(CaseRow, row.case_id)
    codes = ("ESCALATION", str(percent))
    act = log.Act(operation="ASSIGN", case=case, message_id=message.message_id, eid=message.eid, codes=codes)
    log.record(session, node, act)


def _not_collected(session: Session, node: Node) -> int:
    """Tell the author, after an hour and again after a day, that a unit has not collected his message."""
    waiting = session.execute(
        select(DeliveryRow, MessageRow)
        .join(MessageRow, MessageRow.message_id == DeliveryRow.message_id)
        .where(DeliveryRow.state == State.SUBMITTED, MessageRow.direction == "OUT")
        .where(MessageRow.accepted <= node.now() - courier.NOT_COLLECTED_ALARM)
        .options(defer(MessageRow.envelope))
    )
    causes = {Collection.ALARM: Cause.NOT_COLLECTED, Collection.WARNING: Cause.NOT_COLLECTED_24H}
    raised = 0
    for delivery, message in waiting:
        cause = causes.get(courier.collection(node.now(), message.accepted, State(delivery.state)))
        if cause is not None:
            audience = absences.reminded(session, node, message.author) if message.author else alerts.DUTY
            subject = f"{message.message_id}/{delivery.unit}"
            raised += alerts.raise_alert(session, node, Raised(cause, subject, audience, message.message_id))
    return raised

"""What time alone brings about: escalation of open requests, messages nobody collects. Each step is taken once.

The clocks are those of `exchange.clock`; the steps and their shares stand in the code table `escalation`.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange import courier
from exchange.courier import Collection, State
from nodes import alerts, clocks, log, threads
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.tables import CaseRow, DeliveryRow, EscalationRow, MessageRow, ThreadRow
from nodes.work import Work
from schemas.codes import table

_CAUSES: Mapping[int, Cause] = {
    50: Cause.ESCALATION_50,
    75: Cause.ESCALATION_75,
    90: Cause.ESCALATION_90,
    100: Cause.OVERDUE,
}


def run(node: Node) -> int:
    """Take every step whose time has come; returns how many alerts were raised."""
    with node.db.write() as session:
        raised = sum(_escalate(session, node, row) for row in _open(session, node))
        raised += _not_collected(session, node)
    if raised:
        node.changed.bump()
    return raised


def _open(session: Session, node: Node) -> list[ThreadRow]:
    found = session.scalars(select(ThreadRow).where(ThreadRow.due.is_not(None)).order_by(ThreadRow.due))
    return [row for row in found if threads.is_open(node, row)]


def _escalate(session: Session, node: Node, row: ThreadRow) -> int:
    """Alert whom the step names: the owner, the head of the desk, the duty officer, both units' coordinators."""
    clock = clocks.read(Work(session, node), row)
    steps = table("escalation")
    if clock is None or not clock.level:
        return 0
    reached, asked_us = steps[clock.level].extra["percent"], row.unit == node.unit
    raised = 0
    for code, step in steps.items():
        percent = step.extra["percent"]
        # The requesting unit is told of the last step only: before that, the time is the other side's to use.
        if percent > reached or (not asked_us and percent < 100):
            continue
        if session.get(EscalationRow, (row.thread_id, row.unit, code)) is not None:
            continue
        session.add(EscalationRow(thread_id=row.thread_id, unit=row.unit, step=code, at=node.now()))
        _tell(session, node, row, percent)
        raised += 1
    return raised


def _tell(session: Session, node: Node, row: ThreadRow, percent: int) -> None:
    message = session.get_one(MessageRow, row.opening)
    owner = message.assignee or message.author
    audience = {
        50: alerts.owner(owner) if owner else alerts.DUTY,
        75: alerts.HEAD,
        90: alerts.DUTY,
        100: alerts.HEAD,
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
    )
    causes = {Collection.ALARM: Cause.NOT_COLLECTED, Collection.WARNING: Cause.NOT_COLLECTED_24H}
    raised = 0
    for delivery, message in waiting:
        cause = causes.get(courier.collection(node.now(), message.accepted, State(delivery.state)))
        if cause is not None:
            audience = alerts.owner(message.author) if message.author else alerts.DUTY
            subject = f"{message.message_id}/{delivery.unit}"
            raised += alerts.raise_alert(session, node, Raised(cause, subject, audience, message.message_id))
    return raised

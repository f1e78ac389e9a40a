"""What a person must acknowledge: an urgent arrival, an escalation, a message nobody collects, an alarm of the courier.

An alert is raised once for a cause and its subject, is shown and sent out until somebody acknowledges it, and never
names content. The acknowledgement is logged with who gave it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from exchange import courier
from exchange.policy.facts import Action
from nodes import channels, log
from nodes.errors import NotFound, OutOfStep
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.tables import AlertRow
from nodes.views import Actor, Alert


class AlertState(StrEnum):
    """The states of an alert."""

    RAISED = "RAISED"
    ACKNOWLEDGED = "ACKNOWLEDGED"


class Cause(StrEnum):
    """Why an alert was raised; alarms of the courier keep their own codes."""

    URGENT = "URGENT"
    ESCALATION_50 = "ESCALATION_50"
    ESCALATION_75 = "ESCALATION_75"
    ESCALATION_90 = "ESCALATION_90"
    OVERDUE = "OVERDUE"
    NOT_COLLECTED = "NOT_COLLECTED"
    NOT_COLLECTED_24H = "NOT_COLLECTED_24H"
    REJECTED = "REJECTED"
    KEYS_ENDING = "KEYS_ENDING"
    RESEALED = "RESEALED"
    RESTORED = "RESTORED"
    CALLED = "CALLED"
    TASK_OVERDUE = "TASK_OVERDUE"
    FOLLOWS = "FOLLOWS"
    NOTICE = "NOTICE"
    LOG_FORKED = "LOG_FORKED"
    LOG_HELD_BACK = "LOG_HELD_BACK"
    LOG_UNHEARD = "LOG_UNHEARD"
    MAIL_WITHHELD = "MAIL_WITHHELD"
    UNIT_SILENT = "UNIT_SILENT"
    LOG_NOT_ANCHORED = "LOG_NOT_ANCHORED"
    LOG_SHORTENED = "LOG_SHORTENED"
    ANCHOR_MISSING = "ANCHOR_MISSING"
    DISK_SHORT = "DISK_SHORT"
    SIGNER_SILENT = "SIGNER_SILENT"
    LOG_DAMAGED = "LOG_DAMAGED"
    ROWS_DIFFER = "ROWS_DIFFER"
    CHANGED_ALONE = "CHANGED_ALONE"
    KEY_ALONE = "KEY_ALONE"
    FOREIGN_KEY = "FOREIGN_KEY"
    UNIT_KEY = "UNIT_KEY"
    UNIT_LET_IN = "UNIT_LET_IN"
    REVIEWS_DUE = "REVIEWS_DUE"
    HOLDS_LISTED = "HOLDS_LISTED"
    BREAK_GLASS = "BREAK_GLASS"
    BREAK_GLASS_DONE = "BREAK_GLASS_DONE"
    BREACH_DUE = "BREACH_DUE"
    BREACH_OVERDUE = "BREACH_OVERDUE"
    PROTECTION = "PROTECTION"
    RECALLED = "RECALLED"
    RECALL_SENT = "RECALL_SENT"
    RULES_ENDING = "RULES_ENDING"
    RULES_UNSIGNED = "RULES_UNSIGNED"


NEXT: Mapping[tuple[AlertState, str], AlertState] = MappingProxyType(
    {(AlertState.RAISED, "acknowledge"): AlertState.ACKNOWLEDGED}
)
"""The whole automaton; what is not in it is refused."""


def role(code: str) -> str:
    """Return the audience that is everybody with a role."""
    return f"role:{code}"


DUTY = role("SPOC_DUTY")
HEAD = role("SUPERVISOR")
ADMIN = role("NODE_ADMIN")
AUDITOR = role("AUDITOR")
PROTECTION = role("DPO")


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert to raise: why, about what (an id, never content), for whom; `outbound` also sends it out."""

    cause: str
    subject: str
    audience: str
    message_id: str | None = None
    outbound: bool = False


def owner(user_id: str) -> str:
    """Return the audience that is one account."""
    return f"user:{user_id}"


def raise_alert(session: Session, node: Node, alert: Raised) -> bool:
    """Raise `alert` unless it was raised before for this cause and subject; returns whether it is new."""
    if is_raised(session, alert.cause, alert.subject):
        return False
    now = node.now()
    session.add(
        AlertRow(
            alert_id=uuid.uuid4().hex,
            cause=alert.cause,
            subject=alert.subject,
            message_id=alert.message_id,
            audience=alert.audience,
            state=AlertState.RAISED,
            raised=now,
            acknowledged_by=None,
            acknowledged_at=None,
            notify_at=now if alert.outbound else None,
            notified=0,
            attempts=0,
        )
    )
    session.flush()
    return True


def is_raised(session: Session, cause: str, subject: str) -> bool:
    """Return whether an alarm was raised for this cause and subject and not taken back."""
    known = select(AlertRow.alert_id).where(AlertRow.cause == cause, AlertRow.subject == subject)
    return session.scalar(known) is not None


def clear(session: Session, cause: str, subject: str) -> None:
    """Take back an alarm whose cause has gone by itself, so that it can be raised again."""
    row = session.scalar(select(AlertRow).where(AlertRow.cause == cause, AlertRow.subject == subject))
    if row is not None:
        session.delete(row)


def keep(session: Session, node: Node, alert: Raised, *, on: bool) -> None:
    """Let `alert` stand exactly as long as its cause does."""
    if on:
        raise_alert(session, node, alert)
    else:
        clear(session, alert.cause, alert.subject)


def open_alerts(session: Session, actor: Actor) -> tuple[Alert, ...]:
    """Return what waits for `actor` to acknowledge, the oldest first."""
    rows = session.scalars(_for(actor).where(AlertRow.state == AlertState.RAISED).order_by(AlertRow.raised))
    return tuple(_view(row) for row in rows)


def count_open(session: Session, actor: Actor) -> int:
    """Return how many alerts wait for `actor`."""
    waiting = _for(actor).where(AlertRow.state == AlertState.RAISED).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def acknowledge(session: Session, node: Node, actor: Actor, alert_id: str) -> None:
    """Take note of an alert, so that it is not shown or sent out any more; raises `Denied`, `NotFound`, `OutOfStep`."""
    if not (allowed(actor, Action.ADMINISTER_KEYS) or allowed(actor, Action.READ_LOG)):
        require(actor, Action.ACKNOWLEDGE)
    row = session.scalar(_for(actor).where(AlertRow.alert_id == alert_id).with_for_update())
    if row is None:
        raise NotFound
    after = NEXT.get((AlertState(row.state), "acknowledge"))
    if after is None:
        raise OutOfStep
    row.state, row.acknowledged_by, row.acknowledged_at, row.notify_at = after, actor.user_id, node.now(), None
    act = log.Act(operation="CONSULT", actor=actor.user_id, message_id=row.message_id, codes=("ALERT", row.cause))
    log.record(session, node, act)


def notify(node: Node, jitter: int) -> int:
    """Send out that alerts wait, if any is due, and say when next; returns how many alerts it spoke of.

    The channel is used between two transactions, so a slow one holds nothing.
    """
    now = node.now()
    with node.db.read() as session:
        due = session.scalars(select(AlertRow.alert_id).where(AlertRow.notify_at <= now)).all()
    if not due or not channels.configured(node.settings):
        return 0
    try:
        channels.send(node.settings, len(due))
    except channels.ChannelFailed:
        _plan(node, due, jitter, sent=False)
        return 0
    _plan(node, due, jitter, sent=True)
    return len(due)


def _plan(node: Node, alert_ids: Sequence[str], jitter: int, *, sent: bool) -> None:
    """Repeat until acknowledged: at the set interval after a success, with back-off after a failure."""
    now = node.now()
    with node.db.write() as session:
        waiting = select(AlertRow).where(AlertRow.alert_id.in_(alert_ids), AlertRow.notify_at.is_not(None))
        count = 0
        for row in session.scalars(waiting):
            count += 1
            row.attempts = 0 if sent else row.attempts + 1
            row.notified += 1 if sent else 0
            row.notify_at = now + (node.settings.alert_repeat if sent else courier.pause(row.attempts, jitter))
        log.record(session, node, log.Act(operation="SEND", codes=("ALERT",), count=count, denied=not sent))


def _for(actor: Actor) -> Select[AlertRow]:
    audiences = [owner(actor.user_id), *(role(code) for code in sorted(actor.roles))]
    return select(AlertRow).where(or_(*(AlertRow.audience == audience for audience in audiences)))


def _view(row: AlertRow) -> Alert:
    return Alert(
        row.alert_id,
        row.cause,
        row.subject,
        row.message_id,
        row.audience,
        row.state,
        row.raised,
        row.acknowledged_by,
        row.acknowledged_at,
        row.notified > 0,
    )

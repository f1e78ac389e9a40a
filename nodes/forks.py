"""Two histories of one log: both signed notes are kept for good, and people are alarmed until they acknowledge it.

The notes prove the contradiction by themselves: the same keys signed two trees that cannot be one. Nothing is decided
here about who is right; the node keeps to what it accepted first.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes import alerts, log
from nodes.alerts import Cause, Raised
from nodes.node import Node
from nodes.watch_tables import ForkRow


@dataclass(frozen=True, slots=True)
class Fork:
    """The note that we hold, one that contradicts it, and who showed it: the origin of the log, or a unit's id."""

    log_id: str
    told_by: str
    held: bytes
    other: bytes


def keep(node: Node, fork: Fork) -> bool:
    """Keep both notes, log the find and raise the alarms, in a transaction of its own; returns whether it is new."""
    with node.db.write() as session:
        if session.get(ForkRow, (fork.log_id, fork.told_by)) is not None:
            return False
        session.add(
            ForkRow(log_id=fork.log_id, told_by=fork.told_by, held=fork.held, other=fork.other, found=node.now())
        )
        for audience in (alerts.ADMIN, alerts.AUDITOR, alerts.DUTY):
            subject = f"{fork.log_id} {fork.told_by} {audience}"
            alerts.raise_alert(session, node, Raised(Cause.LOG_FORKED, subject, audience, outbound=True))
        log.record(session, node, log.Act(operation="AUDIT_ACCESS", codes=("LOG_FORKED",), denied=True))
    node.changed.bump()
    return True


def found(session: Session) -> tuple[Fork, ...]:
    """Every contradiction that was found, the oldest first."""
    rows = session.scalars(select(ForkRow).order_by(ForkRow.found, ForkRow.told_by))
    return tuple(Fork(row.log_id, row.told_by, row.held, row.other) for row in rows)

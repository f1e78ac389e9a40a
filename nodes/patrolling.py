"""The node's own check of its log while it runs: every minute some tiles of entries, and the rows beside them.

What is wrong is an alarm for administrator and auditor until it is good again. The node goes on with its work; its log
is not signed, and so not anchored, while the tree is damaged (protocol.md §9.22).
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from audit import damages, patrol
from audit.audit_entries import Parsed
from audit.audit_findings import Findings
from audit.damages import Damage
from audit.patrol import Look, Patrol
from nodes import alerts
from nodes.alerts import Cause, Raised
from nodes.audit_rows import NodeRows
from nodes.node import Node

EVERY = 60
"""Seconds between two rounds."""

_log = structlog.get_logger("nodes.patrol")


def step(node: Node) -> bool:
    """Do a round if a minute has passed since the last; returns whether something is damaged."""
    log_id, now = node.log.log_id, node.now()
    with node.db.read() as session:
        stands = damages.read_patrol(session.connection(), log_id)
        known = damages.read_damage(session.connection(), log_id)
    if now < stands.at + EVERY:
        return bool(known)
    done = patrol.walk(lambda start: _look(node, start), stands.next, [one.start for one in known])
    if not done.looks:
        return False
    with node.db.write() as session:
        new = patrol.keep(session.connection(), log_id, done, now)
        left = damages.read_damage(session.connection(), log_id)
        _settle(session, node, known, left)
    for one in new:
        _log.error("log damaged", start=one.start, code=one.code, found=one.text)
    if known != left:
        node.changed.bump()
    return bool(left)


def _look(node: Node, start: int) -> Look | None:
    def beside(connection: Connection, findings: Findings, parsed: Sequence[Parsed]) -> None:
        NodeRows(Session(connection), findings, node.log, node.store.kek).take(parsed)

    with node.db.read() as session:
        return Patrol(node.log, beside).look(session.connection(), start)


def _settle(session: Session, node: Node, known: Sequence[Damage], left: Sequence[Damage]) -> None:
    """Raise an alarm for each place that is damaged, and take back those of places that are good again."""
    for one, on in (*((one, False) for one in known if one not in left), *((one, True) for one in left)):
        cause = Cause.LOG_DAMAGED if one.of_tree else Cause.ROWS_DIFFER
        for audience in (alerts.ADMIN, alerts.AUDITOR):
            subject = f"{one.code} {one.start} {audience}"
            if on:
                raised = Raised(cause, subject, audience, outbound=audience == alerts.ADMIN)
                alerts.raise_alert(session, node, raised)
            else:
                alerts.clear(session, cause, subject)

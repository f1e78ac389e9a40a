"""What an auditor of the unit sees: the acts in the node's own log, without content, each proven against the head.

Looking is itself an act and is logged. Opening a case to an auditor needs two people and is not possible here.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.errors import AuditError
from audit.merkle import verify_inclusion
from audit.store import Head
from crypto.merkle_hash import leaf_hash
from nodes import log
from nodes.node import Node
from nodes.permissions import Action, require
from nodes.tables import EventRow
from nodes.views import Actor

PAGE = 25


@dataclass(frozen=True, slots=True)
class LoggedAct:
    """One entry of the log: what, when and by whom; `proven` says that its bytes lead to the root of the head."""

    index: int
    operation: str
    at: int
    actor: str | None
    leaf: str
    proven: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, newest first, and the head they were proven against; `older` is where the next page starts, or None."""

    entries: tuple[LoggedAct, ...]
    size: int
    root: str
    older: int | None


def page(session: Session, node: Node, actor: Actor, before: int | None) -> LogPage:
    """Return the newest entries below index `before`, and log that they were looked at; raises `Denied`."""
    require(actor, Action.READ_LOG)
    head = node.log.head(session)
    start = head.size if before is None else min(before, head.size)
    query = select(EventRow).where(EventRow.index < start).order_by(EventRow.index.desc()).limit(PAGE)
    entries = tuple(_proven(session, node, head, row) for row in session.scalars(query))
    log.record(session, node, log.by(actor, "AUDIT_ACCESS"))
    older = entries[-1].index if entries and entries[-1].index > 0 else None
    return LogPage(entries, head.size, head.root.hex(), older)


def _proven(session: Session, node: Node, head: Head, row: EventRow) -> LoggedAct:
    """Hash the stored bytes again and climb to the root; a failure is shown, not hidden."""
    try:
        leaf = leaf_hash(node.log.entry(session, row.index))
        path = node.log.inclusion(session, row.index, head.size)
        verify_inclusion(leaf, row.index, head.size, path, head.root)
    except AuditError:
        return LoggedAct(row.index, row.operation, row.at, row.actor, "", proven=False)
    return LoggedAct(row.index, row.operation, row.at, row.actor, leaf.hex(), proven=True)

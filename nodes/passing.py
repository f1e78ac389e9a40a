"""Passes notices on to the units that they are owed to, by the node itself: no officer has to remember whom he told.

A unit that cannot be sealed to now (suspended, without a key or an agreement) is tried again with every turn of the
timers, and stands with its age until it was reached.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes import checking, outbox, storing, unattended
from nodes.errors import NotFound
from nodes.grant_tables import PassingRow
from nodes.node import Node
from nodes.work import Work
from schemas.content import Content
from schemas.trust import Directory


def run(node: Node) -> int:
    """Send on every notice that can be sent now; returns how many units it went to."""
    return unattended.run(node, _owed, _pass_all)


def _owed(session: Session, _node: Node) -> Mapping[str, Sequence[PassingRow]]:
    """Return what was not passed on yet, by notice."""
    found: dict[str, list[PassingRow]] = {}
    for row in session.scalars(select(PassingRow).where(PassingRow.passed.is_(None)).order_by(PassingRow.since)):
        found.setdefault(row.notice, []).append(row)
    return found


def _pass_all(work: Work, directory: Directory, owed: Mapping[str, Sequence[PassingRow]]) -> int:
    passed = 0
    for notice, rows in owed.items():
        message = work.messages.one(notice)
        if message is None:
            continue
        case = work.case(message.case_id)
        try:
            content = storing.content_of(work.node, case, work.whole(message))
        except NotFound:  # erased before everybody could be told; who was not stays on the list
            continue
        ready = [row for row in rows if _reachable(work.node, content, row.unit)]
        if ready:
            units = tuple(row.unit for row in ready)
            copy = _copy(content, unattended.message(work.node, directory, content.declared, units))
            outbox.seal_and_queue(work, directory, copy, case)
            for row in ready:
                row.passed = copy.msg_id
            passed += len(ready)
    return passed


def _reachable(node: Node, content: Content, unit: str) -> bool:
    return checking.obstacle(node, content.declared, content.label("classification"), unit) is None


def _copy(notice: Content, members: Mapping[str, object]) -> Content:
    """Return the notice as a message of this unit, which stands for having given its items to these units."""
    return notice.model_copy(update={**members, "thread_id": members["msg_id"]})

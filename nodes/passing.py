"""Passes notices on to the units that they are owed to, by the node itself: no officer has to remember whom he told.

A unit that cannot be sealed to now (suspended, without a key or an agreement) is tried again with every turn of the
timers, and stands with its age until it was reached.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes import checking, drafts, log, outbox, restored, storing
from nodes.errors import DirectoryTooOld, NotFound, NotReady
from nodes.grant_tables import PassingRow
from nodes.node import Node
from nodes.work import Work
from schemas.content import Author, Content, Recipient
from schemas.trust import Directory

NAME = "Serai"
"""The author's name of what a node sends by itself."""


def run(node: Node) -> int:
    """Send on every notice that can be sent now; returns how many units it went to."""
    with node.db.read() as session:
        if not _owed(session):
            return 0
    try:
        directory = node.sealing_directory()
        with node.db.write() as session:
            restored.check_may_seal(session)
            passed = _pass_all(Work(session, node), directory, _owed(session))
    except (DirectoryTooOld, NotReady):
        return 0
    if passed:
        node.changed.bump()
    return passed


def _owed(session: Session) -> Mapping[str, Sequence[PassingRow]]:
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
            copy = _copy(work.node, directory, content, [row.unit for row in ready])
            outbox.seal_and_queue(work, directory, copy, case)
            for row in ready:
                row.passed = copy.msg_id
            passed += len(ready)
    work.finish()
    return passed


def _reachable(node: Node, content: Content, unit: str) -> bool:
    return checking.obstacle(node, content.declared, content.label("classification"), unit) is None


def _copy(node: Node, directory: Directory, notice: Content, units: Iterable[str]) -> Content:
    """Return the notice as a message of this unit, which stands for having given its items to these units."""
    now = node.now()
    number = drafts.message_id(now)
    agency = next(one for one in directory.unit(node.unit).agencies if one in notice.declared.senders)
    return notice.model_copy(
        update={
            "msg_id": number,
            "thread_id": number,
            "partner_case_refs": (),
            "author": Author(unit=node.unit, agency=agency, officer=log.SYSTEM, name=NAME),
            "recipients": tuple(Recipient(unit=unit, role="TO") for unit in sorted(units)),
            "created_at": now,
            "sent_at": now,
        }
    )

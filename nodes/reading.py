"""Cases as a whole: the list, one case with its timeline, and the search in what one may read. Every look is logged.

The timeline is made of the log's own events and of receipts; nothing is written twice to show it.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Executable, Select, func, or_, select, union
from sqlalchemy.orm import Session, defer

from exchange.policy.facts import Act, Action
from nodes import cases as of_cases
from nodes import fates, inbox, judging, log, restrictions, rows, storing
from nodes.errors import BadInput
from nodes.judging import Wish
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.retention_errors import Expired
from nodes.tables import CaseRow, EventRow, MemberRow, MessageRow, ReceiptRow, ThreadRow
from nodes.views import Actor, CaseDetail, InboxRow, TimelineEntry
from nodes.views import CaseRow as CaseLine

MOST_CASES = 500
MOST_SEARCHED = 5000
MOST_FOUND = 200
SHORTEST_SEARCH = 3


def cases(session: Session, node: Node, actor: Actor) -> tuple[CaseLine, ...]:
    """Return the cases that `actor` may read, last changed first."""
    require(actor, Action.READ_OWN)
    chosen = select(CaseRow).where(CaseRow.wrapped_key.is_not(None)).order_by(CaseRow.updated.desc())
    if not allowed(actor, Action.READ_ANY):
        member = select(MemberRow.case_id).where(MemberRow.user_id == actor.user_id)
        opened = judging.opened_by(actor, node.now())
        chosen = chosen.where(or_(CaseRow.case_id.in_(member), CaseRow.case_id.in_(opened)))
    found = session.scalars(chosen.limit(MOST_CASES)).all()
    standings = judging.standings(session, node, actor, [row.case_id for row in found])
    return _lines(session, node, [row for row in found if judging.reads_case(node, actor, standings[row.case_id])])


def case(session: Session, node: Node, actor: Actor, case_ref: str) -> CaseDetail:
    """Return a case with its messages and timeline, and log the look; raises `NotFound`."""
    row = of_cases.by_ref(session, case_ref)
    of_cases.require_read(session, node, actor, row.case_id)
    if fates.is_expired(row, node.now()):
        raise Expired
    log.record(session, node, replace(log.by(actor, "CONSULT"), case=row, codes=("CASE",)))
    session.flush()
    chosen = select(MessageRow).where(MessageRow.case_id == row.case_id).options(defer(MessageRow.envelope))
    found = session.scalars(chosen.order_by(MessageRow.stored, MessageRow.message_id)).all()
    return CaseDetail(
        row.case_ref,
        row.opened,
        of_cases.members(session, row.case_id),
        rows.views(session, node, actor, found),
        _timeline(session, row),
    )


def search(session: Session, node: Node, actor: Actor, words: str, reason: str) -> tuple[InboxRow, ...]:
    """Return the messages of one's own lists whose content has all the words, newest first; logged with the reason."""
    require(actor, Action.SEARCH)
    wanted = [word.casefold() for word in words.split()]
    if len(words.strip()) < SHORTEST_SEARCH or not reason.strip():
        raise BadInput("words or reason")
    act = replace(log.by(actor, "SEARCH"), subject=words, justification=reason)
    log.record(session, node, act)
    chosen = select(MessageRow).where(inbox.visible(actor)).order_by(MessageRow.stored.desc()).limit(MOST_SEARCHED)
    found = [row for row in session.scalars(chosen) if _matches(session, node, actor, row, wanted)]
    return rows.views(session, node, actor, found[:MOST_FOUND])


def _matches(session: Session, node: Node, actor: Actor, row: MessageRow, wanted: list[str]) -> bool:
    case_row = of_cases.of(session, row.case_id)
    if not storing.is_readable(case_row, row, node.now()):
        return False
    text = storing.plain_of(node, case_row, row).decode().casefold()
    return all(word in text for word in wanted) and _may_be_shown(session, node, actor, case_row, row)


def _may_be_shown(session: Session, node: Node, actor: Actor, case_row: CaseRow, row: MessageRow) -> bool:
    subject = judging.subject(session, node, actor, row, storing.content_of(node, case_row, row).labels)
    wish = Wish(Act.READ, text_confirmed=restrictions.confirmed(session, actor, row.message_id))
    return judging.reads_case(node, actor, subject.standing) and judging.decide(node, actor, subject, wish).allowed


def _lines(session: Session, node: Node, found: Sequence[CaseRow]) -> tuple[CaseLine, ...]:
    """The lines of cases, counted by the database for all of them at once."""
    case_ids = [row.case_id for row in found]
    counted = select(MessageRow.case_id, func.count()).where(MessageRow.case_id.in_(case_ids))
    messages = _numbers(session, counted.group_by(MessageRow.case_id))
    owed = _numbers(session, inbox.open_threads(case_ids))
    units = union(
        select(MessageRow.case_id, MessageRow.sender).where(MessageRow.case_id.in_(case_ids)),
        select(ThreadRow.case_id, ThreadRow.unit).where(ThreadRow.case_id.in_(case_ids)),
    )
    others = _named(session, units)
    members = _named(session, select(MemberRow.case_id, MemberRow.user_id).where(MemberRow.case_id.in_(case_ids)))
    return tuple(
        CaseLine(
            row.case_ref,
            row.opened,
            row.updated,
            messages.get(row.case_id, 0),
            owed.get(row.case_id, 0),
            tuple(sorted(members.get(row.case_id, ()))),
            tuple(sorted(others.get(row.case_id, set()) - {node.unit})),
        )
        for row in found
    )


def _numbers(session: Session, query: Select[str, int]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _named(session: Session, query: Executable) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {}
    for case_id, name in session.execute(query):
        named.setdefault(case_id, set()).add(name)
    return named


def _timeline(session: Session, row: CaseRow) -> tuple[TimelineEntry, ...]:
    """What we did (log events) and what others proved (receipts), in the order of time."""
    events = session.scalars(select(EventRow).where(EventRow.case_id == row.case_id))
    acts = [
        TimelineEntry(one.at, one.operation, one.actor, None, one.message_id, None, one.index, {}) for one in events
    ]
    proofs = session.execute(
        select(ReceiptRow, MessageRow.message_id)
        .join(MessageRow, MessageRow.eid == ReceiptRow.eid)
        .where(MessageRow.case_id == row.case_id)
    )
    receipts = [
        TimelineEntry(one.time, one.type, None, one.unit, message_id, one.origin, None, {})
        for one, message_id in proofs
    ]
    return tuple(sorted((*acts, *receipts), key=_order))


_WAY = ("SUBMITTED", "RELAYED", "DELIVERED", "OPENED")
"""The way of a message: receipts of one second are shown in this order."""


def _order(one: TimelineEntry) -> tuple[int, bool, int]:
    if one.log_index is not None:
        return one.at, False, one.log_index
    return one.at, True, _WAY.index(one.what) if one.what in _WAY else len(_WAY)

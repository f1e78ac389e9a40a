"""What continues an exchange belongs at once to whoever owns that exchange, and nobody has to assign it again.

Where this unit was asked, that is the owner of the request; where it asked, whoever last had an arrival of the
exchange, or else its author. While he is absent his deputy gets it. Somebody whose account has ended, or who may own
nothing, gets nothing: it waits to be taken.
"""

import uuid
from dataclasses import dataclass, replace

from nodes import absences, alerts, log, visits
from nodes.account_tables import UserRow
from nodes.accounts import may_own, roles_of
from nodes.alerts import Cause, Raised
from nodes.duty import How
from nodes.tables import AssignmentRow, CaseRow, MemberRow, MessageRow
from nodes.work import Work
from schemas.content import Content


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who gets an arrival, how, from whom if somebody is represented, and by whose word."""

    how: How
    to_user: str
    by_user: str = log.SYSTEM
    from_user: str | None = None


def follow(work: Work, content: Content, case: CaseRow) -> None:
    """Give an arrival that was just stored to the owner of its exchange or his deputy, and tell him; or to nobody."""
    message, owner = work.messages.one(content.msg_id), _owner(work, content)
    hand = _hand(work, content, owner, message) if owner is not None and message is not None else None
    if message is None or hand is None:
        return
    now, message.assignee = work.node.now(), hand.to_user
    work.add(
        AssignmentRow(
            assignment_id=uuid.uuid4().hex,
            message_id=message.message_id,
            ordinal=0,
            how=hand.how,
            by_user=hand.by_user,
            to_user=hand.to_user,
            from_user=hand.from_user,
            at=now,
            ended=None,
            note_sealed=None,
        )
    )
    _let_in(work, case, hand.to_user)
    act = log.Act(operation="ASSIGN", case=case, message_id=message.message_id, eid=message.eid, subject=hand.to_user)
    work.record(replace(act, codes=(hand.how.value,)))
    work.alert(Raised(Cause.FOLLOWS, message.message_id, alerts.owner(hand.to_user), message.message_id))


def _hand(work: Work, content: Content, owner: str, message: MessageRow) -> _Hand | None:
    """The owner, if he is there; else his deputy, if he has one whom the rules let read it."""
    if not absences.is_away(work.session, work.node.now(), owner):
        return _Hand(How.FOLLOWS, owner) if _is_there(work, owner) else None
    deputy = absences.stands_in(work.session, work.node, owner)
    if deputy is None or not absences.may_get(work, deputy, message, content):
        return None
    return _Hand(How.STAND_IN, deputy.user_id, by_user=owner, from_user=owner)


def _owner(work: Work, content: Content) -> str | None:
    opening = work.messages.one(content.thread_id)
    if opening is None or content.in_reply_to is None or work.node.unit not in content.to:
        return None
    if opening.direction == "IN":
        return opening.assignee
    had = [row for row in work.by_thread.read([content.thread_id]) if row.assignee is not None]
    return max(had, key=_place).assignee if had else opening.author


def _place(row: MessageRow) -> tuple[int, str]:
    return row.stored, row.message_id


def _is_there(work: Work, user_id: str) -> bool:
    user = work.session.get(UserRow, user_id)
    usable = user is not None and visits.usable(user, work.node.now())
    return usable and any(map(may_own, roles_of(work.session, user_id)))


def _let_in(work: Work, case: CaseRow, user_id: str) -> None:
    """Let somebody work on a case that may itself be new in this transaction."""
    named = (case.case_id, user_id)
    added = {(row.case_id, row.user_id) for row in work.added(MemberRow)}
    if named not in added and work.session.get(MemberRow, named) is None:
        work.add(MemberRow(case_id=case.case_id, user_id=user_id, since=work.node.now()))

"""Pushing: the outbox goes to the hub in the order of its numbers, and every answer is stored before the next.

An unanswered request is unknown and is repeated; the hub answers a repetition with the first receipt, byte for byte
(protocol.md §6.6, §7.2). An envelope stays in the outbox until every recipient is final, so a restored hub is refilled.
What was sealed under a key that ended before the hub had it is sealed anew (§7.8).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exchange import courier
from exchange.courier import Alarm, Answer, Chain, Expected, Line, Push, Pushed
from exchange.errors import EarlyNumber, Equivocation, IdTaken, KeyEnded
from nodes import alerts, log, receipts, resealing, restored, upkeep
from nodes.alerts import Raised
from nodes.errors import AnswerRefused, HubUnreachable
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.receipts import Evidence
from nodes.tables import MessageRow, OutboxRow

QUEUED = "QUEUED"
ACCEPTED = "ACCEPTED"
REFUSED = "REFUSED"
FINAL = "FINAL"
_PATIENT = range(500, 600)
_FORKS = frozenset({IdTaken.code, Equivocation.code})
_EXPECTING = {EarlyNumber.code: Answer.EARLY, KeyEnded.code: Answer.KEY_ENDED}


@dataclass(frozen=True, slots=True)
class _Offer:
    """One envelope to be pushed."""

    seq: int
    eid: str
    message_id: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came back for it, after everything signed in it was verified."""

    offer: _Offer
    answer: Answer
    evidence: Evidence | None = None
    expected: Expected | None = None


def step(node: Node, client: HubClient, line: Line, pool: ThreadPoolExecutor | None) -> int:
    """Push what may go now and store every answer; returns how many were settled.

    With a `pool` the window goes in parallel, without one in order. Raises `HubUnreachable` if the hub must be given
    time: no usable answer, or one that only a person can resolve (an alarm is then raised).
    """
    restored.catch_up(node, client)
    offers = _offers(node, line)
    if pool is None or len(offers) < 2:
        replies = [_ask(node, client, offer) for offer in offers[:1]]
    else:
        replies = list(pool.map(lambda offer: _ask(node, client, offer), offers))
    if any(reply.answer is Answer.KEY_ENDED for reply in replies):
        upkeep.refresh(node, client)
    settled = 0
    for reply in sorted(replies, key=lambda reply: reply.offer.seq):
        pushed = _store(node, reply)
        if pushed.act in {Push.ACCEPT, Push.REFUSE}:
            settled += 1
        elif pushed.act is Push.RESEAL or (pushed.act is Push.RESEND and settled == 0):
            return settled + 1
        elif pushed.act in {Push.RETRY, Push.HALT} and settled == 0:
            raise HubUnreachable(pushed.alarm.value if pushed.alarm else "no answer")
    return settled


def _offers(node: Node, line: Line) -> list[_Offer]:
    with node.db.read() as session:
        queued = session.scalars(
            select(OutboxRow.seq).where(OutboxRow.state == QUEUED).order_by(OutboxRow.seq).limit(courier.WINDOW_LARGEST)
        ).all()
        chosen = courier.to_send(node.now(), line, queued)
        rows = session.execute(
            select(OutboxRow.seq, OutboxRow.eid, OutboxRow.message_id, MessageRow.envelope)
            .join(MessageRow, MessageRow.message_id == OutboxRow.message_id)
            .where(OutboxRow.seq.in_(chosen))
            .order_by(OutboxRow.seq)
        )
        return [_Offer(*row) for row in rows]


def _ask(node: Node, client: HubClient, offer: _Offer) -> _Reply:
    try:
        posted = client.post_message(offer.wire)
        if posted.receipt is not None:
            evidence = receipts.check_submitted(node.directory(), posted.receipt, offer.wire, offer.eid)
            return _Reply(offer, Answer(evidence.receipt.type), evidence)
    except (AnswerRefused, HubUnreachable):
        return _Reply(offer, Answer.NOTHING)
    problem = posted.problem
    if problem is None or problem.status in _PATIENT or problem.status == 429:
        return _Reply(offer, Answer.NOTHING)
    if problem.code in _EXPECTING:
        return _Reply(offer, _EXPECTING[problem.code], expected=problem.expected())
    return _Reply(offer, Answer.TAKEN if problem.code in _FORKS else Answer.JUNK)


def _store(node: Node, reply: _Reply) -> Pushed:
    """Store one answer in one transaction. If we die before it, the envelope is offered again and answered the same."""
    with node.db.write() as session:
        row = session.get(OutboxRow, reply.offer.seq, with_for_update=True)
        if row is None or row.eid != reply.offer.eid:
            return Pushed(Push.RETRY)  # it was sealed anew meanwhile, and the answer is about the old seal
        chain = _chain(session) if reply.expected is not None else Chain({}, 0)
        pushed = courier.answered(reply.offer.seq, reply.answer, reply.expected, chain)
        if pushed.act is Push.RESEAL and not resealing.may(session, node, pushed.again_from):
            pushed = Pushed(Push.HALT, alarm=Alarm.SIGNING_KEY_ENDED)
        if reply.evidence is not None:
            row.state = ACCEPTED if pushed.act is Push.ACCEPT else REFUSED
            row.accepted = reply.evidence.receipt.time
            receipts.store(session, node, reply.evidence)
            _record(session, node, reply)
        if pushed.act is Push.RESEND:
            session.execute(update(OutboxRow).where(OutboxRow.seq >= pushed.again_from).values(state=QUEUED))
        if pushed.act is Push.RESEAL:
            resealing.anew(session, node, pushed.again_from)
        if pushed.alarm is not None:
            subject = node.unit if pushed.alarm is Alarm.SIGNING_KEY_ENDED else f"{reply.offer.seq}"
            alerts.raise_alert(session, node, Raised(pushed.alarm.value, subject, alerts.ADMIN, outbound=True))
    node.changed.bump()
    return pushed


def _chain(session: Session) -> Chain:
    rows = session.execute(select(OutboxRow.seq, OutboxRow.eid, OutboxRow.accepted)).all()
    eids = {seq: eid for seq, eid, _ in rows}
    return Chain(eids, max(eids, default=0) + 1, max((seq for seq, _, at in rows if at is not None), default=0))


def _record(session: Session, node: Node, reply: _Reply) -> None:
    message = session.get_one(MessageRow, reply.offer.message_id)
    act = log.Act(
        operation="SEND",
        case=receipts.case_of(session, message),
        message_id=message.message_id,
        eid=message.eid,
        denied=reply.answer is Answer.REFUSED,
        codes=("HUB",),
    )
    log.record(session, node, act)

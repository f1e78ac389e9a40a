"""Pushing: the outbox goes to the hub in the order of its numbers, a window at a time, and its answers are stored.

An unanswered request is unknown and is repeated; the hub answers a repetition with the first receipt, byte for byte
(protocol.md §6.6, §7.2). An envelope stays in the outbox until every recipient is final, so a restored hub is refilled.
What was sealed under a key that ended before the hub had it is sealed anew (§7.8).
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from exchange import courier
from exchange.courier import Alarm, Answer, Chain, Expected, Line, Push, Pushed
from exchange.errors import EarlyNumber, Equivocation, IdTaken, KeyEnded
from nodes import alerts, log, receipts, resealing, restored, upkeep
from nodes.alerts import Raised
from nodes.errors import HubUnreachable
from nodes.hub_client import HubClient, Posted
from nodes.node import Node
from nodes.receipts import Batches, Evidence
from nodes.tables import MessageRow, OutboxRow, VoidRow
from nodes.work import Work
from schemas.trust import KeyUnknown

QUEUED = "QUEUED"
ACCEPTED = "ACCEPTED"
REFUSED = "REFUSED"
FINAL = "FINAL"
_PATIENT = range(500, 600)
_QUEUED = (
    select(OutboxRow.seq, OutboxRow.eid, OutboxRow.message_id, func.coalesce(MessageRow.envelope, VoidRow.envelope))
    .outerjoin(MessageRow, MessageRow.message_id == OutboxRow.message_id)
    .outerjoin(VoidRow, VoidRow.eid == OutboxRow.eid)
    .where(OutboxRow.state == QUEUED)
    .order_by(OutboxRow.seq)
    .limit(bindparam("window"))
)
_SETTLED = frozenset({Push.ACCEPT, Push.REFUSE})
_AGAIN = frozenset({Push.RESEND, Push.RESEAL})
_FORKS = frozenset({IdTaken.code, Equivocation.code})
_EXPECTING = {EarlyNumber.code: Answer.EARLY, KeyEnded.code: Answer.KEY_ENDED}


@dataclass(frozen=True, slots=True)
class _Offer:
    """One envelope to be pushed."""

    seq: int
    eid: str
    message_id: str | None
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
    with node.db.read() as session:
        restoring, offers = restored.unfinished(session), _offers(session, node, line)
    if restoring:
        restored.catch_up(node, client)
        with node.db.read() as session:
            offers = _offers(session, node, line)
    if not offers:
        return 0
    if pool is None:
        offers = offers[:1]
    posted = [_post(client, offers[0])] if pool is None or len(offers) < 2 else _post_all(client, offers, pool)
    batches = Batches()
    replies = [_reply(node, offer, answer, batches) for offer, answer in zip(offers, posted, strict=True)]
    if any(reply.answer is Answer.KEY_ENDED for reply in replies):
        upkeep.refresh(node, client)
    decided = _store(node, replies)
    settled = sum(pushed.act in _SETTLED for pushed in decided)
    if settled == 0 and decided[0].act not in _AGAIN:
        raise HubUnreachable(decided[0].alarm.value if decided[0].alarm else "no answer")
    return max(settled, 1)


def _offers(session: Session, node: Node, line: Line) -> list[_Offer]:
    queued = {row.seq: _Offer(*row) for row in session.connection().execute(_QUEUED, {"window": line.window})}
    return [queued[seq] for seq in courier.to_send(node.now(), line, tuple(queued))]


def _post_all(client: HubClient, offers: Sequence[_Offer], pool: ThreadPoolExecutor) -> list[Posted | None]:
    """Offer a window: each envelope leaves once the one before has left, and nobody waits for another's answer."""
    left = [threading.Event() for _ in offers]

    def post(at: int) -> Posted | None:
        if at:
            left[at - 1].wait()
        try:
            return _post(client, offers[at], left[at].set)
        finally:
            left[at].set()

    return list(pool.map(post, range(len(offers))))


def _post(client: HubClient, offer: _Offer, sent: Callable[[], None] | None = None) -> Posted | None:
    try:
        return client.post_message(offer.wire, sent)
    except HubUnreachable:
        return None


def _reply(node: Node, offer: _Offer, posted: Posted | None, batches: Batches) -> _Reply:
    """Judge an answer; what was signed for several envelopes of a window is verified once."""
    if posted is None:
        return _Reply(offer, Answer.NOTHING)
    if posted.receipt is not None:
        try:
            evidence = receipts.check_submitted(node.directory(), posted.receipt, offer.wire, offer.eid, batches)
        except KeyUnknown:
            node.directory_due.set()
            return _Reply(offer, Answer.NOTHING)
        except HubUnreachable:
            return _Reply(offer, Answer.NOTHING)
        return _Reply(offer, Answer(evidence.receipt.type), evidence)
    problem = posted.problem
    if problem is None or problem.status in _PATIENT or problem.status == 429:
        return _Reply(offer, Answer.NOTHING)
    if problem.code in _EXPECTING:
        return _Reply(offer, _EXPECTING[problem.code], expected=problem.expected())
    return _Reply(offer, Answer.TAKEN if problem.code in _FORKS else Answer.JUNK)


def _store(node: Node, replies: Sequence[_Reply]) -> list[Pushed]:
    """Store all answers in one transaction. If we die before it, the envelopes are offered again and answered the same.

    Returns the decisions in the order of the replies; none behind one that has everything from there on sealed anew.
    """
    with node.db.write() as session:
        work = Work(session, node)
        rows = {row.seq: row for row in _offered(work, replies)}
        messages = work.by_eid.read(reply.offer.eid for reply in replies)
        work.cases.read(message.case_id for message in messages)
        work.deliveries.read(message.message_id for message in messages)
        work.receipts.read(message.eid for message in messages)
        decided: list[Pushed] = []
        for reply in replies:
            decided.append(_decide(work, reply, rows.get(reply.offer.seq)))
            if decided[-1].act is Push.RESEAL:
                break
        work.finish()
        _again(session, node, replies, decided)
    node.changed.bump()
    return decided


def _offered(work: Work, replies: Sequence[_Reply]) -> list[OutboxRow]:
    voids = [reply.offer.seq for reply in replies if reply.offer.message_id is None]
    found = work.outbox.read(reply.offer.message_id for reply in replies if reply.offer.message_id is not None)
    if voids:
        found += work.session.scalars(select(OutboxRow).where(OutboxRow.seq.in_(voids)).with_for_update())
    return found


def _decide(work: Work, reply: _Reply, row: OutboxRow | None) -> Pushed:
    """Decide about one answer, and note what it proves."""
    if row is None or row.eid != reply.offer.eid:
        return Pushed(Push.RETRY)  # it was sealed anew meanwhile, and the answer is about the old seal
    node, seq = work.node, reply.offer.seq
    chain = _chain(work.session, reply.answer, reply.expected) if reply.expected is not None else Chain({}, 0)
    pushed = courier.answered(seq, reply.answer, reply.expected, chain)
    if pushed.act is Push.RESEAL and not resealing.may(work.session, node, pushed.again_from):
        pushed = Pushed(Push.HALT, alarm=Alarm.SIGNING_KEY_ENDED)
    if reply.evidence is not None:
        row.state = ACCEPTED if pushed.act is Push.ACCEPT else REFUSED
        row.accepted = reply.evidence.receipt.time
        receipts.store(work, reply.evidence)
        _record(work, reply)
    if pushed.alarm is not None:
        subject = node.unit if pushed.alarm is Alarm.SIGNING_KEY_ENDED else f"{seq}"
        work.alert(Raised(pushed.alarm.value, subject, alerts.ADMIN, outbound=True))
    return pushed


def _again(session: Session, node: Node, replies: Sequence[_Reply], decided: Sequence[Pushed]) -> None:
    """Queue again what the hub asked for, but for what it has accepted in the same window, a moment later."""
    if decided[-1].act is Push.RESEAL:
        resealing.anew(session, node, decided[-1].again_from)
    resend = [pushed.again_from for pushed in decided if pushed.act is Push.RESEND]
    if resend:
        settled = [one.offer.seq for one, pushed in zip(replies, decided, strict=False) if pushed.act in _SETTLED]
        behind = update(OutboxRow).where(OutboxRow.seq >= min(resend), OutboxRow.seq.not_in(settled))
        session.execute(behind.values(state=QUEUED))


def _chain(session: Session, answer: Answer, expected: Expected) -> Chain:
    """What the decision about an answer needs of our sequence, which may be long: the links around the number named."""
    near = select(OutboxRow.seq, OutboxRow.eid).where(OutboxRow.seq.in_((expected.seq - 1, expected.seq)))
    eids = {row.seq: row.eid for row in session.execute(near)}
    last = session.scalar(select(func.max(OutboxRow.seq))) or 0
    highest = select(func.max(OutboxRow.seq)).where(OutboxRow.accepted.is_not(None))
    return Chain(eids, last + 1, (session.scalar(highest) or 0) if answer is Answer.KEY_ENDED else 0)


def _record(work: Work, reply: _Reply) -> None:
    message = work.by_eid.one(reply.offer.eid)
    if message is None:
        return
    act = log.Act(
        operation="SEND",
        case=work.cases.one(message.case_id),
        message_id=message.message_id,
        eid=message.eid,
        denied=reply.answer is Answer.REFUSED,
        codes=("HUB",),
    )
    work.record(act)

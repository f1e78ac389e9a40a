"""Arrivals: what was examined is judged against what is stored, in the order of protocol.md §4, and then stored.

With it goes all that follows: sealed content, case, thread, receipt to be sent, alert, log leaf, in the work of the
caller's transaction. What cannot be opened is quarantined with its reason. To the outside every cryptographic failure
is one code; the finding itself stays in the local log.
"""

from collections.abc import Sequence

from exchange import courier
from exchange.courier import ARRIVALS, Finding, Take, Taken
from exchange.errors import Conflict
from exchange.pairs import Pair
from nodes import alerts, concerns, following, gaps, log, receipts, rights, storing, threads
from nodes.alerts import Cause, Raised
from nodes.answers import Frame, FrameKind
from nodes.errors import NotFound, OutOfStep
from nodes.opening import Examined, Message, Saying
from nodes.receipts import Evidence
from nodes.storing import Arrived, ArrivedVoid
from nodes.tables import QuarantineRow
from nodes.work import Work
from schemas import entries
from schemas.codes import table
from schemas.content import Content
from schemas.entries import MessageEntry
from schemas.errors import SchemaError

HELD = "HELD"
REJECTED = "REJECTED"


def read_ahead(work: Work, items: Sequence[Examined], *, fresh: bool) -> None:
    """Read with a few queries what judging and storing these items will ask for; `fresh` ones were never held."""
    (work.quarantine.lack if fresh else work.quarantine.read)(item.frame.index for item in items)
    messages = [item.message for item in items if item.message is not None]
    contents = [message.content for message in messages]
    proofs = [item.evidence.receipt.eid for item in items if item.evidence is not None]
    known = work.by_eid.read([*(item.entry.eid for item in items if item.entry is not None), *proofs])
    work.messages.know(known)
    work.read_threads([*(row.thread_id for row in known), *(one.thread_id for one in contents)])
    named = (name for one in contents for name in (one.msg_id, one.in_reply_to, one.thread_id) if name is not None)
    work.messages.read(named)
    work.by_place.read(
        (message.envelope.header.sender, message.opened.pair_seq + step) for message in messages for step in (-1, 0, 1)
    )
    said = [item.saying for item in items if item.saying is not None]
    envelopes = [message.envelope for message in messages] + [one.envelope for one in said]
    work.voids.read({envelope.header.sender for envelope in envelopes})
    work.receipts.read([*proofs, *(envelope.eid for envelope in envelopes)])
    work.deliveries.read([*(row.message_id for row in known), *(one.msg_id for one in contents)])
    work.outbox.read(row.message_id for row in known)
    work.cases.read(row.case_id for row in work.by_thread.read(one.thread_id for one in contents))


def take(work: Work, item: Examined) -> bool:
    """Take one item; returns whether it is held to be tried again."""
    if item.frame.kind is FrameKind.RECEIPT:
        return _take_receipt(work, item)
    finding, gap = _judge(work, item)
    taken = ARRIVALS[finding]
    _raise_alarm(work, item.frame, taken)
    if taken.take is Take.HOLD:
        _hold(work, item.frame, finding)
        return True
    if taken.take is Take.REJECT:
        _reject(work, item.frame, finding, taken)
        return False
    _release(work, item.frame)
    if taken.take is Take.STORE and item.entry is not None and item.message is not None:
        _store(work, item.frame, item.entry, item.message, gap=gap)
    elif taken.take is Take.STORE and item.saying is not None:
        said = item.saying
        storing.store_void(work, ArrivedVoid(item.frame.payload, said.envelope.eid, said.opened, said.void))
        receipts.make(work, said.envelope.eid, "DELIVERED")
    return False


def set_aside(work: Work, frame: Frame) -> bool:
    """Hold an item that could not be taken for a reason that nobody foresaw, so that it stops nothing behind it."""
    _raise_alarm(work, frame, ARRIVALS[Finding.UNFORESEEN])
    _hold(work, frame, Finding.UNFORESEEN)
    return True


def _raise_alarm(work: Work, frame: Frame, taken: Taken) -> None:
    if taken.alarm is not None:
        work.alert(Raised(taken.alarm.value, f"{frame.index}", alerts.ADMIN, outbound=True))


def _judge(work: Work, item: Examined) -> tuple[Finding, bool]:
    """Return the first thing that is wrong, and whether an earlier message of this sender is missing."""
    if item.entry is not None and work.by_eid.one(item.entry.eid) is not None:
        return Finding.SEEN, False
    if item.saying is not None:
        return _judge_void(work, item.saying), False
    if item.message is None:
        return item.finding, False
    opened, sender = item.message.opened, item.message.envelope.header.sender
    pair = Pair(opened.pair_seq, opened.pair_prev)
    gap = gaps.missing(work, sender, pair)
    if work.messages.one(item.message.content.msg_id) is not None:
        return Finding.ID_TAKEN, gap
    if gaps.taken(work, sender, pair.seq):
        return Finding.EQUIVOCATION, gap
    if not item.message.permitted:
        return Finding.KIND_FORBIDDEN, gap
    return _in_step(work, item.message.content, gap=gap), gap


def _judge_void(work: Work, said: Saying) -> Finding:
    sender, eid = said.envelope.header.sender, said.envelope.eid
    if any(void.eid == eid for void in gaps.of(work, sender)):
        return Finding.SEEN
    return Finding.EQUIVOCATION if gaps.taken(work, sender, said.opened.pair_seq) else Finding.GOOD


def _in_step(work: Work, content: Content, *, gap: bool) -> Finding:
    """The message says what it must, and is a step of its exchange; after a gap nobody can tell, and it is kept."""
    parent = work.messages.one(content.in_reply_to) if content.in_reply_to else None
    try:
        answered = None
        if parent is not None:
            answered = storing.content_of(work.node, work.case(parent.case_id), work.whole(parent))
            content.check(answered)
        if rights.lacking(work.node, content, answered.labels if answered is not None else {}):
            return Finding.KIND_FORBIDDEN
        threads.check_step(work, content)
        if concerns.objection(work, content) is not None:
            return Finding.OUT_OF_STEP
    except NotFound:
        return Finding.CASE_ERASED
    except OutOfStep:
        return Finding.OUT_OF_STEP
    except Conflict:
        return Finding.GOOD if gap else Finding.OUT_OF_STEP
    except SchemaError:
        return Finding.CONTENT_INVALID
    return Finding.GOOD


def _store(work: Work, frame: Frame, entry: MessageEntry, message: Message, *, gap: bool) -> None:
    """Store a message, and what it sets off: the receipt that starts the clock, and an alert if it is urgent."""
    content, eid = message.content, message.envelope.eid
    arrived = Arrived(frame.index, frame.payload, eid, message.opened, content, entry.time, gap)
    case = storing.store_arrival(work, arrived)
    threads.note_message(work, content, case)
    concerns.note(work, content, case)
    concerns.spread(work, content)
    receipts.make(work, eid, "DELIVERED")
    following.follow(work, content, case)
    if content.declared.protection:
        work.alert(Raised(Cause.PROTECTION, content.msg_id, alerts.PROTECTION, content.msg_id, outbound=True))
    elif table("urgency")[content.label("urgency")].extra["urgent"] and work.node.unit in content.to:
        work.alert(Raised(Cause.URGENT, content.msg_id, alerts.DUTY, content.msg_id, outbound=True))


def _take_receipt(work: Work, item: Examined) -> bool:
    if item.evidence is not None:
        _release(work, item.frame)
        _believe(work, item.evidence)
        return False
    if item.finding is Finding.BAD_SIGNATURE:
        _keep(work, item.frame, item.finding, REJECTED)
        return False
    _raise_alarm(work, item.frame, ARRIVALS[item.finding])
    _hold(work, item.frame, item.finding)
    return True


def _believe(work: Work, evidence: Evidence) -> None:
    receipts.store(work, evidence)
    threads.note_receipt(work, evidence.receipt)


def _hold(work: Work, frame: Frame, finding: Finding) -> None:
    row = _keep(work, frame, finding, HELD)
    row.retry_at = courier.retry_at(work.node.now(), row.attempts)
    row.attempts += 1


def _reject(work: Work, frame: Frame, finding: Finding, taken: Taken) -> None:
    """Keep it as evidence and tell the sender, with the one reason from the closed list."""
    row = _keep(work, frame, finding, REJECTED)
    if row.eid is not None:
        receipts.make(work, row.eid, "REJECTED", taken.reason)
    work.record(log.Act(operation="OPEN_FAILED", eid=row.eid, unit=row.sender, codes=(finding.value,), denied=True))


def _keep(work: Work, frame: Frame, finding: Finding, state: str) -> QuarantineRow:
    row = work.quarantine.one(frame.index)
    if row is not None:
        row.reason, row.state = finding.value, state
        return row
    eid, sender = _named(frame)
    row = QuarantineRow(
        hub_index=frame.index,
        frame=int(frame.kind),
        eid=eid,
        sender=sender,
        reason=finding.value,
        state=state,
        since=work.node.now(),
        attempts=0,
        retry_at=work.node.now(),
        entry=frame.entry,
        wire=frame.payload,
    )
    work.add(row)
    return row


def _named(frame: Frame) -> tuple[str | None, str | None]:
    """Return envelope and sender as the hub's entry names them, if it does."""
    try:
        entry = entries.parse(frame.entry)
    except SchemaError:
        return None, None
    return (entry.eid, entry.sender) if isinstance(entry, MessageEntry) else (None, None)


def _release(work: Work, frame: Frame) -> None:
    row = work.quarantine.one(frame.index)
    if row is not None:
        work.delete(row)

"""Sent by mistake: a message of ours is taken back wherever it went, or one that came here is closed and destroyed.

A recall closes at once (`nodes.recalled`); destroying takes the two persons of every erasure, because a sender who
could destroy here with one of our people could destroy evidence. Once all is destroyed the node itself says so, with
how many had looked at it: nobody has to remember, and nobody can say it who did not do it. Who refuses or keeps says
that as a supervisor, in a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crypto import instants
from crypto.canonical import Json
from exchange.lifecycle import MACHINES
from exchange.policy.facts import Act
from nodes import (
    approvals,
    cases,
    checking,
    erasure,
    judging,
    log,
    onward,
    outbox,
    recall_rules,
    register,
    rows,
    storing,
    unattended,
)
from nodes.drafts import NewDraft
from nodes.erasure import Plan
from nodes.errors import NotFound, Refused
from nodes.grant_tables import PassingRow
from nodes.judging import Subject, Wish
from nodes.node import Node
from nodes.outbox import Order
from nodes.recalled import RECALLS
from nodes.register import Reached
from nodes.tables import DeliveryRow, EventRow, MessageRow, ThreadRow
from nodes.views import Actor, DraftForm, InboxRow
from nodes.work import Work
from schemas import items
from schemas.items import Item
from schemas.kinds import KINDS, kind_of
from schemas.trust import Directory

(_KIND,) = RECALLS
ANSWER: Final = next(kind for kind in KINDS.values() if _KIND in kind.answers)
OVER: Final = frozenset(code for code, state in MACHINES[_KIND].asked.states.items() if state.final)
"""The states in which nothing more is owed to the sender of a recall."""

CAUSE: Final = "SENT_BY_MISTAKE"
"""The code of the table `erasure_causes`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What went wrong: a code of the table `recall_causes`, and a note for the recipients."""

    cause: str
    note: str


@dataclass(frozen=True, slots=True)
class Looks:
    """How often a message was looked at here, by the log: when first, by how many persons, and how many files left."""

    first: int | None
    readers: int
    files: int


@dataclass(frozen=True, slots=True)
class Place:
    """A message here that was recalled, or that carries what was; `approval_id`: its erasure waits for two persons."""

    message_id: str
    case_ref: str
    ours: bool
    erased: bool
    looks: Looks
    approval_id: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A unit that has the message: when it was opened there, how far the recall came, what the unit answered."""

    unit: str
    state: str | None = None
    opened: int | None = None
    recall: Reached | None = None
    answer: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """A message that may be recalled, as a list shows it, and the units that have it."""

    row: InboxRow
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall as it stands. `words` is `None` for whoever may not read messages."""

    recall_id: str
    item: str
    sender: str
    at: int
    ours: bool
    state: str
    words: Mistake | None
    places: tuple[Place, ...]
    holders: tuple[Holder, ...]


def before(session: Session, node: Node, actor: Actor, message_id: str) -> Before:
    """Return a message that `actor` may recall, and who has it; raises `NotFound`, and `Refused` if he may not."""
    row = session.get(MessageRow, message_id)
    if row is None:
        raise NotFound
    cases.require_read(session, node, actor, row.case_id)
    if not recall_rules.may(session, node, actor, row):
        raise Refused(Act.RECALL.value, ())
    return Before(rows.view(session, node, actor, row), _holders(session, node, message_id))


def send(node: Node, actor: Actor, message_id: str, mistake: Mistake) -> str:
    """Recall a message at every unit that got it from here; returns the id of the recall.

    Units that cannot be sealed to now are owed it. Raises what `before` raises, and `Incomplete`.
    """
    with node.db.read() as session:
        units = [one.unit for one in before(session, node, actor, message_id).holders]
        row = session.get_one(MessageRow, message_id)
        labels = storing.content_of(node, cases.of(session, row.case_id), row).labels
    kind, mark = kind_of(_KIND), str(labels["classification"])
    common: dict[str, Json] = {
        "subject_line": kind.label.say("ru" if labels["language"] == "ru" else "en"),
        "handling": ["H0"],
        "source_at_risk": "NO",
        "cc_own_spoc": "YES",
        "retention_until": labels["retention_until"],
    }
    body: dict[str, Json] = {"items": items.rows([Item(message_id)]), "cause": mistake.cause}
    if mistake.note:
        body["note"] = mistake.note
    ready = tuple(unit for unit in units if checking.obstacle(node, kind, mark, unit) is None)
    return outbox.send(node, Order(actor, NewDraft(_KIND, about=message_id), DraftForm(ready, common, body)))


def show(session: Session, node: Node, actor: Actor, recall_id: str) -> Recall:
    """Return a recall with everything that became of it, and log the look; raises `NotFound`."""
    row = session.get(MessageRow, recall_id)
    if row is None or row.kind not in RECALLS:
        raise NotFound
    subject = Subject(row, {}, judging.standing(session, node, actor, row.case_id), recalled=False)
    if not judging.decide(node, actor, subject, Wish(Act.SEE_HEADER)).allowed:
        raise NotFound
    case, item = cases.of(session, row.case_id), recall_rules.item_of(session, recall_id)
    log.record(session, node, replace(log.by(actor, "CONSULT"), case=case, message_id=recall_id, codes=("RECALL",)))
    thread = session.scalar(select(ThreadRow).where(ThreadRow.opening == recall_id, ThreadRow.unit == node.unit))
    return Recall(
        recall_id,
        item,
        row.sender,
        row.stored,
        row.direction == "OUT",
        thread.state if thread is not None else "",
        _words(session, node, actor, row),
        tuple(_place(session, node, one) for one in recall_rules.places(session, recall_id)),
        _told(session, node, row, item),
    )


def ask(session: Session, node: Node, actor: Actor, recall_id: str, reason: str) -> tuple[str, ...]:
    """Ask for the destruction of everything that a recall is about; returns the ids of the approvals.

    Raises what `erasure.ask` raises, and `NotFound` for a recall that is ours, or about nothing that is left.
    """
    found = show(session, node, actor, recall_id)
    left = [one for one in found.places if not (one.erased or one.approval_id)]
    if found.ours or not left:
        raise NotFound
    plans = (Plan(one.case_ref, CAUSE, one.message_id) for one in left)
    return tuple(erasure.ask(session, node, actor, plan, reason) for plan in plans)


def run(node: Node) -> int:
    """Tell the senders of recalls what was destroyed here; returns how many were told."""
    return unattended.run(node, _destroyed, _answer_all)


def _destroyed(session: Session, node: Node) -> Sequence[str]:
    """Return the recalls of which nothing is left here, and whose sender does not know it yet."""
    waiting = select(ThreadRow.opening).where(ThreadRow.kind == _KIND, ThreadRow.unit == node.unit)
    found = session.scalars(waiting.where(ThreadRow.state.not_in(OVER)).order_by(ThreadRow.opening)).all()
    held = {recall_id: recall_rules.places(session, recall_id) for recall_id in found}
    return [one for one, rows in held.items() if rows and all(recall_rules.erased(session, row) for row in rows)]


def _answer_all(work: Work, directory: Directory, recalls: Sequence[str]) -> int:
    for recall_id in recalls:
        row = work.messages.one(recall_id)
        if row is None:
            continue
        case = work.case(row.case_id)
        recall = storing.content_of(work.node, case, work.whole(row))
        body = _found_here(work.session, recall_id)
        members = unattended.message(work.node, directory, ANSWER, (row.sender,))
        answer = {**members, "in_reply_to": recall_id, "case_ref": case.case_ref, "body": body}
        outbox.seal_and_queue(work, directory, recall.model_copy(update=answer), case)
    return len(recalls)


def _found_here(session: Session, recall_id: str) -> dict[str, Json]:
    """Return what the sender of a recall is told when all is destroyed."""
    looks = [_looks(session, row) for row in recall_rules.places(session, recall_id)]
    first = min((one.first for one in looks if one.first is not None), default=None)
    told = onward.told(session, recall_id)
    return {
        "outcome": "DESTROYED",
        "readers": max(one.readers for one in looks),
        "files": sum(one.files for one in looks),
        **({"opened": instants.to_text(first)} if first is not None else {}),
        **({ANSWER.told: [*told]} if told else {}),
    }


def _words(session: Session, node: Node, actor: Actor, row: MessageRow) -> Mistake | None:
    case = cases.of(session, row.case_id)
    if not storing.is_readable(case, row, node.now()):
        return None
    content = storing.content_of(node, case, row)
    subject = judging.subject(session, node, actor, row, content.labels)
    if not judging.decide(node, actor, subject, Wish(Act.READ)).allowed:
        return None
    return Mistake(str(content.body["cause"]), str(content.body.get("note", "")))


def _place(session: Session, node: Node, row: MessageRow) -> Place:
    case_ref = cases.of(session, row.case_id).case_ref
    waiting = approvals.waiting(session, node, erasure.ERASURE, f"{case_ref}/{row.message_id}")
    approval_id = waiting.approval_id if waiting is not None else None
    erased = recall_rules.erased(session, row)
    return Place(row.message_id, case_ref, row.direction == "OUT", erased, _looks(session, row), approval_id)


def _looks(session: Session, row: MessageRow) -> Looks:
    looked = EventRow.message_id == row.message_id, EventRow.operation == "CONSULT", EventRow.denied == 0
    query = select(func.min(EventRow.at), func.count(EventRow.actor.distinct())).where(*looked)
    first, readers = session.execute(query).one()
    return Looks(first, readers, erasure.exported(session, cases.of(session, row.case_id), [row]))


def _holders(session: Session, node: Node, message_id: str) -> tuple[Holder, ...]:
    """Return every unit that has a message from here, as it was addressed to or as it was passed on."""
    query = select(DeliveryRow).where(DeliveryRow.message_id == message_id)
    states = {row.unit: (row.state, row.opened) for row in session.scalars(query)}
    units = onward.holders(Work(session, node), [Item(message_id)])
    return tuple(Holder(unit, *states.get(unit, (None, None))) for unit in sorted(units))


def _told(session: Session, node: Node, recall: MessageRow, item: str) -> tuple[Holder, ...]:
    """Return how far a recall came at each unit that it went to, or is owed to, from here: itself, or a copy of it."""
    known = {one.unit: one for one in _holders(session, node, item)}
    passed = select(PassingRow.passed).where(PassingRow.notice == recall.message_id)
    copies = session.scalars(select(MessageRow).where(MessageRow.message_id.in_(passed)))
    found = []
    for notice in (recall, *copies):
        for reached in register.reached(session, node, notice):
            if reached.unit != node.unit:
                one = replace(known.get(reached.unit, Holder(reached.unit)), recall=reached)
                said = register.answers(session, node, notice, reached.unit)
                found.append(replace(one, answer=said[-1].body if said else None))
    return tuple(found)

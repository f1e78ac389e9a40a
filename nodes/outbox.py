"""Sealing: a checked draft becomes an envelope in the outbox, all in one transaction. The courier sends it later.

Numbers, predecessors, envelope, sealed copy, deliveries, thread and log leaf stand or fall together: if we die before
the commit, nothing was sealed and the draft is there; if after it, the courier finds the envelope (protocol.md §7.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crypto.header import HeaderDraft
from crypto.sealing import Recipient, Sealed
from crypto.sealing import seal as seal_envelope
from exchange.errors import Unavailable
from exchange.pairs import Pair
from nodes import asking, cases, chains, checking, concerns, draft_rows, drafts, releasing, restored, threads
from nodes.asking import FIRST_TIME, Again
from nodes.chains import OWN
from nodes.checking import Written
from nodes.drafts import NewDraft
from nodes.errors import DraftChanged, Incomplete
from nodes.node import Node
from nodes.pushing import QUEUED
from nodes.storing import Sent, store_sent
from nodes.tables import CaseRow, MemberRow, OutboxRow
from nodes.views import Actor, DraftForm
from nodes.work import Work
from schemas.content import Content
from schemas.kinds import kind_of
from schemas.trust import Directory


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft to be sealed, the revision that was checked, and why the same is asked again if it is."""

    draft_id: str
    revision: int
    again: Again = FIRST_TIME


def seal(session: Session, node: Node, actor: Actor, checked: Checked) -> str:
    """Seal a draft as it was checked and queue it; returns the message id. The draft is gone then.

    Raises `Denied`, `DraftChanged` for another revision than the one checked, `Incomplete` with what to correct,
    `AskedBefore`, `DirectoryTooOld` after the directory's grace, `NotReady` while a restore is unfinished.
    """
    row = draft_rows.own_row(session, actor, checked.draft_id)
    if row.revision != checked.revision:
        raise DraftChanged
    written = checking.written(session, node, row)
    _seal_written(session, node, [_Sealing(actor, written, checked.again)])
    session.delete(row)
    return written.message_id


@dataclass(frozen=True, slots=True)
class Order:
    """A message to be sealed at once: who writes it, what it begins with, everything on its form, and why again.

    What the form leaves out is taken from the message that it answers.
    """

    actor: Actor
    new: NewDraft
    form: DraftForm
    again: Again = FIRST_TIME


@dataclass(frozen=True, slots=True)
class _Sealing:
    actor: Actor
    written: Written
    again: Again


def send(node: Node, order: Order) -> str:
    """Write, check, seal and queue a message in one step, without keeping a draft; returns the message id.

    What several officers send at the same moment is one transaction. Raises what `drafts.create` and `seal` raise, and
    `exchange.errors.Unavailable` if it is unknown whether the message was sealed.
    """
    message_id = node.sealing.do(order, lambda orders: _sent(node, orders))
    node.changed.bump()
    return message_id


def _sent(node: Node, orders: Sequence[Order]) -> list[str | Exception]:
    """Seal all of them or, if there is a fault in one, each by itself: nobody's fault is another's."""
    try:
        with node.db.write() as session:
            return [*send_all(session, node, orders)]
    except Unavailable as error:
        return [error] * len(orders)
    except Exception as error:  # noqa: BLE001 - it is raised again where it was ordered
        return [error] if len(orders) == 1 else [one for order in orders for one in _sent(node, [order])]


def send_all(session: Session, node: Node, orders: Sequence[Order]) -> list[str]:
    """Do what `send` does for several messages in the caller's transaction; returns their ids."""
    every = [
        _Sealing(one.actor, drafts.write(session, node, one.actor, one.new, one.form), one.again) for one in orders
    ]
    _seal_written(session, node, every)
    return [one.written.message_id for one in every]


def _seal_written(session: Session, node: Node, every: Sequence[_Sealing]) -> None:
    restored.check_may_seal(session)
    node.disk.check_new()
    directory = node.sealing_directory()
    work = Work(session, node)
    for one in every:
        actor, written = one.actor, one.written
        checked = checking.judge(work, actor, written)
        if checked.faults or checked.content is None:
            raise Incomplete(checked.faults)
        releasing.use(session, node, actor, written.draft, checked.content)
        asking.require_said(work, actor, written, checked.content, one.again)
        case = work.case(written.case_id) if written.case_id else cases.open_case(work, checked.content.case_ref)
        reason = str(written.draft.common.get("handling_reason", ""))
        seal_and_queue(work, directory, checked.content, case, reason)
        concerns.spread(work, checked.content)
        if written.case_id is None:
            work.add(MemberRow(case_id=case.case_id, user_id=actor.user_id, since=node.now()))
    work.finish()
    for one in every:
        # who decides by office about the use of information, does not work on the case for that
        if one.written.case_id is not None and not kind_of(one.written.draft.kind).authors:
            cases.add_member(session, one.written.case_id, one.actor.user_id, node.now())


def seal_and_queue(work: Work, directory: Directory, content: Content, case: CaseRow, reason: str = "") -> Sealed:
    """Assign numbers, seal `content` to every unit it names, store it with its evidence and `reason`, and queue it."""
    node, now = work.node, work.node.now()
    names = {unit: chains.to_unit(unit) for unit in sorted(content.units)}
    last = chains.last_in(work, [OWN, *names.values()])
    own, pairs = last[OWN], {unit: last[name] for unit, name in names.items()}
    content_bytes = content.to_bytes()
    handling = content.labels["handling"]
    draft = HeaderDraft(
        env=node.settings.env,
        ctype="message",
        id=content.msg_id.replace("-", ""),
        sender=node.unit,
        created=now,
        expires=now + node.settings.message_lifetime,
        seq=own.seq + 1,
        prev=own.eid,
        family=content.declared.family,
        urgency=content.label("urgency"),
        classification=content.label("classification"),
        handling=tuple(sorted(str(code) for code in handling)) if isinstance(handling, list) else (),
    )
    places = {unit: Pair(pair.seq + 1, pair.eid) for unit, pair in pairs.items()}
    sealed = seal_envelope(draft, content_bytes, node.keys.signing, _recipients(directory, places, now))
    chains.advance(last.values(), sealed.eid)
    store_sent(work, Sent(sealed, content, content_bytes, case, places, reason))
    work.add(
        OutboxRow(
            seq=draft.seq,
            message_id=content.msg_id,
            eid=sealed.eid,
            prev=draft.prev,
            state=QUEUED,
            queued=now,
            accepted=None,
        )
    )
    threads.note_message(work, content, case)
    concerns.note(work, content, case)
    return sealed


def _recipients(directory: Directory, places: Mapping[str, Pair], now: int) -> list[Recipient]:
    keys = {unit: directory.encryption_key(unit, now).public for unit in places}
    return [Recipient(unit, keys[unit], place.seq, place.prev) for unit, place in places.items()]

"""Drafts: kept by the server, sealed under a key of their own, saved as often as the browser likes.

A draft belongs to its author alone. Every save names the revision that it was made from, so that a second window cannot
overwrite a newer text unseen. What is incomplete is kept as it was typed.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import CASE_ITSELF, Act
from nodes import (
    cases,
    concerns,
    deciding,
    draft_rows,
    judging,
    log,
    onward,
    quoting,
    rest,
    restrictions,
    storing,
    threads,
)
from nodes.checking import Written
from nodes.errors import BadInput, Denied, DraftChanged, NotFound
from nodes.judging import Wish
from nodes.node import Node
from nodes.permissions import require_writer
from nodes.tables import CaseRow, DraftRow, MessageRow
from nodes.views import Actor, Draft, DraftForm
from nodes.work import Work
from schemas.content import Content
from schemas.errors import SchemaUnknown
from schemas.kind import Effect, Kind
from schemas.kinds import kind_of

MOST_DRAFTS = 200
_REPEATED = ("crime_areas", "language", "purpose", "legal_basis", "urgency", "urgency_reason", "classification")


_PROPOSED: Final[Mapping[str, Json]] = {"source_at_risk": "NO", "handling": ["H0"]}
"""What a form proposes: a code chosen by habit has frozen evidence for years."""


@dataclass(frozen=True, slots=True)
class NewDraft:
    """What a draft begins with: its kind, and the message that it answers, is about or passes on, or a case of ours."""

    kind: str
    in_reply_to: str | None = None
    case_ref: str | None = None
    recipients: tuple[str, ...] = ()
    about: str | None = None
    passes: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """One save: which draft, made from which revision, and everything on the form."""

    draft_id: str
    revision: int
    form: DraftForm


def create(session: Session, node: Node, actor: Actor, new: NewDraft) -> Draft:
    """Begin a draft; an answer takes over recipient, case and labels.

    Raises `Denied`, `NotFound`, `BadInput`, `DiskLow`, and `RestrictionUnread` before the restriction of what is
    answered was confirmed.
    """
    node.disk.check_new()
    begun = _begin(session, node, actor, new)
    row = _row(node, actor, new, begun.case)
    row.sealed = draft_rows.sealed(node, row, replace(begun.form, common={**_PROPOSED, **begun.form.common}))
    session.add(row)
    session.flush()
    return draft_rows.view(session, node, row)


def write(session: Session, node: Node, actor: Actor, new: NewDraft, form: DraftForm) -> Written:
    """Return what a draft begun with `new` and filled with `form` would be, without keeping one.

    Recipients and labels that the form leaves out are those that the draft begins with. Raises what `create` raises.
    """
    begun, now = _begin(session, node, actor, new), node.now()
    recipients = form.recipients or begun.form.recipients
    given = draft_rows.normal(DraftForm(recipients, {**begun.form.common, **form.common}, form.body, form.copies))
    number, case = message_id(now), begun.case
    draft = Draft(
        draft_id=number,
        revision=1,
        kind=new.kind,
        author=actor.user_id,
        case_ref=case.case_ref if case is not None else None,
        in_reply_to=new.in_reply_to,
        recipients=given.recipients,
        copies=given.copies,
        common=given.common,
        body=given.body,
        created=now,
        updated=now,
    )
    return Written(draft, number, case.case_id if case is not None else None)


@dataclass(frozen=True, slots=True)
class _Begun:
    case: CaseRow | None
    form: DraftForm


def _begin(session: Session, node: Node, actor: Actor, new: NewDraft) -> _Begun:
    try:
        kind = kind_of(new.kind)
    except SchemaUnknown as error:
        raise BadInput("kind") from error
    require_writer(actor, kind)
    if actor.agency not in kind.senders:
        raise Denied("AGENCY")
    named = (new.in_reply_to, new.about, new.passes)
    parent, about, passed = (_message(session, node, actor, one) for one in named)
    if bool(kind.answers) != (parent is not None) or (parent is not None and parent.kind not in kind.answers):
        raise BadInput("in_reply_to")
    form = DraftForm(new.recipients, {}, {})
    case = cases.by_ref(session, new.case_ref) if new.case_ref else None
    if parent is not None:
        case = cases.of(session, parent.case_id)
        form = _answering(session, node, actor, parent, kind)
        threads.note_local(session, node, session.get_one(MessageRow, parent.thread_id), "START")
    if about is not None:
        case = cases.of(session, about.case_id)
        form = _about(session, node, actor, about, kind)
    if passed is not None:
        case = cases.of(session, passed.case_id)
        form = _passing(session, node, actor, passed, new)
    deciding.require(session, node, actor, kind.code, form.body)
    if case is not None:
        source = parent or about or passed
        family = source.family if source is not None else CASE_ITSELF
        cases.require_work(session, node, actor, case.case_id, family)
    return _Begun(case, form)


def save(session: Session, node: Node, actor: Actor, order: Saved) -> Draft:
    """Keep what is on the form; raises `DraftChanged` if the draft was saved elsewhere since `order.revision`."""
    row = draft_rows.own_row(session, actor, order.draft_id)
    if row.revision != order.revision:
        raise DraftChanged
    row.revision += 1
    row.updated = node.now()
    row.sealed = draft_rows.sealed(node, row, order.form)
    session.flush()
    return draft_rows.view(session, node, row)


def get(session: Session, node: Node, actor: Actor, draft_id: str) -> Draft:
    """Return one's own draft; raises `NotFound`."""
    return draft_rows.view(session, node, draft_rows.own_row(session, actor, draft_id))


def own(session: Session, node: Node, actor: Actor, most: int = MOST_DRAFTS) -> tuple[Draft, ...]:
    """Return one's own drafts, the last one touched first, at most `most` of them."""
    query = select(DraftRow).where(DraftRow.author == actor.user_id).order_by(DraftRow.updated.desc())
    return tuple(draft_rows.view(session, node, row) for row in session.scalars(query.limit(most)))


def discard(session: Session, node: Node, actor: Actor, draft_id: str) -> None:
    """Delete one's own draft and its key, and log it; raises `NotFound`."""
    row = draft_rows.own_row(session, actor, draft_id)
    session.delete(row)
    log.record(session, node, replace(log.by(actor, "ERASE"), codes=("DRAFT", row.kind)))


def _message(session: Session, node: Node, actor: Actor, message_id: str | None) -> MessageRow | None:
    if message_id is None:
        return None
    row = session.get(MessageRow, message_id)
    if row is None:
        raise NotFound
    cases.require_read(session, node, actor, row.case_id, row.family)
    return row


def _answering(session: Session, node: Node, actor: Actor, parent: MessageRow, kind: Kind) -> DraftForm:
    """An answer goes to the other side, where it is possible now, under the same labels, which may be changed."""
    content = storing.content_of(node, cases.of(session, parent.case_id), parent)
    _require(session, node, actor, (parent, content), Wish(Act.ANSWER))
    to = {parent.sender}
    if parent.direction == "OUT":
        exchanges = (row for row in threads.of_thread(session, parent.thread_id) if row.unit in content.units)
        to = {
            row.unit for row in exchanges if any(threads.may_say(node, row, event) for event in threads.events_of(kind))
        }
    body = {name: content.body[name] for name in kind.repeats if name in content.body}
    told = onward.told(session, parent.message_id) if kind.told else ()
    return DraftForm(tuple(sorted(to)), _repeated(content), body | ({kind.told: [*told]} if told else {}))


_BEGUN_BY: Final[Mapping[Effect | None, Act]] = MappingProxyType(
    {Effect.ASKS: Act.ASK_PERMISSION, Effect.RECALLS: Act.RECALL}
)
"""The effects of messages that are begun by an act of their own, by whoever may read; any other is an answer's work."""


def _about(session: Session, node: Node, actor: Actor, message: MessageRow, kind: Kind) -> DraftForm:
    """What is said about a message goes to whom it concerns, and begins with its items."""
    content = storing.content_of(node, cases.of(session, message.case_id), message)
    effect = kind.concern.effect if kind.concern is not None else None
    for act in (Act.READ, _BEGUN_BY[effect]) if effect in _BEGUN_BY else (Act.ANSWER,):
        _require(session, node, actor, (message, content), Wish(act))
    if not concerns.begins(message, kind):
        raise BadInput("about")
    units, body = concerns.beginning(Work(session, node), content, kind)
    return DraftForm(units, _repeated(content), body)


def _passing(session: Session, node: Node, actor: Actor, message: MessageRow, new: NewDraft) -> DraftForm:
    """What is passed on begins with the persons and things of a message, under its labels, and says whose they are."""
    content, kind = storing.content_of(node, cases.of(session, message.case_id), message), kind_of(new.kind)
    known = {one.unit: one for one in node.directory().units() if one.unit != node.unit}
    whole = message.direction == "IN" and message.family != "control" and kind.concern is None
    if not (whole and new.recipients and known.keys() >= set(new.recipients)):
        raise BadInput("passes")
    units = [known[unit] for unit in new.recipients]
    bound = quoting.require_whole(session, node, actor, message.message_id, units)
    carried: Json = [{"origin": message.sender, "message": message.message_id}]
    common = {**bound.over({**_repeated(content), **_PROPOSED}), "passed_on": carried}
    objects: list[Json] = [dict(one) for one in content.objects if one["object_type"] in kind.object_types]
    return DraftForm(new.recipients, common, {"objects": objects} if objects else {})


def _require(session: Session, node: Node, actor: Actor, one: tuple[MessageRow, Content], wish: Wish) -> None:
    row, content = one
    confirmed = restrictions.confirmed(session, actor, row.message_id)
    subject = judging.subject(session, node, actor, row, content.labels)
    judging.require(node, actor, subject, replace(wish, text_confirmed=confirmed))


def _repeated(content: Content) -> dict[str, Json]:
    return {name: content.labels[name] for name in _REPEATED if name in content.labels}


def _row(node: Node, actor: Actor, new: NewDraft, case: CaseRow | None) -> DraftRow:
    now, draft_id = node.now(), uuid.uuid4().hex
    _, wrapped = rest.new_key(node.store.kek, "draft", draft_id)
    return DraftRow(
        draft_id=draft_id,
        message_id=message_id(now),
        author=actor.user_id,
        kind=new.kind,
        case_id=case.case_id if case else None,
        in_reply_to=new.in_reply_to,
        revision=1,
        created=now,
        updated=now,
        wrapped_key=wrapped,
    )


def message_id(now: int) -> str:
    """Return a new message id, UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then randomness."""
    raw = bytearray((now * 1000).to_bytes(6, "big") + uuid.uuid4().bytes[6:])
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return str(uuid.UUID(bytes=bytes(raw)))

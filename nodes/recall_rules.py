"""What may not be sealed where a recall is concerned: asked of every draft, for the check page and again at sealing."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from nodes import judging, recalled
from nodes.grant_tables import ConcernRow
from nodes.judging import Subject, Wish
from nodes.node import Node
from nodes.recalled import RECALLS
from nodes.tables import CaseRow, MessageRow
from nodes.views import Actor
from nodes.work import Work
from schemas.content import Content
from schemas.items import named
from schemas.words import Words

_CLOSED: Final = Words(
    "Delete this draft: the sender says that what it answers came here by mistake.",
    "Удалите черновик: отправитель сообщил, что исходное сообщение попало сюда по ошибке.",
)
_NOT_YOURS: Final = Words(
    "Ask its author or a supervisor: only they recall a message of this unit, and only once.",
    "Обратитесь к автору или руководителю: только они отзывают сообщение подразделения, и лишь один раз.",
)
_NOT_DESTROYED: Final = Words(
    "Have it destroyed first: your unit says so by itself when two persons have done it.",
    "Сначала обеспечьте уничтожение: узел сообщит о нём сам, когда это сделают два лица.",
)
_HELD_HERE: Final = Words("The message is held here.", "Сообщение здесь есть.")

Refusal = tuple[str, str, Words]
"""The field to point at, a code, and what to do."""


def refusals(work: Work, actor: Actor, content: Content) -> Iterator[Refusal]:
    """Yield why a message may not be sealed: it answers what was recalled, recalls what is not his, or says untruth."""
    parent = work.messages.one(content.in_reply_to) if content.in_reply_to else None
    if parent is not None and judging.is_recalled(work.session, work.node, parent):
        yield "draft", "RECALLED", _CLOSED
    if content.kind in RECALLS:
        rows = (work.messages.one(item.message) for item in named(content.body))
        if not all(row is not None and may(work.session, work.node, actor, work.whole(row)) for row in rows):
            yield "body.items", "RECALL_NOT_YOURS", _NOT_YOURS
    if parent is not None and parent.kind in RECALLS:
        yield from _untrue(work, parent.message_id, content.declared.causes.of(content.body))


def may(session: Session, node: Node, actor: Actor, row: MessageRow) -> bool:
    """Return whether `actor` may recall a message: one of this unit that says something, by the rules, and once."""
    if row.direction != "OUT" or row.family == "control" or of(session, row.message_id, "OUT"):
        return False
    subject = Subject(row, {}, judging.standing(session, node, actor, row.case_id), recalled=False)
    return judging.decide(node, actor, subject, Wish(Act.RECALL)).allowed


def of(session: Session, message_id: str, direction: str) -> Sequence[str]:
    """Return the recalls of a message: ours (`OUT`), or those that arrived (`IN`)."""
    about = select(MessageRow.message_id).join(ConcernRow, ConcernRow.message_id == MessageRow.message_id)
    chosen = about.where(ConcernRow.item == message_id, ConcernRow.kind.in_(RECALLS))
    return session.scalars(chosen.where(MessageRow.direction == direction).order_by(MessageRow.stored)).all()


def item_of(session: Session, recall_id: str) -> str:
    """Return the message that a recall is about."""
    return session.scalars(select(ConcernRow.item).where(ConcernRow.message_id == recall_id)).one()


def places(session: Session, recall_id: str) -> tuple[MessageRow, ...]:
    """Return every message here in which what a recall is about stands."""
    return recalled.carriers(session, item_of(session, recall_id))


def erased(session: Session, row: MessageRow) -> bool:
    """Return whether nothing is left of a message to be read, by anybody, ever."""
    return not row.sealed or session.get_one(CaseRow, row.case_id).wrapped_key is None


def _untrue(work: Work, recall_id: str, event: str) -> Iterator[Refusal]:
    held = places(work.session, recall_id)
    if event == "NOTICE_DONE" and not (held and all(erased(work.session, row) for row in held)):
        yield "body.outcome", "NOT_DESTROYED", _NOT_DESTROYED
    if event == "NOTICE_NOT_FOUND" and held:
        yield "body.outcome", "HELD_HERE", _HELD_HERE

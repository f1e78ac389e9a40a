"""The sender's own words under H3: each person reads and confirms them before the message itself is shown.

A confirmation is for one person and one arrival, and stands in the log. What the unit wrote itself binds nobody here:
the restriction is its own. Which codes ask for it, the table of handling actions says.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from nodes import cases, judging, log, storing
from nodes.errors import NotFound
from nodes.grant_tables import ConfirmationRow
from nodes.judging import Wish
from nodes.node import Node
from nodes.tables import MessageRow
from nodes.views import Actor
from schemas import codes
from schemas.content import Content

_READ_FIRST: Final = frozenset(
    code for code in codes.table("handling") if codes.table("handling_actions")["READ"].text(code.lower()) == "T"
)
"""The handling codes whose text is read and confirmed before the message is."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the sender of an arrival laid down in words of his own: to be confirmed before the rest is shown."""

    message_id: str
    sender: str
    kind: str
    handling: tuple[str, ...]
    text: str
    at: int


def confirmed(session: Session, actor: Actor, message_id: str) -> bool:
    """Return whether `actor` has read and confirmed the restriction of an arrival."""
    return session.get(ConfirmationRow, (message_id, actor.user_id)) is not None


def confirmed_among(session: Session, actor: Actor, message_ids: Collection[str]) -> frozenset[str]:
    """Return of which of these arrivals `actor` has read and confirmed the restriction."""
    mine = ConfirmationRow.user_id == actor.user_id, ConfirmationRow.message_id.in_(message_ids)
    return frozenset(session.scalars(select(ConfirmationRow.message_id).where(*mine)))


def show(session: Session, node: Node, actor: Actor, message_id: str) -> Restriction:
    """Return the restriction of an arrival and log the look.

    Raises `NotFound` where there is none to read, and `Refused` where it would not open the message either.
    """
    row, content = _opened(session, node, actor, message_id)
    if not _binds(row, content):
        raise NotFound
    _record(session, node, actor, row, "RESTRICTION")
    handling = tuple(str(code) for code in content.labels["handling"])
    return Restriction(message_id, row.sender, row.kind, handling, content.label("handling_text"), row.stored)


def confirm(session: Session, node: Node, actor: Actor, message_id: str) -> None:
    """Note that `actor` has read the restriction of an arrival: once, and nothing where there is none.

    Raises as `show` does.
    """
    row, content = _opened(session, node, actor, message_id)
    if _binds(row, content) and not confirmed(session, actor, message_id):
        session.add(ConfirmationRow(message_id=message_id, user_id=actor.user_id, at=node.now()))
        _record(session, node, actor, row, "RESTRICTION_CONFIRMED")


def _opened(session: Session, node: Node, actor: Actor, message_id: str) -> tuple[MessageRow, Content]:
    row = session.get(MessageRow, message_id)
    if row is None:
        raise NotFound
    cases.require_read(session, node, actor, row.case_id, row.family)
    content = storing.content_of(node, cases.of(session, row.case_id), row)
    subject = judging.subject(session, node, actor, row, content.labels)
    judging.require(node, actor, subject, Wish(Act.READ, text_confirmed=True))
    return row, content


def _binds(row: MessageRow, content: Content) -> bool:
    return row.direction == "IN" and not _READ_FIRST.isdisjoint(content.labels["handling"])


def _record(session: Session, node: Node, actor: Actor, row: MessageRow, code: str) -> None:
    case = cases.of(session, row.case_id)
    act = replace(log.by(actor, "CONSULT"), case=case, message_id=row.message_id, eid=row.eid, codes=(code,))
    log.record(session, node, act)

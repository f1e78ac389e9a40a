"""Looks that are themselves in the log: an auditor's own, and everybody's at one case or one message.

For a named case or message this is whoever consulted it, took it out, searched in it or opened it in an emergency, the
auditors included. It says who looked, never what was read.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import Action
from nodes import log
from nodes.errors import NotFound
from nodes.node import Node
from nodes.oversight import LoggedAct, examined
from nodes.oversight_lookups import aim_at
from nodes.oversight_mandates import mandate_of
from nodes.oversight_proofs import look
from nodes.oversight_scope import require_case, within
from nodes.permissions import require
from nodes.tables import EventRow
from nodes.views import Actor

PAGE: Final = 50
MOST: Final = 500
OWN: Final = ("AUDIT_ACCESS", "AUDIT_EXPORT")
READING: Final = (*OWN, "BREAK_GLASS", "COMBINE", "CONSULT", "DISCLOSE", "EXPORT", "INDEX_HIT_SEEN", "PRINT", "SEARCH")
"""Operations by which somebody learns what a case holds."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: the act, its codes, and, while the key is there, what was looked for and on what mandate."""

    act: LoggedAct
    codes: tuple[str, ...]
    sought: str
    reason: str


@dataclass(frozen=True, slots=True)
class Looks:
    """Some looks, newest first; `older` is where the next page starts, or None."""

    looks: tuple[Look, ...]
    older: int | None


def own(session: Session, node: Node, actor: Actor, before: int | None) -> Looks:
    """Return what `actor` himself looked at, and log that he looked at that; raises `Denied`."""
    require(actor, Action.READ_LOG)
    query = select(EventRow).where(EventRow.actor == actor.user_id, EventRow.operation.in_(OWN))
    if before is not None:
        query = query.where(EventRow.index < before)
    rows = list(session.scalars(query.order_by(EventRow.index.desc()).limit(PAGE + 1)))
    found = _looks(session, node, rows[:PAGE], with_subject=True)
    look(session, node, actor, "OWN_LOOKS")
    return Looks(found, rows[PAGE - 1].index if len(rows) > PAGE else None)


def at(session: Session, node: Node, actor: Actor, sought: str) -> tuple[Look, ...]:
    """Return who looked at the case or message `sought`, newest first, and log that this was asked.

    A look at a whole case counts for each of its messages. Raises `Denied`, `MandateNeeded`, `NotFound`, and
    `OutsideVisit`.
    """
    require(actor, Action.READ_LOG)
    aim, mandate = aim_at(session, sought), mandate_of(session, node, actor, demand=True)
    if aim.case is None:
        raise NotFound
    require_case(actor, aim.case.case_ref)
    of_case = EventRow.case_id == aim.case.case_id, EventRow.operation.in_(READING)
    query = select(EventRow).where(*of_case, *within(actor))
    if aim.message_id is not None:
        query = query.where((EventRow.message_id == aim.message_id) | EventRow.message_id.is_(None))
    rows = list(session.scalars(query.order_by(EventRow.index.desc()).limit(MOST)))
    found = _looks(session, node, rows, with_subject=False)
    act = replace(
        log.by(actor, "AUDIT_ACCESS"),
        codes=("WHO_LOOKED", aim.code),
        case=aim.case if aim.case.wrapped_key is not None else None,
        message_id=aim.message_id,
        subject=aim.subject,
        justification=mandate,
    )
    log.record(session, node, act)
    return found


def _looks(session: Session, node: Node, rows: list[EventRow], *, with_subject: bool) -> tuple[Look, ...]:
    return tuple(
        Look(
            one.act, one.codes, one.words.get("subject", "") if with_subject else "", one.words.get("justification", "")
        )
        for one in examined(session, node, node.log.head(session), rows)
    )

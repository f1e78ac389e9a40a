"""An auditor's request (AUQ) to read what stated entries are about, and a second auditor's decision on it.

Content is closed to auditors. The request names the entries, the mandate, the reason and the last day; the second
person, the digest over all of it and the state table are those of `nodes.approvals`. What a yes opens is in
`nodes.oversight_openings`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from crypto.instants import from_text, to_text
from exchange.policy.facts import Action
from nodes import approvals, log, oversight_openings
from nodes.approvals import DAY, Approval, Step, Wanted
from nodes.errors import BadInput, NotFound
from nodes.node import Node
from nodes.oversight_mandates import mandate_of
from nodes.oversight_openings import Opening, State
from nodes.oversight_scope import require_entry
from nodes.permissions import require
from nodes.views import Actor

WHAT: Final = "AUDIT_QUERY"
MOST_ENTRIES: Final = 50
LONGEST: Final = 30 * DAY
_LARGEST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Query:
    """One request: what was asked on what mandate, where its approval stands, and the opening that it led to."""

    approval: Approval
    entries: tuple[int, ...]
    mandate: str
    ends: int
    opening: Opening | None


@dataclass(frozen=True, slots=True)
class Queries:
    """The requests on an auditor's page: those that wait for him, and those that he asked, the newest first."""

    waiting: tuple[Query, ...]
    own: tuple[Query, ...]


def indices(text: str) -> tuple[int, ...]:
    """Return the entries that a text such as `12, 15-20` names, in order; raises `BadInput` for any other text."""
    found: set[int] = set()
    for first, last in _ranges(text):
        if not 0 <= last - first < MOST_ENTRIES:
            raise BadInput("entries")
        found.update(range(first, last + 1))
    if not 0 < len(found) <= MOST_ENTRIES:
        raise BadInput("entries")
    return tuple(sorted(found))


def ask(session: Session, node: Node, actor: Actor, entries: tuple[int, ...], told: tuple[int, str]) -> str:
    """Ask to read what `entries` are about; `told` is until when (unix seconds) and why. Returns the request's id.

    Raises `Denied`, `MandateNeeded`, `NotFound` for an entry that is not his to see, `OutOfStep` while the same waits,
    and `BadInput` for an entry without content, an end that is past or more than 30 days away, or no reason.
    """
    require(actor, Action.READ_LOG)
    mandate, (ends, reason) = mandate_of(session, node, actor, demand=True), told
    latest = node.now() + LONGEST
    if not node.now() < ends <= (latest if actor.visit is None else min(latest, actor.visit.ends)):
        raise BadInput("ends")
    for index in entries:
        require_entry(session, actor, index)
    if set(oversight_openings.messages_of(session, entries)) != set(entries):
        raise BadInput("entries")
    named = " ".join(map(str, entries))
    parameters = {"entries": named, "mandate": mandate, "ends": to_text(ends)}
    wanted = Wanted(WHAT, f"{actor.user_id} {named}", parameters)
    query_id = approvals.ask(session, node, actor, wanted, reason)
    _tell(session, node, actor, "ASKED", _query(session, node, approvals.get(session, node, actor, query_id)))
    return query_id


def decide(session: Session, node: Node, actor: Actor, shown: tuple[str, str], step: Step) -> None:
    """Agree to or refuse another auditor's request; a yes opens exactly what was shown, in this transaction.

    Raises as `approvals.decide` does, `NotFound` for entries that a visiting decider may not see himself, and
    `BadInput` for a yes after an entry lost its content or the end was passed.
    """
    query = get(session, node, actor, shown[0])
    for index in query.entries:
        require_entry(session, actor, index)
    decided = approvals.decide(session, node, actor, shown, step)
    if step is Step.APPROVE:
        _open(session, node, actor, query)
    _tell(session, node, actor, decided.state.value, query)


def withdraw(session: Session, node: Node, actor: Actor, query_id: str) -> None:
    """Take one's own request back before it is decided; raises `NotFound`, `OutOfStep`."""
    query = get(session, node, actor, query_id)
    approvals.withdraw(session, node, actor, query_id)
    _tell(session, node, actor, "WITHDRAWN", query)


def get(session: Session, node: Node, actor: Actor, query_id: str) -> Query:
    """Return one request to an auditor; raises `NotFound`."""
    require(actor, Action.READ_LOG)
    found = approvals.get(session, node, actor, query_id)
    if found.wanted.what != WHAT:
        raise NotFound
    return _query(session, node, found)


def queries(session: Session, node: Node, actor: Actor) -> Queries:
    """Return what waits for `actor` to decide, and what he asked himself; raises `Denied`."""
    require(actor, Action.READ_LOG)
    waiting, own = approvals.pending(session, node, actor), approvals.asked(session, node, actor)
    return Queries(
        tuple(_query(session, node, one) for one in waiting if one.wanted.what == WHAT),
        tuple(_query(session, node, one) for one in own if one.wanted.what == WHAT),
    )


def _open(session: Session, node: Node, actor: Actor, query: Query) -> None:
    held = oversight_openings.messages_of(session, query.entries)
    if set(held) != set(query.entries) or query.ends <= node.now():
        raise BadInput("entries")
    taken = approvals.take(session, node, actor, query.approval.wanted)
    opening = Opening(
        opening_id=taken.approval_id,
        reader=taken.asked_by,
        approved_by=actor.user_id,
        mandate=query.mandate,
        opened=node.now(),
        ends=query.ends,
        state=State.OPEN,
        ended=None,
        ended_by=None,
        entries=query.entries,
    )
    oversight_openings.admit(session, node, opening)


def _query(session: Session, node: Node, approval: Approval) -> Query:
    told = approval.wanted.parameters
    entries, ends = tuple(map(int, told["entries"].split())), from_text(told["ends"])
    opening = oversight_openings.of(session, node, approval.approval_id)
    return Query(approval, entries, told["mandate"], ends, opening)


def _tell(session: Session, node: Node, actor: Actor, code: str, query: Query) -> None:
    codes = WHAT, code, f"ID.{query.approval.approval_id.upper()}"
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=codes, justification=query.mandate)
    oversight_openings.tell(session, node, act, query.entries)


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for part in text.replace(",", " ").split():
        first, dash, last = part.partition("-")
        if not all(one.isascii() and one.isdecimal() and len(one) <= _LARGEST_DIGITS for one in (first, last or "0")):
            raise BadInput("entries")
        if dash and not last:
            raise BadInput("entries")
        yield int(first), int(last or first)

"""Two persons for one act: one asks, another decides, and exactly what was approved is done, once.

The one mechanism for every act of the code table `four_eyes` that this node knows. What is asked is fixed by a digest
over all of it; the decider approves that digest, and `take`, inside the transaction that carries the act out, compares
it with what is about to be done. Nothing here knows what any act does. Every step stands in the log.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from crypto import canonical
from exchange.policy.facts import Action
from nodes import log, rest
from nodes.errors import BadInput, NotApproved, NotFound, OutOfStep, SecondPersonNeeded
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.protection_tables import ApprovalRow
from nodes.views import Actor
from schemas.base import Wire

DAY: Final = 86_400
SHORTEST_REASON: Final = 10


class State(StrEnum):
    """The states of an approval."""

    ASKED = "ASKED"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    DONE = "DONE"


class Step(StrEnum):
    """What moves an approval."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    TAKE = "take"


NEXT: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.ASKED, Step.APPROVE): State.APPROVED,
        (State.ASKED, Step.REFUSE): State.REFUSED,
        (State.ASKED, Step.WITHDRAW): State.WITHDRAWN,
        (State.APPROVED, Step.WITHDRAW): State.WITHDRAWN,
        (State.ASKED, Step.EXPIRE): State.EXPIRED,
        (State.APPROVED, Step.EXPIRE): State.EXPIRED,
        (State.APPROVED, Step.TAKE): State.DONE,
    }
)
"""The whole automaton; what is not in it is refused."""

_OPERATIONS: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.ASKED: "PERMISSION_ASK",
        State.APPROVED: "APPROVE",
        State.REFUSED: "REFUSE",
        State.WITHDRAWN: "REFUSE",
        State.EXPIRED: "REFUSE",
        State.DONE: "PERMISSION_GRANT",
    }
)
"""The state that was reached -> the operation under which the log records it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may ask for an act, who may decide it, and for how many seconds from the asking it can be done.

    `done`: it was done when it was asked for and is judged afterwards, so that asking for it is never taken back.
    """

    asks: Action
    decides: Action
    lifetime: int
    done: bool = False


SENDING: Final = frozenset({"ERASURE_OVERRIDE", "HUMAN_RIGHTS", "INCOMPLETE", "MINOR_INVOLVED", "SEND_RESTRICTED"})
"""Reasons that kinds declare, for which a second person agrees to a message before it is sealed."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "ACCOUNT": Rule(asks=Action.ADMINISTER_USERS, decides=Action.ADMINISTER_USERS, lifetime=3 * DAY),
        "AUDIT_QUERY": Rule(asks=Action.READ_LOG, decides=Action.DECIDE_QUERY, lifetime=7 * DAY),
        "BREAK_GLASS": Rule(asks=Action.BREAK_GLASS, decides=Action.REVIEW_EMERGENCY, lifetime=3 * DAY, done=True),
        "KEY_CHANGE": Rule(asks=Action.ADMINISTER_KEYS, decides=Action.ADMINISTER_KEYS, lifetime=3 * DAY),
        "ERASURE": Rule(asks=Action.PROTECT_DATA, decides=Action.DECIDE_ERASURE, lifetime=14 * DAY),
        **dict.fromkeys(SENDING, Rule(asks=Action.LIST_ARRIVALS, decides=Action.APPROVE_SENDING, lifetime=3 * DAY)),
    }
)
"""Code of the table `four_eyes` -> its rule. A code without a row here cannot be asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An act on one object: its code, the object, all that determines what will be done, and whose work it is."""

    what: str
    target: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    author: str | None = None


class _Told(Wire):
    """What is kept of an act in words: read again for the page, and to compare with what is done."""

    parameters: dict[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class Approval:
    """An act of two persons as it stands now."""

    approval_id: str
    wanted: Wanted
    reason: str
    digest: str
    asked_by: str
    asked_at: int
    expires: int
    state: State
    decided_by: str | None
    decided_at: int | None


def ask(session: Session, node: Node, actor: Actor, wanted: Wanted, reason: str) -> str:
    """Ask for an act; returns the id of the approval.

    Raises `Denied`, `BadInput` for no reason, `OutOfStep` while the same object already waits for this act.
    """
    rule, words = RULES[wanted.what], " ".join(reason.split())
    require(actor, rule.asks)
    if not SHORTEST_REASON <= len(words) <= log.LONGEST_WORDS:
        raise BadInput("reason")
    if _open(session, node, wanted) is not None:
        raise OutOfStep
    approval_id, now = uuid.uuid4().hex, node.now()
    told = _Told(parameters=dict(wanted.parameters), reason=words).to_bytes()
    row = ApprovalRow(
        approval_id=approval_id,
        what=wanted.what,
        target=wanted.target,
        digest=_digest(approval_id, actor.user_id, wanted, words),
        sealed=node.store.kek.seal(told, *rest.place("approval", approval_id, "asked")),
        author=wanted.author,
        asked_by=actor.user_id,
        asked_at=now,
        expires=now + rule.lifetime,
        state=State.ASKED.value,
        decided_by=None,
        decided_at=None,
    )
    session.add(row)
    _record(session, node, row, actor)
    return approval_id


def decide(session: Session, node: Node, actor: Actor, shown: tuple[str, str], step: Step) -> Approval:
    """Approve or refuse what another person asked for; `shown` is its id and the digest that the decider saw.

    Raises `Denied`, `NotFound`, `SecondPersonNeeded` for the asker and the author, `NotApproved` for another digest,
    and `OutOfStep` for what was decided before or is past its time.
    """
    row = session.get(ApprovalRow, shown[0], with_for_update=True)
    if row is None:
        raise NotFound
    require(actor, RULES[row.what].decides)
    if actor.user_id in {row.asked_by, row.author}:
        raise SecondPersonNeeded
    if shown[1] != row.digest:
        raise NotApproved
    row.decided_by, row.decided_at = actor.user_id, node.now()
    _move(session, node, row, step, actor)
    return _view(node, row)


def withdraw(session: Session, node: Node, actor: Actor, approval_id: str) -> None:
    """Take back what one asked for and what was not done yet; raises `NotFound` for another's, `OutOfStep`."""
    row = session.get(ApprovalRow, approval_id, with_for_update=True)
    if row is None or row.asked_by != actor.user_id:
        raise NotFound
    if not may_withdraw(_view(node, row)):
        raise OutOfStep
    _move(session, node, row, Step.WITHDRAW, actor)


def may_withdraw(found: Approval) -> bool:
    """Return whether whoever asked for it may still take it back."""
    return found.state in {State.ASKED, State.APPROVED} and not RULES[found.wanted.what].done


def take(session: Session, node: Node, actor: Actor, wanted: Wanted) -> Approval:
    """Use an approval up, in the transaction that does what was approved.

    Raises `NotApproved` unless exactly `wanted` was approved, is not past its time and was never done, and `actor` is
    one of the two persons.
    """
    row = _open(session, node, wanted)
    if row is None or row.state != State.APPROVED or actor.user_id not in {row.asked_by, row.decided_by}:
        raise NotApproved
    if row.digest != _digest(row.approval_id, row.asked_by, wanted, _told(node, row).reason):
        raise NotApproved
    _move(session, node, row, Step.TAKE, actor)
    return _view(node, row)


def waiting(session: Session, node: Node, what: str, target: str) -> Approval | None:
    """Return what was asked for about an object and is still open or approved, or None."""
    row = _open(session, node, Wanted(what, target))
    return _view(node, row) if row is not None else None


def pending(session: Session, node: Node, actor: Actor) -> tuple[Approval, ...]:
    """Return what waits for `actor` to decide, the oldest first: never what he asked for or wrote himself."""
    decides = [what for what, rule in RULES.items() if allowed(actor, rule.decides)]
    foreign = ApprovalRow.asked_by != actor.user_id, _not(actor)
    rows = session.scalars(_alive(node, State.ASKED).where(ApprovalRow.what.in_(decides), *foreign))
    return tuple(_view(node, row) for row in rows)


def asked(session: Session, node: Node, actor: Actor) -> tuple[Approval, ...]:
    """Return what `actor` asked for, the newest first."""
    query = select(ApprovalRow).where(ApprovalRow.asked_by == actor.user_id)
    return tuple(_view(node, row) for row in session.scalars(query.order_by(ApprovalRow.asked_at.desc()).limit(100)))


def get(session: Session, node: Node, actor: Actor, approval_id: str) -> Approval:
    """Return one approval to those who may ask for it or decide it; raises `NotFound`."""
    row = session.get(ApprovalRow, approval_id)
    if row is None:
        raise NotFound
    rule = RULES[row.what]
    if not (allowed(actor, rule.decides) or allowed(actor, rule.asks)):
        raise NotFound
    return _view(node, row)


def run(session: Session, node: Node) -> int:
    """End what was not decided or not done in its time; returns how many. Nothing is usable before this ran."""
    over = select(ApprovalRow).where(ApprovalRow.state.in_((State.ASKED, State.APPROVED)))
    rows = session.scalars(over.where(ApprovalRow.expires <= node.now()).with_for_update()).all()
    for row in rows:
        row.state = NEXT[State(row.state), Step.EXPIRE].value
        _record(session, node, row, None)
    return len(rows)


def _alive(node: Node, *states: State) -> Select[ApprovalRow]:
    alive = select(ApprovalRow).where(ApprovalRow.state.in_(states), ApprovalRow.expires > node.now())
    return alive.order_by(ApprovalRow.asked_at, ApprovalRow.approval_id)


def _not(actor: Actor) -> ColumnElement[bool]:
    return or_(ApprovalRow.author.is_(None), ApprovalRow.author != actor.user_id)


def _open(session: Session, node: Node, wanted: Wanted) -> ApprovalRow | None:
    same = ApprovalRow.what == wanted.what, ApprovalRow.target == wanted.target
    query = _alive(node, State.ASKED, State.APPROVED).where(*same).with_for_update()
    return session.scalars(query).first()


def _move(session: Session, node: Node, row: ApprovalRow, step: Step, actor: Actor) -> None:
    after = NEXT.get((State(row.state), step))
    if after is None or row.expires <= node.now():
        raise OutOfStep
    row.state = after.value
    _record(session, node, row, actor)


def _digest(approval_id: str, asked_by: str, wanted: Wanted, reason: str) -> str:
    """Bind everything that was asked; the random id keeps the digest in the log from telling what it covers."""
    told: dict[str, canonical.Writable] = {
        "approval": approval_id,
        "what": wanted.what,
        "target": wanted.target,
        "parameters": dict(wanted.parameters),
        "reason": reason,
        "author": wanted.author or "",
        "asked_by": asked_by,
    }
    return hashlib.sha512(canonical.dumps(told)).hexdigest()


def _view(node: Node, row: ApprovalRow) -> Approval:
    told = _told(node, row)
    return Approval(
        row.approval_id,
        Wanted(row.what, row.target, told.parameters, row.author),
        told.reason,
        row.digest,
        row.asked_by,
        row.asked_at,
        row.expires,
        State(row.state),
        row.decided_by,
        row.decided_at,
    )


def _told(node: Node, row: ApprovalRow) -> _Told:
    return _Told.from_bytes(node.store.kek.open(row.sealed, *rest.place("approval", row.approval_id, "asked")))


def _record(session: Session, node: Node, row: ApprovalRow, actor: Actor | None) -> None:
    operation = _OPERATIONS[State(row.state)]
    act = log.Act(operation=operation) if actor is None else log.by(actor, operation)
    codes = (row.what, row.state)
    log.record(session, node, replace(act, subject=row.target, codes=codes, digest=row.digest))

"""Changes of accounts under two persons: one administrator asks, another confirms, neither is the one concerned.

A new account or a new enrolment needs a code of two halves: who asks sees one, who confirms sees the other, so no
administrator alone can become a colleague. The machine's own operator counts as one person, `CONSOLE`; he acts alone
only while the unit has fewer than two administrators, or with a reason that every administrator is alarmed with.
Every change that was made stays in the history of its account. Asking and confirming are `nodes.approvals`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.instants import to_text
from exchange.policy.facts import Action
from nodes import alerts, approvals, log, passwords
from nodes.account_tables import ChangeRow, EnrolmentRow
from nodes.accounts import (
    FORMS,
    AccountChange,
    End,
    NewCode,
    NewSubject,
    NewUser,
    administrators,
    roles_after,
    roles_of,
)
from nodes.approvals import Approval, State, Step, Wanted
from nodes.errors import BadInput, NotFound, OutOfStep, SecondPersonNeeded
from nodes.node import Node
from nodes.permissions import require
from nodes.views import Actor

CONSOLE: Final = Actor("CONSOLE", "", "en", "", frozenset({"NODE_ADMIN"}))
"""The operator at the machine, as the log and the history name him."""

ACCOUNT: Final = "ACCOUNT"
WHAT: Final[Mapping[type[AccountChange], str]] = MappingProxyType({form: what for what, form in FORMS.items()})
_ADAPTERS: Final = {what: TypeAdapter[AccountChange](form) for what, form in FORMS.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that was asked for, with the roles of the account before and after."""

    approval: Approval
    change: AccountChange
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an account that was made, with its entry in the log; `decided_by` is None where one person did it."""

    index: int
    at: int
    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    asked_by: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of an act: the approval of the change, and what to print for the person concerned, this once."""

    approval_id: str
    printed: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Done:
    """Who made a change, and why; `half` is the hash of the first half of its code."""

    asked_by: str
    decided_by: str | None
    digest: str | None
    reason: str
    half: str


def ask(session: Session, node: Node, actor: Actor, change: AccountChange, reason: str) -> Handed:
    """Ask for a change of somebody else's account; gives the first half of a code where it needs one.

    Raises `Denied`, `SecondPersonNeeded` for one's own account, `OutOfStep` while another change of it waits, or what
    the form of the change refuses.
    """
    _check(session, node, actor, change)
    half = _half(change)
    parameters = {
        "what": WHAT[type(change)],
        "change": _ADAPTERS[WHAT[type(change)]].dump_json(change).decode(),
        "before": _spoken(roles_of(session, change.user_id)),
        "after": _spoken(roles_after(session, change)),
        "half": passwords.half_hash(half) if half is not None else "",
    }
    wanted = Wanted(ACCOUNT, change.user_id, parameters, author=change.user_id)
    return Handed(approvals.ask(session, node, actor, wanted, reason), half)


def confirm(session: Session, node: Node, actor: Actor, shown: tuple[str, str]) -> Handed:
    """Make the change that another person asked for: `shown` is its id and digest. Gives the second half of a code.

    Raises what `approvals.decide` does, and `OutOfStep` where roles or the asker are not what they were.
    """
    approval = approvals.decide(session, node, actor, shown, Step.APPROVE)
    asked = _asked(approval)
    gone = approval.asked_by not in administrators(session, node.now()) | {CONSOLE.user_id}
    if gone or asked.before != tuple(sorted(roles_of(session, asked.change.user_id))):
        raise OutOfStep
    approvals.take(session, node, actor, approval.wanted)
    half = approval.wanted.parameters["half"]
    done = _Done(approval.asked_by, actor.user_id, approval.digest, approval.reason, half)
    return Handed(approval.approval_id, _make(session, node, asked.change, done))


def refuse(session: Session, node: Node, actor: Actor, shown: tuple[str, str]) -> None:
    """Let a change not happen: its asker takes it back, or another administrator refuses it."""
    if get(session, node, actor, shown[0]).approval.asked_by == actor.user_id:
        approvals.withdraw(session, node, actor, shown[0])
    else:
        approvals.decide(session, node, actor, shown, Step.REFUSE)


def end(session: Session, node: Node, actor: Actor, user_id: str) -> None:
    """End an account at once: one person may do that, because it takes power away and cannot give any.

    Raises `Denied`, `SecondPersonNeeded` for one's own, or `NotFound`.
    """
    _check(session, node, actor, End(user_id))
    _make(session, node, End(user_id), _Done(actor.user_id, None, None, "", ""))


def founding(session: Session, node: Node, change: AccountChange) -> bool:
    """Return whether the unit has too few administrators for two persons to decide about this account."""
    return len(administrators(session, node.now()) - {change.user_id}) < 2


def alone(session: Session, node: Node, change: AccountChange, reason: str = "") -> str | None:
    """Make a change at the machine with no second person; returns the whole code to print, if there is one.

    But for the founding of a unit it needs a reason, which is logged, and it alarms every administrator; raises
    `BadInput` without one.
    """
    _check(session, node, CONSOLE, change)
    words, alarming = " ".join(reason.split()), not founding(session, node, change)
    if alarming and not approvals.SHORTEST_REASON <= len(words) <= log.LONGEST_WORDS:
        raise BadInput("reason")
    half = _half(change)
    done = _Done(CONSOLE.user_id, None, None, words, passwords.half_hash(half) if half is not None else "")
    other = _make(session, node, change, done)
    if alarming:
        about = f"{change.user_id} {to_text(node.now())}"
        alerts.raise_alert(session, node, alerts.Raised(alerts.Cause.CHANGED_ALONE, about, alerts.ADMIN, outbound=True))
    return f"{half}-{other}" if half is not None else None


def waiting(session: Session, node: Node, actor: Actor) -> tuple[Asked, ...]:
    """Return the changes that wait for a second person: those of others first; raises `Denied`."""
    require(actor, Action.ADMINISTER_USERS)
    mine = (one for one in approvals.asked(session, node, actor) if one.state is State.ASKED)
    every = (*approvals.pending(session, node, actor), *mine)
    return tuple(_asked(one) for one in every if one.wanted.what == ACCOUNT and one.expires > node.now())


def get(session: Session, node: Node, actor: Actor, approval_id: str) -> Asked:
    """Return a change that was asked for, whatever became of it; raises `Denied` or `NotFound`."""
    require(actor, Action.ADMINISTER_USERS)
    approval = approvals.get(session, node, actor, approval_id)
    if approval.wanted.what != ACCOUNT:
        raise NotFound
    return _asked(approval)


def history(session: Session, actor: Actor, user_id: str) -> tuple[Change, ...]:
    """Return every change that was made to an account, the newest first; raises `Denied`."""
    require(actor, Action.ADMINISTER_USERS)
    rows = session.scalars(select(ChangeRow).where(ChangeRow.user_id == user_id).order_by(ChangeRow.index.desc()))
    return tuple(
        Change(
            row.index,
            row.at,
            row.what,
            tuple(row.before.split()),
            tuple(row.after.split()),
            row.asked_by,
            row.decided_by,
        )
        for row in rows
    )


def _check(session: Session, node: Node, actor: Actor, change: AccountChange) -> None:
    require(actor, Action.ADMINISTER_USERS)
    change.check(session, node.now())
    if actor.user_id == change.user_id:
        raise SecondPersonNeeded


def _make(session: Session, node: Node, change: AccountChange, done: _Done) -> str | None:
    """Do what was decided, with its entry and its place in the history; returns the second half of a code."""
    change.check(session, node.now())
    before, after = _spoken(roles_of(session, change.user_id)), _spoken(roles_after(session, change))
    change.apply(session, node)
    row = ChangeRow(
        index=_record(session, node, change, done, (before, after)),
        user_id=change.user_id,
        at=node.now(),
        what=WHAT[type(change)],
        before=before,
        after=after,
        asked_by=done.asked_by,
        decided_by=done.decided_by,
    )
    session.add(row)
    if not done.half:
        return None
    half, expires = passwords.new_half(), node.now() + node.settings.enrolment_lifetime
    whole = passwords.joined_hash(done.half, passwords.half_hash(half))
    session.merge(EnrolmentRow(user_id=change.user_id, code_hash=whole, expires=expires, totp_sealed=None))
    return half


def _record(session: Session, node: Node, change: AccountChange, done: _Done, roles: tuple[str, str]) -> int:
    codes = [WHAT[type(change)], "CONFIRMED" if done.decided_by is not None else "ALONE"]
    codes += [f"BEFORE.{role}" for role in roles[0].split()] + [f"AFTER.{role}" for role in roles[1].split()]
    act = log.Act(
        operation="KEY_CHANGE" if isinstance(change, NewCode | NewSubject) else "ROLE_CHANGE",
        actor=done.decided_by or done.asked_by,
        role=min(CONSOLE.roles),
        subject=change.user_id,
        codes=tuple(codes),
        digest=done.digest,
        justification=done.reason or None,
    )
    if isinstance(change, NewUser) and change.visit is not None:
        until = f"UNTIL.{to_text(change.visit.ends)[:10]}"
        act = replace(act, codes=(*act.codes, "VISIT", until), justification=change.visit.mandate)
    return log.record(session, node, act)


def _asked(approval: Approval) -> Asked:
    told = approval.wanted.parameters
    change = _ADAPTERS[told["what"]].validate_json(told["change"])
    return Asked(approval, change, tuple(told["before"].split()), tuple(told["after"].split()))


def _half(change: AccountChange) -> str | None:
    return passwords.new_half() if isinstance(change, NewUser | NewCode) else None


def _spoken(roles: frozenset[str]) -> str:
    return " ".join(sorted(roles))

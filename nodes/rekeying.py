"""Who must agree before the unit gets its next signing or request key: the machine's operator and an administrator.

These keys speak for the unit, so an insider who makes one alone could put a node of his own beside it. The operator
asks and makes the key, an administrator agrees; he is alone only while the unit has fewer than two administrators, or
with a reason that every administrator is alarmed with. Keys that turn by themselves, and withdrawing a key, which gives
nobody anything, need no second person. Asking and agreeing are `nodes.approvals`.
"""

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy.orm import Session

from crypto.instants import to_text
from nodes import accounts, alerts, approvals, log
from nodes.alerts import Cause, Raised
from nodes.approvals import Approval, State, Step, Wanted
from nodes.changes import CONSOLE
from nodes.errors import BadInput, NotFound
from nodes.node import Node
from nodes.views import Actor

KEY_CHANGE: Final = "KEY_CHANGE"
GUARDED: Final = ("SIGNING", "NODE")
Use = Literal["SIGNING", "ENCRYPTION", "NODE", "WITNESS"]


@dataclass(frozen=True, slots=True)
class Leave:
    """What the operator says with his wish for a key: why, and whether he goes without a second person."""

    reason: str = ""
    alone: bool = False


NO_LEAVE: Final = Leave()


def missing(session: Session, node: Node, use: Use, leave: Leave) -> str | None:
    """Return the approval that an administrator must give before a key for `use` is made, or None; asks for it.

    Raises `BadInput` for no reason.
    """
    if not _guarded(session, node, use) or leave.alone:
        return None
    found = approvals.waiting(session, node, KEY_CHANGE, use)
    if found is None:
        return approvals.ask(session, node, CONSOLE, _wanted(use), leave.reason)
    return found.approval_id if found.state is State.ASKED else None


def record(session: Session, node: Node, use: Use, leave: Leave, codes: tuple[str, ...]) -> None:
    """Log that a key for `use` is made, with both persons, in the transaction that makes it.

    Raises `NotApproved` where an administrator has not agreed, `BadInput` for going alone without a reason.
    """
    if not _guarded(session, node, use):
        log.record(session, node, log.Act(operation="KEY_CHANGE", codes=codes))
    elif leave.alone:
        _alone(session, node, use, leave, codes)
    else:
        given = approvals.take(session, node, CONSOLE, _wanted(use))
        act = log.Act(
            operation="KEY_CHANGE",
            actor=CONSOLE.user_id,
            role=min(CONSOLE.roles),
            subject=given.decided_by,
            codes=(*codes, "CONFIRMED"),
            digest=given.digest,
            justification=given.reason,
        )
        log.record(session, node, act)


def waiting(session: Session, node: Node) -> tuple[Approval, ...]:
    """Return what was asked for, or agreed to, and not done yet."""
    found = (approvals.waiting(session, node, KEY_CHANGE, use) for use in GUARDED)
    return tuple(one for one in found if one is not None)


def get(session: Session, node: Node, actor: Actor, approval_id: str) -> Approval:
    """Return one request for a key; raises `NotFound`."""
    found = approvals.get(session, node, actor, approval_id)
    if found.wanted.what != KEY_CHANGE:
        raise NotFound
    return found


def decide(session: Session, node: Node, actor: Actor, shown: tuple[str, str], step: Step) -> None:
    """Agree or refuse as an administrator; `shown` is id and digest as he saw them. Raises as `approvals.decide`."""
    get(session, node, actor, shown[0])
    approvals.decide(session, node, actor, shown, step)


def _guarded(session: Session, node: Node, use: Use) -> bool:
    return use in GUARDED and len(accounts.administrators(session, node.now())) > 1


def _wanted(use: Use) -> Wanted:
    return Wanted(KEY_CHANGE, use, {"use": use})


def _alone(session: Session, node: Node, use: Use, leave: Leave, codes: tuple[str, ...]) -> None:
    words = " ".join(leave.reason.split())
    if not approvals.SHORTEST_REASON <= len(words) <= log.LONGEST_WORDS:
        raise BadInput("reason")
    act = log.Act(
        operation="KEY_CHANGE",
        actor=CONSOLE.user_id,
        role=min(CONSOLE.roles),
        codes=(*codes, "ALONE"),
        justification=words,
    )
    log.record(session, node, act)
    about = f"{use} {to_text(node.now())}"
    alerts.raise_alert(session, node, Raised(Cause.KEY_ALONE, about, alerts.ADMIN, outbound=True))

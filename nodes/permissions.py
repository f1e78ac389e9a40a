"""Who may do what inside a unit: one table of roles and actions. What is not in it is denied.

The table is the separation of duties of the role codes: an administrator or a data-protection officer never reads
content, an auditor changes nothing, an officer reads the cases he works on. Rules about one object (own case, own
draft) stand beside their use case; this table is asked first.
"""

from collections.abc import Mapping
from enum import StrEnum

from nodes.errors import Denied
from nodes.views import Actor
from schemas.kind import Kind


class Action(StrEnum):
    """Everything an account of a unit may be allowed to do."""

    COMPOSE = "COMPOSE"
    SEND = "SEND"
    LIST_ARRIVALS = "LIST_ARRIVALS"
    READ_OWN = "READ_OWN"
    READ_ANY = "READ_ANY"
    SEARCH = "SEARCH"
    TAKE = "TAKE"
    ASSIGN = "ASSIGN"
    HAND_OVER = "HAND_OVER"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    SEE_QUARANTINE = "SEE_QUARANTINE"
    ADMINISTER_USERS = "ADMINISTER_USERS"
    ADMINISTER_KEYS = "ADMINISTER_KEYS"
    SEE_STATUS = "SEE_STATUS"
    READ_LOG = "READ_LOG"
    DECIDE_QUERY = "DECIDE_QUERY"
    EXPORT_EVIDENCE = "EXPORT_EVIDENCE"
    REPLY_FINDINGS = "REPLY_FINDINGS"
    PROTECT_DATA = "PROTECT_DATA"
    SEE_APPROVALS = "SEE_APPROVALS"
    DECIDE_ERASURE = "DECIDE_ERASURE"
    APPROVE_SENDING = "APPROVE_SENDING"


_OFFICER = frozenset(
    {
        Action.COMPOSE,
        Action.SEND,
        Action.LIST_ARRIVALS,
        Action.READ_OWN,
        Action.SEARCH,
        Action.TAKE,
        Action.HAND_OVER,
        Action.ACKNOWLEDGE,
        Action.EXPORT_EVIDENCE,
        Action.SEE_APPROVALS,
    }
)
_DUTY = _OFFICER | {Action.READ_ANY, Action.ASSIGN, Action.SEE_QUARANTINE, Action.SEE_STATUS}
_SUPERVISOR = frozenset(
    {
        Action.LIST_ARRIVALS,
        Action.READ_OWN,
        Action.READ_ANY,
        Action.SEARCH,
        Action.ASSIGN,
        Action.ACKNOWLEDGE,
        Action.SEE_QUARANTINE,
        Action.REPLY_FINDINGS,
        Action.SEE_STATUS,
        Action.EXPORT_EVIDENCE,
        Action.SEE_APPROVALS,
        Action.DECIDE_ERASURE,
        Action.APPROVE_SENDING,
    }
)

MATRIX: Mapping[str, frozenset[Action]] = {
    "OFFICER": _OFFICER,
    "SPOC_DUTY": _DUTY,
    "SUPERVISOR": _SUPERVISOR,
    "NODE_ADMIN": frozenset(
        {Action.ADMINISTER_USERS, Action.ADMINISTER_KEYS, Action.SEE_STATUS, Action.SEE_QUARANTINE}
    ),
    "AUDITOR": frozenset({Action.READ_LOG, Action.DECIDE_QUERY, Action.SEE_STATUS, Action.EXPORT_EVIDENCE}),
    "DPO": frozenset({Action.PROTECT_DATA, Action.SEE_APPROVALS, Action.ACKNOWLEDGE}),
}
"""Role code -> actions. A role of the code table without a row here may do nothing in this node yet."""

EXCLUSIVE: tuple[frozenset[str], ...] = (
    frozenset({"AUDITOR", "OFFICER"}),
    frozenset({"AUDITOR", "SPOC_DUTY"}),
    frozenset({"AUDITOR", "SUPERVISOR"}),
    frozenset({"AUDITOR", "NODE_ADMIN"}),
    frozenset({"NODE_ADMIN", "OFFICER"}),
    frozenset({"NODE_ADMIN", "SPOC_DUTY"}),
    frozenset({"NODE_ADMIN", "SUPERVISOR"}),
    frozenset({"DPO", "OFFICER"}),
    frozenset({"DPO", "SPOC_DUTY"}),
    frozenset({"DPO", "SUPERVISOR"}),
    frozenset({"DPO", "NODE_ADMIN"}),
)
"""Roles that one account never holds together."""


def allowed(actor: Actor, action: Action) -> bool:
    """Return whether a role of `actor` has `action`; an account without roles may do nothing."""
    return any(action in MATRIX.get(role, frozenset()) for role in actor.roles)


def require(actor: Actor, action: Action) -> None:
    """Return if `actor` may do `action`; raises `Denied`, which its handler logs in a transaction of its own."""
    if not allowed(actor, action):
        raise Denied(action.value)


def may_write(actor: Actor, kind: Kind) -> bool:
    """Return whether `actor` may write messages of `kind`: by a role that it names, else as whoever composes."""
    return bool(actor.roles & kind.authors) if kind.authors else allowed(actor, Action.COMPOSE)


def require_writer(actor: Actor, kind: Kind) -> None:
    """Return if `actor` may write and seal messages of `kind`; raises `Denied`."""
    if not may_write(actor, kind):
        raise Denied(Action.COMPOSE.value)

"""What the rules let an account do with the things of its unit: lists, accounts, keys, log. The rest is denied.

The rules are `exchange/policy/roles.cedar` and what the unit forbids beyond them. What may be done with one message is
asked of `nodes.judging`; rules about one's own draft stand beside their use case.
"""

from functools import cache
from itertools import product

from exchange.policy.facts import Action, Circumstances, House, Person, Question, rank_of
from exchange.policy.rulebook import Decision, federation
from nodes.errors import Denied
from nodes.views import Actor
from schemas import codes
from schemas.kind import Kind

_HERE = "HERE"
"""The own unit, whichever it is: an account acts in no other."""

_WORKING = ("FIU_ANALYST", "LEGAL", "LIAISON_OFFICER", "OFFICER", "SPOC_DUTY", "SUPERVISOR")
_WATCHING = ("AUDITOR", "DPO", "NODE_ADMIN", "OVERSIGHT")
EXCLUSIVE: tuple[frozenset[str], ...] = (
    *(frozenset(pair) for pair in product(_WATCHING, _WORKING)),
    frozenset({"AUDITOR", "NODE_ADMIN"}),
    frozenset({"DPO", "NODE_ADMIN"}),
)
"""Roles that one account never holds together."""


def allowed(actor: Actor, action: Action) -> bool:
    """Return whether the rules let `actor` do `action` in his unit; an account without roles may do nothing."""
    return _decided(actor, action).allowed


def require(actor: Actor, action: Action) -> None:
    """Return if `actor` may do `action`; raises `Denied`, which its handler logs in a transaction of its own."""
    decision = _decided(actor, action)
    if not decision.allowed:
        raise Denied(action.value, decision.rules)


def _decided(actor: Actor, action: Action) -> Decision:
    person = Person(_HERE, actor.agency, actor.roles, rank_of(actor.clearance))
    return actor.rules.decide(Question(person, action, House(_HERE), Circumstances(env="")))


@cache
def roles_that(action: Action) -> frozenset[str]:
    """Return the roles that may do `action` by the federation's rules."""
    return frozenset(role for role in codes.table("roles") if action in actions_of(role))


@cache
def actions_of(role: str) -> frozenset[Action]:
    """Return what a role may do by the federation's rules; a role without anything is of no use in a node."""
    person = Person(_HERE, "", frozenset({role}), 0)
    ask = federation().decide
    return frozenset(act for act in Action if ask(Question(person, act, House(_HERE), Circumstances(env=""))).allowed)


def may_write(actor: Actor, kind: Kind) -> bool:
    """Return whether `actor` may write messages of `kind`: by a role that it names, else as whoever composes."""
    return bool(actor.roles & kind.authors) if kind.authors else allowed(actor, Action.COMPOSE)


def require_writer(actor: Actor, kind: Kind) -> None:
    """Return if `actor` may write and seal messages of `kind`; raises `Denied`."""
    if not may_write(actor, kind):
        raise Denied(Action.COMPOSE.value)

"""The matrix of roles and actions, walked whole, and every use case asked by somebody who may not."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from exchange.policy.facts import Action
from nodes import accounts, alerts, drafts, duty, inbox, log, oversight, permissions, reading
from nodes.drafts import NewDraft
from nodes.duty import Assign, HandOver
from nodes.errors import Denied
from nodes.node import Node
from nodes.oversight_lookups import Lookup
from nodes.permissions import EXCLUSIVE, actions_of, allowed, roles_that
from nodes.tables import EventRow
from nodes.views import Actor, InboxQuery
from schemas.codes import table
from tests.exchange.policy.table import HOUSE
from tests.nodes.world import World, someone


def actor(*roles: str) -> Actor:
    return Actor("TJ-1", "Somebody", "en", "POLICE", frozenset(roles))


@pytest.mark.parametrize("role", list(table("roles")))
def test_a_role_may_do_exactly_what_the_matrix_says(role: str) -> None:
    may = {action.value for action in Action if allowed(actor(role), action)}
    assert may == HOUSE.get(role, set()) == actions_of(role)


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(allowed(actor(), action) for action in Action)
    assert not any(allowed(actor("KING"), action) for action in Action)


def test_every_role_that_excludes_another_may_do_something() -> None:
    assert all(actions_of(role) for pair in EXCLUSIVE for role in pair)
    assert roles_that(Action.ADMINISTER_USERS) == {"NODE_ADMIN"}


def test_no_role_that_administers_or_audits_reads_content() -> None:
    content = {Action.READ_OWN, Action.READ_ANY, Action.SEARCH, Action.COMPOSE}
    assert not content & (actions_of("NODE_ADMIN") | actions_of("AUDITOR") | actions_of("DPO"))


def test_a_refusal_raises_and_names_the_action() -> None:
    with pytest.raises(Denied, match="COMPOSE"):
        permissions.require(actor("AUDITOR"), Action.COMPOSE)


CALLS: dict[str, Callable[..., object]] = {
    "page": lambda session, node, who: inbox.page(session, node, who, InboxQuery()),
    "quarantined": lambda session, _node, who: inbox.quarantined(session, who),
    "create": lambda session, node, who: drafts.create(session, node, who, NewDraft("REQ")),
    "cases": reading.cases,
    "search": lambda session, node, who: reading.search(session, node, who, "words", "reason"),
    "take": lambda session, node, who: duty.take(session, node, who, "x"),
    "assign": lambda session, node, who: duty.assign(session, node, who, Assign("x", "y")),
    "hand over": lambda session, node, who: duty.hand_over(session, node, who, HandOver("y")),
    "take back": lambda session, node, who: duty.take_back(session, node, who, ("x",)),
    "assignments": lambda session, node, who: duty.assignments(session, node, who, "x"),
    "acknowledge": lambda session, node, who: alerts.acknowledge(session, node, who, "x"),
    "users": lambda session, _node, who: accounts.users(session, who),
    "colleagues": lambda session, _node, who: accounts.colleagues(session, who),
    "log": lambda session, node, who: oversight.page(session, node, who, Lookup()),
}


def test_an_outsider_is_denied_everything_and_each_denial_is_logged(small: World) -> None:
    node = small.node("TJ")
    outsider = someone(node, "outsider")
    for call in CALLS.values():
        with pytest.raises(Denied) as denied, node.db.write() as session:
            call(session, node, outsider)
        with node.db.write() as session:
            log.denied(session, node, outsider, denied.value)
    assert refusals(node) == ["OUTSIDER-1"] * len(CALLS)


def refusals(node: Node) -> list[str | None]:
    with node.db.read() as session:
        return list(session.scalars(select(EventRow.actor).where(EventRow.operation == "REFUSE")))

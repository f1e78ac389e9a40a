"""The matrix of roles and actions, walked whole, and every use case asked by somebody who may not."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from nodes import accounts, alerts, drafts, duty, inbox, log, oversight, permissions, reading
from nodes.drafts import NewDraft
from nodes.duty import Assign, HandOver
from nodes.errors import Denied
from nodes.node import Node
from nodes.oversight_lookups import Lookup
from nodes.permissions import EXCLUSIVE, MATRIX, Action, allowed
from nodes.tables import EventRow
from nodes.views import Actor, InboxQuery
from schemas.codes import table
from tests.nodes.world import World, someone

EXPECTED = {
    "OFFICER": "COMPOSE SEND LIST_ARRIVALS READ_OWN SEARCH TAKE HAND_OVER ACKNOWLEDGE EXPORT_EVIDENCE",
    "SPOC_DUTY": "COMPOSE SEND LIST_ARRIVALS READ_OWN READ_ANY SEARCH TAKE HAND_OVER ACKNOWLEDGE ASSIGN SEE_QUARANTINE "
    "SEE_STATUS EXPORT_EVIDENCE",
    "SUPERVISOR": "LIST_ARRIVALS READ_OWN READ_ANY SEARCH ASSIGN ACKNOWLEDGE SEE_QUARANTINE SEE_STATUS EXPORT_EVIDENCE "
    "REPLY_FINDINGS SEE_APPROVALS DECIDE_ERASURE",
    "NODE_ADMIN": "ADMINISTER_USERS ADMINISTER_KEYS SEE_STATUS SEE_QUARANTINE",
    "AUDITOR": "READ_LOG DECIDE_QUERY SEE_STATUS EXPORT_EVIDENCE",
    "DPO": "PROTECT_DATA SEE_APPROVALS ACKNOWLEDGE",
}


def actor(*roles: str) -> Actor:
    return Actor("TJ-1", "Somebody", "en", "POLICE", frozenset(roles))


@pytest.mark.parametrize("role", list(table("roles")))
def test_a_role_may_do_exactly_what_the_matrix_says(role: str) -> None:
    may = {action.value for action in Action if allowed(actor(role), action)}
    assert may == set(EXPECTED.get(role, "").split())


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(allowed(actor(), action) for action in Action)
    assert not any(allowed(actor("KING"), action) for action in Action)


def test_every_role_of_the_matrix_is_in_the_code_table() -> None:
    assert set(MATRIX) <= set(table("roles"))
    assert {role for pair in EXCLUSIVE for role in pair} <= set(MATRIX)


def test_no_role_that_administers_or_audits_reads_content() -> None:
    content = {Action.READ_OWN, Action.READ_ANY, Action.SEARCH, Action.COMPOSE}
    assert not content & (MATRIX["NODE_ADMIN"] | MATRIX["AUDITOR"] | MATRIX["DPO"])


def test_a_refusal_raises_and_names_the_action() -> None:
    with pytest.raises(Denied, match="SEND"):
        permissions.require(actor("AUDITOR"), Action.SEND)


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

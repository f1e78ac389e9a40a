"""The rules at work in a node: what a person may read of a case that he may see, and what is said when he may not."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import log, messages, reading, rows, rules
from nodes.account_tables import RulesRow
from nodes.drafts import NewDraft
from nodes.errors import NotFound, Refused
from nodes.node import Node
from nodes.tables import EventRow, MessageRow
from nodes.views import Actor
from tests.nodes.world import World, send, someone

OWN_RULE = """
@id("KG-NO-CUSTOMS") @law("order 7") @en("Customs read nothing here.") @ru("Таможня ничего не читает.")
forbid (principal, action == Serai::Action::"READ", resource) when {
  resource is Serai::Item && resource.family == "operational" && principal.agency == "CUSTOMS"
};
"""


@pytest.fixture
def restricted(small: World) -> str:
    """A restricted request of TJ that has arrived at KG."""
    message = send(small.node("TJ"), someone(small.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync(rounds=2)
    return message


def read(node: Node, actor: Actor, message: str) -> None:
    with node.db.write() as session:
        messages.read(session, node, actor, message)


def subject(node: Node, actor: Actor, message: str) -> str | None:
    with node.db.read() as session:
        return rows.view(session, node, actor, session.get_one(MessageRow, message)).subject


def test_a_classification_above_the_clearance_refuses_and_names_its_rule(small: World, restricted: str) -> None:
    kg = small.node("KG")
    duty = someone(kg, "dilnoza")
    assert subject(kg, duty, restricted)
    uncleared = replace(duty, clearance="UNCL")
    with pytest.raises(Refused) as refused:
        read(kg, uncleared, restricted)
    assert [rule.name for rule in refused.value.rules] == ["CLEARANCE"]
    assert subject(kg, uncleared, restricted) is None


def test_a_refusal_stands_in_the_log_with_its_rules(small: World, restricted: str) -> None:
    kg = small.node("KG")
    uncleared = replace(someone(kg, "dilnoza"), clearance="UNCL")
    with pytest.raises(Refused) as refused:
        read(kg, uncleared, restricted)
    with kg.db.write() as session:
        log.denied(session, kg, uncleared, refused.value)
        refusals = select(EventRow).where(EventRow.operation == "REFUSE", EventRow.denied == 1)
        assert len(session.scalars(refusals).all()) == 1


def test_a_message_of_a_family_for_others_is_not_found_by_a_search(small: World, restricted: str) -> None:
    kg = small.node("KG")
    duty = someone(kg, "dilnoza")
    analyst = replace(duty, agency="FIU")
    with kg.db.write() as session:
        assert [row.message_id for row in reading.search(session, kg, duty, "lorry", "a reason")] == [restricted]
        assert reading.search(session, kg, analyst, "lorry", "a reason") == ()


def test_a_stranger_to_the_case_learns_nothing_not_even_a_rule(small: World, restricted: str) -> None:
    kg = small.node("KG")
    with pytest.raises(NotFound):
        read(kg, replace(someone(kg, "aibek"), clearance="UNCL"), restricted)


def test_a_unit_forbids_more_and_the_rules_in_force_are_on_record(small: World, restricted: str) -> None:
    kg = small.node("KG")
    rules.note(kg)
    kg.book = Rulebook(federation_texts(), {"own.cedar": OWN_RULE})
    rules.note(kg)
    customs = replace(someone(kg, "dilnoza"), agency="CUSTOMS", rules=kg.rules)
    with pytest.raises(Refused) as refused:
        read(kg, customs, restricted)
    assert [rule.name for rule in refused.value.rules] == ["KG-NO-CUSTOMS"]
    with kg.db.read() as session:
        kept = session.scalars(select(RulesRow.text).order_by(RulesRow.since)).all()
        changes = session.scalars(select(EventRow).where(EventRow.operation == "POLICY_CHANGE")).all()
    assert len(changes) == len(kept) >= 2
    assert ["KG-NO-CUSTOMS" in text for text in kept][-2:] == [False, True]

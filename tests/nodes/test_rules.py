"""A node acts only under rules of access that the federation has signed, and says loudly where they are not."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from exchange.policy.facts import Action
from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import rules
from nodes.errors import Denied
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.rules import ENDING_SOON, RulesStanding, Signed
from nodes.tables import AlertRow, EventRow
from nodes.views import Actor
from schemas.signed_policy import RuleSet
from tests.federation import World, rule_set
from tests.instants import DAY, NOW
from tests.nodes.people import Clock
from tests.nodes.world import someone

OTHER = "0" * 128
FEDERATION = World(NOW).add("KG", "TJ")


def signed(node: Node, *listed: RuleSet) -> None:
    """Let the node hold a directory by which these rules are signed, and do what its timers do."""
    document = FEDERATION.federation(rules=listed or None)
    node.held = FEDERATION.directory(document=document)
    rules.note(node)


def actor(node: Node, name: str) -> Actor:
    """An account as the one who acts at this moment, under the rules of its node."""
    return replace(someone(node, name), rules=node.rules)


def told(node: Node) -> list[str]:
    """The alarms about the rules that the administrator sees."""
    chosen = select(AlertRow.cause).where(AlertRow.audience == "role:NODE_ADMIN")
    with node.db.read() as session:
        return list(session.scalars(chosen))


def changes(node: Node) -> int:
    with node.db.read() as session:
        return len(session.scalars(select(EventRow).where(EventRow.operation == "POLICY_CHANGE")).all())


def test_nothing_is_done_under_rules_that_the_federation_did_not_sign(node: Node) -> None:
    signed(node, rule_set(NOW))
    assert allowed(actor(node, "rustam"), Action.COMPOSE)
    signed(node, rule_set(NOW, sha512=OTHER))
    assert rules.standing(node).signed is Signed.UNSIGNED
    with pytest.raises(Denied) as denied:
        require(actor(node, "rustam"), Action.COMPOSE)
    assert [rule.name for rule in denied.value.rules] == ["RULES-UNSIGNED"]
    assert not any(allowed(actor(node, "anora"), one) for one in Action if one is not Action.SEE_STATUS)
    assert allowed(actor(node, "anora"), Action.SEE_STATUS)
    assert (told(node), changes(node)) == (["RULES_UNSIGNED"], 2)
    signed(node, rule_set(NOW))
    assert allowed(actor(node, "rustam"), Action.COMPOSE)
    assert (told(node), changes(node)) == ([], 3)


def test_an_upgrade_has_its_grace_and_then_it_is_over(lone: Node, clock: Clock) -> None:
    ends = NOW + 30 * DAY
    signed(lone, rule_set(NOW - DAY, not_after=ends), rule_set(NOW, version=2, sha512=OTHER))
    assert rules.standing(lone) == RulesStanding(lone.book.federal, Signed.SIGNED, ends)
    clock.now = ends - ENDING_SOON
    rules.note(lone)
    assert (rules.standing(lone).signed, told(lone)) == (Signed.ENDING, ["RULES_ENDING"])
    assert allowed(actor(lone, "rustam"), Action.COMPOSE)
    clock.now = ends
    rules.note(lone)
    assert (rules.standing(lone).signed, told(lone)) == (Signed.UNSIGNED, ["RULES_UNSIGNED"])
    assert not allowed(actor(lone, "rustam"), Action.COMPOSE)


def test_rules_that_begin_later_are_not_in_force_yet(lone: Node, clock: Clock) -> None:
    signed(lone, rule_set(NOW + DAY))
    assert rules.standing(lone).signed is Signed.UNSIGNED
    clock.now += DAY
    assert rules.standing(lone).signed is Signed.SIGNED


def test_a_document_of_an_older_release_stops_no_node(lone: Node) -> None:
    signed(lone)
    assert rules.standing(lone) == RulesStanding(lone.book.federal, Signed.UNDECIDED, None)
    assert allowed(actor(lone, "rustam"), Action.COMPOSE)
    assert told(lone) == []


def test_what_a_unit_forbids_itself_is_no_part_of_what_is_signed(lone: Node) -> None:
    digest = lone.book.federal
    lone.book = Rulebook(federation_texts(), {"own.cedar": federation_texts()["walls"].replace('@id("', '@id("OWN-')})
    signed(lone, rule_set(NOW))
    assert (lone.book.federal, rules.standing(lone).signed) == (digest, Signed.SIGNED)
    assert lone.rules.digest != digest

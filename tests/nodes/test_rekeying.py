"""A key that speaks for the unit takes two persons, and whoever must know of it is told."""

import json

import pytest
from sqlalchemy import select

from crypto.signing import SigningKey
from exchange.hub import administration
from exchange.hub.administration import Publication
from nodes import keys, rekeying, rest, rotation, upkeep
from nodes.alerts import Cause
from nodes.approvals import Step
from nodes.changes import CONSOLE
from nodes.errors import BadInput, Denied, NotApproved, NotFound, OutOfStep, SecondPersonNeeded
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.rekeying import Leave, Use
from nodes.rotation import Withdrawal
from nodes.tables import AlertRow, EventRow, KeyRow
from nodes.views import Actor
from schemas.directory import sign_federation
from tests.nodes.test_changes import two_administrators
from tests.nodes.world import World, new_signing_key, someone, withdraw

WHY = Leave("the old machine is retired")


@pytest.fixture
def node(small: World) -> Node:
    return small.node("TJ")


@pytest.fixture
def admins(node: Node) -> tuple[Actor, Actor]:
    return two_administrators(node)


def missing(node: Node, use: Use = "NODE", leave: Leave = WHY) -> str | None:
    with node.db.write() as session:
        return rekeying.missing(session, node, use, leave)


def decide(node: Node, actor: Actor, approval_id: str, step: Step = Step.APPROVE) -> None:
    with node.db.write() as session:
        digest = rekeying.get(session, node, CONSOLE, approval_id).digest
        rekeying.decide(session, node, actor, (approval_id, digest), step)


def told(node: Node, *causes: Cause) -> list[str]:
    """The subjects of alarms."""
    with node.db.read() as session:
        return list(session.scalars(select(AlertRow.subject).where(AlertRow.cause.in_(causes))))


def test_the_next_request_key_is_made_once_an_administrator_has_agreed(node: Node, admins: tuple[Actor, Actor]) -> None:
    asked = missing(node)
    assert asked is not None
    assert missing(node) == asked
    with pytest.raises(NotApproved):
        rotation.turn(node, "NODE", WHY)
    decide(node, admins[0], asked)
    assert missing(node) is None
    kid = rotation.turn(node, "NODE", WHY)
    with node.db.read() as session:
        assert session.get_one(KeyRow, kid).purpose == "NODE"
        newest = session.scalars(select(EventRow).order_by(EventRow.index.desc()).limit(1)).one()
        assert newest.sealed is not None
        words = node.store.kek.open(newest.sealed, *rest.place("event", str(newest.index), "words"))
    assert (newest.operation, newest.actor) == ("KEY_CHANGE", "CONSOLE")
    assert json.loads(words)["subject"] == admins[0].user_id
    with node.db.read() as session:
        assert rekeying.waiting(session, node) == ()


def test_what_was_agreed_to_is_done_once_and_for_that_key_alone(node: Node, admins: tuple[Actor, Actor]) -> None:
    decide(node, admins[1], missing(node, "SIGNING") or "")
    with pytest.raises(NotApproved):
        rotation.turn(node, "NODE", WHY)
    new_signing_key(node)
    assert missing(node, "SIGNING") is not None


def test_a_signing_key_that_nobody_agreed_to_is_not_taken(node: Node, admins: tuple[Actor, Actor]) -> None:
    assert len(admins) == 2
    with pytest.raises(NotApproved):
        new_signing_key(node)


def test_a_refusal_ends_it_and_nobody_but_an_administrator_decides(node: Node, admins: tuple[Actor, Actor]) -> None:
    asked = missing(node) or ""
    for actor, error in ((someone(node, "rustam"), NotFound), (CONSOLE, SecondPersonNeeded)):
        with pytest.raises((error, Denied)):
            decide(node, actor, asked)
    decide(node, admins[0], asked, Step.REFUSE)
    with pytest.raises(OutOfStep):
        decide(node, admins[1], asked)
    assert missing(node) not in {None, asked}


def test_whoever_goes_alone_says_why_and_every_administrator_is_alarmed(
    node: Node, admins: tuple[Actor, Actor]
) -> None:
    assert len(admins) == 2
    assert missing(node, leave=Leave(alone=True)) is None
    with pytest.raises(BadInput):
        rotation.turn(node, "NODE", Leave(alone=True))
    assert told(node, Cause.KEY_ALONE) == []
    rotation.turn(node, "NODE", Leave(WHY.reason, alone=True))
    assert told(node, Cause.KEY_ALONE)[0].startswith("NODE ")


def test_a_wish_without_a_reason_is_refused(node: Node, admins: tuple[Actor, Actor]) -> None:
    assert len(admins) == 2
    with pytest.raises(BadInput):
        missing(node, leave=Leave())


def test_keys_that_turn_by_themselves_and_a_unit_at_its_founding_need_nobody(small: World) -> None:
    node = small.node("TJ")
    assert missing(node, "SIGNING") is None
    two_administrators(node)
    assert (missing(node, "ENCRYPTION"), missing(node, "WITNESS")) == (None, None)
    rotation.turn(node, "WITNESS")


def test_every_unit_hears_of_the_next_signing_key_of_another_and_of_no_other_key(small: World) -> None:
    kg = small.node("KG")
    rotation.turn(kg, "NODE")
    small.sync()
    assert told(small.node("TJ"), Cause.UNIT_KEY) == []
    kid = new_signing_key(kg)
    small.sync()
    for unit, subjects in (("TJ", [f"KG {kid[:16]}"]), ("KZ", [f"KG {kid[:16]}"]), ("KG", [])):
        assert told(small.node(unit), Cause.UNIT_KEY, Cause.FOREIGN_KEY, Cause.UNIT_LET_IN) == subjects


def test_a_key_of_this_unit_that_was_made_elsewhere_is_an_alarm(small: World) -> None:
    node = small.node("TJ")
    kid = rotation.turn(node, "NODE")
    with HubClient(node) as client:
        upkeep.publish(node, client)
        assert told(node, Cause.FOREIGN_KEY) == []
        rogue = rotation.turn(node, "NODE")
        with node.db.read() as session:
            (wire,) = (row.statement for row in keys.unposted(session))
        with node.db.write() as session:
            session.delete(session.get_one(KeyRow, rogue))
        client.post_statement(wire)
        upkeep.refresh(node, client)
    assert told(node, Cause.FOREIGN_KEY) == [f"TJ {rogue[:16]}"]
    withdraw(node, Withdrawal(rogue))
    assert node.directory().keys[rogue].ended(small.now)
    assert kid != rogue


def test_a_root_that_is_replaced_is_news(small: World) -> None:
    node, held = small.node("TJ"), small.desk.world
    cards = [small.node(unit).directory().unit(unit) for unit in ("KG", "KZ", "TJ")]
    document = held.federation(
        version=3,
        issued=small.now,
        units=(cards[0].model_copy(update={"roots": (SigningKey.generate().public, *cards[0].roots)}), *cards[1:]),
        agreements=node.directory().federation.agreements,
    )
    administration.publish(small.desk.hub, Publication(sign_federation(document, held.roots[:2])))
    with HubClient(node) as client:
        upkeep.refresh(node, client)
    assert told(node, Cause.UNIT_LET_IN) == ["KG 3"]

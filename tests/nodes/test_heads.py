"""A hub that keeps back the last messages of a pair, or everything a unit says, is found within the hour."""

import pytest
from sqlalchemy import delete, select

from exchange.hub.tables import MAILBOX, SIGHTING
from nodes import alerts, gossip, heads
from nodes.alerts import Cause
from nodes.drafts import NewDraft
from nodes.watch_tables import LackRow
from schemas import sightings
from tests.nodes.test_gossip import rounds
from tests.nodes.world import World, send, someone

WITHIN = heads.PATIENCE // gossip.EVERY + 1
"""Rounds, ten minutes each, after which a message that was kept back is missed."""


@pytest.fixture
def world(small: World) -> World:
    small.pass_time(60)
    rounds(small, "KG", "KZ", "TJ")
    return small


def sent(world: World) -> None:
    """TJ sends KG a request, and the hub takes it."""
    send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    world.sync("TJ", rounds=1)


def dropped(world: World) -> None:
    with world.desk.db.write() as session:
        session.connection().execute(delete(MAILBOX).where(MAILBOX.c.unit == "KG"))


def missed(world: World, cause: Cause = Cause.MAIL_WITHHELD) -> bool:
    with world.node("KG").db.read() as session:
        return alerts.is_raised(session, cause, "TJ")


def test_the_last_message_that_the_hub_keeps_back_is_missed_until_a_later_one_shows_the_gap(world: World) -> None:
    sent(world)
    dropped(world)
    for number in range(WITHIN):
        assert not missed(world), number
        rounds(world, "TJ", "KG")
        world.sync("KG", rounds=1)
    assert missed(world)
    assert WITHIN * gossip.EVERY <= 3_600
    node = world.node("KG")
    with node.db.read() as session:
        signed = sightings.parse(session.scalars(select(LackRow.wire)).one())
    signed.verify(node.directory().signing_key(signed.kid, signed.sighting.time).public)
    assert signed.sighting.speaks_to("KG")
    sent(world)
    world.sync("KG")
    rounds(world, "TJ", "KG")
    assert not missed(world)


def test_what_came_or_lies_aside_or_waits_at_its_sender_is_not_missed(world: World) -> None:
    sent(world)
    world.sync("KG", "TJ")
    world.units["TJ"].wire.cut = True
    send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    world.sync("TJ", rounds=1)
    world.units["TJ"].wire.cut = False
    with world.node("TJ").db.read() as session:
        (head,) = heads.ours(session, world.node("TJ"), world.node("TJ").now())
    for _ in range(WITHIN):
        rounds(world, "TJ", "KG")
    assert (head.unit, missed(world)) == ("KG", False)


def test_a_hub_that_keeps_back_even_the_word_of_the_sender_is_noticed_after_an_hour(world: World) -> None:
    for _ in range(gossip.QUIET // gossip.EVERY + 1):
        with world.desk.db.write() as session:
            session.connection().execute(delete(SIGHTING).where(SIGHTING.c.unit == "TJ"))
        rounds(world, "KZ", "KG")
    assert missed(world, Cause.UNIT_SILENT)
    rounds(world, "TJ", "KG")
    assert not missed(world, Cause.UNIT_SILENT)

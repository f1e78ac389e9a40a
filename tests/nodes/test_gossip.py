"""Two honest nodes that a hub shows two histories find out by themselves, whatever the hub carries between them."""

import pytest
from sqlalchemy import delete, select, update

from audit.checkpoints import verify_checkpoint
from exchange.hub.tables import SIGHTING
from nodes import alerts, forks, gossip, mirroring, watching
from nodes.errors import HubProblem
from nodes.forks import Fork
from nodes.hub_client import HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.tables import AlertRow
from nodes.watch_tables import SightingRow
from schemas import sightings
from tests.hub.desk import Desk
from tests.nodes.hubs import entries_at, second_hub
from tests.nodes.world import World, someone

PAUSE = gossip.EVERY


@pytest.fixture
def world(small: World) -> World:
    small.pass_time(60)
    return small


def rounds(world: World, *names: str, also: Desk | None = None) -> None:
    """Ten minutes pass at the hub, and at its other face; then each of these nodes does a round."""
    world.pass_time(PAUSE)
    if also is not None:
        also.now = world.now
        also.hub.tick()
    for name in names:
        with HubClient(world.node(name)) as client:
            watching.catch_up(world.node(name), client)
        if also is not None:
            carry(world.desk, also)


def state(node: Node, unit: str) -> str:
    with node.db.read() as session:
        return session.get_one(SightingRow, unit).state


def found(node: Node) -> tuple[Fork, ...]:
    with node.db.read() as session:
        return forks.found(session)


def alarms(node: Node) -> set[tuple[str, str]]:
    with node.db.read() as session:
        rows = session.execute(select(AlertRow.cause, AlertRow.subject).where(AlertRow.audience == alerts.ADMIN))
        return {(cause, subject) for cause, subject in rows}


def shown_two_histories(world: World) -> Desk:
    """KG is shown another continuation of the log than TJ."""
    rounds(world, "KG", "TJ")
    other = second_hub(world)
    entries_at(world.desk, 3, b"shown to TJ")
    entries_at(other, 5, b"shown to KG")
    world.units["KG"].wire.inside = other.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    return other


def carry(one: Desk, other: Desk) -> None:
    """Both faces of the hub hand out the words of all units."""
    words: dict[str, tuple[int, bytes]] = {}
    for desk in (one, other):
        with desk.db.read() as session:
            for row in session.connection().execute(select(SIGHTING)):
                words[row.unit] = max(words.get(row.unit, (0, b"")), (row.time, row.wire))
    for desk in (one, other):
        with desk.db.write() as session:
            session.connection().execute(delete(SIGHTING))
            rows = [{"unit": unit, "time": time, "wire": wire} for unit, (time, wire) in words.items()]
            session.connection().execute(SIGHTING.insert(), rows)


def test_units_of_one_history_agree(world: World) -> None:
    for _ in range(2):
        entries_at(world.desk, 300, b"entry")
        rounds(world, "KG", "TJ", "KG")
    rounds(world, "KG", "TJ")
    assert (state(world.node("TJ"), "KG"), state(world.node("KG"), "TJ")) == ("AGREES", "AGREES")
    assert state(world.node("TJ"), "KZ") == "SILENT"
    assert found(world.node("TJ")) == found(world.node("KG")) == ()


def test_two_nodes_that_are_shown_two_histories_find_out_by_themselves(world: World) -> None:
    other = shown_two_histories(world)
    rounds(world, "KG", "TJ", also=other)
    entries_at(world.desk, 5, b"shown to TJ")
    entries_at(other, 20, b"shown to KG")
    rounds(world, "TJ", "KG", "TJ", also=other)
    keys = mirroring.hub_keys(world.node("TJ"))
    for node, teller in ((world.node("TJ"), "KG"), (world.node("KG"), "TJ")):
        (fork,) = found(node)
        roots = {verify_checkpoint(note, keys).checkpoint.root for note in (fork.held, fork.other)}
        assert (len(roots), fork.told_by, fork.log_id) == (2, teller, keys.origin)
        assert ("LOG_FORKED", f"{keys.origin} {teller} {alerts.ADMIN}") in alarms(node)
    other.close()


def test_the_alarm_of_a_second_history_stays_until_auditor_and_administrator_have_seen_it(world: World) -> None:
    other = shown_two_histories(world)
    rounds(world, "KG", also=other)
    entries_at(world.desk, 5, b"shown to TJ")
    rounds(world, "TJ", "TJ", also=other)
    node = world.node("TJ")
    for name in ("anora", "otabek"):
        actor = someone(node, name)
        with node.db.write() as session:
            (alert,) = alerts.open_alerts(session, actor)
            alerts.acknowledge(session, node, actor, alert.alert_id)
            assert alerts.open_alerts(session, actor) == ()
    rounds(world, "TJ", also=other)
    assert len(found(node)) == 1
    other.close()


def test_a_hub_that_keeps_a_word_back_is_noticed_after_a_day(world: World) -> None:
    rounds(world, "KG", "KZ", "TJ")
    world.pass_time(gossip.SILENCE)
    rounds(world, "KG")
    with world.desk.db.write() as session:
        session.connection().execute(delete(SIGHTING).where(SIGHTING.c.unit == "KG"))
    rounds(world, "KZ", "TJ")
    assert ("LOG_UNHEARD", "KG") in alarms(world.node("TJ"))
    rounds(world, "KG", "TJ")
    assert ("LOG_UNHEARD", "KG") not in alarms(world.node("TJ"))


def test_an_older_word_an_altered_one_and_one_of_another_counts_for_nothing(world: World) -> None:
    rounds(world, "KG", "KZ", "TJ")
    rounds(world, "TJ")
    with world.desk.db.read() as session:
        older = dict(session.connection().execute(select(SIGHTING.c.unit, SIGHTING.c.wire)).all())
    with world.node("TJ").db.read() as session:
        before = session.get_one(SightingRow, "KG").time
    forged = older["KZ"].replace(b'"unit":"KZ"', b'"unit":"KG"')
    for wire in (older["KG"], forged, older["KG"].replace(b'"v":1', b'"v":2'), b"{}"):
        with world.desk.db.write() as session:
            session.connection().execute(update(SIGHTING).where(SIGHTING.c.unit == "KG").values(wire=wire))
        rounds(world, "TJ")
        with world.node("TJ").db.read() as session:
            assert session.get_one(SightingRow, "KG").time == before


def test_a_hub_that_keeps_a_unit_behind_the_others_is_noticed_after_an_hour(world: World) -> None:
    rounds(world, "KG", "TJ")
    other = second_hub(world)
    entries_at(world.desk, 3, b"kept from TJ")
    rounds(world, "KG")
    world.units["TJ"].wire.inside = other.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    for _ in range(gossip.PATIENCE // PAUSE + 2):
        rounds(world, "KG", "TJ", also=other)
    assert ("LOG_HELD_BACK", "KG") in alarms(world.node("TJ"))
    world.units["TJ"].wire.inside = world.inside
    rounds(world, "TJ", "TJ")
    assert ("LOG_HELD_BACK", "KG") not in alarms(world.node("TJ"))
    assert state(world.node("TJ"), "KG") == "AGREES"
    other.close()


def test_a_hub_that_is_shown_its_signature_under_another_history_signs_no_more(world: World) -> None:
    other = shown_two_histories(world)
    rounds(world, "KG", also=other)
    node = world.node("KG")
    world.units["KG"].wire.inside = world.inside
    with HubClient(node) as client, node.db.read() as session:
        held = Mirror(session, mirroring.hub_keys(node).origin).held
        assert held is not None
        with pytest.raises(HubProblem, match="EX-5034"):
            client.tell(gossip.ours(node, held.note))
    assert world.desk.hub.closed
    other.close()


@pytest.mark.parametrize("changes", [{"unit": "KZ"}, {"env": "exercise"}, {"time": 1}])
def test_the_hub_spreads_only_what_the_unit_itself_said_just_now(world: World, changes: dict[str, object]) -> None:
    rounds(world, "TJ")
    node = world.node("TJ")
    with world.desk.db.read() as session:
        wire = session.connection().execute(select(SIGHTING.c.wire)).scalar_one()
    said = sightings.parse(wire).sighting.model_copy(update=changes)
    with HubClient(node) as client, pytest.raises(HubProblem, match="EX-4004"):
        client.tell(sightings.sign(node.keys.signing, said))

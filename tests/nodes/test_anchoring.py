"""A node's own log in the hub's: anchored once, whatever answer is lost, and never against what was anchored before."""

import httpx
import pytest
from sqlalchemy import delete, select, update

from audit import store, witness
from audit.checkpoints import verify_cosignatures
from audit.cosignatures import CosignerKeys
from audit.notes import Note
from exchange.hub.tables import ANCHOR
from nodes import alerts, anchoring, log, watching
from nodes.hub_client import HubClient
from nodes.log import Act
from nodes.node import Node
from nodes.tables import AlertRow
from nodes.watch_tables import AnchorRow
from schemas.entries import AnchorEntry, parse
from tests.nodes.world import World


@pytest.fixture
def world(small: World) -> World:
    small.pass_time(60)
    return small


def act(node: Node, times: int = 1) -> None:
    with node.db.write() as session:
        for _ in range(times):
            log.record(session, node, Act(operation="SEARCH"))


def rounds(world: World, number: int = 2) -> None:
    for _ in range(number):
        world.pass_time(60)
        with HubClient(world.node("TJ")) as client:
            watching.catch_up(world.node("TJ"), client)


def anchored(node: Node) -> list[AnchorRow]:
    with node.db.read() as session:
        rows = list(session.scalars(select(AnchorRow).order_by(AnchorRow.size)))
        session.expunge_all()
    return rows


def head(node: Node) -> tuple[int, bytes]:
    with node.db.read() as session:
        found = node.log.head(session)
        return found.size, found.root


def at_the_hub(world: World) -> list[AnchorEntry]:
    with world.desk.db.read() as session:
        logged = world.desk.hub.log.entries(session, 0, world.desk.hub.log.head(session).size)
        return [one for one in map(parse, logged) if isinstance(one, AnchorEntry)]


def alarms(node: Node) -> set[str]:
    with node.db.read() as session:
        return set(session.scalars(select(AlertRow.cause)).all())


def test_the_head_of_a_nodes_log_is_cosigned_anchored_and_found_in_its_own_mirror(world: World) -> None:
    node = world.node("TJ")
    act(node)
    rounds(world)
    (row,) = anchored(node)
    assert (row.size, row.root) == head(node)
    hub = CosignerKeys.parse(*(node.directory().federation.hub.witness or ()))
    assert len(verify_cosignatures(Note.parse(row.note), (hub.ed25519, hub.mldsa44))) == 2
    (entry,) = at_the_hub(world)
    assert (entry.origin, entry.size, entry.root) == ("node.tj.serai", row.size, row.root.hex())
    assert row.entry == entry.to_bytes()
    assert row.proved is not None
    assert not alarms(node)


def test_a_log_that_has_not_grown_is_not_anchored_again(world: World) -> None:
    rounds(world, 4)
    assert len(anchored(world.node("TJ"))) == len(at_the_hub(world)) == 1


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_is_asked_for_again_and_leaves_one_anchor(world: World, lost: str) -> None:
    node, wire = world.node("TJ"), world.units["TJ"].wire
    rounds(world)
    act(node)

    def cut(request: httpx.Request, answer: httpx.Response | None = None) -> httpx.Response:
        if request.url.path.startswith("/v1/log/a"):
            raise httpx.ReadError("cut", request=request)
        return answer  # type: ignore[return-value]  # only asked for behind the answer

    setattr(wire, lost, cut)
    with HubClient(node) as client, pytest.raises(Exception, match="ReadError"):
        watching.catch_up(node, client)
    setattr(wire, lost, None)
    world.units["TJ"].restart()
    act(world.node("TJ"))
    rounds(world)
    sizes = [row.size for row in anchored(world.node("TJ")) if row.proved]
    assert sizes[-1] == head(world.node("TJ"))[0]
    assert [entry.size for entry in at_the_hub(world)] == sorted({entry.size for entry in at_the_hub(world)})


def test_a_restart_after_the_cosignature_still_learns_where_the_anchor_stands(world: World) -> None:
    rounds(world)
    with world.node("TJ").db.write() as session:
        session.execute(update(AnchorRow).values(index=None, entry=None, proved=None))
    world.units["TJ"].restart()
    rounds(world)
    assert anchored(world.node("TJ"))[0].proved is not None


def test_a_thousand_entries_or_a_shift_handed_over_do_not_wait_for_the_minute(world: World) -> None:
    node = world.node("TJ")
    rounds(world)
    assert not anchoring.pressing(node)
    act(node, anchoring.AT_ONCE)
    assert anchoring.pressing(node)
    with HubClient(node) as client:
        watching.step(node, client, only_if_due=True)
    assert anchored(node)[-1].size == head(node)[0]


def test_an_anchor_that_the_hub_confirmed_and_does_not_show_is_an_alarm(world: World) -> None:
    node = world.node("TJ")
    rounds(world)
    with node.db.write() as session:
        session.execute(update(AnchorRow).values(index=None, entry=None, proved=None))
    with world.desk.db.write() as session:
        session.connection().execute(delete(ANCHOR))
    rounds(world)
    assert "ANCHOR_MISSING" in alarms(node)


def test_an_anchor_that_stands_elsewhere_than_the_hub_said_is_an_alarm(world: World) -> None:
    node = world.node("TJ")
    rounds(world)
    with node.db.write() as session:
        session.execute(update(AnchorRow).values(index=0, proved=None))
    rounds(world)
    with node.db.read() as session:
        audiences = session.scalars(select(AlertRow.audience).where(AlertRow.cause == "ANCHOR_MISSING")).all()
    assert set(audiences) == {alerts.ADMIN, alerts.AUDITOR}


def test_a_node_whose_log_was_rewritten_is_refused_and_alarmed(world: World) -> None:
    node = world.node("TJ")
    act(node, 3)
    rounds(world)
    rewrite(node)
    with HubClient(node) as client, pytest.raises(Exception, match="anchor: status 422"):
        watching.catch_up(node, client)
    assert "LOG_NOT_ANCHORED" in alarms(node)
    with world.desk.db.read() as session:
        assert len(witness.conflicts(session)) == 1


def test_a_node_that_lost_entries_is_told_how_far_its_log_went(world: World) -> None:
    node = world.node("TJ")
    act(node, 3)
    rounds(world)
    rewrite(node, keep=2)
    with node.db.write() as session:
        session.execute(delete(AnchorRow))
    with HubClient(node) as client, pytest.raises(Exception, match="the hub holds"):
        watching.catch_up(node, client)
    assert "LOG_SHORTENED" in alarms(node)


def rewrite(node: Node, keep: int | None = None) -> None:
    """Somebody with the database and the keys makes another log of the same length, or a shorter one."""
    with node.db.write() as session:
        connection = session.connection()
        kept = list(node.log.entries(session, 0, node.log.head(session).size))
        for table in (store.ENTRY, store.TILE, store.HEAD, store.CHECKPOINT):
            connection.execute(table.delete().where(table.c.log_id == node.log.log_id))
        changed = kept[:keep] if keep else [*kept[:-2], b"rewritten", *kept[-1:], b"one more"]
        node.log.forget()
        node.log.append(session, changed, node.now())

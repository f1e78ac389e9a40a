"""A node's copy of the hub's hash tiles: led back to signatures, resumed after a cut, proof enough without a hub."""

import httpx
import pytest
from sqlalchemy import select

from audit.checkpoints import verify_checkpoint
from audit.errors import NotInLog
from audit.log import Database, Log
from audit.merkle import verify_consistency, verify_inclusion
from audit.tiles import TileAddress
from crypto.merkle_hash import leaf_hash
from nodes import forks, mirroring
from nodes.errors import AnswerRefused, HubUnreachable
from nodes.hub_client import HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.tables import AlertRow
from tests.nodes.hubs import entries_at, second_hub
from tests.nodes.world import World


def grow(world: World, entries: int) -> None:
    """The hub's log has more entries, and a checkpoint over them."""
    entries_at(world.desk, entries, b"entry")
    world.pass_time(60)


def follow(node: Node) -> int:
    """Steps until nothing is left; returns how many there were."""
    with HubClient(node) as client:
        steps = 1
        while mirroring.step(node, client).more:
            steps += 1
    return steps


def mirrored(node: Node) -> tuple[int, bytes]:
    with node.db.read() as session:
        mirror = Mirror(session, mirroring.hub_keys(node).origin)
        return mirror.size, mirror.root(mirror.size)


@pytest.fixture
def grown(small: World) -> World:
    grow(small, 700)
    return small


@pytest.mark.parametrize("by", [0, 1, 200, 256, 700])
def test_a_mirror_has_the_root_of_the_hub_after_every_growth(grown: World, by: int) -> None:
    node = grown.node("TJ")
    follow(node)
    grow(grown, by)
    follow(node)
    with grown.desk.db.read() as session:
        head = grown.desk.hub.log.head(session)
    assert mirrored(node) == (head.size, head.root)


def test_every_entry_and_every_pair_of_sizes_is_proved_with_no_hub(grown: World) -> None:
    node = grown.node("TJ")
    follow(node)
    grown.units["TJ"].wire.cut = True
    hub = grown.desk.hub
    with hub.db.read() as theirs, node.db.read() as ours:
        mirror, size = Mirror(ours, hub.settings.origin), hub.log.head(theirs).size
        for index in range(0, size, 41):
            leaf = leaf_hash(hub.log.entry(theirs, index))
            assert mirror.leaf_hash(index) == leaf
            verify_inclusion(leaf, index, size, mirror.inclusion(index, size), mirror.root(size))
            path = mirror.consistency(index, size)
            verify_consistency(index, mirror.root(index), size, mirror.root(size), path)
        with pytest.raises(NotInLog):
            mirror.leaf_hash(size)


def test_what_is_fetched_is_what_is_new(grown: World) -> None:
    node, wire = grown.node("TJ"), grown.units["TJ"].wire
    follow(node)
    asked: list[str] = []
    wire.before = lambda request: asked.append(request.url.path)
    grow(grown, 20)
    follow(node)
    assert sum("/tile/" in path for path in asked) == 1


def test_a_cut_costs_one_step_and_the_rest_goes_on_where_it_stopped(grown: World) -> None:
    node, wire = grown.node("TJ"), grown.units["TJ"].wire

    def cut_at_the_second_tile(request: httpx.Request) -> None:
        if request.url.path.startswith("/v1/log/tile/0/001"):
            raise httpx.ConnectError("cut", request=request)

    wire.before = cut_at_the_second_tile
    with HubClient(node) as client:
        assert mirroring.step(node, client, most=1).more
        with pytest.raises(HubUnreachable):
            mirroring.step(node, client, most=1)
    assert mirrored(node)[0] == 256
    wire.before = None
    follow(node)
    assert mirrored(node)[0] > 700


class LyingLog(Log):
    """A hub that answers with wrong tiles under its own good signature."""

    kept = slice(None)
    made = b""

    def tile(self, database: Database, address: TileAddress) -> bytes:
        return super().tile(database, address)[self.kept] + self.made


@pytest.mark.parametrize(("made", "said"), [(bytes(32), "checkpoint"), (b"", "width"), (b"x", "tile")])
def test_a_tile_that_leads_nowhere_is_not_stored_and_is_no_second_history(grown: World, made: bytes, said: str) -> None:
    node, hub = grown.node("TJ"), grown.desk.hub
    follow(node)
    before, lying = mirrored(node), LyingLog(hub.log.log_id, hub.keys.log)
    grow(grown, 20)
    lying.kept, lying.made = slice(-32), made
    hub.log = lying  # type: ignore[misc]  # a hub of another mind
    with pytest.raises(AnswerRefused, match=said):
        follow(node)
    assert mirrored(node) == before
    with node.db.read() as session:
        assert forks.found(session) == ()


def test_a_second_history_is_kept_as_two_notes_and_people_are_alarmed(grown: World) -> None:
    node, keys = grown.node("TJ"), mirroring.hub_keys(grown.node("TJ"))
    follow(node)
    before = mirrored(node)
    other = second_hub(grown)
    grow(grown, 3)
    follow(node)
    entries_at(other, 5, b"another")
    other.now = grown.now
    other.hub.tick()
    grown.units["TJ"].wire.inside = other.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    for _ in range(2):
        with pytest.raises(AnswerRefused, match="another history"):
            follow(node)
    assert mirrored(node)[0] == before[0] + 3
    with node.db.read() as session:
        (fork,) = forks.found(session)
        causes = session.execute(select(AlertRow.audience, AlertRow.cause)).all()
    roots = {verify_checkpoint(note, keys).checkpoint.root for note in (fork.held, fork.other)}
    assert (len(roots), fork.told_by) == (2, keys.origin)
    assert {("role:NODE_ADMIN", "LOG_FORKED"), ("role:AUDITOR", "LOG_FORKED")} <= {tuple(row) for row in causes}
    other.close()


def test_a_hub_that_shows_an_older_head_of_the_same_history_changes_nothing(grown: World) -> None:
    node = grown.node("TJ")
    other = second_hub(grown)
    grow(grown, 3)
    follow(node)
    before, other.now = mirrored(node), grown.now
    grown.units["TJ"].wire.inside = other.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    follow(node)
    assert mirrored(node) == before
    other.close()

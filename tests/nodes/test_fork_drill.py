"""The fork drill with real nodes: a hub with good keys signs two histories, and one unit conspires with it."""

from pathlib import Path

import pytest

from audit import witness
from audit.checkpoints import verify_checkpoint
from audit.cosignatures import write_lines
from audit.errors import QuorumMissed
from audit.submission import Submission
from exchange.hub import publication
from exchange.hub.publication import FRESH
from exchange.quorum import log_keys, policy_of
from nodes import forks
from nodes.errors import AnswerRefused
from nodes.hub_client import HubClient
from tests.hub.desk import Desk
from tests.nodes.hubs import entries_at, second_hub
from tests.nodes.test_witnessing import alarms, ask, round_of, step
from tests.nodes.world import World


def conspire(world: World, unit: str, hub: Desk) -> None:
    """`unit` cosigns what `hub` has signed, whatever it cosigned before."""
    node, before = world.node(unit), world.units[unit].wire.inside
    assert node.keys.witness is not None
    world.units[unit].wire.inside = hub.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    with HubClient(node) as client:
        request = Submission.parse(client.pending(0, 0))
        said = verify_checkpoint(request.note, log_keys(node.directory())).checkpoint
        client.cosign(write_lines(node.keys.witness.cosign(said, node.now())))
    world.units[unit].wire.inside = before


def published(world: World, hub: Desk) -> int:
    """The size that `hub` may show, believed by a node's own policy."""
    with hub.db.read() as session:
        shown = publication.published(session.connection(), "hub")
    node = world.node("TJ")
    return policy_of(node.directory(), node.now()).verify(shown.note).checkpoint.size if shown else 0


def shown_the_other(world: World, unit: str, hub: Desk) -> None:
    """`unit` is asked to cosign the history that it was not shown before: it refuses, and keeps both notes."""
    node, keys = world.node(unit), log_keys(world.node(unit).directory())
    world.units[unit].wire.inside = hub.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    with node.db.read() as session:
        before = witness.held(session, keys.origin)
    with hub.db.write() as session:  # the hub forgets whatever this unit has cosigned, and asks
        session.connection().exec_driver_sql("UPDATE log_cosignature SET size = -1")
    with pytest.raises(AnswerRefused):
        step(node)
    with node.db.read() as session:
        assert witness.held(session, keys.origin) == before
        (fork,) = forks.found(session)
    roots = {verify_checkpoint(note, keys).checkpoint.root for note in (fork.held, fork.other)}
    assert len(roots) == 2
    assert "LOG_FORKED" in alarms(node)


def test_of_two_histories_one_is_published_and_each_side_has_the_evidence_once_it_sees_the_other(
    tmp_path: Path,
) -> None:
    """Four units, a quorum of three, one conspirator: KG and TJ are shown one history, UZ another, KZ signs both."""
    world = World(tmp_path / "world", names=("KG", "KZ", "TJ", "UZ"))
    ask(world, 3)
    round_of(world, *world.names)
    common = published(world, world.desk)
    other = second_hub(world)
    entries_at(world.desk, 3, b"one")
    entries_at(other, 3, b"two")
    world.pass_time(FRESH)
    other.now = world.now
    other.hub.tick()
    round_of(world, "KG", "TJ")
    conspire(world, "KZ", world.desk)
    world.units["UZ"].wire.inside = other.client._transport  # type: ignore[assignment]  # as above
    round_of(world, "UZ")
    conspire(world, "KZ", other)
    assert published(world, world.desk) > common
    assert published(world, other) == common

    for unit, hub in {"TJ": other, "UZ": world.desk}.items():
        shown_the_other(world, unit, hub)
    with world.node("UZ").db.read() as session:
        (fork,) = forks.found(session)
    with pytest.raises(QuorumMissed):
        policy_of(world.node("UZ").directory(), world.now).verify(fork.held)
    other.close()
    world.close()

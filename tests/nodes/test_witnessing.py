"""Nodes as witnesses of the hub's log: what they cosign, what they never do, and how a restored one comes back."""

from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from audit import history, witness
from audit.checkpoints import verify_checkpoint
from audit.submission import Submission
from crypto import note_keys
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.publication import FRESH
from exchange.quorum import log_keys, policy_of
from nodes import forks, keys, mirroring, restored, upkeep, witnessing
from nodes.errors import AnswerRefused, HubProblem, HubUnreachable
from nodes.hub_client import HubClient
from nodes.keys import WITNESS_TURN
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.oversight_keys import witnessed
from nodes.tables import AlertRow, CursorRow, KeyRow
from schemas.directory import sign_federation
from tests.nodes.hubs import entries_at, second_hub
from tests.nodes.world import World


def ask(world: World, quorum: int = 2) -> None:
    """The federation asks for a quorum of its three units."""
    from_now = world.desk.hub.register.current.federation
    document = from_now.model_copy(
        update={
            "version": from_now.version + 1,
            "issued": world.now,
            "expires": world.now + 86_400 * 300,
            "witnesses": world.names,
            "quorum": quorum,
        }
    )
    administration.publish(world.desk.hub, Publication(sign_federation(document, world.desk.world.roots[:2])))
    for name in world.names:
        with HubClient(world.node(name)) as client:
            upkeep.refresh(world.node(name), client)
    world.pass_time(1)


@pytest.fixture
def asked(small: World) -> World:
    ask(small)
    return small


def round_of(world: World, *names: str) -> None:
    """Each of these units cosigns what waits for it."""
    for name in names:
        with HubClient(world.node(name)) as client:
            witnessing.catch_up(world.node(name), client)


def step(node: Node) -> bool:
    with HubClient(node) as client:
        return witnessing.step(node, client, 0)


def shown(world: World) -> int:
    """The published size, believed by TJ's own policy; 0 before the first."""
    node = world.node("TJ")
    with HubClient(node) as client:
        try:
            return policy_of(node.directory(), node.now()).verify(client.checkpoint()).checkpoint.size
        except HubProblem:
            return 0


def signed(world: World) -> int:
    """The size of the checkpoint that the hub signed last."""
    with world.desk.db.read() as session:
        candidate = world.desk.hub.log.checkpoint(session)
    return candidate.size if candidate else 0


def grow(world: World) -> None:
    entries_at(world.desk, 3, b"grown")
    world.pass_time(1)


def alarms(node: Node) -> set[str]:
    with node.db.read() as session:
        return set(session.scalars(select(AlertRow.cause)))


def test_a_round_of_every_unit_publishes_what_the_hub_has_signed(asked: World) -> None:
    sizes = []
    for _ in range(3):
        grow(asked)
        asked.sync(rounds=1)
        sizes.append(shown(asked))
        assert sizes[-1] == signed(asked)
    assert sizes == sorted(set(sizes))


def test_one_unit_of_three_may_be_away_and_two_may_not(asked: World) -> None:
    round_of(asked, "TJ")
    before = shown(asked)
    round_of(asked, "KG")
    assert shown(asked) > before
    grow(asked)
    round_of(asked, "TJ")
    assert shown(asked) < signed(asked)


def test_a_node_follows_no_checkpoint_that_too_few_have_cosigned(asked: World) -> None:
    round_of(asked, "TJ", "KG")
    node = asked.node("TJ")
    grow(asked)
    with asked.desk.db.read() as session, HubClient(node) as client:
        stored = asked.desk.hub.log.checkpoint(session)
        assert stored is not None
        client.checkpoint = lambda: stored.note  # type: ignore[method-assign]  # a hub that shows what it signed alone
        with pytest.raises(AnswerRefused, match="LOG_QUORUM_MISSED"):
            mirroring.step(node, client)


def test_what_is_published_is_kept_with_the_signatures_of_all_though_the_node_held_it_before(asked: World) -> None:
    node = asked.node("TJ")
    round_of(asked, "TJ", "KG")
    grow(asked)
    round_of(asked, "TJ")
    with HubClient(node) as client:
        mirroring.step(node, client)
    with node.db.read() as session:
        origin = mirroring.hub_keys(node).origin
        held, (one, *_) = Mirror(session, origin).held, history.kept(session.connection(), origin)
    assert held is not None
    assert (one.size < held.accepted, witnessed(node, held.note).cosigned) == (True, ())
    assert {unit for unit, _ in witnessed(node, one.note).cosigned} == {"KG", "TJ"}


def test_nothing_is_asked_of_a_node_without_a_quorum(small: World) -> None:
    asked: list[str] = []
    small.units["TJ"].wire.before = lambda request: asked.append(request.url.path)
    assert not step(small.node("TJ"))
    assert not witnessing.ready(small.node("TJ"))
    assert standing(small) == "NO"
    assert asked == []


def test_a_cosignature_that_was_lost_is_made_again(asked: World) -> None:
    node, wire = asked.node("TJ"), asked.units["TJ"].wire

    def lose(request: httpx.Request) -> None:
        if request.url.path.endswith("/cosignatures"):
            raise httpx.ConnectError("lost", request=request)

    wire.before = lose
    with pytest.raises(HubUnreachable):
        step(node)
    wire.before = None
    assert step(node)
    assert not step(node)


def test_a_second_history_is_not_cosigned_and_both_notes_are_kept(asked: World) -> None:
    """The hub signs two logs that part after a common beginning, and shows them to two units."""
    other = second_hub(asked)
    round_of(asked, "TJ", "KG")
    grow(asked)
    round_of(asked, "TJ", "KG")
    entries_at(other, 9, b"another")
    asked.pass_time(FRESH)
    other.now = asked.now
    other.hub.tick()
    node = asked.node("TJ")
    asked.units["TJ"].wire.inside = other.client._transport  # type: ignore[assignment]  # the desk gave it one of these
    with pytest.raises((AnswerRefused, HubProblem)):
        step(node)
    with node.db.read() as session:
        (fork,) = forks.found(session)
        held = witness.held(session, log_keys(node.directory()).origin)
    notes = [verify_checkpoint(note, log_keys(node.directory())).checkpoint for note in (fork.held, fork.other)]
    assert notes[0].size == held.size
    assert notes[0].root != notes[1].root
    assert "LOG_FORKED" in alarms(node)
    other.close()


def test_a_hub_that_has_signed_less_than_we_cosigned_raises_the_alarm(asked: World) -> None:
    round_of(asked, "TJ", "KG")
    older = second_hub(asked)
    grow(asked)
    round_of(asked, "TJ")
    older.now = asked.now
    asked.units["TJ"].wire.inside = older.client._transport  # type: ignore[assignment]  # as above: an older one
    with pytest.raises(HubProblem):
        step(asked.node("TJ"))
    assert "LOG_ROLLED_BACK" in alarms(asked.node("TJ"))
    older.close()


def test_an_answer_that_is_no_checkpoint_of_the_hub_is_not_cosigned(asked: World) -> None:
    node = asked.node("TJ")
    with HubClient(node) as client:
        request = Submission.parse(client.pending(0, 0))
        for note in (request.note.replace(b"hub.", b"hab.", 1), request.note[:-5] + b"AAA=\n", b"not a note"):
            bent = replace(request, note=note).to_bytes()
            client.pending = lambda old, wait, bent=bent: bent if (old, wait) == (0, 0) else b""  # type: ignore[method-assign,misc]  # a lying hub
            with pytest.raises(AnswerRefused):
                witnessing.step(node, client, 0)
    with node.db.read() as session:
        assert witness.held(session, log_keys(node.directory()).origin).size == 0


def restore(world: World, name: str) -> None:
    """What a restore of an old backup leaves: the record as it was, and the mark."""
    node = world.node(name)
    with node.db.write() as session:
        restored.mark(session, world.now)


def marked(node: Node) -> bool:
    with node.db.read() as session:
        return session.get(CursorRow, restored.WITNESS_MARK) is not None


def standing(world: World) -> object:
    with world.node("TJ").db.read() as session:
        return witnessing.standing(session, world.node("TJ"))["witness"]


def test_a_restored_witness_waits_for_a_whole_quorum_of_the_others(asked: World) -> None:
    round_of(asked, "TJ", "KG")
    restore(asked, "TJ")
    grow(asked)
    round_of(asked, "TJ", "KG")
    assert (marked(asked.node("TJ")), standing(asked)) == (True, "WAITS")
    assert not witnessing.ready(asked.node("TJ"))
    round_of(asked, "KZ")
    assert shown(asked) > 0
    round_of(asked, "TJ")
    assert (marked(asked.node("TJ")), standing(asked)) == (False, "COSIGNS")
    grow(asked)
    round_of(asked, "TJ", "KG")
    assert shown(asked) == signed(asked)


def test_a_restored_witness_is_not_satisfied_with_what_was_cosigned_before(asked: World) -> None:
    round_of(asked, "KG", "KZ")
    asked.pass_time(1)
    restore(asked, "TJ")
    round_of(asked, "TJ")
    assert marked(asked.node("TJ"))


def test_a_restored_witness_waits_while_nothing_is_published(small: World) -> None:
    restore(small, "TJ")
    ask(small, 3)
    grow(small)
    assert not step(small.node("TJ"))


def test_a_restored_witness_does_not_take_a_smaller_or_another_tree_for_its_own(asked: World) -> None:
    round_of(asked, "TJ", "KG", "KZ")
    node, origin = asked.node("TJ"), log_keys(asked.node("TJ").directory()).origin
    restore(asked, "TJ")
    with node.db.write() as session:
        session.connection().exec_driver_sql("UPDATE witness_state SET size = size + 1000")
    grow(asked)
    round_of(asked, "KG", "KZ")
    with pytest.raises(AnswerRefused):
        step(node)
    with node.db.read() as session:
        assert witness.held(session, origin).size > 1000


def test_a_node_of_an_older_release_makes_its_pairs_and_publishes_them(small: World) -> None:
    node = small.node("TJ")
    with node.db.write() as session:
        for row in session.scalars(select(KeyRow).where(KeyRow.purpose.in_(["LOG", "WITNESS"]))):
            row.posted_at = None
            session.delete(row)
    with node.db.read() as session:
        node.keys = keys.load(session, node.store, node.settings)
        assert not witnessing.ready(node)
        assert keys.note_keys_due(session, small.now) == ["LOG", "WITNESS"]
    log_pair = note_keys.public_of(b"".join(keys.log_seeds(node.store)))
    upkeep.turn_keys(node)
    assert node.keys.witness is not None
    with node.db.read() as session:
        assert session.get(KeyRow, note_keys.kid_of(log_pair)) is not None


def test_the_pair_of_a_witness_turns_once_a_year_and_the_old_one_still_counts(asked: World) -> None:
    node, before = asked.node("TJ"), asked.node("TJ").keys.witness
    with node.db.write() as session:
        for row in session.scalars(select(KeyRow).where(KeyRow.purpose == "WITNESS")):
            row.not_before -= WITNESS_TURN
    upkeep.turn_keys(node)
    assert node.keys.witness is not None
    assert before is not None
    assert node.keys.witness.keys == before.keys  # the next one is not published yet
    with HubClient(node) as client:
        assert upkeep.publish(node, client) == 1
    assert node.keys.witness.keys != before.keys
    assert len(node.directory().witness_keys(asked.now)["TJ"]) == 2
    grow(asked)
    round_of(asked, "TJ", "KG")
    assert shown(asked) == signed(asked)

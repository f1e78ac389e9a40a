"""Whose signatures count on a checkpoint of the hub's log, as an auditor is told it."""

from audit.proof import LogProof
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.oversight_files import Outcome, Step, judge
from nodes.oversight_keys import witnessed
from tests.nodes.test_witnessing import ask, round_of
from tests.nodes.world import World


def newest(node: Node) -> bytes:
    """The checkpoint that the hub publishes now."""
    with HubClient(node) as client:
        return client.checkpoint()


def proof(world: World, note: bytes) -> bytes:
    """A proof of the first entry of the hub's log under a checkpoint."""
    log, size = world.desk.hub.log, int(note.split(b"\n")[1])
    with world.desk.db.read() as session:
        return LogProof(0, tuple(log.inclusion(session, 0, size)), note, log.entry(session, 0)).to_bytes()


def test_a_checkpoint_names_who_cosigned_it_and_an_auditor_sees_the_quorum(small: World) -> None:
    ask(small)
    round_of(small, "TJ", "KG")
    small.sync()
    node = small.node("TJ")
    found = witnessed(node, newest(node))
    assert {unit for unit, at in found.cosigned if at} >= {"KG", "TJ"}
    assert (found.needed, found.of, found.fault) == (2, 3, "")
    ends = {one.step: one.outcome for one in judge(node, proof(small, newest(node))).steps}
    assert (ends[Step.WITNESSES], ends[Step.INCLUSION]) == (Outcome.GOOD, Outcome.GOOD)


def test_a_checkpoint_that_no_witness_cosigned_misses_the_quorum(small: World) -> None:
    ask(small)
    small.desk.hub.tick()
    with small.desk.db.read() as session:
        stored = small.desk.hub.log.checkpoint(session)
    assert stored is not None
    node = small.node("TJ")
    assert witnessed(node, stored.note).fault == "LOG_QUORUM_MISSED"
    ends = {one.step: one.outcome for one in judge(node, proof(small, stored.note)).steps}
    assert ends[Step.WITNESSES] is Outcome.BAD


def test_what_is_no_checkpoint_of_the_hub_has_no_witnesses(small: World) -> None:
    found = witnessed(small.node("TJ"), b"no note")
    assert (found.cosigned, found.fault) == ((), "LOG_MALFORMED")

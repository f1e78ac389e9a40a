"""Several hub processes on one PostgreSQL, and one process with its threads: nothing lost, nothing doubled."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exchange.database import Database
from exchange.hub import administration
from exchange.hub.acceptance import MESSAGES, Again
from exchange.hub.hub import Hub
from tests.hub.desk import Desk

ROUNDS = 12


def second_process(desk: Desk, *, inline: bool = True) -> Hub:
    """Another hub of the same keys on the same database, with its own connections and its own memory."""
    hub = Hub(desk.settings, desk.keys, Database(desk.database_url), lambda: desk.now, inline=inline)
    hub.check_identity()
    return hub


@pytest.fixture
def shared(tmp_path: Path, postgresql_url: str) -> Desk:
    return Desk(tmp_path / "hub", postgresql_url, tuple(f"U{number}" for number in range(4)))


def test_two_processes_take_turns_at_the_head(shared: Desk) -> None:
    other = second_process(shared)
    chains: dict[str, list[bytes]] = {sender: [] for sender in ("U0", "U1", "U2", "U3")}
    for sender, chain in chains.items():
        for _ in range(ROUNDS):
            sealed = shared.seal(sender, ("U0" if sender != "U0" else "U1",))
            shared.consumed(sealed)
            chain.append(sealed.wire)
    hubs = {"U0": shared.hub, "U1": other, "U2": shared.hub, "U3": other}

    def drive(sender: str) -> None:
        for wire in chains[sender]:
            hubs[sender].do(MESSAGES, hubs[sender].prepare(wire))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drive, chains))
    assert shared.rows()["message"] == 4 * ROUNDS
    shared.hub.tick()
    with shared.db.read() as session:
        shared.hub.log.verify(session, shared.keys.log.keys)
    other.stop()
    shared.close()


def test_the_other_process_answers_a_repetition_with_the_same_receipt(shared: Desk) -> None:
    other = second_process(shared)
    sealed = shared.seal("U0", ("U1",))
    first = shared.post(sealed.wire).content
    again = other.do(MESSAGES, other.prepare(sealed.wire))
    assert isinstance(again, Again)
    assert again.first.receipt == first
    other.stop()
    shared.close()


def test_a_suspension_made_in_one_process_holds_in_the_other(shared: Desk) -> None:
    other = second_process(shared)
    administration.suspend(other, "U1", "INCIDENT")
    sealed = shared.seal("U0", ("U1",))
    assert shared.post(sealed.wire).status_code == 422
    other.stop()
    shared.close()


def test_threads_answer_everybody_and_stop_with_nothing_left(desk: Desk) -> None:
    hub = second_process(desk, inline=False)
    hub.start()
    wires = []
    for _ in range(ROUNDS):
        sealed = desk.seal()
        desk.consumed(sealed)
        wires.append(hub.prepare(sealed.wire))
    replies = [hub.sequencer.post(MESSAGES, ready) for ready in wires]
    assert not any(reply.result(30).refused for reply in replies)
    hub.stop()
    assert desk.rows()["message"] == ROUNDS

"""Every durable step of the sequencer, failing twice: before it was done, and after it was done but reported lost."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import event

from exchange.database import Database
from exchange.errors import NotReady, Unavailable
from exchange.hub.acceptance import MESSAGES
from exchange.hub.sequencer import Job
from schemas import receipts
from tests.failing import Failing
from tests.hub.desk import Desk


@pytest.fixture
def failing(desk: Desk) -> Failing:
    return Failing(desk.db.engine)


STEPS = range(1, 9)


@pytest.mark.parametrize("step", STEPS)
def test_a_lost_statement_of_an_acceptance_leaves_nothing_and_the_repetition_is_accepted(
    desk: Desk, failing: Failing, step: int
) -> None:
    sealed, before = desk.seal(), desk.rows()
    with failing.at(step):
        answer = desk.post(sealed.wire)
    if len(failing.seen) < step:
        assert answer.status_code == 201
        return
    assert (answer.status_code, answer.json()["code"]) == (503, "EX-5031")
    assert desk.rows() == before
    assert desk.post(sealed.wire).status_code == 201


def test_a_commit_that_was_lost_is_answered_by_unknown_and_the_repetition_is_new(desk: Desk, failing: Failing) -> None:
    sealed, before = desk.seal(), desk.rows()
    with failing.commit(done=False):
        assert desk.post(sealed.wire).status_code == 503
    assert desk.rows() == before
    assert desk.post(sealed.wire).status_code == 201


def test_a_commit_that_was_done_but_reported_lost_is_answered_from_storage(desk: Desk, failing: Failing) -> None:
    sealed = desk.seal()
    with failing.commit(done=True):
        assert desk.post(sealed.wire).status_code == 503
    answer = desk.post(sealed.wire)
    assert answer.status_code == 200
    receipts.parse(answer.content).verify({desk.keys.receipt.kid: desk.keys.receipt.public})
    assert desk.rows()["message"] == 1
    desk.consumed(sealed)
    desk.send()


@pytest.mark.parametrize("done", [False, True])
def test_a_lost_hand_out_gives_nothing_away_and_is_written_once(desk: Desk, failing: Failing, *, done: bool) -> None:
    sealed = desk.send()
    with failing.commit(done=done):
        answer = desk.get("KG", "/v1/inbox?after=-1&leaf=&wait=0")
    assert answer.status_code == 503
    assert sealed.wire not in answer.content
    assert desk.inbox("KG")[0][3] == sealed.wire
    assert [receipts.parse(frame[3]).receipt.type for frame in desk.inbox("TJ")] == ["RELAYED"]


@pytest.mark.parametrize("done", [False, True])
def test_a_lost_receipt_is_taken_or_known_when_it_comes_again(desk: Desk, failing: Failing, *, done: bool) -> None:
    sealed = desk.send()
    desk.inbox("KG")
    wire = desk.receipt("KG", "DELIVERED", sealed.eid)
    with failing.commit(done=done):
        assert desk.report(wire).status_code == 503
    (outcome,) = desk.report(wire).json()
    assert outcome["status"] == ("KNOWN" if done else "LOGGED")


def test_the_log_verifies_after_all_faults(desk: Desk, failing: Failing) -> None:
    for done in (False, True, False):
        sealed = desk.seal()
        with failing.commit(done=done):
            desk.post(sealed.wire)
        assert desk.post(sealed.wire).status_code in {200, 201}
        desk.consumed(sealed)
    desk.hub.tick()
    with desk.db.read() as session:
        head = desk.hub.log.verify(session, desk.keys.log.keys)
    assert head.size == desk.rows()["log_entry"]


def test_one_poisoned_job_does_not_take_the_others_with_it(desk: Desk) -> None:
    good, other = desk.seal("TJ", ("KG",)), desk.seal("KZ", ("KG",))
    jobs = [Job(MESSAGES, desk.hub.prepare(good.wire), Future()), Job(MESSAGES, object(), Future())]
    jobs.append(Job(MESSAGES, desk.hub.prepare(other.wire), Future()))
    desk.hub.sequencer.put(jobs)
    assert not jobs[0].reply.result().refused
    assert isinstance(jobs[1].reply.exception(), Unavailable)
    assert not jobs[2].reply.result().refused


def test_unsafe_durability_settings_refuse_the_start(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    database.check()
    event.listen(database.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA synchronous=1"))
    with pytest.raises(NotReady, match="synchronous"):
        database.check()
    database.close()

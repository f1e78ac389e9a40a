"""A witness with its rows: one transaction to check and store, the next to cosign, and nothing in between is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit import witness
from audit.checkpoints import SignedCheckpoint, verify_checkpoint
from audit.cosignatures import check_cosigned
from audit.notes import SignatureLine
from audit.submission import (
    ClockRefused,
    Held,
    Inconsistent,
    OldSizeDiffers,
    OriginUnknown,
    Submission,
    WitnessRefused,
    origin_hash,
)
from exchange.database import Database
from exchange.errors import Unavailable
from tests.audit import trees
from tests.audit.logs import ORIGIN, SIGNER, empty_database
from tests.audit.test_submission import BAD, ENTRIES, GOOD, OTHER, submission
from tests.audit.witnesses import cosigner
from tests.instants import NOW
from tests.statements import heard

TJ = cosigner("TJ")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with empty_database(database_url) as opened:
        yield opened


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Database]:
    with empty_database(sqlite_url) as opened:
        yield opened


def record(database: Database, request: Submission, now: int = NOW) -> SignedCheckpoint:
    with database.write() as session:
        return witness.record(session, request, SIGNER.keys, now)


def cosign(database: Database, signed: SignedCheckpoint, now: int = NOW) -> tuple[SignatureLine, SignatureLine]:
    with database.write() as session:
        return witness.cosign(session, TJ, signed.checkpoint, now)


def held(database: Database) -> Held:
    with database.read() as session:
        return witness.held(session, ORIGIN)


def reach(database: Database, state: Held) -> None:
    """Bring the witness into a state, as the log brings it there."""
    if state != Held():
        record(database, submission(0, state.size, now=state.time), state.time)


def test_a_checkpoint_is_stored_then_cosigned_and_found_by_monitors(database: Database) -> None:
    for old, new in ((0, 5), (5, 9), (9, 9)):
        request = submission(old, new)
        lines = cosign(database, record(database, request))
        assert check_cosigned(request.note, lines, TJ.keys).time == NOW
        assert held(database) == Held(new, trees.root(ENTRIES[:new]), NOW)
    with database.read() as session:
        note = witness.note(session, origin_hash(ORIGIN)) or b""
        assert witness.note(session, origin_hash("other.example")) is None
    assert verify_checkpoint(note, SIGNER.keys).checkpoint.size == 9
    assert check_cosigned(note, verify_checkpoint(note, SIGNER.keys).note.lines, TJ.keys).time == NOW


@pytest.mark.parametrize("name", GOOD)
def test_every_good_case_moves_the_record(lite: Database, name: str) -> None:
    state, request = GOOD[name]
    reach(lite, state)
    said = record(lite, request).checkpoint
    assert held(lite) == Held(said.size, said.root, NOW)


@pytest.mark.parametrize("name", BAD)
def test_every_refused_case_leaves_the_record_as_it_was(lite: Database, name: str) -> None:
    state, request, error, _ = BAD[name]
    reach(lite, state)
    with pytest.raises(error):
        record(lite, request)
    assert held(lite) == state


def test_a_log_that_is_not_known_is_refused(lite: Database) -> None:
    with lite.write() as session, pytest.raises(OriginUnknown):
        witness.record(session, submission(0, 5), None, NOW)
    assert held(lite) == Held()


def test_a_request_that_was_overtaken_is_not_cosigned(database: Database) -> None:
    """The race of tlog-witness: A is recorded, B is recorded and cosigned, then A would be."""
    first = record(database, submission(0, 5))
    second = record(database, submission(5, 9))
    cosign(database, second)
    with pytest.raises(OldSizeDiffers) as caught:
        cosign(database, first)
    assert caught.value.held == 9


def test_nothing_is_cosigned_that_was_never_recorded(lite: Database) -> None:
    with pytest.raises(OldSizeDiffers) as caught:
        cosign(lite, verify_checkpoint(submission(0, 5).note, SIGNER.keys))
    assert caught.value.held == 0


def test_a_witness_whose_clock_went_back_does_not_cosign(lite: Database) -> None:
    signed = record(lite, submission(0, 5))
    with pytest.raises(ClockRefused):
        cosign(lite, signed, NOW - 1)
    assert cosign(lite, signed, NOW)


def test_of_two_requests_at_once_one_is_recorded_and_the_other_learns_the_size(database: Database) -> None:
    """Two histories that both continue the record, at the same moment: at most one may be taken."""
    record(database, submission(0, 8))
    barrier, outcomes = threading.Barrier(2), list[object]()

    def offer(request: Submission) -> None:
        barrier.wait()
        try:
            outcomes.append(record(database, request).checkpoint.root)
        except (WitnessRefused, Unavailable) as error:
            outcomes.append(error)

    requests = [submission(8, 20), submission(8, 20, OTHER)]
    threads = [threading.Thread(target=offer, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert taken == [held(database).root]


def test_two_first_checkpoints_at_once_are_not_both_taken(database: Database) -> None:
    with database.write() as session:
        witness.record(session, submission(0, 5), SIGNER.keys, NOW)
    with database.write() as session, pytest.raises(OldSizeDiffers):
        witness.record(session, submission(0, 6, OTHER), SIGNER.keys, NOW)


class PowerCutError(Exception):
    """The machine stopped."""


@contextmanager
def failing(database: Database, statement: str, *, after: bool) -> Iterator[None]:
    """Fail the first statement that begins so, before it is done or after it was."""

    def fail(text: str, _parameters: object) -> None:
        if text.startswith(statement):
            raise PowerCutError

    with heard(database.engine, fail, after=after):
        yield


@pytest.mark.parametrize("after", [False, True], ids=["before it was done", "after it was done"])
@pytest.mark.parametrize(("old", "statement"), [(0, "INSERT INTO"), (0, "UPDATE"), (5, "UPDATE")])
def test_a_record_that_fails_leaves_what_was_and_can_be_asked_again(
    lite: Database, old: int, statement: str, *, after: bool
) -> None:
    reach(lite, Held() if old == 0 else Held(5, trees.root(ENTRIES[:5]), NOW))
    before = held(lite)
    with failing(lite, statement, after=after), pytest.raises(PowerCutError):
        record(lite, submission(old, 9))
    assert held(lite) == before
    assert cosign(lite, record(lite, submission(old, 9)))


@pytest.mark.parametrize("after", [False, True], ids=["before it was done", "after it was done"])
def test_a_cosignature_that_fails_was_given_to_nobody_and_can_be_asked_again(lite: Database, *, after: bool) -> None:
    signed = record(lite, submission(0, 9))
    with failing(lite, "UPDATE", after=after), pytest.raises(PowerCutError):
        cosign(lite, signed)
    assert cosign(lite, record(lite, submission(9, 9)))


def test_a_contradiction_is_kept_once_with_both_notes(database: Database) -> None:
    record(database, submission(0, 9))
    fork = submission(9, 20, OTHER)
    with pytest.raises(Inconsistent):
        record(database, fork)
    for _ in range(2):
        with database.write() as session:
            witness.keep_conflict(session, fork, NOW)
    with database.read() as session:
        (conflict,) = witness.conflicts(session)
    assert (conflict.origin, conflict.offered) == (ORIGIN, fork)
    assert verify_checkpoint(conflict.held, SIGNER.keys).checkpoint.size == 9


def test_a_contradiction_to_nothing_is_kept_too(lite: Database) -> None:
    with lite.write() as session:
        witness.keep_conflict(session, submission(5, 9), NOW)
    with lite.read() as session:
        assert witness.conflicts(session)[0].held == b""


def test_what_the_others_proved_is_adopted_without_a_cosignature(lite: Database) -> None:
    for new in (5, 9):
        note = submission(0, new).note
        with lite.write() as session:
            witness.adopt(session, verify_checkpoint(note, SIGNER.keys).checkpoint, note, NOW)
        assert held(lite).size == new
    assert record(lite, submission(9, 12)).checkpoint.size == 12

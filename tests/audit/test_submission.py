"""add-checkpoint: the one form of the request, and the answer of a witness in each of its states."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoints import Checkpoint, LogSigner
from audit.merkle import MAX_SIZE
from audit.notes import Note
from audit.submission import (
    MAX_SKEW,
    ClockRefused,
    Held,
    Inconsistent,
    OldSizeDiffers,
    OriginUnknown,
    RequestMalformed,
    SignatureMissing,
    Submission,
    WitnessRefused,
    judge,
    origin_hash,
)
from tests.audit import trees
from tests.audit.logs import ORIGIN, SIGNER
from tests.instants import NOW

ENTRIES = trees.some_entries(21)
OTHER = [*ENTRIES[:8], *(b"other" + entry for entry in ENTRIES[8:])]
EMPTY = trees.root([])


def submission(
    old: int, new: int, entries: list[bytes] = ENTRIES, signer: LogSigner = SIGNER, now: int = NOW
) -> Submission:
    """What an honest log sends whose tree has these entries."""
    proof = trees.proof(old, entries[:new]) if 0 < old < new else []
    return Submission(old, tuple(proof), signer.sign(new, trees.root(entries[:new]), now))


def after(size: int, time: int = NOW) -> Held:
    """The record of a witness that cosigned the first `size` entries."""
    return Held(size, trees.root(ENTRIES[:size]), time)


GOOD = {
    "the first checkpoint": (Held(), submission(0, 5)),
    "the first checkpoint of an empty log": (Held(), submission(0, 0)),
    "growth": (after(5), submission(5, 9)),
    "growth from an empty log": (after(0), submission(0, 9)),
    "growth to a power of two": (after(5), submission(5, 16)),
    "the same again, for a fresh time": (after(9), submission(9, 9)),
}
BAD: dict[str, tuple[Held, Submission, type[WitnessRefused], int]] = {
    "behind the record": (after(9), submission(5, 9), OldSizeDiffers, 409),
    "ahead of the record": (after(5), submission(6, 9), OldSizeDiffers, 409),
    "a record where there was none": (Held(), submission(5, 9), OldSizeDiffers, 409),
    "smaller than the record": (after(9), submission(5, 7), OldSizeDiffers, 409),
    "smaller than its own old size": (after(9), submission(9, 5), RequestMalformed, 400),
    "another root at the same size": (after(9), submission(9, 9, OTHER), Inconsistent, 422),
    "growth of another history": (after(9), submission(9, 20, OTHER), Inconsistent, 422),
    "growth without its proof": (after(5), replace(submission(5, 9), proof=()), Inconsistent, 422),
    "growth with the proof of another size": (after(5), replace(submission(4, 9), old=5), Inconsistent, 422),
    "a proof from nothing": (Held(), replace(submission(5, 9), old=0), Inconsistent, 422),
    "a proof from a size to itself": (after(9), replace(submission(9, 9), proof=(EMPTY,)), Inconsistent, 422),
    "an empty log with a root": (
        Held(),
        Submission(0, (), SIGNER.sign(0, trees.root(ENTRIES), NOW)),
        Inconsistent,
        422,
    ),
    "another key": (
        Held(),
        submission(0, 5, signer=LogSigner.from_seeds(ORIGIN, bytes(64))),
        SignatureMissing,
        403,
    ),
    "before the last cosignature": (after(5, NOW + 1), submission(5, 9), ClockRefused, 503),
    "a log whose clock is far ahead": (after(5), submission(5, 9, now=NOW + MAX_SKEW + 1), ClockRefused, 503),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_continues_the_record_is_taken(name: str) -> None:
    held, request = GOOD[name]
    signed = judge(request, SIGNER.keys, held, NOW)
    assert signed.checkpoint == Checkpoint.parse(Note.parse(request.note).text)


@pytest.mark.parametrize("name", BAD)
def test_everything_else_is_refused_with_its_status(name: str) -> None:
    held, request, error, status = BAD[name]
    with pytest.raises(error) as caught:
        judge(request, SIGNER.keys, held, NOW)
    assert (caught.value.status, caught.value.code.startswith("WITNESS_")) == (status, True)


def test_a_record_elsewhere_is_answered_with_the_size_that_is_held() -> None:
    with pytest.raises(OldSizeDiffers) as caught:
        judge(submission(5, 9), SIGNER.keys, after(7), NOW)
    assert caught.value.body == b"7\n"


def test_an_unknown_log_is_unknown_before_anything_else_is_looked_at() -> None:
    with pytest.raises(OriginUnknown):
        judge(submission(9, 5), None, after(3), NOW)


@pytest.mark.parametrize("drop", [0, 1])
def test_one_signature_of_the_log_is_not_enough(drop: int) -> None:
    request = submission(0, 5)
    note = Note.parse(request.note)
    half = Note(note.text, note.lines[drop : drop + 1]).to_bytes()
    with pytest.raises(SignatureMissing):
        judge(replace(request, note=half), SIGNER.keys, Held(), NOW)


@given(st.integers(0, 21), st.integers(0, 21), st.integers(0, 21), st.booleans())
def test_no_order_of_requests_gets_two_histories_cosigned(held: int, old: int, new: int, fork: bool) -> None:  # noqa: FBT001 - hypothesis draws it
    request = submission(min(old, new), new, OTHER if fork else ENTRIES)
    with contextlib.suppress(WitnessRefused):
        said = judge(request, SIGNER.keys, after(held), NOW).checkpoint
        assert said.size >= held
        assert new <= 8 or not fork or held <= 8


def test_a_request_travels_as_it_is() -> None:
    for request in (submission(0, 5), submission(5, 21), submission(0, 0)):
        assert Submission.parse(request.to_bytes()) == request
        assert request.origin == ORIGIN


WIRE = submission(5, 9).to_bytes()
STRANGE = {
    "nothing": b"",
    "no empty line": WIRE.replace(b"\n\n", b"\n"),
    "no old size": WIRE.removeprefix(b"old "),
    "an old size with a leading zero": WIRE.replace(b"old 5", b"old 05"),
    "an old size with a sign": WIRE.replace(b"old 5", b"old +5"),
    "an old size out of range": WIRE.replace(b"old 5", b"old %d" % (MAX_SIZE + 1)),
    "two spaces": WIRE.replace(b"old 5", b"old  5"),
    "a short hash": b"old 5\nAAAA\n\n" + submission(5, 9).note,
    "a hash in another alphabet": b"old 5\n" + b"_" * 43 + b"=\n\n" + submission(5, 9).note,
    "64 hashes": b"old 5\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + submission(5, 9).note,
    "a letter that is not ASCII": WIRE.replace(b"old 5", "old ٥".encode()),
    "too many bytes": WIRE + b"x" * 600_000,
}


@pytest.mark.parametrize("name", STRANGE)
def test_anything_else_is_no_request(name: str) -> None:
    with pytest.raises(RequestMalformed):
        Submission.parse(STRANGE[name])


def test_a_note_that_is_no_checkpoint_has_no_origin() -> None:
    with pytest.raises(RequestMalformed):
        Submission.parse(b"old 0\n\nnot a note\n").origin  # noqa: B018 - reading it is the check


def test_63_hashes_are_allowed_by_the_form() -> None:
    request = Submission(5, (EMPTY,) * 63, submission(5, 9).note)
    assert Submission.parse(request.to_bytes()) == request


def test_a_monitor_finds_a_log_by_the_hash_of_its_origin() -> None:
    assert origin_hash("example.com/log") == "4d3203c8f35cdf600e475f55fede6081a703d3d322f208865fca2ec4f0e030f8"

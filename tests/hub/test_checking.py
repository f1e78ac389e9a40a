"""The processes that check signatures: they tell good from bad, end with us, and are replaced when they end."""

import asyncio
import io
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import envelope
from exchange.errors import Unavailable
from exchange.hub.checker import Chunk, Question, read_chunk, serve
from exchange.hub.checking import Checker
from tests.hub.desk import Desk

QUESTIONS = st.lists(st.builds(Question, *[st.binary(max_size=80)] * 3), min_size=1, max_size=4).map(tuple)
CHUNKS = st.builds(Chunk, st.integers(0, 2**32 - 1), QUESTIONS)


def asked(desk: Desk) -> Question:
    """What the hub asks about a good envelope."""
    parsed = envelope.parse(desk.seal().wire)
    return Question(desk.world.units["TJ"].signing.public, parsed.statement, parsed.signature)


def forged(question: Question) -> Question:
    return Question(question.public, question.statement + b" ", question.signature)


@given(CHUNKS)
def test_a_chunk_is_read_as_it_was_written(chunk: Chunk) -> None:
    assert read_chunk(io.BytesIO(chunk.to_bytes())) == chunk


@given(CHUNKS, st.data())
def test_a_chunk_that_is_cut_short_asks_nothing(chunk: Chunk, data: st.DataObject) -> None:
    whole = chunk.to_bytes()
    with pytest.raises(EOFError):
        read_chunk(io.BytesIO(whole[: data.draw(st.integers(1, len(whole) - 1))]))


def test_each_question_has_its_own_verdict(desk: Desk) -> None:
    good = asked(desk)
    low_order = Question(bytes(1_984), good.statement, good.signature)
    first, second = Chunk(1, (good, forged(good), low_order)), Chunk(2, (good,))
    answers = io.BytesIO()
    serve(io.BytesIO(first.to_bytes() + second.to_bytes()), answers)
    answers.seek(0)
    assert first.verdicts(answers.read(first.answer_size)) == [True, False, False]
    assert second.verdicts(answers.read()) == [True]


def test_the_answer_to_one_chunk_is_never_taken_for_that_to_another(desk: Desk) -> None:
    good, bad = Chunk(1, (asked(desk),)), Chunk(2, (forged(asked(desk)),))
    with pytest.raises(ValueError, match="another chunk"):
        bad.verdicts(good.answer())


def test_who_gives_up_waiting_leaves_no_verdict_to_who_comes_after(desk: Desk) -> None:
    good = asked(desk)

    async def run() -> list[bool]:
        one = Checker()
        left = asyncio.create_task(one.check([good]))
        behind = asyncio.create_task(one.check([forged(good)]))
        while not one.pid:  # noqa: ASYNC110 - nobody tells when it has started
            await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(Unavailable):
            await behind
        try:
            return await one.check([forged(good)])
        finally:
            one.stop()

    assert asyncio.run(run()) == [False]


def test_a_process_answers_many_chunks_at_once_in_their_order(desk: Desk) -> None:
    good = asked(desk)
    bad = forged(good)

    async def run() -> list[list[bool]]:
        one = Checker()
        try:
            return list(await asyncio.gather(*map(one.check, [[good], [bad, good], [bad]])))
        finally:
            one.stop()

    assert asyncio.run(run()) == [[True], [False, True], [False]]


@pytest.mark.parametrize("harm", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_hangs_is_replaced(desk: Desk, harm: signal.Signals) -> None:
    good = asked(desk)

    async def run() -> list[bool]:
        one = Checker(patience=1)
        await one.check([good])
        os.kill(one.pid, harm)
        with pytest.raises(Unavailable):
            await one.check([good])
        try:
            return await one.check([good])
        finally:
            one.stop()

    assert asyncio.run(run()) == [True]


def test_where_no_process_can_start_the_outcome_is_unknown(desk: Desk) -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def run() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, files[1]))
        try:
            await Checker().check([asked(desk)])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, files)

    with pytest.raises(Unavailable):
        asyncio.run(run())


def surroundings(pid: int) -> tuple[bytes, int]:
    """The environment of a process, and how many files it has open."""
    folder = Path(f"/proc/{pid}")
    return (folder / "environ").read_bytes(), len(list((folder / "fd").iterdir()))


def test_a_process_is_given_nothing_of_our_surroundings(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERAI_HUB_DATABASE_URL", "postgresql://operator:secret@localhost/hub")

    async def run() -> tuple[bytes, int]:
        one = Checker()
        await one.check([asked(desk)])
        seen = surroundings(one.pid)
        one.stop()
        return seen

    environment, descriptors = asyncio.run(run())
    assert b"secret" not in environment
    assert descriptors == 3


ORPHAN = """
import asyncio, sys
from exchange.hub.checking import Checker
from exchange.hub.checker import Question
async def run():
    one = Checker()
    await one.check([Question(b"", b"", b"")])
    print(one.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(run())
"""


def test_a_process_ends_with_the_hub_that_asked_it() -> None:
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", ORPHAN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as hub:  # noqa: S603 - our own program
        assert hub.stdout
        pid = int(hub.stdout.readline())
        hub.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and "(zombie)" not in Path(f"/proc/{pid}/status").read_text("ascii"):
        assert time.monotonic() < until
        time.sleep(0.02)

"""What came reaches the sequencer in its order, each envelope with its own verdict, whatever its neighbours are."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from exchange.errors import Denied, ExchangeError, Junk, Unavailable
from exchange.hub.checker import Question
from exchange.hub.checking import Checker
from exchange.hub.sequencer import Job, Sequencer
from exchange.hub.verification import Verifier, Waiting
from tests.hub.desk import Desk


class Taken:
    """The end of the queue that the sequencer empties: it answers each with its own bytes."""

    def __init__(self) -> None:
        self.raws: list[bytes] = []

    def put(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self.raws.append(job.payload.wire)
            job.reply.set_result(job.payload.wire)


class Watched(Checker):
    """A process that shows when it has answered, and whose answers are kept back until somebody lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.answered, self.free = asyncio.Event(), asyncio.Event()

    async def check(self, questions: Sequence[Question]) -> list[bool]:
        self.load += 1  # the next chunk goes to the other
        verdicts = await super().check(questions)
        self.answered.set()
        await self.free.wait()
        return verdicts


async def answers(desk: Desk, raws: Sequence[bytes], checkers: Sequence[Checker], taken: Taken) -> list[Any]:
    verifier = Verifier(desk.hub.examine, cast("Sequencer", taken), checkers)
    waiting = [Waiting(raw, asyncio.get_running_loop().create_future()) for raw in raws]
    for one in waiting:
        verifier.put(one)
    try:
        return await asyncio.gather(*(one.reply for one in waiting), return_exceptions=True)
    finally:
        verifier.stop()


def test_a_process_that_is_quicker_waits_for_what_came_before(desk: Desk) -> None:
    taken, raws = Taken(), [desk.seal().wire, desk.seal("KG", ("TJ",)).wire]

    async def run() -> None:
        slow, quick = Watched(), Watched()
        asking = asyncio.create_task(answers(desk, raws, [slow, quick], taken))
        await quick.answered.wait()
        quick.free.set()
        await slow.answered.wait()
        assert taken.raws == []
        slow.free.set()
        await asking

    asyncio.run(run())
    assert taken.raws == raws


def test_junk_and_a_forged_signature_hold_up_no_neighbour(desk: Desk) -> None:
    good, forged = desk.seal().wire, bytearray(desk.seal("KG", ("TJ",)).wire)
    at = forged.index(b"}", 20) + 1_400  # behind the core and the one wrap: within the signature
    forged[at] ^= 1
    outcomes = asyncio.run(answers(desk, [b"junk", bytes(forged), good], [Checker()], Taken()))
    assert [type(one) for one in outcomes] == [Junk, Denied, bytes]


def test_who_waits_for_a_process_that_does_not_answer_in_time_is_told(desk: Desk) -> None:
    checker = Checker(patience=0)
    outcomes = asyncio.run(answers(desk, [desk.seal().wire], [checker], Taken()))
    assert [type(one) for one in outcomes] == [Unavailable]


@pytest.mark.parametrize("raw", [b"", b"junk"])
def test_without_processes_whoever_puts_is_answered_at_once(desk: Desk, raw: bytes) -> None:
    (outcome,) = asyncio.run(answers(desk, [raw], [], Taken()))
    assert isinstance(outcome, ExchangeError)

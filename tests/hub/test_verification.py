"""What the verifying threads prepare reaches the sequencer in the order in which it came."""

import asyncio
import threading
from typing import Any, cast

from exchange.hub.acceptance import Acceptance
from exchange.hub.sequencer import Job, Sequencer
from exchange.hub.verification import Verifier, Waiting

NOTHING = cast("Any", None)
"""Nobody looks at the arrival between the threads and the sequencer."""


class Taken:
    """The end of the queue that the sequencer empties."""

    def __init__(self, all_of_them: int) -> None:
        self.raws: list[bytes] = []
        self.full = threading.Event()
        self._all = all_of_them

    def put(self, jobs: list[Job]) -> None:
        self.raws += [job.payload.wire for job in jobs]
        if len(self.raws) == self._all:
            self.full.set()


def test_a_thread_that_is_quicker_waits_for_what_came_before() -> None:
    second_is_ready = threading.Event()

    def prepare(raw: bytes) -> Acceptance:
        if raw == b"first":
            assert second_is_ready.wait(10)
        else:
            second_is_ready.set()
        return Acceptance(NOTHING, raw)

    taken = Taken(2)
    verifier = Verifier(prepare, cast("Sequencer", taken), threads=2)
    loop = asyncio.new_event_loop()
    for raw in (b"first", b"second"):
        verifier.put(Waiting(raw, loop.create_future()))
    verifier.start()
    assert taken.full.wait(10)
    verifier.stop()
    loop.close()
    assert taken.raws == [b"first", b"second"]

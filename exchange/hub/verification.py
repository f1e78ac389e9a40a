"""Before the sequencer: is this an envelope, whose, and did they sign it? Junk ends here and leaves nothing behind.

Cheap questions come first: size, framing, a known sender, bytes answered a moment ago. Only then both halves of the
signature are verified, in chunks, on as many threads as the machine has cores (the library gives the lock free).
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from crypto import envelope
from crypto.errors import CryptoError
from exchange import arrivals
from exchange.arrivals import Arrival, Refusal
from exchange.errors import Denied, ExchangeError, Junk, WrongEnvironment
from exchange.hub.acceptance import MESSAGES, Acceptance, Receipted
from exchange.hub.sequencer import Job, Outcome, Sequencer, settle
from schemas.trust import Directory

CHUNK: Final = 16
RECENT: Final = 1024
_REFUSALS: Final = {Refusal.WRONG_ENVIRONMENT: WrongEnvironment, Refusal.NOT_ALLOWED: Denied}


class Recent:
    """The answers of the last envelopes by the SHA-512 of their bytes, so that a repetition costs no signature."""

    def __init__(self, capacity: int = RECENT) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[bytes, Receipted] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, outcome: Receipted) -> None:
        """Remember a committed outcome."""
        with self._lock:
            self._answers[outcome.stored.digest] = outcome
            while len(self._answers) > self._capacity:
                self._answers.popitem(last=False)

    def find(self, digest: bytes) -> Receipted | None:
        """Return the outcome for exactly these bytes, if it is remembered."""
        return self._answers.get(digest)


def prepare(raw: bytes, directory: Directory, recent: Recent, now: int) -> Acceptance | Receipted:
    """Return the envelope in `raw`, ready for the sequencer, or the outcome that the same bytes had before.

    Raises `Junk`, `WrongEnvironment` or `Denied` (protocol.md §6.1-§6.5).
    """
    digest = hashlib.sha512(raw).digest()
    before = recent.find(digest)
    if before is not None:
        return before
    try:
        parsed = envelope.parse(raw)
    except CryptoError as error:
        raise Junk(error.code) from error
    screened = arrivals.screen(now, parsed.header, directory)
    if screened.refusal is not None:
        raise _REFUSALS[screened.refusal]
    try:
        envelope.verify_signature(parsed, screened.public)
    except CryptoError as error:
        raise Denied from error
    return Acceptance(Arrival(parsed.eid, digest, parsed.header), raw)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Raw bytes that came, and the future in whose loop somebody waits."""

    raw: bytes
    reply: asyncio.Future[Outcome]


@dataclass(slots=True)
class _Taken:
    """A chunk that a thread has taken, and what goes on from it once it is prepared."""

    waiting: Sequence[Waiting]
    jobs: list[Job] | None = None


class Verifier:
    """Threads that prepare what came, in chunks, and hand it to the sequencer; inline, whoever puts does it.

    Chunks are handed on in the order in which they were taken: a sender with several envelopes on the way would else be
    told that the second is early because another thread was quicker.
    """

    def __init__(
        self, prepare_one: Callable[[bytes], Acceptance | Receipted], sequencer: Sequencer, threads: int
    ) -> None:
        self._prepare = prepare_one
        self._sequencer = sequencer
        self._queue: deque[Waiting] = deque()
        self._under_way: deque[_Taken] = deque()
        self._ready = threading.Condition()
        self._calling = False
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._run, name=f"verify-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what waits and end the threads."""
        with self._ready:
            self._stopped = True
            self._ready.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def put(self, waiting: Waiting) -> None:
        """Queue raw bytes, in the event loop; without threads they are prepared at once.

        The threads are called when the loop has read everything that is there to read: a call for each envelope would
        take the interpreter away from the loop as often.
        """
        if not self._threads:
            jobs = self._prepared([waiting])
            if jobs:
                self._sequencer.put(jobs)
            return
        self._queue.append(waiting)
        if not self._calling:
            self._calling = True
            waiting.reply.get_loop().call_soon(self._call)

    def _call(self) -> None:
        self._calling = False
        with self._ready:
            self._ready.notify(min(len(self._queue), len(self._threads)))

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._stopped:
                    self._ready.wait()
                if not self._queue:
                    return
                share = min(CHUNK, -(-len(self._queue) // len(self._threads)))
                taken = _Taken([self._queue.popleft() for _ in range(share)])
                self._under_way.append(taken)
            jobs: list[Job] = []
            try:
                jobs = self._prepared(taken.waiting)
            finally:
                with self._ready:
                    taken.jobs = jobs
                    self._hand_on()

    def _hand_on(self) -> None:
        while self._under_way and self._under_way[0].jobs is not None:
            jobs = self._under_way.popleft().jobs
            if jobs:
                self._sequencer.put(jobs)

    def _prepared(self, chunk: Sequence[Waiting]) -> list[Job]:
        """Return the jobs for what is good; what is not is answered at once."""
        jobs: list[Job] = []
        done: list[Job] = []
        outcomes: list[Outcome] = []
        for waiting in chunk:
            outcome: Acceptance | Receipted | Exception
            try:
                outcome = self._prepare(waiting.raw)
            except ExchangeError as error:
                outcome = error
            except Exception as error:  # noqa: BLE001 - a thread of the pool must outlive every input
                outcome = error
            job = Job(MESSAGES, outcome, waiting.reply)
            if isinstance(outcome, Acceptance):
                jobs.append(job)
            else:
                done.append(job)
                outcomes.append(outcome)
        if done:
            settle(done, outcomes)
        return jobs

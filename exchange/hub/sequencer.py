"""The one writer of the hub: everything that waits becomes one transaction, and is answered only after its commit.

Every write of the hub is a job here: messages, receipts, hand-outs, timers, denials, the directory, administration.
On PostgreSQL the transaction holds the head row, so the sequencers of several hub processes take turns. `run_once` is
the whole machine; the thread only calls it. If a batch fails for a reason that no job foresaw, its jobs are tried one
by one, so that one of them cannot hold up the others.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from audit.errors import AuditError
from exchange.errors import ExchangeError, Unavailable
from exchange.hub.batch import Batch
from exchange.overload import TooManyRequests

LARGEST_BATCH: Final = 256
IDLE_SECONDS: Final = 0.25
"""How long the thread sleeps when nothing waits, before it looks after timers and checkpoints."""

_REFUSED_BY_THE_STORE: Final = (IntegrityError, DataError)
"""Not an outage: some job wants what the store cannot hold."""

Outcome = Any
Handler = Callable[[Batch, Sequence[Any]], Sequence[Outcome | ExchangeError]]
"""What a kind of job does with all its payloads in one batch; an `ExchangeError` in the result refuses that one job."""


class Opener(Protocol):
    """Opens a transaction with a batch in it, and commits when the block ends."""

    def __call__(self) -> AbstractContextManager[Batch]:
        """Return the block."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its handler, its place in a batch, and whether it needs a transaction of its own."""

    name: str
    handler: Handler
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do, and who waits for it."""

    kind: Kind
    payload: Any
    reply: Future[Outcome] | asyncio.Future[Outcome]


class Sequencer:
    """The queue and the writer. With `inline=True` there is no thread: whoever posts runs the batch."""

    def __init__(self, opener: Opener, idle: Callable[[], None], *, largest_queue: int, inline: bool = False) -> None:
        self._open = opener
        self._idle = idle
        self._largest_queue = largest_queue
        self._inline = inline
        self._queue: deque[Job] = deque()
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Start the writer thread; an inline sequencer has none."""
        if not self._inline:
            self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Finish what waits, then end the thread."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def waiting(self) -> int:
        """Return how many jobs wait."""
        return len(self._queue)

    def check_room(self) -> None:
        """Raise `TooManyRequests` if the queue is full; ask before doing costly work for a job."""
        if len(self._queue) >= self._largest_queue:
            raise TooManyRequests

    def post(self, kind: Kind, payload: Any) -> Future[Outcome]:
        """Queue a job from any thread and return where its outcome will stand."""
        reply: Future[Outcome] = Future()
        self.put([Job(kind, payload, reply)])
        return reply

    def put(self, jobs: Sequence[Job]) -> None:
        """Queue jobs; their replies are settled after the commit, in whichever loop or thread they wait."""
        self._queue.extend(jobs)
        if self._inline:
            self.run_once()
        else:
            self._wake.set()

    def run_once(self) -> int:
        """Do what waits, at most 256 jobs in one transaction; return how many were done."""
        with self._turn:
            jobs = self._take()
            if jobs:
                self._do(jobs)
            return len(jobs)

    def _take(self) -> list[Job]:
        jobs: list[Job] = []
        while self._queue and len(jobs) < LARGEST_BATCH:
            if self._queue[0].kind.alone and jobs:
                break
            jobs.append(self._queue.popleft())
            if jobs[0].kind.alone:
                break
        return jobs

    def _do(self, jobs: Sequence[Job]) -> None:
        try:
            outcomes = self._transact(jobs)
        except Exception as error:  # noqa: BLE001 - the writer must outlive every job
            foreseen = isinstance(error, ExchangeError) and not isinstance(error.__cause__, _REFUSED_BY_THE_STORE)
            if not foreseen:
                self._log.error("batch failed", error=type(error).__name__, jobs=len(jobs))
            if not foreseen and len(jobs) > 1:
                for job in jobs:
                    self._do([job])
                return
            outcomes = [error if isinstance(error, ExchangeError) else Unavailable(type(error).__name__)] * len(jobs)
        settle(jobs, outcomes)

    def _transact(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Run the handlers, each with all its payloads, and commit; the outcomes are in the order of the jobs."""
        by_kind: dict[Kind, list[int]] = {}
        for position, job in enumerate(jobs):
            by_kind.setdefault(job.kind, []).append(position)
        outcomes: list[Outcome] = [None] * len(jobs)
        with self._open() as batch:
            for kind, positions in by_kind.items():
                results = kind.handler(batch, [jobs[position].payload for position in positions])
                for position, result in zip(positions, results, strict=True):
                    outcomes[position] = result
            batch.finish()
        return outcomes

    def _run(self) -> None:
        while not (self._stop.is_set() and not self._queue):
            if not self._queue:
                self._wake.wait(IDLE_SECONDS)
                self._wake.clear()
            self.run_once()
            try:
                self._idle()
            except Exception as error:  # noqa: BLE001 - nor may what time does end the writer
                reason = str(error) if isinstance(error, ExchangeError | AuditError) else ""
                self._log.error("upkeep failed", error=type(error).__name__, reason=reason)


def settle(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Answer every waiter: threads directly, each event loop once for all its waiters."""
    in_loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(job.reply, Future):
            _give(job.reply, outcome)
        else:
            in_loops.setdefault(job.reply.get_loop(), []).append((job.reply, outcome))
    for loop, settled in in_loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_give_all, settled)


def _give_all(settled: Sequence[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for reply, outcome in settled:
        _give(reply, outcome)


def _give(reply: Future[Outcome] | asyncio.Future[Outcome], outcome: Outcome) -> None:
    """Settle one reply, unless whoever waited has gone away."""
    if reply.cancelled():
        return
    if isinstance(outcome, Exception):
        reply.set_exception(outcome)
    else:
        reply.set_result(outcome)

"""Before the sequencer: is this an envelope, whose, and did they sign it? Junk ends here and leaves nothing behind.

Cheap questions come first: size, framing, a known sender, bytes answered a moment ago. Only then both halves of the
signature are checked: in chunks, by processes of their own, so that whoever answers goes on answering.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, TypeVar

from crypto import envelope
from crypto.errors import CryptoError
from exchange import arrivals
from exchange.arrivals import Arrival, Refusal
from exchange.errors import Denied, Junk, WrongEnvironment
from exchange.hub.acceptance import MESSAGES, Acceptance, Receipted
from exchange.hub.checker import Question
from exchange.hub.checking import Checker
from exchange.hub.sequencer import Job, Outcome, Sequencer, settle
from schemas.trust import Directory

CHUNK: Final = 16
RECENT: Final = 1024
Prepared: TypeAlias = Acceptance | Receipted | Exception
_T = TypeVar("_T")
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


@dataclass(frozen=True, slots=True)
class Claimed:
    """An envelope that names a known sender, and what is left to ask: whether they signed it."""

    acceptance: Acceptance
    question: Question


def examine(raw: bytes, directory: Directory, recent: Recent, now: int) -> Claimed | Receipted:
    """Return whose envelope `raw` claims to be, or the outcome that the same bytes had before.

    Raises `Junk`, `WrongEnvironment` or `Denied` (protocol.md §6.1-§6.4).
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
    acceptance = Acceptance(Arrival(parsed.eid, digest, parsed.header), raw)
    return Claimed(acceptance, Question(screened.public, parsed.statement, parsed.signature))


def confirm(claimed: Claimed | Receipted) -> Acceptance | Receipted:
    """Check the signature here; raises `Denied` if it is not theirs (protocol.md §6.5)."""
    if isinstance(claimed, Receipted):
        return claimed
    try:
        claimed.question.check()
    except CryptoError as error:
        raise Denied from error
    return claimed.acceptance


@dataclass(frozen=True, slots=True)
class Waiting:
    """Raw bytes that came, and the future in whose loop somebody waits."""

    raw: bytes
    reply: asyncio.Future[Outcome]


@dataclass(slots=True)
class _Taken:
    """A chunk whose signatures are being checked, and the outcome of each once they are."""

    waiting: Sequence[Waiting]
    claims: Sequence[Claimed]
    outcomes: Sequence[Prepared] | None = None


class Verifier:
    """Prepares what came and hands it to the sequencer; without processes, whoever puts checks the signature as well.

    Chunks are handed on in the order in which they were taken: a sender with several envelopes on the way would else be
    told that the second is early because another process was quicker.
    """

    def __init__(
        self, examine_one: Callable[[bytes], Claimed | Receipted], sequencer: Sequencer, checkers: Sequence[Checker]
    ) -> None:
        self._examine = examine_one
        self._sequencer = sequencer
        self._checkers = checkers
        self._queue: list[Waiting] = []
        self._under_way: deque[_Taken] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """End the processes; who still waits for one is told so."""
        for checker in self._checkers:
            checker.stop()

    def put(self, waiting: Waiting) -> None:
        """Queue raw bytes, in the event loop: what it reads in one turn is examined together, and shared out."""
        if not self._checkers:
            self._forward([waiting], [_tried(lambda: confirm(self._examine(waiting.raw)))])
            return
        self._queue.append(waiting)
        if len(self._queue) == 1:
            waiting.reply.get_loop().call_soon(self._share_out)

    def _share_out(self) -> None:
        queue, self._queue = self._queue, []
        found = [(one, _tried(partial(self._examine, one.raw))) for one in queue]
        done = [(one, outcome) for one, outcome in found if not isinstance(outcome, Claimed)]
        self._forward([one for one, _ in done], [outcome for _, outcome in done])
        claims = [(one, claim) for one, claim in found if isinstance(claim, Claimed)]
        share = min(CHUNK, -(-len(claims) // len(self._checkers))) or CHUNK
        for at in range(0, len(claims), share):
            taken = _Taken(*zip(*claims[at : at + share], strict=True))
            self._under_way.append(taken)
            task = asyncio.get_running_loop().create_task(self._check(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _check(self, taken: _Taken) -> None:
        checker = min(self._checkers, key=lambda one: one.load)
        try:
            verdicts = await checker.check([claim.question for claim in taken.claims])
        except Exception as error:  # noqa: BLE001 - whatever ends a check, those behind it go on
            taken.outcomes = [error] * len(taken.claims)
        else:
            pairs = zip(taken.claims, verdicts, strict=True)
            taken.outcomes = [claim.acceptance if good else Denied() for claim, good in pairs]
        while self._under_way and self._under_way[0].outcomes is not None:
            first = self._under_way.popleft()
            self._forward(first.waiting, first.outcomes or ())

    def _forward(self, waiting: Sequence[Waiting], outcomes: Sequence[Prepared]) -> None:
        """Hand what is good to the sequencer; what is not is answered at once."""
        jobs = [Job(MESSAGES, outcome, one.reply) for one, outcome in zip(waiting, outcomes, strict=True)]
        good = [job for job in jobs if isinstance(job.payload, Acceptance)]
        if good:
            self._sequencer.put(good)
        done = [job for job in jobs if not isinstance(job.payload, Acceptance)]
        settle(done, [job.payload for job in done])


def _tried(prepare: Callable[[], _T]) -> _T | Exception:
    """Return the outcome, or why there is none: one bad envelope must not hold up the others."""
    try:
        return prepare()
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits is told
        return error

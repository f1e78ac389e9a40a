"""The legal clock of one request at one requested unit, computed alike by both sides (docs/protocol.md §10).

Its only inputs are what the hub signed or logged: when messages were accepted, handed out and receipted. It starts at
DELIVERED if the hub logged that within 15 minutes of handing the request out, else at the hand-out; a request that was
never handed out has no clock. Time between a clarification question and its answer does not count. A delay notice in
time makes lateness lawful only for a judicial authorisation; every other cause is shown and changes nothing. Times are
unix seconds; nothing here reads a clock. Source: Directive (EU) 2023/977, articles 5 and 6(3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas import codes

RECEIPT_WITHIN: Final = 15 * 60
NOT_COLLECTED_ALARM: Final = 3600
NOTICE_COVERS: Final = 7 * 86_400
"""A judicial delay notice must be repeated within 7 days."""


class Effect(StrEnum):
    """What a message of the thread does to the clock (`Kind.effect_on_clock`)."""

    NONE = "NONE"
    STARTS = "STARTS"
    STOPS = "STOPS"
    RESUMES = "RESUMES"
    EXTENDS = "EXTENDS"
    ENDS = "ENDS"


class Running(StrEnum):
    """Whether the clock runs."""

    NOT_COLLECTED = "NOT_COLLECTED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Stamp:
    """A receipt about one envelope: RELAYED or DELIVERED, the time it states, the time at which the hub logged it."""

    eid: str
    type: str
    time: int
    logged: int


@dataclass(frozen=True)
class Message:
    """A message of the thread between the two units: `accepted` is the time of its leaf in the hub's log.

    `cause` is the cause of a delay notice (table `delay_causes`), empty for every other message.
    """

    eid: str
    effect: Effect
    accepted: int
    cause: str = ""


@dataclass(frozen=True)
class Clock:
    """The clock at one moment, in seconds.

    `due_at` is 0 while there is no due time (not collected, or stopped). `level` is the last step of table `escalation`
    that was reached. `late` is late for any reason, `overdue` late without a lawful cause. `causes` are the causes of
    delay that were notified, in order. `alarm`: nobody has collected the request for an hour.
    """

    running: Running
    remaining: int
    causes: tuple[str, ...]
    started_at: int = 0
    due_at: int = 0
    elapsed: int = 0
    level: str = ""
    late: bool = False
    overdue: bool = False
    alarm: bool = False


def read(now: int, allowed: int, request: Message, thread: Iterable[Message], stamps: Iterable[Stamp]) -> Clock:
    """Return the clock of `request` at `now`, from the other messages of its thread and the receipts of all of them.

    `allowed` are the seconds that its kind declares (`schemas.term`). Order and repetition do not matter; what has not
    arrived yet has no effect yet.
    """
    messages = sorted(set(thread), key=lambda message: (message.accepted, message.eid, message.effect))
    handed = _handed_out(stamps)
    causes = tuple(message.cause for message in messages if message.effect is Effect.EXTENDS)
    ends = [message.accepted for message in messages if message.effect is Effect.ENDS]
    start = handed.get(request.eid)
    if start is None:
        alarm = not ends and now - request.accepted >= NOT_COLLECTED_ALARM
        return Clock(Running.NOT_COLLECTED, allowed, causes, alarm=alarm)
    until = min([now, *ends])
    pauses = _pauses(messages, handed, start)
    stopped = not ends and any(begin <= until < end for begin, end in pauses)
    elapsed = max(0, until - start - sum(max(0, min(end, until) - begin) for begin, end in pauses))
    due = _due(start + allowed, pauses)
    late = elapsed > allowed
    return Clock(
        Running.ENDED if ends else Running.STOPPED if stopped else Running.RUNNING,
        allowed - elapsed,
        causes,
        started_at=start,
        due_at=0 if stopped else due,
        elapsed=elapsed,
        level=_level(elapsed, allowed),
        late=late,
        overdue=late and until > _covered(messages, due),
    )


def _handed_out(stamps: Iterable[Stamp]) -> dict[str, int]:
    """Return for each envelope when its recipient had it: DELIVERED if logged in time, else RELAYED."""
    relayed: dict[str, int] = {}
    delivered: dict[str, Stamp] = {}
    for stamp in sorted(set(stamps), key=lambda stamp: (stamp.logged, stamp.time)):
        if stamp.type == "RELAYED":
            relayed.setdefault(stamp.eid, stamp.time)
        elif stamp.type == "DELIVERED":
            delivered.setdefault(stamp.eid, stamp)
    in_time = {
        eid: stamp.time
        for eid, stamp in delivered.items()
        if eid in relayed and stamp.logged <= relayed[eid] + RECEIPT_WITHIN
    }
    return {**relayed, **in_time}


_FOREVER: Final = 1 << 52


def _pauses(messages: Sequence[Message], handed: dict[str, int], start: int) -> list[tuple[int, int]]:
    """Return the (begin, end) pairs in which the clock stood still; an open one ends in the far future."""
    marks = sorted(
        (max(start, handed[message.eid]), message.effect is Effect.RESUMES, message.eid)
        for message in messages
        if message.effect in (Effect.STOPS, Effect.RESUMES) and message.eid in handed
    )
    pauses: list[tuple[int, int]] = []
    begin: int | None = None
    for time, resumes, _ in marks:
        if resumes and begin is not None:
            pauses.append((begin, time))
            begin = None
        elif not resumes and begin is None:
            begin = time
    return pauses if begin is None else [*pauses, (begin, _FOREVER)]


def _due(due: int, pauses: Sequence[tuple[int, int]]) -> int:
    """Return the due time moved by the pauses that began before it."""
    for begin, end in pauses:
        if begin < due:
            due += end - begin
    return due


def _covered(messages: Sequence[Message], due: int) -> int:
    """Return until when lateness is lawful: each judicial notice, sent before the cover ended, covers 7 days."""
    covered = due
    for message in messages:
        lawful = message.effect is Effect.EXTENDS and codes.table("delay_causes")[message.cause].extra["lawful"]
        if lawful and message.accepted <= covered:
            covered = max(covered, message.accepted + NOTICE_COVERS)
    return covered


def _level(elapsed: int, limit: int) -> str:
    reached = [code for code, row in codes.table("escalation").items() if elapsed * 100 >= row.extra["percent"] * limit]
    return reached[-1] if reached else ""

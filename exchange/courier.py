"""The node's end of the protocol, pure: what a courier does with an answer, a timer, an outage or an arrival.

Every rule is a function of (now, event, facts) or a table; nothing here reads a clock, a database or a socket. The
shell (`nodes/courier.py`, and the simulator) gathers the facts, stores what is decided in one transaction, and then
sends (protocol.md §7, §8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60
HOUR = 3600
BACKOFF_FIRST = 2
BACKOFF_LONGEST = HOUR
JITTER_STEPS = 1024
WINDOW_LARGEST = 8
NOT_COLLECTED_ALARM = HOUR
NOT_COLLECTED_WARNING = 24 * HOUR
FIRST_PREV = "0" * 64
"""The predecessor of the first link of every chain."""


# --- outages ----------------------------------------------------------------------------------------------------------


def pause(failures: int, jitter: int) -> int:
    """Return the seconds to wait after `failures` (from 1) in a row: doubling, at most an hour, half of it jittered.

    `jitter` is a random step in 0..1023 drawn by the shell, so that units do not come back at the same instant after an
    outage of the hub (protocol.md §7.3).
    """
    longest = min(BACKOFF_LONGEST, BACKOFF_FIRST << min(failures - 1, 12))
    half = longest // 2
    return longest - half + half * (jitter % JITTER_STEPS) // JITTER_STEPS


@dataclass(frozen=True, slots=True)
class Line:
    """The state of one direction: failures in a row, the instant before which it is silent, its window."""

    failures: int = 0
    silent_until: int = 0
    window: int = 1

    def succeeded(self) -> "Line":
        """One good answer ends the back-off and widens the window by one."""
        return Line(0, 0, min(WINDOW_LARGEST, self.window + 1))

    def failed(self, now: int, jitter: int) -> "Line":
        """Wait longer after an outage or an answer that proves nothing, and come back with a single request."""
        failures = self.failures + 1
        return Line(failures, now + pause(failures, jitter), 1)

    def narrowed(self) -> "Line":
        """Send the next one alone after an answer out of order, which is no outage."""
        return Line(0, 0, 1)


# --- pushing: our own sequence ----------------------------------------------------------------------------------------


class Answer(StrEnum):
    """What came back for one envelope, after everything signed in it was verified."""

    SUBMITTED = "SUBMITTED"
    REFUSED = "REFUSED"
    EARLY = "EARLY"
    KEY_ENDED = "KEY_ENDED"
    TAKEN = "TAKEN"
    JUNK = "JUNK"
    NOTHING = "NOTHING"


class Push(StrEnum):
    """What to do about the envelope that was answered."""

    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    RESEND = "RESEND"
    RESEAL = "RESEAL"
    RETRY = "RETRY"
    HALT = "HALT"


class Alarm(StrEnum):
    """What a person must know about, because the courier cannot heal it alone."""

    LOG_ROLLED_BACK = "LOG_ROLLED_BACK"
    SEQUENCE_FORKED = "SEQUENCE_FORKED"
    HISTORY_LOST = "HISTORY_LOST"
    ENVELOPE_UNACCEPTABLE = "ENVELOPE_UNACCEPTABLE"
    SIGNING_KEY_ENDED = "SIGNING_KEY_ENDED"
    DIRECTORY_STALE = "DIRECTORY_STALE"
    EQUIVOCATION = "EQUIVOCATION"
    UNFORESEEN = "UNFORESEEN"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the hub says it waits for in a 409: our next number and the envelope it holds before that."""

    seq: int
    prev: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Our own sequence: the envelopes still held by number, the next number, the highest with a receipt of the hub."""

    eids: Mapping[int, str]
    next_seq: int
    accepted: int = 0

    def before(self, seq: int) -> str | None:
        """Return the envelope before `seq`, or None if it is not held any more."""
        return FIRST_PREV if seq == 1 else self.eids.get(seq - 1)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The decision about one answered envelope: `again_from` with RESEND and RESEAL, `alarm` with HALT."""

    act: Push
    again_from: int = 0
    alarm: Alarm | None = None


_SETTLED: Mapping[Answer, Pushed] = {
    Answer.SUBMITTED: Pushed(Push.ACCEPT),
    Answer.REFUSED: Pushed(Push.REFUSE),
    Answer.TAKEN: Pushed(Push.HALT, alarm=Alarm.SEQUENCE_FORKED),
    Answer.JUNK: Pushed(Push.HALT, alarm=Alarm.ENVELOPE_UNACCEPTABLE),
    Answer.NOTHING: Pushed(Push.RETRY),
}


def answered(seq: int, answer: Answer, expected: Expected | None, chain: Chain) -> Pushed:
    """Decide about envelope `seq` of `chain` after `answer` (protocol.md §6.6, §7.2).

    `expected` comes with EARLY and KEY_ENDED.

    An EARLY that names an earlier number is normal after a parallel push, and after a restore of the hub: everything
    from there is sent again, accepted or not. It halts when the hub's history is not ours: a number that we never
    reached, or another predecessor, means that this node or the hub lost or forked its past, and a person must look.

    A KEY_ENDED consumed nothing: what the hub does not have is sealed anew from there on, under the same numbers. What
    it once gave a receipt for is never sealed anew, because a recipient may hold it.
    """
    if answer in _SETTLED:
        return _SETTLED[answer]
    if expected is None:
        return Pushed(Push.RETRY)
    if expected.seq > seq:
        return Pushed(Push.HALT, alarm=Alarm.SEQUENCE_FORKED)
    before = chain.before(expected.seq)
    if expected.seq not in chain.eids or before is None:
        return Pushed(Push.HALT, alarm=Alarm.HISTORY_LOST)
    if expected.prev != before:
        return Pushed(Push.HALT, alarm=Alarm.SEQUENCE_FORKED)
    if answer is Answer.KEY_ENDED:
        lost = expected.seq <= chain.accepted
        return Pushed(Push.HALT, alarm=Alarm.HISTORY_LOST) if lost else Pushed(Push.RESEAL, expected.seq)
    if expected.seq == seq:
        return Pushed(Push.RETRY)  # it waits for the very envelope that it just got: no progress to be had at once
    return Pushed(Push.RESEND, expected.seq)


def to_send(now: int, line: Line, queued: Sequence[int]) -> tuple[int, ...]:
    """Return the numbers to push now: the lowest queued without a hole, at most a window, none in silence."""
    if now < line.silent_until or not queued:
        return ()
    ordered = sorted(queued)[: line.window]
    run = [ordered[0]]
    for seq in ordered[1:]:
        if seq != run[-1] + 1:
            break
        run.append(seq)
    return tuple(run)


# --- arrivals ---------------------------------------------------------------------------------------------------------


class Finding(StrEnum):
    """What the shell found when it tried to open an arrival, in the words of protocol.md §4."""

    GOOD = "GOOD"
    SEEN = "SEEN"
    ID_TAKEN = "ID_TAKEN"
    EQUIVOCATION = "EQUIVOCATION"
    ENTRY_MISMATCH = "ENTRY_MISMATCH"
    MALFORMED = "MALFORMED"
    ENV_MISMATCH = "ENV_MISMATCH"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    KEY_REVOKED = "KEY_REVOKED"
    NOT_FOR_US = "NOT_FOR_US"
    UNDECRYPTABLE = "UNDECRYPTABLE"
    LABEL_MISMATCH = "LABEL_MISMATCH"
    CONTENT_INVALID = "CONTENT_INVALID"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    KIND_FORBIDDEN = "KIND_FORBIDDEN"
    OUT_OF_STEP = "OUT_OF_STEP"
    CASE_ERASED = "CASE_ERASED"
    DIRECTORY_STALE = "DIRECTORY_STALE"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    UNIT_SUSPENDED = "UNIT_SUSPENDED"
    GONE = "GONE"
    UNFORESEEN = "UNFORESEEN"


class Take(StrEnum):
    """What becomes of an arrival."""

    STORE = "STORE"
    DROP = "DROP"
    REJECT = "REJECT"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class Taken:
    """The decision: `reason` is what the sender is told with REJECT; the finding itself stays in the local log."""

    take: Take
    reason: str | None = None
    alarm: Alarm | None = None


UNREADABLE = Taken(Take.REJECT, "UNREADABLE")
ARRIVALS: Mapping[Finding, Taken] = {
    Finding.GOOD: Taken(Take.STORE),
    Finding.SEEN: Taken(Take.DROP),
    Finding.ID_TAKEN: Taken(Take.REJECT, "DUPLICATE", Alarm.EQUIVOCATION),
    Finding.EQUIVOCATION: Taken(Take.REJECT, "EQUIVOCATION", Alarm.EQUIVOCATION),
    Finding.ENTRY_MISMATCH: Taken(Take.HOLD, alarm=Alarm.LOG_ROLLED_BACK),
    Finding.MALFORMED: UNREADABLE,
    Finding.ENV_MISMATCH: Taken(Take.REJECT, "MODE_MISMATCH"),
    Finding.BAD_SIGNATURE: UNREADABLE,
    Finding.KEY_REVOKED: UNREADABLE,
    Finding.NOT_FOR_US: UNREADABLE,
    Finding.UNDECRYPTABLE: UNREADABLE,
    Finding.LABEL_MISMATCH: Taken(Take.REJECT, "LABEL_MISMATCH"),
    Finding.CONTENT_INVALID: Taken(Take.REJECT, "SCHEMA_UNKNOWN"),
    Finding.KIND_UNKNOWN: Taken(Take.REJECT, "SCHEMA_UNKNOWN"),
    Finding.KIND_FORBIDDEN: Taken(Take.REJECT, "POLICY_DENY"),
    Finding.OUT_OF_STEP: Taken(Take.REJECT, "POLICY_DENY"),
    Finding.CASE_ERASED: Taken(Take.REJECT, "POLICY_DENY"),
    Finding.DIRECTORY_STALE: Taken(Take.HOLD, alarm=Alarm.DIRECTORY_STALE),
    Finding.KEY_UNKNOWN: Taken(Take.HOLD),
    Finding.UNIT_SUSPENDED: Taken(Take.HOLD),
    Finding.GONE: Taken(Take.HOLD, alarm=Alarm.HISTORY_LOST),
    Finding.UNFORESEEN: Taken(Take.HOLD, alarm=Alarm.UNFORESEEN),
}
"""Lasting faults are rejected from a closed list, with one code for every cryptographic failure; what a newer directory
may cure is held without a receipt and tried again (protocol.md §7.7)."""


def retry_at(now: int, attempts: int) -> int:
    """Return when a held arrival is tried again: after a minute, then twice as long each time, at most an hour."""
    return now + min(HOUR, MINUTE << min(attempts, 6))


# --- deliveries: one state for each (message, recipient) --------------------------------------------------------------


class State(StrEnum):
    """What receipts have proved about one message for one recipient."""

    QUEUED = "QUEUED"
    SUBMITTED = "SUBMITTED"
    RELAYED = "RELAYED"
    DELIVERED = "DELIVERED"
    OPENED = "OPENED"
    REJECTED = "REJECTED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    NOT_DELIVERED = "NOT_DELIVERED"


FINAL = frozenset({State.DELIVERED, State.OPENED, State.REJECTED, State.REFUSED, State.EXPIRED, State.NOT_DELIVERED})
"""States that leave the outbox: evidence of an end exists. NOT_DELIVERED may still be superseded."""

_SUPERSEDES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset(State) - {State.QUEUED},
    State.SUBMITTED: frozenset(State) - {State.QUEUED, State.SUBMITTED, State.REFUSED},
    State.RELAYED: frozenset({State.DELIVERED, State.OPENED, State.REJECTED, State.NOT_DELIVERED}),
    State.NOT_DELIVERED: frozenset({State.DELIVERED, State.OPENED, State.REJECTED}),
    State.DELIVERED: frozenset({State.OPENED}),
    State.OPENED: frozenset(),
    State.REJECTED: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset(),
}


def advance(state: State, receipt: State) -> State:
    """Return the state after a verified receipt; late, doubled or reordered ones never lead back."""
    return receipt if receipt in _SUPERSEDES[state] else state


class Collection(StrEnum):
    """How long a message waits at the hub without being handed out."""

    FINE = "FINE"
    ALARM = "ALARM"
    WARNING = "WARNING"


def collection(now: int, submitted: int | None, state: State) -> Collection:
    """Return whether the sender must be told that nobody collects: alarm after 1 h, warning after 24 h."""
    if submitted is None or state is not State.SUBMITTED:
        return Collection.FINE
    waited = now - submitted
    if waited >= NOT_COLLECTED_WARNING:
        return Collection.WARNING
    return Collection.ALARM if waited >= NOT_COLLECTED_ALARM else Collection.FINE


# --- catching up ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where a restored node goes on: its own chain, and by how many numbers every pair chain must jump."""

    seq: int
    eid: str
    pair_jump: int


def resume(last_seq: int, expected: Expected) -> Resumed | None:
    """Return where a node restored from a backup goes on sealing, or None if the hub knows less than the backup.

    `last_seq` is the newest number in the backup, `expected` what the hub waits for. Envelopes sealed after the backup
    are lost here and used at most that many numbers of each pair, so every pair chain jumps over them: receivers see a
    gap, never a number used twice. When the hub knows less, the outbox refills it and nothing jumps.
    """
    lost = expected.seq - 1 - last_seq
    if lost <= 0:
        return None
    return Resumed(expected.seq - 1, expected.prev, lost)

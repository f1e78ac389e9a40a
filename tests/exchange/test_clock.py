"""The legal clock: from receipts alone, alike at both sides, and exact at its edges."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.clock import Clock, Effect, Message, Running, Stamp, read
from schemas import codes
from schemas.kinds import KINDS
from schemas.term import by_urgency
from tests.instants import DAY, HOUR, MINUTE, NOW

REQUEST = Message("req", Effect.STARTS, NOW)
URGENT = by_urgency("URG_LIFE")
ROUTINE = by_urgency("ROUTINE")


def relayed(eid: str, time: int) -> Stamp:
    return Stamp(eid, "RELAYED", time, time)


def delivered(eid: str, time: int, logged: int | None = None) -> Stamp:
    return Stamp(eid, "DELIVERED", time, time if logged is None else logged)


COLLECTED = [relayed("req", NOW), delivered("req", NOW + 60)]
STARTED = NOW + 60


def clock(now: int, *thread: Message, stamps: tuple[Stamp, ...] = (), limit: int = URGENT) -> Clock:
    return read(now, limit, REQUEST, thread, [*COLLECTED, *stamps])


@pytest.mark.parametrize(
    ("urgency", "availability", "hours"),
    [
        ("URG_THREAT", "DIRECT", 8),
        ("URG_LIFE", "INDIRECT", 72),
        ("URG_LIBERTY", "DIRECT", 8),
        ("URG_LOSS", "INDIRECT", 72),
        ("ROUTINE", "DIRECT", 168),
        ("ROUTINE", "INDIRECT", 168),
    ],
)
def test_the_time_to_answer_follows_from_urgency_and_availability(urgency: str, availability: str, hours: int) -> None:
    assert by_urgency(urgency, availability) == hours * HOUR


def test_the_clock_starts_at_a_delivery_that_was_logged_in_time() -> None:
    in_time = [relayed("req", NOW), delivered("req", NOW + 60, NOW + 15 * MINUTE)]
    assert read(NOW + HOUR, URGENT, REQUEST, [], in_time).started_at == NOW + 60


def test_a_withheld_delivery_starts_the_clock_at_the_hand_out() -> None:
    late = [relayed("req", NOW), delivered("req", NOW + 60, NOW + 15 * MINUTE + 1)]
    assert read(NOW + HOUR, URGENT, REQUEST, [], late).started_at == NOW
    assert read(NOW + HOUR, URGENT, REQUEST, [], [relayed("req", NOW)]).started_at == NOW


def test_a_request_that_nobody_collects_has_no_clock_and_alarms_after_an_hour() -> None:
    quiet = read(NOW + HOUR - 1, URGENT, REQUEST, [], [Stamp("req", "SUBMITTED", NOW, NOW)])
    assert (quiet.running, quiet.alarm, quiet.due_at) == (Running.NOT_COLLECTED, False, 0)
    assert read(NOW + HOUR, URGENT, REQUEST, [], [delivered("req", NOW)]).alarm
    withdrawn = Message("wdr", Effect.ENDS, NOW + 10)
    assert not read(NOW + HOUR, URGENT, REQUEST, [withdrawn], []).alarm


def test_the_due_time_passes_exactly_at_the_limit() -> None:
    due = STARTED + 8 * HOUR
    assert (clock(due).due_at, clock(due).remaining, clock(due).overdue) == (due, 0, False)
    assert (clock(due + 1).remaining, clock(due + 1).overdue, clock(due + 1).late) == (-1, True, True)


@pytest.mark.parametrize(
    ("percent", "level"), [(49, ""), (50, "ASSIGNEE"), (75, "DESK_HEAD"), (90, "DUTY_OFFICER"), (100, "COORDINATORS")]
)
def test_the_level_of_escalation_follows_the_time_used(percent: int, level: str) -> None:
    assert clock(STARTED + 8 * HOUR * percent // 100).level == level


CLQ = Message("clq", Effect.STOPS, STARTED + HOUR)
CLA = Message("cla", Effect.RESUMES, STARTED + 5 * HOUR)
ASKED = (relayed("clq", STARTED + HOUR), delivered("clq", STARTED + HOUR + 10))
GIVEN = (relayed("cla", STARTED + 5 * HOUR), delivered("cla", STARTED + 5 * HOUR + 20))
PAUSE = 4 * HOUR + 10


def test_a_question_stops_the_clock_until_its_answer_is_delivered() -> None:
    stopped = clock(STARTED + 4 * HOUR, CLQ, stamps=ASKED)
    assert (stopped.running, stopped.due_at, stopped.elapsed) == (Running.STOPPED, 0, HOUR + 10)
    resumed = clock(STARTED + 6 * HOUR, CLQ, CLA, stamps=(*ASKED, *GIVEN))
    assert (resumed.running, resumed.due_at) == (Running.RUNNING, STARTED + 8 * HOUR + PAUSE)
    assert resumed.elapsed == 6 * HOUR - PAUSE


def test_a_question_that_was_not_handed_out_does_not_stop_the_clock() -> None:
    assert clock(STARTED + 4 * HOUR, CLQ).running is Running.RUNNING
    assert clock(STARTED + 4 * HOUR, CLA, stamps=GIVEN).running is Running.RUNNING


def test_a_second_question_in_a_pause_makes_no_second_pause() -> None:
    again = Message("clq2", Effect.STOPS, STARTED + 2 * HOUR)
    stamps = (*ASKED, relayed("clq2", STARTED + 2 * HOUR), *GIVEN)
    assert clock(STARTED + 6 * HOUR, CLQ, again, CLA, stamps=stamps).elapsed == 6 * HOUR - PAUSE


def test_a_question_after_the_due_time_heals_nothing() -> None:
    late = Message("clq", Effect.STOPS, STARTED + 9 * HOUR)
    after = clock(STARTED + 10 * HOUR, late, stamps=(relayed("clq", STARTED + 9 * HOUR),))
    assert (after.running, after.overdue) == (Running.STOPPED, True)


def dly(after: int, cause: str = "JUDICIAL_AUTHORISATION") -> Message:
    return Message(f"dly{after}", Effect.EXTENDS, STARTED + after, cause)


def test_only_a_judicial_delay_notified_in_time_makes_lateness_lawful() -> None:
    lawful = clock(STARTED + DAY, dly(8 * HOUR))
    assert (lawful.late, lawful.overdue, lawful.causes) == (True, False, ("JUDICIAL_AUTHORISATION",))
    assert clock(STARTED + DAY, dly(8 * HOUR + 1)).overdue
    other = clock(STARTED + DAY, dly(HOUR, "VOLUME"))
    assert (other.overdue, other.causes) == (True, ("VOLUME",))


def test_a_judicial_delay_must_be_repeated_within_seven_days() -> None:
    assert not clock(STARTED + HOUR + 7 * DAY, dly(HOUR)).overdue
    assert clock(STARTED + HOUR + 7 * DAY + 1, dly(HOUR)).overdue
    assert not clock(STARTED + 9 * DAY, dly(HOUR), dly(6 * DAY)).overdue
    assert clock(STARTED + 14 * DAY, dly(HOUR), dly(8 * DAY)).overdue


def test_the_answer_ends_the_clock_for_good() -> None:
    answer = Message("ans", Effect.ENDS, STARTED + 2 * HOUR)
    ended = clock(STARTED + 30 * DAY, answer)
    assert (ended.running, ended.elapsed, ended.overdue) == (Running.ENDED, 2 * HOUR, False)
    assert clock(STARTED + 30 * DAY, Message("ans", Effect.ENDS, STARTED + 9 * HOUR)).overdue
    assert clock(STARTED - 10, Message("ans", Effect.ENDS, STARTED - 30)).elapsed == 0


def test_an_answer_in_a_pause_ends_the_clock() -> None:
    answer = Message("ans", Effect.ENDS, STARTED + 3 * HOUR)
    assert clock(STARTED + DAY, CLQ, answer, stamps=ASKED).running is Running.ENDED


def test_an_answer_from_indirect_sources_has_three_days() -> None:
    answer = Message("ans", Effect.ENDS, STARTED + 2 * DAY)
    assert clock(STARTED + 3 * DAY, answer).overdue
    assert not clock(STARTED + 3 * DAY, answer, limit=by_urgency("URG_LIFE", "INDIRECT")).overdue


def test_a_message_without_effect_changes_nothing() -> None:
    part = Message("ref", Effect.NONE, STARTED + HOUR)
    assert clock(STARTED + 2 * HOUR, part) == clock(STARTED + 2 * HOUR)


def test_every_kind_has_an_effect_that_the_clock_knows() -> None:
    effects = {kind.clock for kind in KINDS.values()}
    assert effects == {effect.value for effect in Effect}


EFFECTS = [Effect.STOPS, Effect.RESUMES, Effect.EXTENDS, Effect.ENDS, Effect.NONE]
CAUSES = sorted(codes.table("delay_causes"))
MESSAGES = st.builds(
    lambda number, effect, after, cause: Message(f"m{number}", effect, NOW + after, cause),
    st.integers(0, 5),
    st.sampled_from(EFFECTS),
    st.integers(0, 20 * DAY),
    st.sampled_from(CAUSES),
)
STAMPS = st.builds(
    lambda eid, kind, after, lag: Stamp(eid, kind, NOW + after, NOW + after + lag),
    st.sampled_from(["req", *(f"m{number}" for number in range(6))]),
    st.sampled_from(["RELAYED", "DELIVERED", "OPENED"]),
    st.integers(0, 20 * DAY),
    st.integers(0, HOUR),
)
THREADS = st.lists(MESSAGES, max_size=6)
RECEIPTS = st.lists(STAMPS, max_size=12)
MOMENTS = st.integers(NOW, NOW + 30 * DAY)
LIMITS = st.sampled_from([ROUTINE, URGENT, by_urgency("URG_LOSS", "INDIRECT")])


@given(THREADS, RECEIPTS, LIMITS, MOMENTS, st.randoms())
def test_both_sides_read_the_same_clock_from_shuffled_and_repeated_receipts(
    thread: list[Message], stamps: list[Stamp], limit: int, now: int, random: Random
) -> None:
    here = read(now, limit, REQUEST, thread, stamps)
    doubled = [*thread, *random.sample(thread, len(thread) // 2)]
    again = [*stamps, *random.sample(stamps, len(stamps) // 2)]
    random.shuffle(doubled)
    random.shuffle(again)
    assert read(now, limit, REQUEST, doubled, again) == here


@given(THREADS, RECEIPTS, LIMITS, MOMENTS)
def test_a_clock_is_late_exactly_when_its_due_time_has_passed(
    thread: list[Message], stamps: list[Stamp], limit: int, now: int
) -> None:
    seen = read(now, limit, REQUEST, thread, stamps)
    until = min([now, *(message.accepted for message in thread if message.effect is Effect.ENDS)])
    assert seen.elapsed + seen.remaining == limit
    assert seen.elapsed >= 0
    assert not (seen.overdue and not seen.late)
    assert seen.due_at == 0 or seen.late == (until > seen.due_at)


@given(THREADS, RECEIPTS, st.lists(MOMENTS, min_size=2, max_size=8))
def test_time_used_never_shrinks_as_time_passes(thread: list[Message], stamps: list[Stamp], times: list[int]) -> None:
    used = [read(now, ROUTINE, REQUEST, thread, stamps).elapsed for now in sorted(times)]
    assert all(before <= later for before, later in pairwise(used))

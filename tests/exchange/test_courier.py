import itertools

from hypothesis import given
from hypothesis import strategies as st

from exchange import courier
from exchange.courier import (
    ARRIVALS,
    FINAL,
    FIRST_PREV,
    Alarm,
    Answer,
    Chain,
    Collection,
    Expected,
    Finding,
    Line,
    Push,
    Resumed,
    State,
    Take,
)

NOW = 1_763_800_000
EIDS = {4: "a" * 64, 5: "b" * 64, 6: "c" * 64}
CHAIN = Chain(EIDS, 7)


@given(st.integers(1, 200), st.integers(0, 1023))
def test_a_pause_is_never_longer_than_an_hour_and_never_zero(failures: int, jitter: int) -> None:
    assert 1 <= courier.pause(failures, jitter) <= courier.BACKOFF_LONGEST


@given(st.integers(1, 30), st.integers(0, 1023))
def test_another_failure_never_shortens_the_least_pause(failures: int, jitter: int) -> None:
    assert courier.pause(failures + 1, 0) >= courier.pause(failures, 0)
    assert courier.pause(failures, jitter) >= courier.pause(failures, 0)


def test_units_do_not_come_back_at_the_same_instant() -> None:
    assert len({courier.pause(12, jitter) for jitter in range(1024)}) > 500


def test_one_good_answer_ends_the_back_off() -> None:
    line = Line()
    for _ in range(20):
        line = line.failed(NOW, 512)
    assert line.silent_until > NOW + 1800
    assert line.succeeded() == Line(0, 0, 2)


def test_the_window_opens_one_by_one_and_closes_at_once() -> None:
    line = Line()
    for _ in range(20):
        line = line.succeeded()
    assert line.window == courier.WINDOW_LARGEST
    assert line.narrowed().window == 1
    assert line.failed(NOW, 0).window == 1


def test_nothing_is_sent_in_silence_or_from_an_empty_outbox() -> None:
    assert courier.to_send(NOW, Line(1, NOW + 1, 1), [4]) == ()
    assert courier.to_send(NOW, Line(), []) == ()


@given(st.lists(st.integers(1, 40), unique=True, min_size=1), st.integers(1, 8))
def test_what_is_sent_starts_with_the_lowest_and_has_no_hole(queued: list[int], window: int) -> None:
    sent = courier.to_send(NOW, Line(0, 0, window), queued)
    assert sent == tuple(range(min(queued), min(queued) + len(sent)))
    assert set(sent) <= set(queued)
    assert 1 <= len(sent) <= window


def test_a_receipt_settles_an_envelope_and_silence_repeats_it() -> None:
    acts = {answer: courier.answered(5, answer, None, CHAIN).act for answer in Answer}
    assert acts == {
        Answer.SUBMITTED: Push.ACCEPT,
        Answer.REFUSED: Push.REFUSE,
        Answer.EARLY: Push.RETRY,
        Answer.KEY_ENDED: Push.RETRY,
        Answer.TAKEN: Push.HALT,
        Answer.JUNK: Push.HALT,
        Answer.NOTHING: Push.RETRY,
    }


def test_an_early_number_resends_from_where_the_hub_stands() -> None:
    pushed = courier.answered(6, Answer.EARLY, Expected(5, EIDS[4]), CHAIN)
    assert (pushed.act, pushed.again_from) == (Push.RESEND, 5)


def test_a_restored_hub_is_refilled_from_the_first_number() -> None:
    pushed = courier.answered(2, Answer.EARLY, Expected(1, FIRST_PREV), Chain({1: "a" * 64, 2: "b" * 64}, 3))
    assert (pushed.act, pushed.again_from) == (Push.RESEND, 1)


def test_what_the_hub_does_not_have_is_sealed_anew_when_its_key_has_ended() -> None:
    for seq, expected in ((6, Expected(5, EIDS[4])), (5, Expected(5, EIDS[4]))):
        pushed = courier.answered(seq, Answer.KEY_ENDED, expected, CHAIN)
        assert (pushed.act, pushed.again_from) == (Push.RESEAL, 5)


def test_what_the_hub_gave_a_receipt_for_is_not_sealed_anew() -> None:
    pushed = courier.answered(6, Answer.KEY_ENDED, Expected(5, EIDS[4]), Chain(EIDS, 7, accepted=5))
    assert (pushed.act, pushed.alarm) == (Push.HALT, Alarm.HISTORY_LOST)


@given(st.integers(4, 6), st.integers(1, 8), st.sampled_from([FIRST_PREV, *EIDS.values()]), st.integers(0, 6))
def test_nothing_is_sealed_anew_that_the_hub_may_have(seq: int, number: int, prev: str, accepted: int) -> None:
    pushed = courier.answered(seq, Answer.KEY_ENDED, Expected(number, prev), Chain(EIDS, 7, accepted))
    if pushed.act is Push.RESEAL:
        assert (pushed.again_from, EIDS.get(number - 1)) == (number, prev)
        assert accepted < number <= seq


def test_a_hub_that_waits_for_what_it_just_got_is_given_time() -> None:
    assert courier.answered(5, Answer.EARLY, Expected(5, EIDS[4]), CHAIN).act is Push.RETRY


def test_a_hub_that_lost_what_is_not_held_any_more_halts() -> None:
    for seq in (2, 4):
        pushed = courier.answered(6, Answer.EARLY, Expected(seq, "d" * 64), CHAIN)
        assert (pushed.act, pushed.alarm) == (Push.HALT, Alarm.HISTORY_LOST)


def test_a_hub_with_another_history_halts() -> None:
    for expected in (Expected(5, "d" * 64), Expected(7, EIDS[6]), Expected(6, EIDS[4])):
        pushed = courier.answered(6, Answer.EARLY, expected, CHAIN)
        assert (pushed.act, pushed.alarm) == (Push.HALT, Alarm.SEQUENCE_FORKED)


def test_every_finding_has_a_decision_and_every_rejection_a_reason() -> None:
    assert set(ARRIVALS) == set(Finding)
    assert all((taken.reason is not None) == (taken.take is Take.REJECT) for taken in ARRIVALS.values())


def test_every_cryptographic_failure_has_the_same_reason_outside() -> None:
    crypto = {Finding.MALFORMED, Finding.BAD_SIGNATURE, Finding.KEY_REVOKED, Finding.NOT_FOR_US, Finding.UNDECRYPTABLE}
    assert {ARRIVALS[finding].reason for finding in crypto} == {"UNREADABLE"}


def test_what_a_newer_directory_may_cure_makes_no_receipt() -> None:
    curable = {Finding.DIRECTORY_STALE, Finding.KEY_UNKNOWN, Finding.UNIT_SUSPENDED, Finding.ENTRY_MISMATCH}
    curable |= {Finding.GONE, Finding.UNFORESEEN}
    assert {finding for finding in Finding if ARRIVALS[finding].take is Take.HOLD} == curable


@given(st.integers(0, 100))
def test_a_held_arrival_is_tried_again_within_the_hour(attempts: int) -> None:
    assert NOW + 60 <= courier.retry_at(NOW, attempts) <= NOW + 3600


@given(st.lists(st.sampled_from(list(State))))
def test_no_order_of_receipts_leads_back(receipts: list[State]) -> None:
    seen = [State.QUEUED]
    for receipt in receipts:
        seen.append(courier.advance(seen[-1], receipt))
    for before, after in itertools.pairwise(seen):
        assert before == after or before not in FINAL or (before, after) in _ALLOWED_AFTER_FINAL


_ALLOWED_AFTER_FINAL = {
    (State.DELIVERED, State.OPENED),
    (State.NOT_DELIVERED, State.DELIVERED),
    (State.NOT_DELIVERED, State.OPENED),
    (State.NOT_DELIVERED, State.REJECTED),
}


def test_a_rejection_is_final_and_an_unknown_fate_is_superseded() -> None:
    assert courier.advance(State.REJECTED, State.DELIVERED) is State.REJECTED
    assert courier.advance(State.NOT_DELIVERED, State.DELIVERED) is State.DELIVERED
    assert courier.advance(State.RELAYED, State.EXPIRED) is State.RELAYED


@given(st.permutations([State.SUBMITTED, State.RELAYED, State.DELIVERED, State.OPENED]))
def test_the_last_state_does_not_depend_on_the_order_of_the_receipts(order: list[State]) -> None:
    state = State.QUEUED
    for receipt in order:
        state = courier.advance(state, receipt)
    assert state is State.OPENED


def test_nobody_collecting_is_an_alarm_after_an_hour_and_a_warning_after_a_day() -> None:
    def told(waited: int) -> Collection:
        return courier.collection(NOW + waited, NOW, State.SUBMITTED)

    assert [told(3599), told(3600), told(86_400)] == [Collection.FINE, Collection.ALARM, Collection.WARNING]
    assert courier.collection(NOW + 86_400, NOW, State.RELAYED) is Collection.FINE
    assert courier.collection(NOW, None, State.QUEUED) is Collection.FINE


@given(st.integers(0, 50), st.integers(1, 60))
def test_a_restored_node_never_uses_a_number_twice(last_seq: int, expected: int) -> None:
    resumed = courier.resume(last_seq, Expected(expected, "e" * 64))
    if expected <= last_seq + 1:
        assert resumed is None
    else:
        assert resumed == Resumed(expected - 1, "e" * 64, expected - 1 - last_seq)

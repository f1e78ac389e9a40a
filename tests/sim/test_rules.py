"""The rules alone, in hundreds of seeds: no promise breaks, each interesting thing happens, planted bugs are found."""

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from exchange import arrivals, courier
from exchange.arrivals import Delivery, Facts, Judgement, Verdict
from exchange.courier import Answer, Chain, Expected, Finding, Line, Push, Pushed, State, Take, Taken
from schemas.receipts import Receipt
from schemas.trust import Directory
from tests.sim.rules import Rules, Violation
from tests.sim.rules_world import RulesWorld

SEEDS = 400

SOMETIMES = (
    "JUDGED ACCEPT",
    "JUDGED REFUSE_FOR_GOOD",
    "JUDGED DUPLICATE",
    "JUDGED EARLY",
    "PUSHED RESEND",
    "PUSHED RETRY",
    "PUSHED REFUSE",
    "JUDGED KEY_ENDED",
    "RESEALED",
    "RECEIPT KNOWN None",
    "RECEIPT REFUSED OUTSIDE_TIME",
    "LAPSED EXPIRED",
    "LAPSED NOT_DELIVERED",
    "SUPERSEDED",
    "GAP",
    "FOUND SEEN",
)
"""What some seed must reach: a fault that never happens tests nothing."""


def test_no_promise_breaks_and_every_interesting_thing_happens() -> None:
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        try:
            seen += RulesWorld(seed).run()
        except Violation as violation:
            raise Violation(f"seed {seed}: {violation}") from violation
    assert [name for name in SOMETIMES if not seen[name]] == []


def test_a_seed_is_the_same_world_every_time() -> None:
    assert RulesWorld(7).run() == RulesWorld(7).run()


def knows_no_duplicate(now: int, arrival: arrivals.Arrival, facts: Facts, directory: Directory) -> Judgement:
    return arrivals.judge(now, arrival, replace(facts, same_id=None), directory)


def takes_any_order(now: int, arrival: arrivals.Arrival, facts: Facts, directory: Directory) -> Judgement:
    judged = arrivals.judge(now, arrival, facts, directory)
    return Judgement(Verdict.ACCEPT) if judged.verdict is Verdict.EARLY else judged


def takes_a_revoked_key(now: int, arrival: arrivals.Arrival, facts: Facts, directory: Directory) -> Judgement:
    judged = arrivals.judge(now, arrival, facts, directory)
    return Judgement(Verdict.ACCEPT) if judged.verdict is Verdict.KEY_ENDED else judged


def forgets_what_it_took_under_a_revoked_key(
    now: int, arrival: arrivals.Arrival, facts: Facts, directory: Directory
) -> Judgement:
    judged = arrivals.judge(now, arrival, replace(facts, same_id=None), directory)
    return judged if judged.verdict is Verdict.KEY_ENDED else arrivals.judge(now, arrival, facts, directory)


def seals_anew_what_was_accepted(seq: int, answer: Answer, expected: Expected | None, chain: Chain) -> Pushed:
    pushed = courier.answered(seq, answer, expected, chain)
    return replace(pushed, again_from=max(1, pushed.again_from - 1)) if pushed.act is Push.RESEAL else pushed


def believes_any_time(
    now: int, receipt: Receipt, digest: bytes, delivery: Delivery | None, before: bytes | None
) -> arrivals.Received:
    received = arrivals.judge_receipt(now, receipt, digest, delivery, before)
    return replace(received, code="NO_DELIVERY") if received.code == "OUTSIDE_TIME" else received


def forgets_late_answers(
    now: int, receipt: Receipt, digest: bytes, delivery: Delivery | None, before: bytes | None
) -> arrivals.Received:
    received = arrivals.judge_receipt(now, receipt, digest, delivery, before)
    late = delivery is not None and delivery.state is arrivals.State.NOT_DELIVERED
    return arrivals.Received(arrivals.Reception.REFUSED, code="CONTRADICTS") if late else received


def hands_out_what_expired(delivery: Delivery) -> bool:
    return delivery.handed_at is None


def hands_out_anew_each_time(delivery: Delivery) -> bool | None:
    return True if delivery.state is arrivals.State.RELAYED else arrivals.hand_out(delivery)


def expires_what_was_handed_out(now: int, delivery: Delivery) -> arrivals.State | None:
    open_still = delivery.state in (arrivals.State.QUEUED, arrivals.State.RELAYED)
    return arrivals.State.EXPIRED if open_still and now >= delivery.expires else None


def takes_silence_for_yes(seq: int, answer: Answer, expected: Expected | None, chain: Chain) -> Pushed:
    return courier.answered(seq, Answer.SUBMITTED if answer is Answer.NOTHING else answer, expected, chain)


def gives_up_on_silence(seq: int, answer: Answer, expected: Expected | None, chain: Chain) -> Pushed:
    return Pushed(Push.REFUSE) if answer is Answer.NOTHING else courier.answered(seq, answer, expected, chain)


def sends_over_holes(now: int, line: Line, queued: list[int]) -> tuple[int, ...]:
    return () if now < line.silent_until else tuple(sorted(queued)[-1:])


def never_wakes_up(now: int, line: Line, queued: list[int]) -> tuple[int, ...]:
    return () if line.failures else courier.to_send(now, line, queued)


def goes_back(_state: State, receipt: State) -> State:
    return receipt


@dataclass(frozen=True)
class Planted:
    """A bug and how many seeds may pass before it is found."""

    rules: Rules
    seeds: int


PLANTED = {
    "the hub knows no duplicate": Planted(Rules(judge=knows_no_duplicate), 20),
    "the hub takes any order": Planted(Rules(judge=takes_any_order), 20),
    "the hub takes a revoked key": Planted(Rules(judge=takes_a_revoked_key), 40),
    "the hub forgets what it took": Planted(Rules(judge=forgets_what_it_took_under_a_revoked_key), 200),
    "the courier seals anew what is accepted": Planted(Rules(answered=seals_anew_what_was_accepted), 40),
    "the hub hands out what expired": Planted(Rules(hand_out=hands_out_what_expired), 40),
    "the hub writes RELAYED at every hand-out": Planted(Rules(hand_out=hands_out_anew_each_time), 40),
    "the hub expires what it handed out": Planted(Rules(lapse=expires_what_was_handed_out), 40),
    "the hub drops receipts of a wrong clock": Planted(Rules(judge_receipt=believes_any_time), 40),
    "the hub forgets late answers": Planted(Rules(judge_receipt=forgets_late_answers), 40),
    "the courier takes silence for yes": Planted(Rules(answered=takes_silence_for_yes), 20),
    "the courier gives up on silence": Planted(Rules(answered=gives_up_on_silence), 20),
    "the courier sends over holes": Planted(Rules(to_send=sends_over_holes), 20),
    "the courier never wakes up": Planted(Rules(to_send=never_wakes_up), 20),
    "a late receipt leads back": Planted(Rules(advance=goes_back), 20),
    "the node stores what it has": Planted(Rules(taken={**courier.ARRIVALS, Finding.SEEN: Taken(Take.STORE)}), 40),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found_within_its_seeds(name: str) -> None:
    planted = PLANTED[name]
    for seed in range(planted.seeds):
        try:
            RulesWorld(seed, planted.rules).run()
        except (Violation, KeyError):
            return
    pytest.fail(f"{planted.seeds} seeds did not find that {name}")

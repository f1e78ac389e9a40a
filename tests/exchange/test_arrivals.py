"""The hub's rules, as functions: tables walked, and properties that hold for every fact."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.header import GENESIS, Addressee, Blob, Header
from exchange import arrivals
from exchange.arrivals import (
    FINAL,
    NOT_DELIVERED_AFTER,
    TRANSITIONS,
    Arrival,
    Delivery,
    Facts,
    Reception,
    Refusal,
    SenderHead,
    State,
    Stored,
    Verdict,
)
from schemas.directory import Agreement, sign_statement
from schemas.receipts import HUB_TYPES, REFUSED_REASONS, UNIT_TYPES, Receipt
from tests.federation import World
from tests.instants import DAY, NOW

WORLD = World(NOW).add("KG", "TJ")
DIRECTORY = WORLD.directory()
EIDS = st.sampled_from([GENESIS, "a" * 64, "b" * 64, "c" * 64])
DIGESTS = st.sampled_from([b"1", b"2"])
STORED = st.none() | st.builds(Stored, EIDS, DIGESTS)
HEADS = st.builds(SenderHead, st.integers(0, 4), EIDS)


def header(**changes: object) -> Header:
    units = WORLD.units
    good = Header(
        env="live",
        ctype="message",
        id="0" * 32,
        sender="TJ",
        created=NOW,
        expires=NOW + DAY,
        seq=1,
        prev=GENESIS,
        family="operational",
        urgency="ROUTINE",
        classification="OFFUSE",
        handling=("H1",),
        skid=units["TJ"].signing.kid,
        to=(Addressee("KG", units["KG"].encryption.kid),),
        ptc="0" * 64,
    )
    return replace(good, **changes)  # type: ignore[arg-type]  # members of the header


def arrival(**changes: object) -> Arrival:
    return Arrival("e" * 64, b"1", header(**changes))


@given(HEADS, STORED, STORED, st.integers(1, 6), EIDS, st.sampled_from([0, DAY]))
def test_a_number_is_consumed_only_by_the_next_link_of_the_chain(
    head: SenderHead, same_id: Stored | None, same_seq: Stored | None, seq: int, prev: str, late: int
) -> None:
    facts = Facts(head, same_id, same_seq)
    judged = arrivals.judge(NOW + late, arrival(seq=seq, prev=prev), facts, DIRECTORY)
    if judged.verdict in {Verdict.ACCEPT, Verdict.REFUSE_FOR_GOOD}:
        assert (seq, prev, same_id) == (head.seq + 1, head.eid, None)
    if judged.verdict is Verdict.REFUSE_FOR_GOOD:
        assert (late, judged.reason) == (DAY, "EXPIRED")
    if judged.verdict is Verdict.EARLY:
        assert judged.expected == SenderHead(head.seq + 1, head.eid)
    if same_id is not None and same_id.digest == b"1":
        assert judged.verdict is Verdict.DUPLICATE


@given(HEADS, STORED, STORED, st.integers(1, 6), EIDS)
def test_the_same_facts_give_the_same_judgement(
    head: SenderHead, same_id: Stored | None, same_seq: Stored | None, seq: int, prev: str
) -> None:
    facts, came = Facts(head, same_id, same_seq), arrival(seq=seq, prev=prev)
    assert arrivals.judge(NOW, came, facts, DIRECTORY) == arrivals.judge(NOW, came, facts, DIRECTORY)


def test_equivocation_names_what_is_there() -> None:
    facts = Facts(SenderHead(3, "a" * 64), None, Stored("b" * 64, b"2"))
    judged = arrivals.judge(NOW, arrival(seq=2), facts, DIRECTORY)
    assert (judged.verdict, judged.other) == (Verdict.EQUIVOCATION, "b" * 64)


def test_a_used_id_is_taken() -> None:
    facts = Facts(SenderHead(), Stored("b" * 64, b"2"))
    assert arrivals.judge(NOW, arrival(), facts, DIRECTORY).verdict is Verdict.ID_TAKEN


def test_a_key_that_has_ended_passes_the_screen_and_accepts_nothing_new() -> None:
    world = World(NOW).add("KG", "TJ")
    keys = world.units["TJ"]
    world.append(sign_statement(world.revocation("TJ", keys.signing.kid, "SUPERSEDED", NOW), keys.root))
    sealed = Arrival("e" * 64, b"1", header(skid=keys.signing.kid, to=(Addressee("KG", keys.encryption.kid),)))
    directory = world.directory()
    assert arrivals.screen(NOW, sealed.header, directory).public == keys.signing.public
    judged = arrivals.judge(NOW, sealed, Facts(SenderHead(3, "a" * 64)), directory)
    assert (judged.verdict, judged.expected) == (Verdict.KEY_ENDED, SenderHead(4, "a" * 64))
    known = Facts(SenderHead(3, "a" * 64), Stored("e" * 64, b"1"))
    assert arrivals.judge(NOW, sealed, known, directory).verdict is Verdict.DUPLICATE


def test_a_key_past_its_time_has_ended_and_one_before_it_is_nobodys() -> None:
    assert arrivals.judge(NOW + 395 * DAY, arrival(), Facts(), DIRECTORY).verdict is Verdict.KEY_ENDED
    assert arrivals.screen(NOW + 395 * DAY, header(), DIRECTORY).public
    assert arrivals.screen(NOW - DAY, header(), DIRECTORY).refusal is Refusal.NOT_ALLOWED


REFUSED = {
    "EXPIRED": header(created=NOW - DAY, expires=NOW),
    "CLOCK_SKEW": header(created=NOW + 601),
    "LIFETIME": header(expires=NOW + 14 * DAY + 1),
    "ATTACHMENT_MISSING": header(blobs=(Blob("0" * 32, 1, "0" * 64),)),
    "RECIPIENT_UNKNOWN": header(to=(Addressee("XX", "0" * 64),)),
    "RECIPIENT_KEY": header(to=(Addressee("KG", "0" * 64),)),
    "NO_AGREEMENT": header(to=(Addressee("TJ", "0" * 64),)),
    "CLASSIFICATION_TOO_HIGH": header(classification="CONF"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_each_rule_refuses_with_its_reason(reason: str) -> None:
    assert arrivals.refusal(NOW, REFUSED[reason], DIRECTORY) == reason


def test_a_void_needs_any_agreement_of_the_pair_and_no_more() -> None:
    one = [Agreement(sender="TJ", recipient="KG", families=("financial",), classification="UNCL")]
    directory = WORLD.directory(document=WORLD.federation(agreements=tuple(one)))
    void = header(ctype="void", family="control", classification="UNCL")
    assert arrivals.refusal(NOW, void, directory) is None
    assert arrivals.refusal(NOW, replace(void, ctype="message"), directory) == "NO_AGREEMENT"
    back = replace(void, sender="KG", to=(Addressee("TJ", WORLD.units["TJ"].encryption.kid),))
    assert arrivals.refusal(NOW, back, directory) == "NO_AGREEMENT"


def test_every_reason_has_a_case() -> None:
    assert {*REFUSED, "RECIPIENT_SUSPENDED"} == REFUSED_REASONS
    assert arrivals.refusal(NOW, header(), DIRECTORY) is None


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"env": "exercise"}, Refusal.WRONG_ENVIRONMENT),
        ({"sender": "XX"}, Refusal.NOT_ALLOWED),
        ({"skid": "0" * 64}, Refusal.NOT_ALLOWED),
        ({"sender": "KG"}, Refusal.NOT_ALLOWED),
    ],
)
def test_who_cannot_have_sent_it_is_screened_before_the_signature(changes: dict[str, object], refusal: Refusal) -> None:
    assert arrivals.screen(NOW, header(**changes), DIRECTORY).refusal is refusal
    assert arrivals.screen(NOW, header(), DIRECTORY).public == WORLD.units["TJ"].signing.public


# --- deliveries -------------------------------------------------------------------------------------------------------

KINDS = sorted(UNIT_TYPES | HUB_TYPES - {"SUBMITTED", "REFUSED"})


@given(st.lists(st.sampled_from(KINDS), max_size=12))
def test_a_delivery_only_moves_along_the_table_and_never_out_of_a_final_word(story: list[str]) -> None:
    state = State.QUEUED
    for kind in story:
        after = TRANSITIONS[state].get(kind)
        if state in {State.REJECTED, State.EXPIRED}:
            assert after is None
        state = after or state
    assert state in State


def test_every_state_has_a_row_and_every_open_one_can_end() -> None:
    assert set(TRANSITIONS) == set(State)
    for state in set(State) - FINAL:
        assert TRANSITIONS[state]


def receipt(kind: str = "DELIVERED", time: int = NOW) -> Receipt:
    reason = "UNREADABLE" if kind == "REJECTED" else None
    return Receipt(env="live", type=kind, eid="e" * 64, by="KG", unit="KG", time=time, reason=reason)  # type: ignore[arg-type]  # one of the types


@given(st.sampled_from(State), st.sampled_from(sorted(UNIT_TYPES)), st.integers(-200, 200), st.none() | DIGESTS)
def test_a_receipt_is_logged_only_after_the_hand_out_in_its_time_and_once(
    state: State, kind: str, shift: int, before: bytes | None
) -> None:
    delivery = Delivery(state, NOW + DAY, None if state in {State.QUEUED, State.EXPIRED} else NOW - 100)
    received = arrivals.judge_receipt(NOW, receipt(kind, NOW + shift), b"1", delivery, before)
    if received.reception is Reception.LOGGED:
        assert before is None
        assert -160 <= shift <= 60
        assert received.state is TRANSITIONS[state][kind]
    elif received.reception is Reception.KNOWN:
        assert before == b"1"
    else:
        assert received.code in {"OTHER_BEFORE", "NOT_HANDED_OUT", "CONTRADICTS", "OUTSIDE_TIME"}


def test_a_receipt_about_nothing_is_refused() -> None:
    assert arrivals.judge_receipt(NOW, receipt(), b"1", None, None).code == "NO_DELIVERY"


@pytest.mark.parametrize(
    ("state", "after", "lapsed"),
    [
        (State.QUEUED, -1, None),
        (State.QUEUED, 0, State.EXPIRED),
        (State.RELAYED, NOT_DELIVERED_AFTER - 1, None),
        (State.RELAYED, NOT_DELIVERED_AFTER, State.NOT_DELIVERED),
        (State.DELIVERED, 10 * NOT_DELIVERED_AFTER, None),
    ],
)
def test_silence_ends_in_its_own_time(state: State, after: int, lapsed: State | None) -> None:
    assert arrivals.lapse(NOW + after, Delivery(state, NOW, NOW - DAY)) is lapsed


@pytest.mark.parametrize("state", State)
def test_only_what_expired_is_never_handed_out(state: State) -> None:
    decided = arrivals.hand_out(Delivery(state, NOW))
    assert decided is (None if state is State.EXPIRED else state is State.QUEUED)

"""The tables of a request's life: closed, complete, and alike at both sides whatever crosses on the way."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Conflict
from exchange.lifecycle import (
    CLARIFICATION_ROUNDS,
    EVENTS,
    LIVES,
    MACHINES,
    REOPEN_WITHIN,
    Machine,
    Progress,
    advance,
    mermaid,
    progress,
)
from schemas.kinds import KINDS
from schemas.words import LANGUAGES

ALL = [machine for sides in MACHINES.values() for machine in (sides.asking, sides.asked)]
EACH = pytest.mark.parametrize("machine", ALL, ids=[machine.name for machine in ALL])
REQUESTER, REQUESTED = MACHINES["REQ"].asking, MACHINES["REQ"].asked


def run(machine: Machine, *events: str) -> str:
    state = machine.initial
    for event in events:
        state = advance(machine, state, event)
    return state


@EACH
def test_every_step_leads_to_a_declared_state_or_conflicts(machine: Machine) -> None:
    allowed = 0
    for state, event in product(machine.states, EVENTS):
        if (state, event) in machine.steps:
            assert advance(machine, state, event) in machine.states
            allowed += 1
        else:
            with pytest.raises(Conflict):
                advance(machine, state, event)
    assert allowed == len(machine.steps)


@EACH
def test_an_unknown_state_or_event_conflicts(machine: Machine) -> None:
    for state, event in [("NOWHERE", "SEND"), (machine.initial, "JUMP")]:
        with pytest.raises(Conflict) as caught:
            advance(machine, state, event)
        assert caught.value.code == "EX-4096"


def reachable(machine: Machine, start: str) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        waiting += [to for (origin, _), to in machine.steps.items() if origin == state and to not in seen]
        seen.update(waiting)
    return seen


@EACH
def test_every_state_is_reached_and_can_reach_an_end(machine: Machine) -> None:
    assert reachable(machine, machine.initial) == set(machine.states)
    for state in machine.states:
        assert any(machine.states[end].final for end in reachable(machine, state))


@EACH
def test_every_state_and_event_speaks_both_languages(machine: Machine) -> None:
    labels = [
        machine.label,
        *(state.label for state in machine.states.values()),
        *(event.label for event in EVENTS.values()),
    ]
    assert all(len({label.say(language) for language in LANGUAGES}) == 2 for label in labels)


def test_every_event_is_used() -> None:
    used = {event for machine in ALL for _, event in machine.steps}
    assert used | {KINDS[code].causes.event for code in LIVES} == set(EVENTS)


def openers(code: str) -> set[str]:
    """The kinds whose exchanges a message of this kind belongs to."""
    answered = KINDS[code].answers
    return set().union(*map(openers, answered)) if answered else {code}


def test_both_sides_take_every_message_of_the_other() -> None:
    for kind in KINDS.values():
        for event in {*kind.causes.by_value.values(), kind.causes.event} - {""} if kind.answers else ():
            for sides in (MACHINES[opener] for opener in openers(kind.code)):
                assert all(any(event == taken for _, taken in one.steps) for one in (sides.asking, sides.asked))


def test_a_permission_is_never_given_by_anything_but_a_decision() -> None:
    asked = MACHINES["HCR"]
    assert {event for (_, event), to in asked.asking.steps.items() if to == "GRANTED"} - {"DELIVERED"} == {
        "PERMISSION_GRANTED"
    }
    assert run(asked.asking, "SEND", "DELIVERED", "PERMISSION_REFUSED") == "REFUSED"
    with pytest.raises(Conflict):
        run(asked.asking, "SEND", "DELIVERED", "PERMISSION_REFUSED", "PERMISSION_GRANTED")


def test_what_an_exception_held_back_may_be_done_later() -> None:
    for machine in (MACHINES["ERA"].asking, MACHINES["ERA"].asked):
        sent = ("SEND", "DELIVERED") if machine is MACHINES["ERA"].asking else ("ASSIGN", "START")
        assert run(machine, *sent, "NOTICE_EXCEPTED", "NOTICE_DONE") == "DONE"


def test_the_usual_life_ends_closed_at_both_sides() -> None:
    assert run(REQUESTER, "SUBMIT", "SEND", "DELIVERED", "ANSWER_FULL", "FEEDBACK", "CLOSE") == "CLOSED"
    assert run(REQUESTED, "ASSIGN", "START", "ANSWER_FULL", "FEEDBACK", "CLOSE") == "CLOSED"


def test_a_judicial_delay_is_its_own_state_and_another_cause_is_not() -> None:
    assert run(REQUESTED, "ASSIGN", "START", "DELAY_LAWFUL") == "AWAITING_JUDICIAL"
    assert run(REQUESTED, "ASSIGN", "START", "DELAY_OTHER") == "IN_PROGRESS"
    assert run(REQUESTED, "ASSIGN", "START", "DELAY_LAWFUL", "RESUME") == "IN_PROGRESS"
    assert run(REQUESTED, "ASSIGN", "TRANSFER", "START") == "IN_PROGRESS"


def test_an_unknown_fate_is_superseded_by_a_later_receipt() -> None:
    assert run(REQUESTER, "SEND", "NOT_DELIVERED", "DELIVERED") == "DELIVERED"
    assert run(REQUESTER, "SEND", "NOT_DELIVERED", "REJECTED") == "REJECTED"
    assert run(REQUESTER, "SEND", "EXPIRED") == "EXPIRED"


def test_a_draft_can_go_back_and_away() -> None:
    assert run(REQUESTER, "SUBMIT", "RETURN", "DISCARD") == "DISCARDED"


CROSSINGS = ["ANSWER_FULL", "ANSWER_PARTIAL", "ANSWER_NONE", "REFUSE"]


@pytest.mark.parametrize("end", CROSSINGS)
def test_an_answer_that_crosses_a_withdrawal_stands_at_both_sides(end: str) -> None:
    requester = run(REQUESTER, "SEND", "DELIVERED", "WITHDRAW", end)
    requested = run(REQUESTED, "ASSIGN", "START", end, "WITHDRAW")
    assert requester == requested


@pytest.mark.parametrize("news", ["CLARIFICATION_ASKED", "DELAY_LAWFUL", "DELAY_OTHER", "REFUSE_PART"])
def test_a_withdrawal_that_crosses_a_question_or_news_stands_at_both_sides(news: str) -> None:
    assert run(REQUESTER, "SEND", "DELIVERED", "WITHDRAW", news) == "WITHDRAWN"
    assert run(REQUESTED, "ASSIGN", "START", news, "WITHDRAW") == "WITHDRAWN"


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=30), st.sampled_from([REQUESTER, REQUESTED]))
def test_any_order_of_events_keeps_to_the_states(events: list[str], machine: Machine) -> None:
    now = Progress(machine.initial)
    for at, event in enumerate(events):
        try:
            now = progress(machine, now, event, at)
        except Conflict:
            continue
        assert now.state in machine.states
        assert now.clarifications <= CLARIFICATION_ROUNDS


def test_a_third_round_of_clarification_conflicts() -> None:
    now = Progress("IN_PROGRESS")
    for _ in range(CLARIFICATION_ROUNDS):
        now = progress(REQUESTED, now, "CLARIFICATION_ASKED", 1)
        now = progress(REQUESTED, now, "CLARIFICATION_GIVEN", 2)
    assert now == Progress("IN_PROGRESS", clarifications=2)
    with pytest.raises(Conflict):
        progress(REQUESTED, now, "CLARIFICATION_ASKED", 3)


@pytest.mark.parametrize("event", ["REOPEN", "ANSWER_FULL"])
def test_a_closed_request_is_open_to_more_for_ninety_days(event: str) -> None:
    closed = progress(REQUESTER, Progress("ANSWERED_PARTIAL"), "CLOSE", 1000)
    assert closed.closed_at == 1000
    assert progress(REQUESTER, closed, event, 1000 + REOPEN_WITHIN).state != "CLOSED"
    with pytest.raises(Conflict):
        progress(REQUESTER, closed, event, 1001 + REOPEN_WITHIN)


def test_late_feedback_stays_welcome() -> None:
    closed = Progress("CLOSED", closed_at=1000)
    assert progress(REQUESTED, closed, "FEEDBACK", 2000 + REOPEN_WITHIN) == closed


@EACH
def test_the_diagram_names_every_state_and_only_moves(machine: Machine) -> None:
    drawn = mermaid(machine, "en").splitlines()
    assert drawn[:2] == ["stateDiagram-v2", f"    [*] --> {machine.initial}"]
    moves = [line for line in drawn if " --> " in line and "[*]" not in line]
    assert len(moves) == sum(state != to for (state, _), to in machine.steps.items())
    assert all(any(line.strip().startswith(f"{code}: ") for line in drawn) for code in machine.states)
    ends = [code for code, state in machine.states.items() if state.final]
    assert {f"    {code} --> [*]" for code in ends} <= set(drawn)
    assert machine.states[ends[-1]].label.ru in mermaid(machine, "ru")


@EACH
def test_the_documented_diagram_is_the_table(machine: Machine) -> None:
    page = (Path(__file__).parents[2] / "docs" / "lifecycle.md").read_text(encoding="utf-8")
    assert f"## {machine.label.en}\n\n```mermaid\n{mermaid(machine, 'en')}```\n" in page

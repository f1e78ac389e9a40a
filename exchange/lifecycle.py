"""The life of a request, as tables: one machine for the requester, one for the requested unit, one state per recipient.

Rule of this file: everything that changes the state of a request stands here. A (state, event) pair that is not in a
table is a `Conflict`. Messages of the other side may cross ours on the way, so each machine also has the entries that
make both sides end alike: an answer that crosses a withdrawal stands at both. Being overdue is no state: it follows
from the clock. Deliveries have their own rules in `exchange.courier`. Nothing here reads a clock or stores anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from exchange.errors import Conflict
from schemas.words import Words

CLARIFICATION_ROUNDS: Final = 2
"""After so many rounds the requested unit must answer or refuse."""

REOPEN_WITHIN: Final = 90 * 86_400
"""Seconds after closing in which a request may be opened again."""


@dataclass(frozen=True)
class State:
    """One state. `final` states need nothing more from anybody; `open` ones still owe an answer."""

    code: str
    label: Words
    final: bool = False
    open: bool = False


@dataclass(frozen=True)
class Event:
    """One event: caused by a signed MESSAGE, by a RECEIPT, or LOCAL to the unit that keeps the machine."""

    code: str
    label: Words
    origin: Literal["MESSAGE", "RECEIPT", "LOCAL"]


@dataclass(frozen=True)
class Machine:
    """States, events and the table of all allowed steps."""

    name: str
    label: Words
    initial: str
    states: Mapping[str, State]
    steps: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Progress:
    """Where one request stands for one recipient."""

    state: str
    clarifications: int = 0
    closed_at: int = 0


def advance(machine: Machine, state: str, event: str) -> str:
    """Return the next state; raises `Conflict` for a step that the table does not have."""
    try:
        return machine.steps[state, event]
    except KeyError:
        raise Conflict(f"{machine.name}: no {event} in {state}", state=state, event=event) from None


def progress(machine: Machine, before: Progress, event: str, at: int) -> Progress:
    """Return the progress after `event` at `at`; raises `Conflict`, also for a third round and a late reopening."""
    state = advance(machine, before.state, event)
    if before.state == "CLOSED" and state != "CLOSED" and at > before.closed_at + REOPEN_WITHIN:
        raise Conflict("closed for more than 90 days", state=before.state, event=event)
    rounds = before.clarifications + (state == "CLARIFICATION" != before.state)
    if rounds > CLARIFICATION_ROUNDS:
        raise Conflict("both clarification rounds are used", state=before.state, event=event)
    closed_at = at if state == "CLOSED" != before.state else before.closed_at
    return replace(before, state=state, clarifications=rounds, closed_at=closed_at)


EVENTS: Final[Mapping[str, Event]] = {
    event.code: event
    for event in (
        Event("SUBMIT", Words("Handed in for approval", "Передано на согласование"), "LOCAL"),
        Event("RETURN", Words("Returned by the approver", "Возвращено с согласования"), "LOCAL"),
        Event("DISCARD", Words("Draft discarded", "Черновик удалён"), "LOCAL"),
        Event("SEND", Words("Sealed and sent", "Запечатано и отправлено"), "LOCAL"),
        Event("ASSIGN", Words("Assigned to an officer", "Назначен исполнитель"), "LOCAL"),
        Event("START", Words("Work started", "Работа начата"), "LOCAL"),
        Event("TRANSFER", Words("Passed to another agency of the state", "Передано другому ведомству"), "LOCAL"),
        Event("RESUME", Words("Judicial authorisation decided", "Решение о судебной санкции принято"), "LOCAL"),
        Event("CLOSE", Words("Closed", "Закрыто"), "LOCAL"),
        Event("REOPEN", Words("Opened again", "Открыто повторно"), "LOCAL"),
        Event("DELIVERED", Words("Delivered", "Доставлено"), "RECEIPT"),
        Event("REJECTED", Words("Rejected by the recipient", "Отклонено получателем"), "RECEIPT"),
        Event("EXPIRED", Words("Never collected", "Не получено в срок"), "RECEIPT"),
        Event("NOT_DELIVERED", Words("Fate unknown", "Судьба неизвестна"), "RECEIPT"),
        Event("REQUEST", Words("Request received", "Запрос получен"), "MESSAGE"),
        Event("CLARIFICATION_ASKED", Words("Clarification asked", "Запрошено уточнение"), "MESSAGE"),
        Event("CLARIFICATION_GIVEN", Words("Clarification given", "Уточнение дано"), "MESSAGE"),
        Event("DELAY_LAWFUL", Words("Delay: judicial authorisation", "Задержка: судебная санкция"), "MESSAGE"),
        Event("DELAY_OTHER", Words("Delay: other cause", "Задержка: иная причина"), "MESSAGE"),
        Event("ANSWER_FULL", Words("Answered in full", "Дан полный ответ"), "MESSAGE"),
        Event("ANSWER_PARTIAL", Words("Answered in part", "Дан частичный ответ"), "MESSAGE"),
        Event("ANSWER_NONE", Words("Answered: nothing held", "Дан ответ: сведений нет"), "MESSAGE"),
        Event("REFUSE", Words("Refused", "Отказано"), "MESSAGE"),
        Event("REFUSE_PART", Words("Refused in part", "Отказано частично"), "MESSAGE"),
        Event("WITHDRAW", Words("Withdrawn", "Отозвано"), "MESSAGE"),
        Event("FEEDBACK", Words("Feedback given", "Дан отзыв об ответе"), "MESSAGE"),
    )
}

_BOTH: Final = (
    State("CLARIFICATION", Words("Clarification, clock stopped", "Уточнение, срок приостановлен"), open=True),
    State("AWAITING_JUDICIAL", Words("Awaiting judicial authorisation", "Ожидание судебной санкции"), open=True),
    State("ANSWERED_FULL", Words("Answered", "Дан полный ответ")),
    State("ANSWERED_PARTIAL", Words("Answered in part", "Дан частичный ответ")),
    State("NO_INFORMATION", Words("No information", "Сведений нет")),
    State("REFUSED", Words("Refused", "Отказано")),
    State("WITHDRAWN", Words("Withdrawn", "Отозвано")),
    State("FEEDBACK_GIVEN", Words("Feedback given", "Дан отзыв об ответе")),
    State("CLOSED", Words("Closed", "Закрыто"), final=True),
    State("REOPENED", Words("Opened again", "Открыто повторно"), open=True),
)

_ENDINGS: Final = {
    "ANSWER_FULL": "ANSWERED_FULL",
    "ANSWER_PARTIAL": "ANSWERED_PARTIAL",
    "ANSWER_NONE": "NO_INFORMATION",
    "REFUSE": "REFUSED",
}
_ANSWERED: Final = ("ANSWERED_FULL", "ANSWERED_PARTIAL", "NO_INFORMATION", "REFUSED")
_NEWS: Final = ("DELAY_OTHER", "REFUSE_PART")


def _stay(states: Iterable[str], events: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the steps in which the state stays: the event is recorded, it changes nothing."""
    known = tuple(events)
    return {(state, event): state for state in states for event in known}


def _shared(working: tuple[str, ...], resumed: str) -> dict[tuple[str, str], str]:
    """Return the steps that are alike at both sides; `working` states owe an answer, `resumed` follows a CLA."""
    owing = (*working, "AWAITING_JUDICIAL", "REOPENED")
    steps = {
        (state, event): to
        for state in (*owing, "CLARIFICATION")
        for event, to in (*_ENDINGS.items(), ("WITHDRAW", "WITHDRAWN"), ("DELAY_LAWFUL", "AWAITING_JUDICIAL"))
    }
    steps |= {(state, "CLARIFICATION_ASKED"): "CLARIFICATION" for state in owing}
    steps |= {("CLARIFICATION", "CLARIFICATION_GIVEN"): resumed, ("CLARIFICATION", "DELAY_LAWFUL"): "CLARIFICATION"}
    steps |= _stay((*owing, "CLARIFICATION"), _NEWS)
    steps |= _stay(("ANSWERED_PARTIAL",), (*_NEWS, "DELAY_LAWFUL", "ANSWER_PARTIAL"))
    steps |= {(state, "ANSWER_FULL"): "ANSWERED_FULL" for state in ("ANSWERED_PARTIAL", "FEEDBACK_GIVEN", "CLOSED")}
    steps |= {(state, "FEEDBACK"): "FEEDBACK_GIVEN" for state in (*_ANSWERED[:3], "FEEDBACK_GIVEN")}
    steps |= {(state, "CLOSE"): "CLOSED" for state in (*_ANSWERED, "WITHDRAWN", "FEEDBACK_GIVEN")}
    return steps | {("CLOSED", "FEEDBACK"): "CLOSED", ("CLOSED", "REOPEN"): "REOPENED"}


def _machine(name: str, label: Words, states: tuple[State, ...], steps: Mapping[tuple[str, str], str]) -> Machine:
    return Machine(name, label, states[0].code, {state.code: state for state in (*states, *_BOTH)}, steps)


_SENT: Final = ("SENT", "DELIVERED", "NOT_DELIVERED")

REQUESTER: Final = _machine(
    "requester",
    Words("Request, at the requesting unit", "Запрос у запрашивающей стороны"),
    (
        State("DRAFT", Words("Draft", "Черновик")),
        State("IN_APPROVAL", Words("In approval", "На согласовании")),
        State("DISCARDED", Words("Discarded", "Удалено"), final=True),
        State("SENT", Words("Sent", "Отправлено"), open=True),
        State("DELIVERED", Words("Delivered", "Доставлено"), open=True),
        State("NOT_DELIVERED", Words("Fate unknown", "Судьба неизвестна"), open=True),
        State("REJECTED", Words("Rejected by the recipient", "Отклонено получателем"), final=True),
        State("EXPIRED", Words("Never collected", "Не получено в срок"), final=True),
    ),
    {
        **_shared(_SENT, "DELIVERED"),
        ("DRAFT", "SUBMIT"): "IN_APPROVAL",
        ("DRAFT", "SEND"): "SENT",
        ("DRAFT", "DISCARD"): "DISCARDED",
        ("IN_APPROVAL", "RETURN"): "DRAFT",
        ("IN_APPROVAL", "SEND"): "SENT",
        ("IN_APPROVAL", "DISCARD"): "DISCARDED",
        **{(state, receipt): receipt for state in ("SENT", "NOT_DELIVERED") for receipt in ("DELIVERED", "REJECTED")},
        ("SENT", "EXPIRED"): "EXPIRED",
        ("SENT", "NOT_DELIVERED"): "NOT_DELIVERED",
        # a receipt may come after the message that it made possible
        **_stay((*(state.code for state in _BOTH), "DELIVERED"), ("DELIVERED",)),
        # what the other side sent before it read our withdrawal: an end stands, a question falls
        **{("WITHDRAWN", event): to for event, to in _ENDINGS.items()},
        **_stay(
            ("WITHDRAWN",), ("CLARIFICATION_ASKED", "DELAY_LAWFUL", *_NEWS, "REJECTED", "EXPIRED", "NOT_DELIVERED")
        ),
    },
)

_WORKING: Final = ("RECEIVED", "ASSIGNED", "IN_PROGRESS", "TRANSFERRED")

REQUESTED: Final = _machine(
    "requested",
    Words("Request, at the requested unit", "Запрос у запрашиваемой стороны"),
    (
        State("RECEIVED", Words("Received", "Получено"), open=True),
        State("ASSIGNED", Words("Assigned", "Назначен исполнитель"), open=True),
        State("IN_PROGRESS", Words("In progress", "В работе"), open=True),
        State("TRANSFERRED", Words("Passed to another agency", "Передано другому ведомству"), open=True),
    ),
    {
        **_shared(_WORKING, "IN_PROGRESS"),
        **{(state, "ASSIGN"): "ASSIGNED" for state in (*_WORKING, "REOPENED")},
        **_stay(("CLARIFICATION", "AWAITING_JUDICIAL"), ("ASSIGN",)),
        **{(state, "START"): "IN_PROGRESS" for state in ("ASSIGNED", "REOPENED", "TRANSFERRED")},
        **{(state, "TRANSFER"): "TRANSFERRED" for state in ("RECEIVED", "ASSIGNED", "IN_PROGRESS", "REOPENED")},
        ("AWAITING_JUDICIAL", "RESUME"): "IN_PROGRESS",
        # what the requester sent before it read our answer: the answer stands
        **_stay((*_ANSWERED, "FEEDBACK_GIVEN", "CLOSED"), ("WITHDRAW", "CLARIFICATION_GIVEN")),
    },
)

MACHINES: Final = {machine.name: machine for machine in (REQUESTER, REQUESTED)}


def mermaid(machine: Machine, language: str) -> str:
    """Return the machine as a Mermaid state diagram for the documentation; steps that stay are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.initial}"]
    lines += [f"    {code}: {state.label.say(language)}" for code, state in machine.states.items()]
    moves = ((state, event, to) for (state, event), to in machine.steps.items() if state != to)
    lines += [f"    {state} --> {to}: {EVENTS[event].label.say(language)}" for state, event, to in moves]
    lines += [f"    {code} --> [*]" for code, state in machine.states.items() if state.final]
    return "\n".join(lines) + "\n"

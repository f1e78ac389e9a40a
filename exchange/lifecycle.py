"""The life of every exchange, as tables: one machine for the unit that opened it, one for a unit that was asked.

Rule of this file: what every exchange shares stands here, what one kind of exchange adds is declared by the kind that
opens it (`schemas.life`). A (state, event) pair that is not in a table is a `Conflict`. Messages of the other side may
cross ours on the way, so each machine also has the entries that make both sides end alike. Being overdue is no state:
it follows from the clock. Deliveries have their own rules in `exchange.courier`. Nothing here reads a clock or stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from exchange.errors import Conflict
from schemas.kinds import KINDS
from schemas.life import Event, Life, State, Steps, stay
from schemas.words import Words

CLARIFICATION_ROUNDS: Final = 2
"""After so many rounds the requested unit must answer or refuse."""

REOPEN_WITHIN: Final = 90 * 86_400
"""Seconds after closing in which a request may be opened again."""


@dataclass(frozen=True)
class Machine:
    """States, events and the table of all allowed steps."""

    name: str
    label: Words
    initial: str
    states: Mapping[str, State]
    steps: Steps


@dataclass(frozen=True)
class Sides:
    """The two machines of one kind of exchange."""

    asking: Machine
    asked: Machine


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


_ASKING: Final = (
    State("DRAFT", Words("Draft", "Черновик")),
    State("IN_APPROVAL", Words("In approval", "На согласовании")),
    State("DISCARDED", Words("Discarded", "Удалено"), final=True),
    State("SENT", Words("Sent", "Отправлено"), open=True),
    State("DELIVERED", Words("Delivered", "Доставлено"), open=True),
    State("NOT_DELIVERED", Words("Fate unknown", "Судьба неизвестна"), open=True),
    State("REJECTED", Words("Rejected by the recipient", "Отклонено получателем"), final=True),
    State("EXPIRED", Words("Never collected", "Не получено в срок"), final=True),
)
_ASKED: Final = (
    State("RECEIVED", Words("Received", "Получено"), open=True),
    State("ASSIGNED", Words("Assigned", "Назначен исполнитель"), open=True),
    State("IN_PROGRESS", Words("In progress", "В работе"), open=True),
    State("TRANSFERRED", Words("Passed to another agency", "Передано другому ведомству"), open=True),
)

_SENDING: Final = {
    ("DRAFT", "SUBMIT"): "IN_APPROVAL",
    ("DRAFT", "SEND"): "SENT",
    ("DRAFT", "DISCARD"): "DISCARDED",
    ("IN_APPROVAL", "RETURN"): "DRAFT",
    ("IN_APPROVAL", "SEND"): "SENT",
    ("IN_APPROVAL", "DISCARD"): "DISCARDED",
    **{(state, receipt): receipt for state in ("SENT", "NOT_DELIVERED") for receipt in ("DELIVERED", "REJECTED")},
    ("SENT", "EXPIRED"): "EXPIRED",
    ("SENT", "NOT_DELIVERED"): "NOT_DELIVERED",
}
_WORKING: Final = {
    **{(state.code, "ASSIGN"): "ASSIGNED" for state in _ASKED},
    **{(state, "START"): "IN_PROGRESS" for state in ("ASSIGNED", "TRANSFERRED")},
    **{(state, "TRANSFER"): "TRANSFERRED" for state in ("RECEIVED", "ASSIGNED", "IN_PROGRESS")},
}


def sides(code: str, life: Life) -> Sides:
    """Return the machines of the exchanges that a kind with this life opens."""
    # a receipt may come after the message that it made possible
    late = stay((*(state.code for state in life.states), "DELIVERED"), ("DELIVERED",))
    asking = _machine(code, life, _ASKING, {**_SENDING, **late, **life.asking})
    return Sides(asking, _machine(code, life, _ASKED, {**_WORKING, **life.asked}))


def _machine(code: str, life: Life, first: tuple[State, ...], own: Steps) -> Machine:
    states = {state.code: state for state in (*first, *life.states)}
    owing = [state.code for state in states.values() if state.open]
    steps = {(state, event): to for state in owing for event, to in life.from_open.items() if state != to}
    steps |= {**stay(owing, life.news), **life.steps, **own}
    here = _HERE[first[0].code]
    label = Words(f"{life.label.en}, {here.en}", f"{life.label.ru}: {here.ru}")
    return Machine(f"{code}-{first[0].code}", label, first[0].code, states, steps)


_HERE: Final = {
    "DRAFT": Words("at the unit that sends it", "у отправившей стороны"),
    "RECEIVED": Words("at a unit that receives it", "у получившей стороны"),
}

LIVES: Final[Mapping[str, Life]] = MappingProxyType({kind.code: kind.life for kind in KINDS.values() if kind.life})
"""Code of a kind that opens an exchange -> what it declares about its life."""

MACHINES: Final[Mapping[str, Sides]] = MappingProxyType({code: sides(code, life) for code, life in LIVES.items()})
"""Code of a kind that opens an exchange -> the machines of both sides."""

EVENTS: Final[Mapping[str, Event]] = MappingProxyType(
    {
        event.code: event
        for event in (
            Event("SUBMIT", Words("Handed in for approval", "Передано на согласование"), "LOCAL"),
            Event("RETURN", Words("Returned by the approver", "Возвращено с согласования"), "LOCAL"),
            Event("DISCARD", Words("Draft discarded", "Черновик удалён"), "LOCAL"),
            Event("SEND", Words("Sealed and sent", "Запечатано и отправлено"), "LOCAL"),
            Event("ASSIGN", Words("Assigned to an officer", "Назначен исполнитель"), "LOCAL"),
            Event("START", Words("Work started", "Работа начата"), "LOCAL"),
            Event("TRANSFER", Words("Passed to another agency of the state", "Передано другому ведомству"), "LOCAL"),
            Event("DELIVERED", Words("Delivered", "Доставлено"), "RECEIPT"),
            Event("REJECTED", Words("Rejected by the recipient", "Отклонено получателем"), "RECEIPT"),
            Event("EXPIRED", Words("Never collected", "Не получено в срок"), "RECEIPT"),
            Event("NOT_DELIVERED", Words("Fate unknown", "Судьба неизвестна"), "RECEIPT"),
            *(event for life in LIVES.values() for event in life.events),
        )
    }
)


def mermaid(machine: Machine, language: str) -> str:
    """Return the machine as a Mermaid state diagram for the documentation; steps that stay are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.initial}"]
    lines += [f"    {code}: {state.label.say(language)}" for code, state in machine.states.items()]
    moves = ((state, event, to) for (state, event), to in machine.steps.items() if state != to)
    lines += [f"    {state} --> {to}: {EVENTS[event].label.say(language)}" for state, event, to in moves]
    lines += [f"    {code} --> [*]" for code, state in machine.states.items() if state.final]
    return "\n".join(lines) + "\n"

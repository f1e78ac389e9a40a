"""The life of an exchange as the kind that opens it declares it: states, events and steps after it was sent.

What every exchange shares (draft, sending, receipts, assignment) is added by the machinery, which makes one machine for
the unit that opened the exchange and one for each unit that it asked. This module must not know any kind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from schemas.words import Words

Steps: TypeAlias = Mapping[tuple[str, str], str]
"""(state, event) -> the next state."""


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
    origin: Literal["MESSAGE", "RECEIPT", "LOCAL"] = "MESSAGE"


@dataclass(frozen=True)
class Life:
    """What may happen to an exchange once it is under way.

    `from_open` leads from every other state that owes an answer, `news` changes nothing in such a state, `steps` hold
    at both sides. `asking` and `asked` hold at one side only: messages may cross, and both sides must end alike.
    """

    label: Words
    states: tuple[State, ...]
    events: tuple[Event, ...]
    from_open: Mapping[str, str]
    news: tuple[str, ...] = ()
    steps: Steps = field(default_factory=dict)
    asking: Steps = field(default_factory=dict)
    asked: Steps = field(default_factory=dict)


def stay(states: Iterable[str], events: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the steps in which the state stays: the event is recorded, it changes nothing."""
    known = tuple(events)
    return {(state, event): state for state in states for event in known}

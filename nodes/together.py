"""What several threads want at the same moment, done at once by one of them: a group commit. It decides nothing.

Whoever comes while another is at work waits for his turn, and then does everything that has come until then. Who comes
alone waits for nobody.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Order = TypeVar("Order")
Outcome = TypeVar("Outcome")


@dataclass(slots=True)
class _Asked(Generic[Order, Outcome]):
    """One order, and what became of it."""

    order: Order
    outcome: Outcome | Exception | None = None


class Together(Generic[Order, Outcome]):
    """The orders of many threads, at most `largest` done at once, in the order in which they came."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._turn = threading.Lock()
        self._waiting: deque[_Asked[Order, Outcome]] = deque()

    def do(self, order: Order, act: Callable[[Sequence[Order]], Sequence[Outcome | Exception]]) -> Outcome:
        """Have `act` done with this order and whatever else waits; returns its outcome, or raises if it is an error.

        `act` gives one outcome for each order, never None; what it raises itself is the outcome of all of them.
        """
        mine: _Asked[Order, Outcome] = _Asked(order)
        self._waiting.append(mine)
        with self._turn:
            while mine.outcome is None:
                self._do_some(act)
        if isinstance(mine.outcome, Exception):
            raise mine.outcome
        return mine.outcome

    def _do_some(self, act: Callable[[Sequence[Order]], Sequence[Outcome | Exception]]) -> None:
        some = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
        try:
            outcomes = act([one.order for one in some])
        except Exception as error:  # noqa: BLE001 - every one of them must hear of it
            outcomes = [error] * len(some)
        for one, outcome in zip(some, outcomes, strict=True):
            one.outcome = outcome

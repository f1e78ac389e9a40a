"""The order of a pair: the numbers that one unit gives what it sends to another, pure (protocol.md §4.13, §4.14).

Only the two units know these numbers, so the hub cannot leave anything out unseen. A gap marks, it never refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass

from exchange.courier import FIRST_PREV


@dataclass(frozen=True, slots=True)
class Pair:
    """A link of the chain between two units, as the sender wrote it into the wrap."""

    seq: int
    prev: str


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of one number of a pair's order.

    A message (`shown`), a void that stands there itself, or, without an `eid`, a number that a void has closed. What
    shows no mark of its own names with `below` the next number that must be accounted for.
    """

    eid: str | None
    shown: bool = False
    below: int = 0


def pair_gap(pair: Pair, before: Callable[[int], Link | None]) -> bool:
    """Return whether an earlier message of this sender to us is missing.

    `before` says what is known of an earlier number. A message bears its own mark, so the search ends there; voids
    bear none, so it goes on below them. A gap marks, it never refuses (protocol.md §4.13, §4.14).
    """
    if pair.seq == 1:
        return pair.prev != FIRST_PREV
    number = pair.seq - 1
    while number > 0:
        link = before(number)
        if link is None or (number == pair.seq - 1 and link.eid is not None and link.eid != pair.prev):
            return True
        if link.shown:
            return False
        number = link.below
    return False

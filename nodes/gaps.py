"""Which arrival misses an earlier one: the order of a pair as it is held here, messages and voids together.

The rule is `exchange.pairs.pair_gap`; here its facts are looked up, and a mark is taken away once it is answered.
"""

from exchange import pairs
from exchange.pairs import Link, Pair
from nodes.tables import VoidRow
from nodes.work import Work


def missing(work: Work, sender: str, pair: Pair) -> bool:
    """Return whether a message of `sender` before `pair` is missing and was not said to be void."""
    return pairs.pair_gap(pair, lambda number: _link(work, sender, number))


def taken(work: Work, sender: str, number: int) -> bool:
    """Return whether an envelope of `sender` is held in this place of the pair's order."""
    link = _link(work, sender, number)
    return link is not None and link.eid is not None


def close(work: Work, sender: str, number: int) -> None:
    """Take the mark from the next message of `sender` after `number`, if it misses nothing any more."""
    above: int | None = number + 1
    while above is not None:
        follower = work.by_place.one((sender, above))
        if follower is not None:
            follower.gap = int(missing(work, sender, Pair(above, follower.pair_prev or "")))
            return
        above = next((_above(void, above) for void in of(work, sender) if _explains(void, above)), None)


def of(work: Work, sender: str) -> list[VoidRow]:
    """Return the voids of `sender` that are held."""
    return [void for void in work.voids.read([sender]) if void.direction == "IN"]


def _link(work: Work, sender: str, number: int) -> Link | None:
    message = work.by_place.one((sender, number))
    if message is not None:
        return Link(message.eid, shown=True)
    voids = [void for void in of(work, sender) if _explains(void, number)]
    itself = next((void for void in voids if void.pair_seq == number), None)
    if itself is not None:
        return Link(itself.eid, below=number - 1)
    return Link(None, below=min(void.first for void in voids) - 1) if voids else None


def _explains(void: VoidRow, number: int) -> bool:
    return void.pair_seq == number or void.first <= number <= void.last


def _above(void: VoidRow, number: int) -> int:
    return number + 1 if void.pair_seq == number else void.last + 1

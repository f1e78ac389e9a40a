"""A proof as steps that a person can follow: which hash is joined on which side, what it stands for, what comes out.

Pure. Every step is computed here from the hashes of the proof; whether the last one is the root is for the verifier of
`audit.merkle` to say, which works on the same proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.merkle_hash import node_hash


@dataclass(frozen=True, slots=True)
class Step:
    """The hash `given` of entries `first` to `last` joined on its side (`left` or `right`), and the `result`."""

    side: str
    given: str
    first: int
    last: int
    result: str

    @property
    def entries(self) -> int:
        """How many entries the given hash stands for."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Join:
    """A step of a consistency proof: what the old and the new tree are known to begin with after it.

    `old` is empty where the given hash belongs to the new tree only.
    """

    given: str
    first: int
    last: int
    old: str
    new: str


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> tuple[Step, ...]:
    """Return the steps from `leaf` at `index` to the root of `size` entries (RFC 9162 section 2.1.3)."""
    steps, held = [], leaf
    position, last, height = index, size - 1, 0
    rest = list(path)
    while last and rest:
        if position & 1 or position < last:
            left, given = bool(position & 1), rest.pop(0)
            held = node_hash(given, held) if left else node_hash(held, given)
            first = (position - 1 if left else position + 1) << height
            end = min(first + (1 << height), size) - 1
            steps.append(Step("left" if left else "right", given.hex(), first, end, held.hex()))
        position, last, height = position >> 1, last >> 1, height + 1
    return tuple(steps)


def join(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[Join, ...]:
    """Return the steps that show that a tree of `new` entries begins with the one of `old` (RFC 9162 section 2.1.4)."""
    if old in (0, new) or not path:
        return ()
    position, height = old - 1, 0
    while position & 1:
        position, height = position >> 1, height + 1
    rest = list(path)
    seed = rest.pop(0) if position else old_root
    steps = [Join(seed.hex(), position << height, old - 1, seed.hex(), seed.hex())]
    was = now = seed
    last = (new - 1) >> height
    while last and rest:
        if position & 1:
            given = rest.pop(0)
            was, now = node_hash(given, was), node_hash(given, now)
            first = (position - 1) << height
            steps.append(Join(given.hex(), first, first + (1 << height) - 1, was.hex(), now.hex()))
        elif position < last:
            given = rest.pop(0)
            now = node_hash(now, given)
            first = (position + 1) << height
            steps.append(Join(given.hex(), first, min(first + (1 << height), new) - 1, "", now.hex()))
        position, last, height = position >> 1, last >> 1, height + 1
    return tuple(steps)

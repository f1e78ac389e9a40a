"""The tree by the letter of RFC 6962 section 2.1: slow, recursive, obviously right. The oracle of the fast code."""

import random
from collections.abc import Sequence
from hashlib import sha256

from audit.edge import Edge
from audit.merkle import NodeAt


def leaf(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def root(entries: Sequence[bytes]) -> bytes:
    if len(entries) < 2:
        return leaf(entries[0]) if entries else sha256(b"").digest()
    k = split(len(entries))
    return sha256(b"\x01" + root(entries[:k]) + root(entries[k:])).digest()


def path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), root(entries[k:])]
    return [*path(index - k, entries[k:]), root(entries[:k])]


def proof(old: int, entries: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    if old == len(entries):
        return [] if whole else [root(entries)]
    k = split(len(entries))
    if old <= k:
        return [*proof(old, entries[:k], whole=whole), root(entries[k:])]
    return [*proof(old - k, entries[k:], whole=False), root(entries[:k])]


class Recursion:
    """The same recursion over prefixes of one list; what was hashed once is remembered by its range."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self._leaves = [leaf(entry) for entry in entries]
        self._roots: dict[tuple[int, int], bytes] = {}

    def root(self, end: int, start: int = 0) -> bytes:
        if end - start == 1:
            return self._leaves[start]
        if (start, end) not in self._roots:
            middle = start + split(end - start)
            joined = self.root(middle, start) + self.root(end, middle)
            self._roots[start, end] = sha256(b"\x01" + joined).digest()
        return self._roots[start, end]

    def path(self, index: int, end: int, start: int = 0) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + split(end - start)
        if index < middle:
            return [*self.path(index, middle, start), self.root(end, middle)]
        return [*self.path(index, end, middle), self.root(middle, start)]

    def proof(self, old: int, end: int, start: int = 0, *, whole: bool = True) -> list[bytes]:
        if old == end:
            return [] if whole else [self.root(end, start)]
        middle = start + split(end - start)
        if old <= middle:
            return [*self.proof(old, middle, start, whole=whole), self.root(end, middle)]
        return [*self.proof(old, end, middle, whole=False), self.root(middle, start)]


def some_entries(count: int, seed: int = 1) -> list[bytes]:
    rng = random.Random(seed)
    return [rng.randbytes(rng.randrange(12)) for _ in range(count)]


def nodes_of(entries: Sequence[bytes]) -> NodeAt:
    """Any perfect node of the tree over `entries`."""
    rows = [[leaf(entry) for entry in entries]]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([sha256(b"\x01" + below[i] + below[i + 1]).digest() for i in range(0, len(below) - 1, 2)])
    return lambda height, index: rows[height][index]


def edge_of(entries: Sequence[bytes]) -> Edge:
    return Edge().extended(map(leaf, entries))[0]

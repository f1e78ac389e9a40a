"""The right edge of a log: all that an append needs, as a value. Every node of the tree is hashed exactly once.

Pure: appending gives a new edge and the tiles that became full; the old edge stays good, so a rolled-back transaction
leaves nothing to undo.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from audit.merkle import fold
from audit.tiles import TILE_HEIGHT, TILE_WIDTH
from crypto.merkle_hash import node_hash, row_above


@dataclass(frozen=True)
class FullTile:
    """A tile that will never change: 256 hashes, 8,192 bytes, and the root over them, a hash of the level above."""

    level: int
    index: int
    data: bytes
    root: bytes


@dataclass(frozen=True)
class Edge:
    """The perfect subtrees (largest first) and the unfinished tile of every level of a log of `size` entries.

    The lists in `rows` are never changed once the edge is made: edges share them.
    """

    size: int = 0
    perfect: tuple[bytes, ...] = ()
    rows: tuple[list[bytes], ...] = field(default=([],), repr=False)

    @classmethod
    def of_rows(cls, size: int, rows: Sequence[Sequence[bytes]]) -> Self:
        """The edge of a log of `size`, given the hashes of the unfinished tile of each level (level 0 first)."""
        perfect: list[bytes] = []
        for row in reversed(rows):
            at = 0
            for height in reversed(range(TILE_HEIGHT)):
                if len(row) & (1 << height):
                    perfect.append(_perfect_root(row[at : at + (1 << height)]))
                    at += 1 << height
        return cls(size, tuple(perfect), tuple(list(row) for row in rows))

    @classmethod
    def read(cls, size: int, hashes: Callable[[int, int, int], Sequence[bytes]]) -> Self:
        """The edge of a log of `size`, whose tiles `hashes` (level, index, width) finds."""
        return cls.of_rows(
            size,
            [hashes(level, size >> (TILE_HEIGHT * (level + 1)), width) for level, width in enumerate(row_widths(size))],
        )

    @cached_property
    def root(self) -> bytes:
        """The root hash of the whole log."""
        return fold(self.perfect)

    def extended(self, leaves: Iterable[bytes]) -> tuple["Edge", list[FullTile]]:
        """The edge after appending these leaf hashes, and the tiles that they filled, in the order of filling."""
        size, perfect, rows = self.size, list(self.perfect), [list(self.rows[0]), *self.rows[1:]]
        waiting = leaves if isinstance(leaves, list) else list(leaves)
        full: list[FullTile] = []
        at = 0
        while at < len(waiting):
            whole = not size % TILE_WIDTH and len(waiting) - at >= TILE_WIDTH
            taken = TILE_WIDTH if whole else 1
            rows[0] += waiting[at : at + taken]
            at, size = at + taken, size + taken
            node, height = (_tile_root(rows[0]), TILE_HEIGHT) if whole else (rows[0][-1], 0)
            if whole:
                full.append(_close(rows, 0, size - 1, node))
            carry = (size - 1) >> height
            while carry & 1:
                node = node_hash(perfect.pop(), node)
                carry, height = carry >> 1, height + 1
                if not height % TILE_HEIGHT:
                    full.append(_close(rows, height // TILE_HEIGHT - 1, size - 1, node))
            perfect.append(node)
        return Edge(size, tuple(perfect), tuple(rows)), full


def _tile_root(row: Sequence[bytes]) -> bytes:
    """The root over the 256 hashes of a tile, a row at a time."""
    data = b"".join(row)
    for _ in range(TILE_HEIGHT):
        data = row_above(data)
    return data


def _close(rows: list[list[bytes]], level: int, last_leaf: int, root: bytes) -> FullTile:
    """Take the full row of `level` out as a tile and hand its root to the level above."""
    tile = FullTile(level, last_leaf >> (TILE_HEIGHT * (level + 1)), b"".join(rows[level]), root)
    rows[level] = []
    above = rows[level + 1] if level + 1 < len(rows) else []
    rows[level + 1 :] = [[*above, root], *rows[level + 2 :]]
    return tile


def _perfect_root(row: Sequence[bytes]) -> bytes:
    """The root over 2^k hashes, k <= 8."""
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def row_widths(size: int) -> list[int]:
    """How many hashes the unfinished tile of each level has in a log of `size`, level 0 first."""
    widths = [size % TILE_WIDTH]
    while size := size // TILE_WIDTH:
        widths.append(size % TILE_WIDTH)
    return widths

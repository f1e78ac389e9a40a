"""The tree of a log, checked from the bytes of its entries up to every root that was ever signed.

Pure. Three views of each leaf are compared: the hash of the entry's bytes, the leaf hash stored beside it, and the hash
in the tile. Where they differ, two trees are carried on, one over the entries and one over what is stored, so that each
difference is named once and a checkpoint tells which of the two was signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from audit.audit_findings import Finding, Findings
from audit.edge import Edge, FullTile
from audit.tiles import TILE_WIDTH, TileAddress
from crypto.merkle_hash import HASH_SIZE, leaf_hash

UNKNOWN: Final = bytes(HASH_SIZE)
"""Stands for a leaf of which nothing is left."""

View = Sequence[bytes | None]
"""One value for each leaf of a block; None where nothing is stored."""


@dataclass(frozen=True, slots=True)
class StoredTile:
    """A hash tile as it is stored; `root` only where a root is stored beside it."""

    data: bytes
    root: bytes | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """What is stored of `width` leaves from `start` on, at most 256; a view that does not exist at all is None."""

    start: int
    width: int
    entries: View | None
    leaves: View | None
    tile: StoredTile | None

    @property
    def path(self) -> str:
        """The address of its hash tile."""
        return TileAddress(0, self.start // TILE_WIDTH, self.width).path


class Tiles(Protocol):
    """Where the tiles above the leaves come from."""

    @property
    def stores_partial(self) -> bool:
        """Whether tiles that are not full yet are stored as well."""

    def tile(self, level: int, index: int, width: int) -> StoredTile | None:
        """Return a stored tile of level 1 or above."""


@dataclass(frozen=True, slots=True)
class Roots:
    """What the log had as its root at `size`, by its entries and by the hashes stored beside them."""

    size: int
    by_entries: bytes
    by_hashes: bytes

    @property
    def both(self) -> tuple[bytes, ...]:
        """The one root, or the two where the entries are no longer those that were hashed."""
        return (self.by_entries,) if self.by_entries == self.by_hashes else (self.by_entries, self.by_hashes)


class TreeAudit:
    """Takes the blocks of a log in their order and names every difference."""

    def __init__(self, tiles: Tiles, findings: Findings, edge: Edge | None = None) -> None:
        self._tiles = tiles
        self._findings = findings
        self._entries = edge or Edge()  # an edge to go on from, or the first entry
        self._hashes = self._entries  # the same object as long as nothing differed

    @property
    def roots(self) -> Roots:
        """Size and roots of what was taken so far."""
        return Roots(self._entries.size, self._entries.root, self._hashes.root)

    def take(self, block: Block, sizes: Sequence[int] = ()) -> list[Roots]:
        """Check `block`; returns the roots at each of `sizes`, ascending sizes behind its start up to its end."""
        computed, stored = self._views(block)
        entries_full: list[FullTile] = []
        hashes_full: list[FullTile] = []
        roots = []
        at = 0
        for end in (*(size - block.start for size in sizes), block.width):
            same = self._hashes is self._entries
            before, (self._entries, new) = self._hashes, self._entries.extended(computed[at:end])
            entries_full += new
            if same and stored is computed:
                self._hashes = self._entries
            else:
                self._hashes, new = before.extended(stored[at:end])
            hashes_full += new
            roots.append(self.roots)
            at = end
        self._compare_full(block, entries_full, hashes_full)
        return roots[:-1]

    def finish(self) -> None:
        """Compare the unfinished tiles above the leaves, where they are stored."""
        if self._tiles.stores_partial:
            for level, (row, other) in enumerate(zip(self._entries.rows, self._hashes.rows, strict=True)):
                if row and level:
                    index = self._entries.size >> (8 * (level + 1))
                    mine, theirs = (FullTile(level, index, b"".join(hashes), b"") for hashes in (row, other))
                    self._compare_tile(mine, theirs, len(row))

    def _views(self, block: Block) -> tuple[list[bytes], list[bytes]]:
        """The leaf hashes by the entries, and by what is stored: one object when they agree."""
        in_tile = split(block.tile.data, block.width) if block.tile else None
        kept: View = in_tile or block.leaves or [None] * block.width
        source: View = block.entries if block.entries is not None else [None] * block.width
        computed = [
            leaf_hash(one) if one is not None else (other or UNKNOWN) for one, other in zip(source, kept, strict=True)
        ]
        whole = block.entries is None or None not in block.entries
        if whole and kept == computed and block.leaves in (None, computed):
            return computed, computed
        for at in range(block.width):
            self._compare_leaf(block, at, computed[at], in_tile[at] if in_tile else None)
        return computed, [other or mine for other, mine in zip(kept, computed, strict=True)]

    def _compare_leaf(self, block: Block, at: int, computed: bytes, in_tile: bytes | None) -> None:
        """Name what is wrong with one leaf: at most one finding."""
        leaf = block.leaves[at] if block.leaves is not None else None
        found: tuple[str, bytes | None, bytes | None]
        if block.entries is not None and block.entries[at] is None:
            found = "ENTRY_MISSING", in_tile or leaf, None
        elif leaf is not None and leaf != computed:
            found = ("LEAF_ALTERED", computed, leaf) if in_tile == computed else ("ENTRY_ALTERED", leaf, computed)
        elif in_tile is not None and in_tile != computed:
            found = "ENTRY_NOT_IN_TILE", in_tile, computed
        else:
            return
        code, expected, seen = found
        self._findings.add(Finding(code, "", block.start + at, as_hex(expected), as_hex(seen)))

    def _compare_full(self, block: Block, full: Sequence[FullTile], stored: Sequence[FullTile]) -> None:
        """Hold the tiles that this block filled against those that are stored."""
        for mine, theirs in zip(full, stored, strict=True):
            if mine.level:
                self._compare_tile(mine, theirs, TILE_WIDTH)
        if block.tile is None:
            if block.width == TILE_WIDTH or self._tiles.stores_partial:
                self._findings.add(Finding("TILE_MISSING", block.path))
        elif split(block.tile.data, block.width) is None:
            sizes = f"{block.width * HASH_SIZE} bytes", f"{len(block.tile.data)} bytes"
            self._findings.add(Finding("TILE_ALTERED", block.path, None, *sizes))
        elif block.tile.root is not None and block.tile.root not in {full[0].root, stored[0].root}:
            values = as_hex(stored[0].root), as_hex(block.tile.root)
            self._findings.add(Finding("TILE_ROOT_ALTERED", block.path, None, *values))

    def _compare_tile(self, mine: FullTile, theirs: FullTile, width: int) -> None:
        """Hold a tile above the leaves against both trees."""
        subject = TileAddress(mine.level, mine.index, width).path
        found = self._tiles.tile(mine.level, mine.index, width)
        if found is None:
            self._findings.add(Finding("TILE_MISSING", subject))
        elif found.data not in {mine.data, theirs.data}:
            at, expected, seen = _first_difference(mine.data, found.data)
            self._findings.add(Finding("TILE_ALTERED", subject, at, expected, seen))
        elif found.root is not None and found.root not in {mine.root, theirs.root}:
            self._findings.add(Finding("TILE_ROOT_ALTERED", subject, None, as_hex(mine.root), as_hex(found.root)))


def split(data: bytes, width: int) -> list[bytes] | None:
    """The hashes of a tile, if it has as many as it must."""
    if len(data) != width * HASH_SIZE:
        return None
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def _first_difference(mine: bytes, found: bytes) -> tuple[int, str, str]:
    """Position in the tile and both hashes of the first place where two tiles differ."""
    places = range(0, max(len(mine), len(found)), HASH_SIZE)
    at = next(at for at in places if mine[at : at + HASH_SIZE] != found[at : at + HASH_SIZE])
    return at // HASH_SIZE, mine[at : at + HASH_SIZE].hex(), found[at : at + HASH_SIZE].hex()


def as_hex(value: bytes | None) -> str:
    """A value of a finding; nothing is the empty text."""
    return value.hex() if value is not None else ""

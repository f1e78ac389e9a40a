"""C2SP tlog-tiles: where a node lies, how tiles and entry bundles are addressed and framed, expanded tiles in memory.

Pure: reads and writes no storage. A tile is the concatenation of 1 to 256 hashes; an *expanded* tile is one bytes
object that also holds the inner nodes, so the garbage collector never walks it and a node is one slice.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Self

from audit.errors import Malformed
from audit.merkle import NodeAt
from crypto.merkle_hash import HASH_SIZE, row_above

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
FULL_TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE
MAX_ENTRY: Final = 0xFFFF
ENTRIES: Final = -1
"""The level of an entry bundle in a TileAddress: it is written `entries`."""

_MAX_GROUPS: Final = 6
_ADDRESS: Final = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])"
    rf"/(?P<index>(?:x[0-9]{{3}}/){{0,{_MAX_GROUPS - 1}}}[0-9]{{3}})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
# Where the nodes of height j begin in an expanded tile of w hashes: w leaves, then w // 2 nodes, then w // 4, ...
_OFFSETS: Final = tuple(
    tuple(sum(width >> lower for lower in range(height)) * HASH_SIZE for height in range(TILE_HEIGHT + 1))
    for width in range(TILE_WIDTH + 1)
)


@dataclass(frozen=True)
class TileAddress:
    """`tile/<level>/<index>[.p/<width>]`; level ENTRIES is an entry bundle; width 256 is the full tile."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @classmethod
    def parse(cls, path: str) -> Self:
        """The address that `path` writes, in its only spelling. Raises Malformed."""
        match = _ADDRESS.fullmatch(path)
        if match is None:
            raise Malformed("not a tile address")
        index = int(match["index"].replace("x", "").replace("/", ""))
        width = int(match["width"] or TILE_WIDTH)
        address = cls(ENTRIES if match["level"] == "entries" else int(match["level"]), index, width)
        if address.path != path:  # leading zero groups, and the partial width 256 or more
            raise Malformed("not a tile address")
        return address

    @property
    def path(self) -> str:
        """The address as it is requested, without a leading slash."""
        groups = [self.index % 1000]
        rest = self.index // 1000
        while rest:
            groups.append(rest % 1000)
            rest //= 1000
        name = "/".join([*(f"x{group:03}" for group in reversed(groups[1:])), f"{groups[0]:03}"])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{name}" + (f".p/{self.width}" if self.width < TILE_WIDTH else "")

    @property
    def end(self) -> int:
        """The log size from which on every hash (or entry) of this tile exists."""
        return (self.index * TILE_WIDTH + self.width) << (TILE_HEIGHT * max(self.level, 0))


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile (level, index) has in a log of `size`: 0 (no such tile) to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def pack_bundle(entries: Sequence[bytes]) -> bytes:
    """The entries of a bundle, each behind its length as a big-endian u16. Raises Malformed above 65,535 bytes."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise Malformed(f"an entry has at most {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises Malformed when it ends inside an entry or holds more than 256."""
    entries = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Malformed("the bundle ends inside an entry")
        entries.append(data[start:at])
    if len(entries) > TILE_WIDTH:
        raise Malformed(f"a bundle has at most {TILE_WIDTH} entries")
    return entries


def split_tile(data: bytes) -> list[bytes]:
    """The hashes of a tile. Raises Malformed unless it is 1 to 256 whole hashes."""
    if not 0 < len(data) <= FULL_TILE_BYTES or len(data) % HASH_SIZE:
        raise Malformed("a tile is 1 to 256 hashes")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def expand(tile: bytes) -> bytes:
    """One bytes object: the 1 to 256 hashes of a tile and each perfect inner node above them (16,352 bytes if full)."""
    rows = [tile]
    for _ in range(TILE_HEIGHT):
        rows.append(row_above(rows[-1]))
    return b"".join(rows)


def node_of(expanded: bytes, width: int, height: int, position: int) -> bytes:
    """Node `position` at `height` (0 to 8) inside an expanded tile of `width` hashes; it must be perfect there."""
    at = _OFFSETS[width][height] + position * HASH_SIZE
    return expanded[at : at + HASH_SIZE]


def nodes_in(size: int, expanded: Callable[[int, int, int], bytes]) -> NodeAt:
    """The nodes of a tree of `size`, from its expanded tiles (level, index, width); each is asked for once at most."""
    held: dict[tuple[int, int], tuple[bytes, int]] = {}

    def node(height: int, index: int) -> bytes:
        level, inner = height >> 3, height & 7
        shift = TILE_HEIGHT - inner
        key = level, index >> shift
        if key not in held:
            width = width_at(*key, size)
            held[key] = expanded(*key, width), width
        tile, width = held[key]
        return node_of(tile, width, inner, index & ((1 << shift) - 1))

    return node


class TileCache:
    """Expanded tiles, least recently used out first. Only for tiles that can never change: the caller's promise."""

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._tiles: OrderedDict[tuple[int, int, int], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, int, int], load: Callable[[], bytes]) -> bytes:
        """The expanded tile (level, index, width), made by `load` when it is not here."""
        with self._lock:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
                return found
        made = load()
        with self._lock:
            self._tiles[key] = made
            if len(self._tiles) > self._capacity:
                self._tiles.popitem(last=False)
        return made

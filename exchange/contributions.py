"""What a unit hands to a restored hub so that it becomes whole again: the parts and their one wire form. Pure.

A part is `u8 kind | u64 index | u32 length | payload`; a page is a run of parts. Nothing here has verified anything:
the hub believes a part only where a log that it signed itself leads to it (protocol.md §9.7).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from types import MappingProxyType
from typing import Final

from crypto.canonical import LARGEST
from crypto.envelope import MAX_ENVELOPE
from exchange.errors import BadRequest, ExchangeError, Words

PAGE: Final = 4 * 1024 * 1024
"""Bytes after which a page is full; one part that is larger goes alone."""

PAGE_LIMIT: Final = PAGE + MAX_ENVELOPE + 64
_HEAD: Final = Struct(">BQI")


class Restoring(ExchangeError):
    """The hub came back from a backup: it signs and accepts nothing until its log is what the units have seen of it.

    Its members `size` and `time` say where its log ends: what stands behind that is asked for.
    """

    code = "EX-5034"
    words = MappingProxyType(
        {
            "en": Words(
                "The hub is being restored",
                "Its log may be older than what units have seen; until it is whole again nothing is signed.",
                "Wait: this node hands over by itself what the hub lacks. Keep everything as it is.",
            ),
            "ru": Words(
                "Узел-концентратор восстанавливается",
                "Его журнал может быть старше увиденного органами; до восстановления ничто не подписывается.",
                "Подождите: этот узел сам передаёт недостающее. Ничего не меняйте.",
            ),
        }
    )


class Part(IntEnum):
    """What a part carries; `index` is its place in the hub's log, 0 where it has none."""

    ENTRY = 1
    ENVELOPE = 2
    RECEIPT = 3
    LEAVES = 4
    SEALED = 5
    STATEMENT = 6
    FEDERATION = 7
    SNAPSHOT = 8
    CURSOR = 9
    SIGHTING = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """One part. LEAVES are leaf hashes from `index` on; a SIGHTING, the unit's own, says that this was all."""

    part: Part
    index: int
    payload: bytes


def pages(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Return the wire forms of pages that carry `pieces` in their order."""
    page: list[bytes] = []
    size = 0
    for piece in pieces:
        data = _HEAD.pack(piece.part, piece.index, len(piece.payload)) + piece.payload
        if page and size + len(data) > PAGE:
            yield b"".join(page)
            page, size = [], 0
        page.append(data)
        size += len(data)
    if page:
        yield b"".join(page)


def parse(page: bytes) -> tuple[Piece, ...]:
    """Return the parts of a page; raises `BadRequest` for anything but whole parts of known kinds."""
    found: list[Piece] = []
    at = 0
    while at < len(page):
        if len(page) > PAGE_LIMIT or len(page) - at < _HEAD.size:
            raise BadRequest("a page of whole parts")
        part, index, length = _HEAD.unpack_from(page, at)
        begin = at + _HEAD.size
        at = begin + length
        if part not in _PARTS or index > LARGEST or at > len(page):
            raise BadRequest("a page of whole parts")
        found.append(Piece(Part(part), index, page[begin:at]))
    return tuple(found)


_PARTS: Final = frozenset(Part)

"""What a unit hands to a restored hub: whole parts of known kinds, in pages of a bounded size."""

import pytest

from crypto.canonical import LARGEST
from exchange import contributions
from exchange.contributions import PAGE, PAGE_LIMIT, Part, Piece
from exchange.errors import BadRequest

PIECE = Piece(Part.ENTRY, 7, b"entry")
(GOOD,) = contributions.pages([PIECE])


def test_parts_come_out_as_they_went_in() -> None:
    pieces = tuple(Piece(part, index, bytes(index)) for index, part in enumerate(Part))
    (page,) = contributions.pages(pieces)
    assert contributions.parse(page) == pieces
    assert contributions.parse(b"") == ()
    assert list(contributions.pages([])) == []


def test_a_page_ends_before_it_is_too_large_and_a_larger_part_goes_alone() -> None:
    pieces = [PIECE, Piece(Part.ENVELOPE, 0, bytes(PAGE)), PIECE]
    pages = list(contributions.pages(pieces))
    assert [contributions.parse(page) for page in pages] == [(piece,) for piece in pieces]


@pytest.mark.parametrize(
    "page",
    [
        GOOD[:-1],
        GOOD + b"\1",
        b"\0" + GOOD[1:],
        bytes([max(Part) + 1]) + GOOD[1:],
        bytes([1]) + (LARGEST + 1).to_bytes(8, "big") + bytes(4),
        bytes([1]) + bytes(8) + (PAGE_LIMIT).to_bytes(4, "big") + bytes(PAGE_LIMIT),
    ],
    ids=["cut", "more", "no kind", "unknown kind", "index", "too large"],
)
def test_anything_else_is_refused(page: bytes) -> None:
    with pytest.raises(BadRequest):
        contributions.parse(page)

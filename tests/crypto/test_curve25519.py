"""The keys that a register must refuse, derived from the curve itself and not from a list."""

import pytest

from crypto.curve25519 import LOW_ORDER_U, LOW_ORDER_Y, P, check_ed25519, check_x25519
from crypto.errors import KeyRefused

D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(first: Point, second: Point) -> Point:
    """Affine addition on edwards25519 (RFC 8032 §5.1.4); complete, so it needs no special case."""
    (x1, y1), (x2, y2) = first, second
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def x_of(y: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    root = root if root * root % P == square else root * pow(2, (P - 1) // 4, P) % P
    assert root * root % P == square
    return root


def test_the_listed_ordinates_are_those_of_the_eight_points_whose_eightfold_is_neutral() -> None:
    for y in LOW_ORDER_Y:
        point = (x_of(y), y)
        for _ in range(3):
            point = add(point, point)
        assert point == (0, 1)
    assert len({(x, y) for y in LOW_ORDER_Y for x in (x_of(y), -x_of(y) % P)}) == 8


def test_all_fourteen_encodings_of_low_order_are_refused() -> None:
    encodings = {
        (y | sign << 255).to_bytes(32, "little")
        for low in LOW_ORDER_Y
        for y in (low, low + P)
        if y < 1 << 255
        for sign in (0, 1)
    }
    assert len(encodings) == 14
    for encoding in encodings:
        with pytest.raises(KeyRefused, match="low order"):
            check_ed25519(encoding)


@pytest.mark.parametrize("above", range(2, 19))
@pytest.mark.parametrize("sign", [0, 1])
def test_an_ordinate_that_is_not_reduced_is_refused(above: int, sign: int) -> None:
    with pytest.raises(KeyRefused, match="non-canonical"):
        check_ed25519((P + above | sign << 255).to_bytes(32, "little"))


def test_an_ordinate_of_no_point_is_refused() -> None:
    with pytest.raises(KeyRefused, match="no point"):
        check_ed25519((2).to_bytes(32, "little"))


def test_the_base_points_are_accepted() -> None:
    check_ed25519((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    check_x25519((9).to_bytes(32, "little"))


def test_the_low_order_u_are_the_images_of_those_points_and_the_twist_point() -> None:
    images = {(1 + y) * pow(1 - y, -1, P) % P for y in LOW_ORDER_Y - {1}}
    assert images <= LOW_ORDER_U
    assert LOW_ORDER_U - images == {P - 1}  # of order 4 on the twist

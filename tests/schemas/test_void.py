import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.canonical import LARGEST
from schemas.errors import Malformed
from schemas.void import LIMIT, Void
from tests.vectors.cme1 import build

NUMBERS = st.integers(1, LARGEST)


@given(NUMBERS, NUMBERS)
def test_a_void_is_read_as_it_was_written(one: int, other: int) -> None:
    void = Void(first=min(one, other), last=max(one, other))
    assert Void.from_bytes(void.to_bytes(), limit=LIMIT) == void


def test_a_void_has_one_spelling() -> None:
    assert Void(first=3, last=5).to_bytes() == b'{"first":3,"last":5,"type":"VOID","v":1}'


@pytest.mark.parametrize(
    "text",
    [
        '{"first":2,"last":1,"type":"VOID","v":1}',
        '{"first":0,"last":1,"type":"VOID","v":1}',
        '{"first":1,"last":1,"type":"VOID","v":2}',
        '{"first":1,"last":1,"reason":"","type":"VOID","v":1}',
        '{"first":1,"type":"VOID","v":1}',
        '{"last":1,"first":1,"type":"VOID","v":1}',
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        Void.from_bytes(text.encode(), limit=LIMIT)


def test_the_golden_void_says_what_it_closes() -> None:
    (record,) = (one for one in build.read("valid.json")["vectors"] if one["name"] == "void")
    void = Void.from_bytes(bytes.fromhex(record["content"]["hex"]), limit=LIMIT)
    assert (void.first, void.last) == (2, 3)
    assert void.last < record["pair"]["seq"]

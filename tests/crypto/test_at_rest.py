"""Sealing at rest: bound to its place, under keys that can be destroyed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.at_rest import DataKey
from crypto.errors import KeyRefused, Undecryptable

KEY = DataKey(bytes(32))


@given(st.binary(max_size=100), st.lists(st.binary(max_size=8), max_size=3))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes, context: list[bytes]) -> None:
    assert KEY.open(KEY.seal(plaintext, *context), *context) == plaintext


@given(st.binary(max_size=20), st.lists(st.binary(max_size=4), max_size=3), st.lists(st.binary(max_size=4), max_size=3))
def test_what_is_sealed_opens_in_no_other_place(plaintext: bytes, place: list[bytes], other: list[bytes]) -> None:
    if place != other:
        with pytest.raises(Undecryptable):
            KEY.open(KEY.seal(plaintext, *place), *other)


@given(st.data())
def test_a_flipped_bit_or_a_cut_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(b"plaintext", b"case"))
    cut = bytes(sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for changed in (cut, bytes(sealed)):
        with pytest.raises(Undecryptable):
            KEY.open(changed, b"case")


@given(st.lists(st.binary(max_size=8), max_size=3), st.lists(st.binary(max_size=8), max_size=3))
def test_a_tag_is_equal_for_equal_parts_and_other_under_another_key(parts: list[bytes], others: list[bytes]) -> None:
    assert (KEY.tag(*parts) == KEY.tag(*others)) is (parts == others)
    assert len(KEY.tag(*parts)) == 32
    assert KEY.tag(*parts) != DataKey(bytes([1] * 32)).tag(*parts)


def test_the_same_plaintext_never_seals_to_the_same_bytes() -> None:
    assert len({KEY.seal(b"plaintext") for _ in range(100)}) == 100


def test_a_wrapped_key_opens_what_the_key_sealed_and_nothing_else_does() -> None:
    inner = DataKey.generate()
    sealed, wrapped = inner.seal(b"content", b"case 1"), KEY.wrap(inner, b"case 1")
    assert KEY.unwrap(wrapped, b"case 1").open(sealed, b"case 1") == b"content"
    for key, context in ((KEY, b"case 2"), (DataKey.generate(), b"case 1")):
        with pytest.raises(Undecryptable):
            key.unwrap(wrapped, context)


def test_a_wrapped_key_is_never_opened_as_content() -> None:
    with pytest.raises(Undecryptable):
        KEY.open(KEY.wrap(DataKey.generate(), b"case"), b"case")
    with pytest.raises(Undecryptable):
        KEY.unwrap(KEY.seal(bytes(32), b"case"), b"case")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(KeyRefused):
        DataKey(bytes(size))


def test_a_key_shows_nothing_of_itself() -> None:
    assert repr(DataKey(b"\x41" * 32)) == "DataKey(…)"

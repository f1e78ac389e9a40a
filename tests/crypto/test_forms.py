"""The small forms: instants, base64url, hex, PAE and padding each have one spelling."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.canonical import LARGEST
from crypto.encoding import b64, unb64, unhex
from crypto.errors import BadPadding, Malformed, TooLarge
from crypto.instants import LATEST, from_text, to_text
from crypto.padding import FLOOR, MAX_CONTENT, pad, padded_length, padme, unpad
from crypto.pae import SUITE, bind, pae, tagged, u64

SALT = bytes(32)


@given(st.integers(0, LATEST))
@example(0)
@example(LATEST)
def test_an_instant_survives_the_wire(instant: int) -> None:
    assert from_text(to_text(instant)) == instant
    assert to_text(instant) == datetime.fromtimestamp(instant, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("instant", [-1, LATEST + 1, LARGEST])
def test_an_instant_outside_four_digit_years_is_not_written(instant: int) -> None:
    with pytest.raises(Malformed):
        to_text(instant)


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-11-22", "2026-11-22T06:00:00", "2026-11-22T06:00:00z", "2026-11-22 06:00:00Z"),
        *("2026-11-22T06:00:00+00:00", "2026-11-22T06:00:00.0Z", "2026-11-22T24:00:00Z", "2026-11-31T06:00:00Z"),
        *("0000-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2026-11-22T06:00:00Z\n"),
        "٢٠٢٦-11-22T06:00:00Z",
    ],
)
def test_another_spelling_of_an_instant_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        from_text(text)


@given(st.binary(max_size=100))
def test_bytes_survive_base64url(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert not set(b64(data)) & set("+/=\n")


@pytest.mark.parametrize("text", ["a", "YQ==", "YR", "Y Q", "YQ\n", "+w", "/w", "é", "YWJj=", "\ud800"])
def test_another_spelling_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        unb64(text)


@pytest.mark.parametrize("text", ["", "a", "0g", "AB", "abcd", "ab\n", "a b", "٠٠"])
def test_another_spelling_of_one_hex_byte_is_refused(text: str) -> None:
    assert unhex("ab", 1) == b"\xab"
    with pytest.raises(Malformed):
        unhex(text, 1)


@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.binary(max_size=20), max_size=5))
def test_two_lists_of_parts_never_share_an_encoding(first: list[bytes], second: list[bytes]) -> None:
    assert (pae(*first) == pae(*second)) == (first == second)


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_an_encoding_can_be_taken_apart_again(parts: list[bytes]) -> None:
    encoded, read = pae(*parts), []
    at = 8
    while at < len(encoded):
        size = int.from_bytes(encoded[at : at + 8], "little")
        read.append(encoded[at + 8 : at + 8 + size])
        at += 8 + size
    assert (read, int.from_bytes(encoded[:8], "little")) == (parts, len(parts))


def test_a_label_and_the_suite_stand_in_front_of_what_is_bound_or_hashed() -> None:
    assert bind("label", b"x") == pae(b"label", SUITE, b"x")
    assert tagged("label", b"x") != tagged("labe", b"lx")
    assert (len(tagged("label")), u64(258)) == (64, b"\0\0\0\0\0\0\1\2")


@given(st.integers(0, 1 << 30))
def test_padme_never_shortens_costs_at_most_an_eighth_and_is_stable(length: int) -> None:
    padded = padme(length)
    assert length <= padded <= max(length * 9 // 8, length + 1)
    assert padme(padded) == padded


def test_padme_of_known_lengths() -> None:
    published = {0: 0, 1: 1, 2: 2, 9: 10, 17: 18, 4096: 4096, 4097: 4352, 5000: 5120, 10_000: 10_240}
    assert {length: padme(length) for length in published} == published
    assert [padded_length(length) for length in (0, 36, 4096, 4097)] == [FLOOR, FLOOR, FLOOR, 4352]


def test_four_thousand_lengths_show_seventeen_sizes() -> None:
    assert len({padded_length(length) for length in range(4096, 8193)}) == 17


@given(st.binary(max_size=9000))
def test_content_survives_padding(content: bytes) -> None:
    body = pad(SALT, content)
    assert unpad(body) == (SALT, content)
    assert len(body) == padded_length(36 + len(content))


@given(st.binary(max_size=6000), st.data())
def test_a_changed_padding_is_refused(content: bytes, data: st.DataObject) -> None:
    body = bytearray(pad(SALT, content))
    if len(body) > 36 + len(content):
        body[data.draw(st.integers(36 + len(content), len(body) - 1))] = 1
        with pytest.raises(BadPadding):
            unpad(bytes(body))


@pytest.mark.parametrize(
    "body", [b"", bytes(35), bytes(FLOOR - 1), bytes(FLOOR + 1), bytes(32) + b"\xff" * (FLOOR - 32)]
)
def test_a_body_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(BadPadding):
        unpad(body)


def test_content_above_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        pad(SALT, bytes(MAX_CONTENT + 1))

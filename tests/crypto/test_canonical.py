"""Canonical JSON: equal to RFC 8785's reference, and strict about what it reads."""

import contextlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from crypto.canonical import DEPTH, LARGEST, dumps, loads
from crypto.errors import Malformed, NotCanonical, TooLarge

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXT | st.text("aZ\u20ac\ufb33\U0001f602", max_size=3)  # where UTF-16 order differs from code points
VALUES = st.recursive(
    TEXT | st.integers(-LARGEST, LARGEST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_writes_what_rfc_8785_writes(value: Any) -> None:
    assert dumps(value) == rfc8785.dumps(value)


@given(VALUES)
def test_it_reads_back_what_it_wrote(value: Any) -> None:
    wire = dumps(value)
    assert loads(wire, limit=len(wire)) == value


@given(VALUES, st.integers(0, 8))
def test_any_other_spelling_of_the_same_value_is_refused(value: Any, indent: int) -> None:
    for spelled in (json.dumps(value, indent=indent), json.dumps(value, sort_keys=True), " " + json.dumps(value)):
        if spelled.encode() != dumps(value):
            with pytest.raises(NotCanonical):
                loads(spelled.encode(), limit=10**6)


@given(st.binary(max_size=60) | TEXT.map(str.encode))
def test_any_bytes_are_read_or_refused_with_our_own_error(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert dumps(loads(data, limit=100)) == data


@pytest.mark.parametrize(
    "value",
    [1.0, True, None, b"x", {1: "x"}, {"a": 2**53}, [-(2**53)], {"s": {1}}, "\ud800", {"\udfff": 1}, ["x", 0.5]],
)
def test_a_value_without_a_canonical_form_is_not_written(value: Any) -> None:
    with pytest.raises(Malformed):
        dumps(value)


@pytest.mark.parametrize(
    "wire",
    [
        *(b"", b"{", b"nul", b"NaN", b"-Infinity", b"1.0", b"1e3", b"true", b"null", b'"\\ud800"', b"\xff", b'"\n"'),
        *(b"\xef\xbb\xbf1", b"1 2", b"9007199254740992", b"9" * 5000, b'{"a":1'),
    ],
)
def test_what_is_no_value_of_ours_is_malformed(wire: bytes) -> None:
    with pytest.raises(Malformed):
        loads(wire, limit=10_000)


@pytest.mark.parametrize(
    "wire",
    [
        *(
            b" 1",
            b"1\n",
            b"-0",
            b'{"a":1,"a":1}',
            b'{"a":1,"a":2}',
            b'{"b":1,"a":1}',
            b'"\\u0041"',
            b'"\\/"',
            b"[1, 2]",
        ),
        *(b'"\\u00e9"', b'"\\u000A"', b'{"\xef\xac\xb3":1,"\xf0\x9f\x98\x82":1}'),
    ],
)
def test_another_spelling_is_not_canonical(wire: bytes) -> None:
    with pytest.raises(NotCanonical):
        loads(wire, limit=10_000)


def test_nesting_is_bounded_both_ways() -> None:
    deepest = b"[" * DEPTH + b"]" * DEPTH
    assert dumps(loads(deepest, limit=1000)) == deepest
    for wire in (b"[" + deepest + b"]", b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1), b"[" * 100_000):
        with pytest.raises(Malformed):
            loads(wire, limit=10**6)


def test_more_bytes_than_the_limit_are_not_even_parsed() -> None:
    assert loads(b'"abc"', limit=5) == "abc"
    with pytest.raises(TooLarge):
        loads(b'"abcd"', limit=5)


def test_a_tuple_is_written_as_a_list() -> None:
    assert dumps({"a": (1, "b"), "e": ()}) == b'{"a":[1,"b"],"e":[]}'

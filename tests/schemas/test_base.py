"""The canonical base of every wire form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Binary, Hex64, UnitId, UtcText, Wire
from schemas.errors import Malformed
from tests.instants import NOW


class Sample(Wire):
    unit: UnitId
    at: UtcText
    key: Binary
    digest: Hex64 | None = None
    notes: tuple[str, ...] = ()


SAMPLE = Sample(unit="TJ", at=NOW, key=b"\x00\xff", notes=("a",))
BYTES = b'{"at":"2026-11-22T06:00:00Z","key":"AP8","notes":["a"],"unit":"TJ"}'


@given(st.integers(0, 4_000_000_000), st.binary(max_size=40), st.lists(st.text(max_size=5), max_size=3))
def test_a_value_survives_its_bytes(at: int, key: bytes, notes: list[str]) -> None:
    encodable = tuple(note.encode(errors="ignore").decode() for note in notes)
    value = Sample(unit="KG", at=at, key=key, notes=encodable)
    assert Sample.from_bytes(value.to_bytes()) == value


def test_an_absent_member_is_left_out() -> None:
    assert SAMPLE.to_bytes() == BYTES
    assert Sample.from_bytes(BYTES) == SAMPLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        BYTES.replace(b'"unit"', b' "unit"'),
        BYTES.replace(b"TJ", b"tj"),
        BYTES.replace(b"AP8", b"AP9"),
        BYTES.replace(b'"AP8"', b"8"),
        BYTES.replace(b'"2026-11-22T06:00:00Z"', b"1795327200"),
        BYTES.replace(b"06:00:00Z", b"06:00:00+00:00"),
        BYTES.replace(b'"notes":["a"],', b""),
        BYTES.replace(b'"unit":"TJ"', b'"unit":"TJ","vessel":"X"'),
    ],
)
def test_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        Sample.from_bytes(data)


def test_a_form_above_its_limit_is_refused() -> None:
    with pytest.raises(Malformed):
        Sample.from_bytes(BYTES, limit=len(BYTES) - 1)


def test_an_error_names_the_member_and_not_its_value() -> None:
    with pytest.raises(Malformed) as caught:
        Sample.from_bytes(BYTES.replace(b'"TJ"', b'"secret"'))
    assert "unit" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_value_that_the_wire_cannot_carry_is_refused() -> None:
    with pytest.raises(Malformed):
        Sample(unit="TJ", at=NOW, key=b"", notes=("\ud800",)).to_bytes()

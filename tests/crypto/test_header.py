"""The clear header: one spelling, all members, no other."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import header
from crypto.errors import Malformed, TooLarge
from crypto.header import Addressee, Blob, Header
from tests.crypto.builders import sealed
from tests.instants import NOW

GOOD = sealed().header
HEX32 = st.text("0123456789abcdef", min_size=64, max_size=64)
UNIT = st.from_regex(r"[A-Z][A-Z0-9-]{1,15}", fullmatch=True)
CODE = st.from_regex(r"[A-Z][A-Z0-9_-]{0,31}", fullmatch=True)
HEADERS = st.builds(
    Header,
    env=st.sampled_from(sorted(header.ENVIRONMENTS)),
    ctype=st.sampled_from(sorted(header.CTYPES)),
    id=st.text("0123456789abcdef", min_size=32, max_size=32),
    sender=UNIT,
    created=st.integers(0, NOW),
    expires=st.integers(NOW + 1, 253_402_300_799),
    seq=st.integers(1, 2**53 - 1),
    prev=HEX32,
    family=st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True),
    urgency=CODE,
    classification=CODE,
    handling=st.sets(CODE, max_size=8).map(lambda codes: tuple(sorted(codes))),
    blobs=st.just((Blob("0" * 32, 7, "a" * 64),)) | st.just(()),
    skid=HEX32,
    to=st.sets(UNIT, min_size=1, max_size=64).map(lambda units: tuple(Addressee(u, "b" * 64) for u in sorted(units))),
    ptc=HEX32,
)


@given(HEADERS)
def test_a_header_survives_the_wire(value: Header) -> None:
    assert header.parse(value.to_core()) == value
    assert header.parse(value.to_core()).to_core() == value.to_core()


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        header.parse(data)


@pytest.mark.parametrize(
    "changes",
    [
        *({"env": "test"}, {"ctype": "mail"}, {"id": "0" * 31}, {"sender": "tj"}, {"created": -1}, {"expires": NOW}),
        *({"seq": 0}, {"prev": ""}, {"family": ""}, {"urgency": "routine"}, {"classification": ""}, {"to": ()}),
        *({"handling": ("H2", "H1")}, {"handling": ("H1", "H1")}, {"blobs": (Blob("x", 1, "a" * 64),)}, {"seq": 2**53}),
        *({"to": GOOD.to[::-1]}, {"to": (GOOD.to[0],) * 2}, {"skid": "z" * 64}, {"ptc": "A" * 64}, {"id": 7}),
    ],
)
def test_a_header_outside_its_patterns_is_not_written(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        replace(GOOD, **changes).to_core()


def test_the_reason_names_the_member() -> None:
    core = GOOD.to_core().replace(b'"ROUTINE"', b'"routine"')
    with pytest.raises(Malformed, match="urgency"):
        header.parse(core)


def test_a_header_above_the_limit_is_not_parsed() -> None:
    with pytest.raises(TooLarge):
        header.parse(b" " * (header.MAX_CORE + 1))


def test_the_largest_header_of_the_format_fits() -> None:
    units = tuple(Addressee(f"{number:X>16}", "b" * 64) for number in range(64))
    blobs = tuple(Blob(f"{number:032x}", 2**53 - 1, "a" * 64) for number in range(64))
    core = replace(GOOD, to=tuple(sorted(units, key=lambda to: to.unit)), blobs=blobs).to_core()
    assert len(core) < header.MAX_CORE

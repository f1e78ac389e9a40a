"""The container: one spelling, sizes before copies, and no mutation that survives."""

import random
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.envelope import MAX_BODY, MAX_ENVELOPE, Envelope, parse, verify_signature
from crypto.errors import BadSignature, CryptoError, Malformed, TooLarge
from tests.crypto.builders import opened_by, sealed, signing_key

SEALED = sealed(b"a case", units=("KG", "KZ"))
WIRE = SEALED.wire


def test_an_envelope_survives_the_wire() -> None:
    envelope = parse(WIRE)
    assert (envelope.to_bytes(), envelope.eid, envelope.header) == (WIRE, SEALED.eid, SEALED.header)
    verify_signature(envelope, signing_key("TJ").public)


def test_the_identity_leaves_the_signature_out() -> None:
    envelope = parse(WIRE)
    other = Envelope(envelope.core, envelope.wraps, bytes(3373), envelope.body, envelope.header)
    assert other.eid == envelope.eid
    with pytest.raises(BadSignature):
        verify_signature(other, signing_key("TJ").public)


def test_every_cut_is_refused_before_any_key_is_used() -> None:
    for length in [*range(40), *range(40, len(WIRE), 97), len(WIRE) - 1]:
        with pytest.raises(Malformed):
            parse(WIRE[:length])


def test_a_flipped_bit_in_any_part_is_refused() -> None:
    dice = random.Random(1)
    places = [*range(30), *(dice.randrange(len(WIRE)) for _ in range(700)), len(WIRE) - 1]
    for place in places:
        mutated = WIRE[:place] + bytes([WIRE[place] ^ 1 << dice.randrange(8)]) + WIRE[place + 1 :]
        with pytest.raises(CryptoError):
            opened_by("KG", mutated)


@given(st.integers(0, len(WIRE)), st.integers(0, 40), st.binary(max_size=40))
def test_a_spliced_envelope_is_refused(at: int, cut: int, put: bytes) -> None:
    spliced = WIRE[:at] + put + WIRE[at + cut :]
    if spliced != WIRE:
        with pytest.raises(CryptoError):
            opened_by("KG", spliced)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_our_own_error(data: bytes) -> None:
    for wire in (data, WIRE[:10] + data):
        with pytest.raises(CryptoError):
            parse(wire)


def test_a_length_that_lies_is_refused_without_reading_that_far() -> None:
    body_length = len(WIRE) - len(parse(WIRE).body) - 8
    for claimed, error in ((MAX_BODY + 1, TooLarge), (2**64 - 1, TooLarge), (MAX_BODY, Malformed)):
        with pytest.raises(error):
            parse(WIRE[:body_length] + pack(">Q", claimed) + WIRE[body_length + 8 :])


def test_an_envelope_above_the_limit_is_refused_at_once() -> None:
    with pytest.raises(TooLarge):
        parse(bytes(MAX_ENVELOPE + 1))

"""Composite signatures: both halves, one label, one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import signing
from crypto.errors import BadSignature, KeyRefused
from crypto.signing import PUBLIC_SIZE, SEEDS_SIZE, SIGNATURE_SIZE, SigningKey, kid_of, verify
from tests.crypto.builders import signing_key, signing_seeds

KEY, OTHER = signing_key("TJ"), signing_key("KZ")
SIGNATURE = KEY.sign("label/1", b"message")
IDENTITY = b"\x01" + bytes(31)  # the neutral point of Ed25519
UNIVERSAL = IDENTITY + bytes(32)  # verifies every message under that point


def test_a_key_is_rebuilt_from_its_seeds() -> None:
    again = SigningKey.from_seeds(signing_seeds("TJ"))
    assert (again.public, again.kid) == (KEY.public, KEY.kid)
    assert (len(signing.new_seeds()), len(KEY.public), len(SIGNATURE)) == (SEEDS_SIZE, PUBLIC_SIZE, SIGNATURE_SIZE)
    assert kid_of(KEY.public) == KEY.kid


def test_two_generated_keys_differ() -> None:
    assert SigningKey.generate().public != SigningKey.generate().public


def test_a_signature_verifies() -> None:
    verify(KEY.public, "label/1", b"message", SIGNATURE)


@given(st.text("abc/1", max_size=8), st.binary(max_size=8))
def test_a_signature_verifies_for_no_other_label_and_no_other_message(label: str, message: bytes) -> None:
    if (label, message) != ("label/1", b"message"):
        with pytest.raises(BadSignature):
            verify(KEY.public, label, message, SIGNATURE)


def test_a_signature_verifies_under_no_other_key() -> None:
    with pytest.raises(BadSignature):
        verify(OTHER.public, "label/1", b"message", SIGNATURE)


@given(st.integers(0, SIGNATURE_SIZE * 8 - 1))
def test_a_flipped_bit_anywhere_in_a_signature_is_refused(bit: int) -> None:
    flipped = bytearray(SIGNATURE)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        verify(KEY.public, "label/1", b"message", bytes(flipped))


@pytest.mark.parametrize("length", [0, 64, 3309, SIGNATURE_SIZE - 1, SIGNATURE_SIZE + 1])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadSignature):
        verify(KEY.public, "label/1", b"message", (SIGNATURE + b"\0")[:length])


def test_one_good_half_is_not_enough() -> None:
    foreign = OTHER.sign("label/1", b"message")
    with pytest.raises(BadSignature, match="Ed25519"):
        verify(KEY.public, "label/1", b"message", SIGNATURE[:3309] + foreign[3309:])
    with pytest.raises(BadSignature, match="ML-DSA"):
        verify(KEY.public, "label/1", b"message", foreign[:3309] + SIGNATURE[3309:])


def test_the_universal_signature_of_a_low_order_key_is_refused_with_the_key() -> None:
    low = KEY.public[:1952] + IDENTITY
    with pytest.raises(KeyRefused):
        verify(low, "label/1", b"message", SIGNATURE[:3309] + UNIVERSAL)
    with pytest.raises(KeyRefused):
        signing.check_public(low)


@pytest.mark.parametrize("public", [b"", KEY.public[:-1], KEY.public + b"\0", KEY.public[:1952] + b"\x02" + bytes(31)])
def test_a_key_that_is_no_composite_key_is_refused(public: bytes) -> None:
    with pytest.raises(KeyRefused):
        signing.check_public(public)


@pytest.mark.parametrize("size", [0, 32, 63, 65])
def test_seeds_of_another_length_make_no_key(size: int) -> None:
    with pytest.raises(KeyRefused):
        SigningKey.from_seeds(bytes(size))


def test_a_proof_of_possession_holds_for_its_key_holder_and_nonce_only() -> None:
    proof = signing.prove_possession(KEY, "TJ", b"nonce")
    signing.verify_possession(KEY.public, "TJ", b"nonce", proof)
    for public, holder, nonce in (
        (OTHER.public, "TJ", b"nonce"),
        (KEY.public, "KZ", b"nonce"),
        (KEY.public, "TJ", b""),
    ):
        with pytest.raises(BadSignature):
            signing.verify_possession(public, holder, nonce, proof)


def test_a_key_shows_its_id_and_nothing_secret() -> None:
    assert repr(KEY) == f"SigningKey(kid={KEY.kid})"
    halves = repr([vars(half) for half in vars(KEY).values() if hasattr(half, "sign")])
    assert halves.count("_key") == 2
    assert not any(seed in halves for seed in (signing_seeds("TJ")[:32].hex(), repr(signing_seeds("TJ")[:32])))

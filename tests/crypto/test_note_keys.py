"""Pairs of note keys: both halves, one holder, one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import note_keys
from crypto.errors import BadSignature, KeyRefused, Malformed

SEEDS = bytes(range(64))
PUBLIC = note_keys.public_of(SEEDS)
PROOF = note_keys.prove_possession(SEEDS, "TJ", "node.tj.serai", b"nonce")
SAID = ("TJ", "node.tj.serai", b"nonce")


def test_a_pair_is_made_again_from_its_seeds_and_splits_into_its_halves() -> None:
    ed25519, mldsa44 = note_keys.split(PUBLIC)
    assert (len(ed25519), len(mldsa44), len(PUBLIC), len(PROOF)) == (32, 1312, 1344, note_keys.POSSESSION_SIZE)
    assert note_keys.public_of(SEEDS) == ed25519 + mldsa44
    assert len(note_keys.new_seeds()) == note_keys.SEED_SIZE


def test_possession_is_proved_by_both_keys_for_one_holder_name_and_nonce() -> None:
    note_keys.verify_possession(PUBLIC, SAID, PROOF)
    note_keys.check_public(PUBLIC)


@pytest.mark.parametrize("said", [("KG", *SAID[1:]), ("TJ", "node.tj.serai/witness", b"nonce"), (*SAID[:2], b"other")])
def test_a_proof_for_something_else_is_refused(said: tuple[str, str, bytes]) -> None:
    with pytest.raises(BadSignature):
        note_keys.verify_possession(PUBLIC, said, PROOF)


@given(st.integers(0, len(PROOF) * 8 - 1))
def test_a_flipped_bit_anywhere_in_a_proof_is_refused(bit: int) -> None:
    flipped = bytearray(PROOF)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        note_keys.verify_possession(PUBLIC, SAID, bytes(flipped))


@pytest.mark.parametrize("length", [0, 64, 2483])
def test_a_proof_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadSignature):
        note_keys.verify_possession(PUBLIC, SAID, PROOF[:length])


@pytest.mark.parametrize("public", [b"", PUBLIC[:-1], PUBLIC + b"\0", b"\x01" + bytes(31) + PUBLIC[32:]])
def test_a_pair_of_another_length_or_of_low_order_is_refused(public: bytes) -> None:
    with pytest.raises(KeyRefused):
        note_keys.check_public(public)


def test_seeds_of_another_length_are_refused() -> None:
    with pytest.raises(Malformed):
        note_keys.public_of(SEEDS[:63])


def test_the_id_of_a_pair_covers_both_halves() -> None:
    assert (
        len({note_keys.kid_of(PUBLIC), note_keys.kid_of(PUBLIC[:32] + bytes(1312)), note_keys.kid_of(bytes(1344))}) == 3
    )

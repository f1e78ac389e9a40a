"""X-Wing keys and HPKE wraps, and the challenge that proves possession of such a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import encryption
from crypto.encryption import OVERHEAD, PUBLIC_SIZE, EncryptionKey, check_public, kid_of, wrap
from crypto.errors import KeyRefused, Undecryptable
from crypto.possession import answer_challenge, check_answer, make_challenge
from tests.crypto.builders import encryption_key

KEY, OTHER = encryption_key("KG"), encryption_key("KZ")


def test_a_key_is_rebuilt_from_its_seed() -> None:
    again = EncryptionKey.from_seed(KEY.seed)
    assert (again.public, again.kid) == (KEY.public, KEY.kid)
    assert (len(KEY.public), kid_of(KEY.public)) == (PUBLIC_SIZE, KEY.kid)


def test_two_generated_keys_differ() -> None:
    assert EncryptionKey.generate().public != EncryptionKey.generate().public


@given(st.binary(max_size=100), st.binary(max_size=40))
def test_what_is_wrapped_to_a_key_is_opened_by_it_under_the_same_info_only(plaintext: bytes, info: bytes) -> None:
    sealed = wrap(KEY.public, plaintext, info)
    assert KEY.unwrap(sealed, info) == plaintext
    assert len(sealed) == len(plaintext) + OVERHEAD
    for key, context in ((OTHER, info), (KEY, info + b"\0")):
        with pytest.raises(Undecryptable):
            key.unwrap(sealed, context)


@given(st.data())
def test_a_flipped_bit_or_a_cut_wrap_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(wrap(KEY.public, b"plaintext", b"info"))
    cut = bytes(sealed[: data.draw(st.integers(0, len(sealed) - 1))])
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for changed in (cut, bytes(sealed)):
        with pytest.raises(Undecryptable):
            KEY.unwrap(changed, b"info")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_seed_of_another_length_makes_no_key(size: int) -> None:
    with pytest.raises(KeyRefused):
        EncryptionKey.from_seed(bytes(size))


@pytest.mark.parametrize(
    "public",
    [b"", KEY.public[:-1], KEY.public + b"\0", KEY.public[:1184] + bytes(32), b"\xff" * 1184 + KEY.public[1184:]],
)
def test_an_unacceptable_key_is_refused_before_anything_is_sealed_to_it(public: bytes) -> None:
    with pytest.raises(KeyRefused):
        check_public(public)
    with pytest.raises(KeyRefused):
        wrap(public, b"x", b"")


def test_the_holder_of_a_key_answers_the_challenge() -> None:
    challenge = make_challenge(KEY.public, "KG")
    check_answer(challenge.expected, answer_challenge(KEY, "KG", challenge.sealed))
    encryption.check_public(KEY.public)


def test_nobody_else_answers_it() -> None:
    challenge = make_challenge(KEY.public, "KG")
    for key, holder in ((OTHER, "KG"), (KEY, "KZ")):
        with pytest.raises(Undecryptable):
            answer_challenge(key, holder, challenge.sealed)
    with pytest.raises(KeyRefused):
        check_answer(challenge.expected, bytes(32))


def test_an_answer_answers_no_other_challenge() -> None:
    first, second = make_challenge(KEY.public, "KG"), make_challenge(KEY.public, "KG")
    with pytest.raises(KeyRefused):
        check_answer(second.expected, answer_challenge(KEY, "KG", first.sealed))


def test_an_envelope_wrap_is_never_opened_as_a_challenge() -> None:
    sealed = wrap(KEY.public, bytes(32), b"info of an envelope")
    with pytest.raises(Undecryptable):
        answer_challenge(KEY, "KG", sealed)


def test_a_key_shows_its_id_and_nothing_secret() -> None:
    assert repr(KEY) == f"EncryptionKey(kid={KEY.kid})"

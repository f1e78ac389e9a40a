"""A real PKCS#11 token: what it signs verifies, what it seals opens only with it, and a PIN is never tried twice."""

from functools import partial
from pathlib import Path
from threading import Event

import pytest
from pkcs11 import Attribute, ObjectClass

from crypto.custody import SEEDS
from crypto.errors import KeyFileElsewhere, KeyRefused
from crypto.keystore import KeyStore
from crypto.signing import SigningKey, verify
from nodes.errors import NodeError
from nodes.token_custody import InToken, handle_of
from nodes.token_driver import Opened, Place, Token
from nodes.token_errors import KeyNotInToken, NoDriver, PinRefused, SeveralTokens, TokenAway, TokenUnfit
from tests.hub.desk import CHEAP
from tests.tokens import PIN, Shelf, away, back

LAST_TRY, LOCKED = 0x20000, 0x40000


def signs(key: SigningKey) -> None:
    verify(key.public, "label/1", b"message", key.sign("label/1", b"message"))


def nothing(_opened: Opened) -> None:
    """Only be logged in."""


def attribute(opened: Opened, kind: ObjectClass, handle: bytes, name: Attribute) -> object:
    return opened.find(kind, handle)[name]


def test_a_key_in_a_token_signs_what_cryptography_verifies(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    made, kept = shelf.custody("unit-tj").make()
    again = shelf.custody("unit-tj").open(kept)
    assert (again.public, again.kid) == (made.public, made.kid)
    again.check()
    for key in (made, again, made):
        signs(key)


def test_what_is_in_the_token_never_leaves_it(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    token = shelf.token("unit-tj")
    key, _ = InToken(token).make()
    for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY):
        look = partial(attribute, kind=kind, handle=handle_of(key.public[:1952]))
        assert token.do(partial(look, name=Attribute.SENSITIVE)) is True
        assert token.do(partial(look, name=Attribute.EXTRACTABLE)) is False
        with pytest.raises(TokenAway, match="AttributeSensitive"):
            token.do(partial(look, name=Attribute.VALUE))


def test_the_files_alone_hold_no_half_of_the_key(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add("unit-tj")
    store = KeyStore.create(tmp_path / "keys", "сим-сим", CHEAP, shelf.custody("unit-tj"))
    kid = store.make_signing().kid
    alone = KeyStore.open(tmp_path / "keys", "сим-сим")
    with pytest.raises(KeyFileElsewhere):
        alone.signing(kid)
    kept = alone.load(alone.custody_of(kid), f"signing-{kid}")
    with pytest.raises(KeyRefused):
        SEEDS.open(kept)
    shelf.add("unit-kg")
    with pytest.raises(KeyNotInToken):
        shelf.custody("unit-kg").open(kept).sign("label/1", b"message")


def test_what_was_kept_for_a_key_is_bound_to_it(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    custody = shelf.custody("unit-tj")
    _, kept = custody.make()
    changed = custody.open(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(TokenAway):
        changed.sign("label/1", b"message")
    with pytest.raises(KeyRefused):
        custody.open(kept[:-1])


def test_a_wrong_pin_is_tried_once_and_never_again(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    token = shelf.token("unit-tj", lambda: "1234")
    with pytest.raises(PinRefused, match="FEWER_TRIES"):
        token.do(nothing)
    shelf.token("unit-tj").do(nothing)  # a person logs in, and the token counts from the beginning
    with pytest.raises(PinRefused):
        token.do(nothing)
    assert token._found()[1] == ""


@pytest.mark.parametrize(("flag", "said"), [(LAST_TRY, "LAST_TRY"), (LOCKED, "LOCKED")])
def test_the_last_try_of_a_pin_is_left_to_a_person(shelf: Shelf, flag: int, said: str) -> None:
    shelf.flag(shelf.add("unit-tj"), flag)
    with pytest.raises(PinRefused, match=said):
        shelf.token("unit-tj").do(nothing)


def test_a_token_that_was_away_is_used_again_by_itself(shelf: Shelf) -> None:
    folder = shelf.add("unit-tj")
    key, _ = shelf.custody("unit-tj").make()
    gone = away(folder)
    for ask in (key.check, lambda: signs(key)):
        with pytest.raises(TokenAway):
            ask()
    back(shelf, gone)
    key.check()
    signs(key)


def test_another_token_of_the_same_label_is_no_guess(shelf: Shelf) -> None:
    folder = shelf.add("unit-tj")
    key, kept = shelf.custody("unit-tj").make()
    shelf.add("unit-tj")
    with pytest.raises(SeveralTokens, match="2"):
        shelf.custody("unit-tj").open(kept).check()
    away(folder)
    with pytest.raises(KeyNotInToken, match="0"):
        key.check()


def test_a_token_that_does_not_come_back_holds_nobody_up(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    token, hangs = shelf.token("unit-tj", patience=0), Event()
    with pytest.raises(TokenAway, match="SLOW"):
        token.do(lambda _: hangs.wait(10))
    token._patience = 10
    with pytest.raises(TokenAway, match="SLOW"):
        token.do(nothing)  # at once: it does not wait in line behind the first
    hangs.set()
    assert token._overdue is not None
    assert token._overdue.result(10)
    token.do(nothing)


def test_a_token_that_lacks_what_is_needed_gets_no_key(shelf: Shelf) -> None:
    shelf.settle(**{"slots.mechanisms": "CKM_EC_EDWARDS_KEY_PAIR_GEN,CKM_AES_KEY_GEN,CKM_AES_GCM"})
    shelf.add("unit-tj")
    with pytest.raises(TokenUnfit, match="MechanismInvalid"):
        shelf.custody("unit-tj").make()


def test_a_token_that_was_never_there_is_away(shelf: Shelf) -> None:
    with pytest.raises(TokenAway, match="unit-tj"):
        shelf.token("unit-tj").do(nothing)


def test_a_driver_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(NoDriver, match=r"none\.so"):
        Token(Place(tmp_path / "none.so", "unit-tj"), lambda: PIN).do(nothing)


def test_no_error_of_a_token_names_the_pin(shelf: Shelf) -> None:
    shelf.add("unit-tj")
    with pytest.raises(NodeError) as refused:
        shelf.token("unit-tj", lambda: "987654").do(nothing)
    assert "987654" not in repr(refused.value) + str(refused.value.__cause__)

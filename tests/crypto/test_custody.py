"""Signing keys live where the store's custody keeps them, and open only with it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from crypto.custody import SEEDS, Custody
from crypto.errors import KeyFileBroken, KeyFileElsewhere, KeyRefused
from crypto.keystore import SIGNING, KeyStore
from crypto.signing import Ed25519Seed, MldsaSeed, SigningKey, new_seeds, verify
from tests.crypto.test_keystore import CHEAP


class Gone(Exception):
    """The other half is not at hand."""


@dataclass
class Drawer:
    """A custody that keeps the Ed25519 half in a drawer; the file holds where."""

    kind: Final = "drawer"
    held: dict[bytes, bytes] = field(default_factory=dict)
    locked: bool = False

    def make(self) -> tuple[SigningKey, bytes]:
        seeds, place = new_seeds(), b"place %d" % len(self.held)
        self.held[place] = seeds[32:]
        return self.open(seeds[:32] + place), seeds[:32] + place

    def open(self, kept: bytes) -> SigningKey:
        return SigningKey(MldsaSeed(kept[:32]), Behind(self, self.held[kept[32:]]))


class Behind(Ed25519Seed):
    """A half behind a lock."""

    def __init__(self, drawer: Drawer, seed: bytes) -> None:
        super().__init__(seed)
        self._drawer = drawer

    def sign(self, representative: bytes) -> bytes:
        self.check()
        return super().sign(representative)

    def check(self) -> None:
        if self._drawer.locked:
            raise Gone


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


def store(folder: Path, custody: Custody) -> KeyStore:
    return KeyStore.create(folder / "keys", "сим-сим", CHEAP, custody)


def again(folder: Path, custody: Custody = SEEDS) -> KeyStore:
    return KeyStore.open(folder / "keys", "сим-сим", custody)


@pytest.mark.parametrize("custody", [SEEDS, Drawer()], ids=lambda one: one.kind)
def test_a_key_signs_after_the_store_was_opened_again(tmp_path: Path, custody: Custody) -> None:
    made = store(tmp_path, custody).make_signing()
    key = again(tmp_path, custody).signing(made.kid)
    key.check()
    verify(made.public, "label/1", b"message", key.sign("label/1", b"message"))


def test_a_key_does_not_open_without_the_custody_that_it_is_in(tmp_path: Path, drawer: Drawer) -> None:
    kid = store(tmp_path, drawer).make_signing().kid
    assert again(tmp_path).custody_of(kid) == "drawer"
    with pytest.raises(KeyFileElsewhere):
        again(tmp_path).signing(kid)
    with pytest.raises(KeyFileElsewhere):
        again(tmp_path).make_signing("drawer")
    assert again(tmp_path).names() == [SIGNING + kid]


def test_a_store_with_a_custody_still_opens_and_makes_keys_of_seeds(tmp_path: Path, drawer: Drawer) -> None:
    old = store(tmp_path, SEEDS).make_signing().kid
    moved = again(tmp_path, drawer)
    kinds = [moved.custody_of(kid) for kid in (old, moved.make_signing().kid, moved.make_signing(SEEDS.kind).kid)]
    assert kinds == [SEEDS.kind, "drawer", SEEDS.kind]
    assert moved.signing(old).kid == old


def test_one_half_alone_signs_nothing(drawer: Drawer) -> None:
    key, _ = drawer.make()
    drawer.locked = True
    with pytest.raises(Gone):
        key.check()
    with pytest.raises(Gone):
        key.sign("label/1", b"message")


def test_a_file_under_the_name_of_another_key_is_refused(tmp_path: Path) -> None:
    kept = store(tmp_path, SEEDS)
    kept.store(SEEDS.kind, SIGNING + "0" * 64, new_seeds())
    with pytest.raises(KeyFileBroken):
        kept.signing("0" * 64)


def test_what_a_custody_never_gave_opens_nothing() -> None:
    with pytest.raises(KeyRefused):
        SEEDS.open(b"short")

"""The key store: whole files or none, owner only, and never a new key in the place of a lost one."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import keystore
from crypto.canonical import dumps, loads
from crypto.errors import (
    CryptoError,
    KeyFileBroken,
    KeyFileError,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFileUnavailable,
    Malformed,
    WrongPassphrase,
)
from crypto.keystore import Argon2Cost, KeyStore, parse_seed_file, parse_store_file

CHEAP = Argon2Cost(memory_kib=64, iterations=1)
SEED = b"canary-seed-of-32-bytes-........"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def store(folder: Path) -> KeyStore:
    return KeyStore.create(folder, "сим-сим", CHEAP)


def test_a_seed_survives_closing_and_opening_the_store(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    again = KeyStore.open(folder, "сим-сим")
    assert again.load("signing", "unit-2026") == SEED
    assert again.kek.open(store.kek.seal(b"case key", b"case"), b"case") == b"case key"


def test_nothing_secret_stands_in_the_files(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"canary" not in everything
    assert SEED.hex().encode() not in everything


def test_files_and_folder_are_closed_to_all_others(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_cost_of_argon2_is_recorded_in_the_file(store: KeyStore, folder: Path) -> None:
    assert store.names() == []
    assert parse_store_file((folder / keystore.STORE_FILE).read_bytes()).cost == CHEAP
    assert Argon2Cost() == Argon2Cost(memory_kib=65_536, iterations=3, lanes=1)


def test_the_default_cost_is_the_full_one(folder: Path) -> None:
    KeyStore.create(folder, "passphrase")
    assert parse_store_file((folder / keystore.STORE_FILE).read_bytes()).cost == Argon2Cost()


def test_one_passphrase_typed_on_two_systems_is_one_passphrase(folder: Path) -> None:
    KeyStore.create(folder, "caf\u00e9 \ud800", CHEAP)
    assert KeyStore.open(folder, "cafe\u0301 \ud800").names() == []


@pytest.mark.parametrize("passphrase", ["", "Сим-сим", "сим-сим "])
@pytest.mark.usefixtures("store")
def test_a_wrong_passphrase_is_a_clear_error(folder: Path, passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        KeyStore.open(folder, passphrase)


def test_a_missing_store_is_never_made_by_opening_it(folder: Path) -> None:
    with pytest.raises(KeyFileMissing):
        KeyStore.open(folder, "сим-сим")
    folder.mkdir(mode=0o700)
    with pytest.raises(KeyFileMissing):
        KeyStore.open(folder, "сим-сим")
    assert list(folder.iterdir()) == []


def test_a_missing_seed_is_never_made_by_loading_it(store: KeyStore, folder: Path) -> None:
    with pytest.raises(KeyFileMissing):
        store.load("signing", "unit-2026")
    assert [path.name for path in folder.iterdir()] == [keystore.STORE_FILE]


def test_a_store_and_a_seed_are_never_overwritten(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyFileExists):
        KeyStore.create(folder, "other", CHEAP)
    with pytest.raises(KeyFileExists):
        store.store("signing", "unit-2026", bytes(32))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_may_touch_is_refused(store: KeyStore, folder: Path, mode: int) -> None:
    store.store("signing", "unit-2026", SEED)
    (folder / "unit-2026.seed").chmod(mode)
    with pytest.raises(KeyFileExposed):
        store.load("signing", "unit-2026")


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720])
@pytest.mark.usefixtures("store")
def test_a_folder_that_others_may_touch_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(KeyFileExposed):
        KeyStore.open(folder, "сим-сим")


def test_a_folder_of_others_gets_no_store(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    with pytest.raises(KeyFileExposed):
        KeyStore.create(folder, "сим-сим", CHEAP)
    assert list(folder.iterdir()) == []


def test_a_file_cut_anywhere_is_a_clear_error(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    for name, read in ((keystore.STORE_FILE, opened(folder)), ("unit-2026.seed", loaded(store))):
        whole = (folder / name).read_bytes()
        for length in range(len(whole)):
            (folder / name).write_bytes(whole[:length])
            with pytest.raises(KeyFileError):
                read()
        (folder / name).write_bytes(whole)
        read()


def test_a_byte_flipped_anywhere_is_a_clear_error(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    for name, read in ((keystore.STORE_FILE, opened(folder)), ("unit-2026.seed", loaded(store))):
        whole = (folder / name).read_bytes()
        for place in range(len(whole)):
            flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
            (folder / name).write_bytes(flipped)
            with pytest.raises(KeyFileError):
                read()
        (folder / name).write_bytes(whole)


def opened(folder: Path) -> Callable[[], object]:
    return lambda: KeyStore.open(folder, "сим-сим")


def loaded(store: KeyStore) -> Callable[[], object]:
    return lambda: store.load("signing", "unit-2026")


def test_a_seed_file_renamed_or_used_for_another_kind_is_refused(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    (folder / "unit-2026.seed").rename(folder / "unit-2027.seed")
    for kind, name in (("signing", "unit-2027"), ("encryption", "unit-2027")):
        with pytest.raises(KeyFileBroken):
            store.load(kind, name)


def test_a_seed_file_whose_label_was_edited_is_refused(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    path = folder / "unit-2026.seed"
    path.write_bytes(path.read_bytes().replace(b'"signing"', b'"exchange"'))
    with pytest.raises(KeyFileBroken):
        store.load("exchange", "unit-2026")


def test_a_seed_file_of_another_store_is_refused(store: KeyStore, folder: Path, tmp_path: Path) -> None:
    other = KeyStore.create(tmp_path / "other", "сим-сим", CHEAP)
    other.store("signing", "unit-2026", SEED)
    (tmp_path / "other" / "unit-2026.seed").rename(folder / "unit-2026.seed")
    with pytest.raises(KeyFileBroken):
        store.load("signing", "unit-2026")


def test_a_symbolic_link_and_a_folder_are_no_key_files(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    (folder / "link.seed").symlink_to(folder / "unit-2026.seed")
    (folder / "folder.seed").mkdir(mode=0o700)
    with pytest.raises(KeyFileUnavailable):
        store.load("signing", "link")
    with pytest.raises(KeyFileError):
        store.load("signing", "folder")


def test_a_pipe_in_the_place_of_a_key_file_is_refused(store: KeyStore, folder: Path) -> None:
    os.mkfifo(folder / "pipe.seed", 0o600)
    with pytest.raises(KeyFileBroken):
        store.load("signing", "pipe")


def test_a_file_in_the_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("")
    with pytest.raises(KeyFileBroken):
        KeyStore.open(folder, "сим-сим")
    with pytest.raises(KeyFileUnavailable):
        KeyStore.create(folder, "сим-сим", CHEAP)


def test_a_write_that_fails_leaves_nothing_behind(store: KeyStore, folder: Path) -> None:
    (folder / "unit-2026.seed").mkdir()
    with pytest.raises(KeyFileExists):
        store.store("signing", "unit-2026", SEED)
    assert {path.name for path in folder.iterdir()} == {keystore.STORE_FILE, "unit-2026.seed"}


def test_an_erased_seed_is_gone(store: KeyStore) -> None:
    store.store("encryption", "week-47", SEED)
    store.store("encryption", "week-48", SEED)
    assert store.names() == ["week-47", "week-48"]
    store.erase("week-47")
    assert store.names() == ["week-48"]
    for act in (lambda: store.erase("week-47"), lambda: store.load("encryption", "week-47")):
        with pytest.raises(KeyFileMissing):
            act()


@pytest.mark.parametrize("name", ["", ".hidden", "../escape", "a/b", "UPPER", "a" * 102, "a\n", "ключ"])
def test_a_name_that_could_leave_the_folder_is_refused(store: KeyStore, name: str) -> None:
    for act in (lambda: store.store("k", name, SEED), lambda: store.load("k", name), lambda: store.erase(name)):
        with pytest.raises(Malformed):
            act()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("v", 2), ("salt", "AA"), ("salt", 7), ("sealed", "="), ("argon2id", []), ("argon2id", {})),
        ("argon2id", {"iterations": 1, "lanes": 1, "memory_kib": 7}),
        ("argon2id", {"iterations": 0, "lanes": 1, "memory_kib": 64}),
        ("argon2id", {"iterations": 1, "lanes": 16, "memory_kib": 64}),
        ("argon2id", {"iterations": "1", "lanes": 1, "memory_kib": 64}),
        ("argon2id", {"iterations": 1, "lanes": 1, "memory_kib": 2**40}),
    ],
)
@pytest.mark.usefixtures("store")
def test_a_store_file_of_another_form_is_broken(folder: Path, member: str, value: object) -> None:
    path = folder / keystore.STORE_FILE
    members = loads(path.read_bytes(), limit=keystore.MAX_FILE)
    assert isinstance(members, dict)
    path.write_bytes(dumps({**members, member: value}))  # type: ignore[dict-item]  # wrong types on purpose
    with pytest.raises(KeyFileBroken):
        KeyStore.open(folder, "сим-сим")


@pytest.mark.parametrize("members", [{"kind": 1, "name": "x"}, {"kind": "x", "name": []}, {"name": "x"}])
def test_a_seed_file_of_another_form_is_malformed(members: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_seed_file(dumps({"v": 1, "sealed": "", **members}))  # type: ignore[dict-item]  # wrong types on purpose


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_our_own_error(data: bytes) -> None:
    for parse in (parse_store_file, parse_seed_file):
        with pytest.raises(CryptoError):
            parse(data)


def test_another_passphrase_opens_the_same_keys_and_the_old_one_nothing(store: KeyStore, folder: Path) -> None:
    store.store("signing", "unit-2026", SEED)
    store.change_passphrase("откройся", CHEAP)
    assert store.load("signing", "unit-2026") == SEED
    assert KeyStore.open(folder, "откройся").load("signing", "unit-2026") == SEED
    with pytest.raises(WrongPassphrase):
        KeyStore.open(folder, "сим-сим")
    assert sorted(path.name for path in folder.iterdir()) == ["store.key", "unit-2026.seed"]

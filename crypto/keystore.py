"""The key store: seeds in files, each sealed under one key that a passphrase unlocks. The only file IO of the package.

A store is a folder (0700) with `store.key`, which holds the parameters of Argon2id (RFC 9106) and the sealed store key,
and one `<name>.seed` for each private key. Files are owner-only, written whole or not at all, and never overwritten.
Whatever is missing, cut, altered or exposed is an error; a new key is never made in its place. Signing keys are made
and opened by a custody (`crypto.custody`), which decides what of them the file holds.
"""

import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from crypto.at_rest import DataKey
from crypto.canonical import Json, dumps, loads
from crypto.custody import SEEDS, Custody
from crypto.encoding import b64, unb64
from crypto.errors import (
    KeyFileBroken,
    KeyFileElsewhere,
    KeyFileError,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    KeyFileUnavailable,
    Malformed,
    Undecryptable,
    WrongPassphrase,
)
from crypto.pae import pae, u64
from crypto.signing import SigningKey

STORE_FILE: Final = "store.key"
MAX_FILE: Final = 8_192
SIGNING: Final = "signing-"
"""What the names of signing keys begin with; their id follows."""
FORMAT: Final = 1

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,100}")
_SUFFIX: Final = ".seed"
_SALT: Final = 16
_STORE_CONTEXT: Final = b"serai/key-store/1"
_SEED_CONTEXT: Final = b"serai/key-file/1"


@dataclass(frozen=True)
class Argon2Cost:
    """Cost of one guess at the passphrase: memory in KiB, passes, lanes (RFC 9106 §3.1)."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 1


FULL: Final = Argon2Cost()
"""The cost of a store whose maker names none."""

_BOUNDS: Final = {"memory_kib": (8, 1_048_576), "iterations": (1, 64), "lanes": (1, 64)}
"""A file may not ask for more than a machine can give: an altered cost must end in an error, not in a dead service."""


@dataclass(frozen=True)
class StoreFile:
    """Parsed `store.key`: how the passphrase becomes a key, and the store key sealed under that."""

    cost: Argon2Cost
    salt: bytes
    sealed: bytes

    def to_bytes(self) -> bytes:
        """Write the canonical JSON of the file."""
        return dumps({"v": FORMAT, "argon2id": asdict(self.cost), "salt": b64(self.salt), "sealed": b64(self.sealed)})


@dataclass(frozen=True)
class SeedFile:
    """Parsed `<name>.seed`: what the seed is for, and the seed sealed under the store key."""

    kind: str
    name: str
    sealed: bytes

    def to_bytes(self) -> bytes:
        """Write the canonical JSON of the file."""
        return dumps({"v": FORMAT, "kind": self.kind, "name": self.name, "sealed": b64(self.sealed)})


class KeyStore:
    """An unlocked key store. `kek` wraps the data keys of the database; seeds come and go by name and kind.

    New signing keys go into `custody`; those whose seeds are in the files open under any.
    """

    def __init__(self, folder: Path, kek: DataKey, custody: Custody = SEEDS) -> None:
        self._folder, self._custody = folder, custody
        self._custodies = {one.kind: one for one in (SEEDS, custody)}
        self.kek: Final = kek

    @classmethod
    def create(
        cls, folder: Path, passphrase: str, cost: Argon2Cost | None = None, custody: Custody = SEEDS
    ) -> "KeyStore":
        """Make a store in `folder`, which may exist but must hold none. Raises KeyFileExists, KeyFileUnavailable."""
        kek = DataKey.generate()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise KeyFileUnavailable(f"cannot make the key folder: {error.strerror}") from error
        _check_folder(folder)
        _write(folder / STORE_FILE, _locked(kek, passphrase, cost).to_bytes(), os.link)
        return cls(folder, kek, custody)

    @classmethod
    def open(cls, folder: Path, passphrase: str, custody: Custody = SEEDS) -> "KeyStore":
        """Unlock the store. Raises KeyFileMissing, KeyFileExposed, KeyFileBroken or WrongPassphrase."""
        _check_folder(folder)
        record = _parsed(STORE_FILE, parse_store_file, _read(folder / STORE_FILE))
        key = _passphrase_key(passphrase, record.salt, record.cost)
        try:
            return cls(folder, key.unwrap(record.sealed, _store_context(record.salt, record.cost)), custody)
        except Undecryptable as error:
            raise WrongPassphrase("the passphrase does not open the key store, or the store was altered") from error

    def change_passphrase(self, passphrase: str, cost: Argon2Cost | None = None) -> None:
        """Lock the store under another passphrase; seeds and `kek` stay, and so does whoever has it open.

        The file is replaced whole or not at all. Raises KeyFileUnavailable.
        """
        _write(self._folder / STORE_FILE, _locked(self.kek, passphrase, cost).to_bytes(), os.replace)

    def store(self, kind: str, name: str, seed: bytes) -> None:
        """Seal a seed into a new file. Raises KeyFileExists if the name is taken, Malformed for a bad name."""
        path = self._path(name)
        sealed = self.kek.seal(seed, _SEED_CONTEXT, kind.encode(), name.encode())
        _write(path, SeedFile(kind, name, sealed).to_bytes(), os.link)

    def load(self, kind: str, name: str) -> bytes:
        """Give the seed stored under kind and name. Raises KeyFileMissing, KeyFileExposed or KeyFileBroken."""
        record = self._record(name)
        if (record.kind, record.name) != (kind, name):
            raise KeyFileBroken(f"{name}: the file holds another key than its name says")
        try:
            return self.kek.open(record.sealed, _SEED_CONTEXT, kind.encode(), name.encode())
        except Undecryptable as error:
            raise KeyFileBroken(f"{name}: the file was altered or belongs to another store") from error

    def make_signing(self, kind: str | None = None) -> SigningKey:
        """Make a signing key where this store keeps new ones, or in the custody of this `kind`.

        Raises KeyFileElsewhere without that custody, and what it raises itself; nothing is stored then.
        """
        custody = self._custody_for(kind or self._custody.kind)
        key, kept = custody.make()
        self.store(custody.kind, SIGNING + key.kid, kept)
        return key

    def signing(self, kid: str) -> SigningKey:
        """Give the signing key of this id. Raises what `load` does, and KeyFileElsewhere without its custody."""
        kind = self.custody_of(kid)
        key = self._custody_for(kind).open(self.load(kind, SIGNING + kid))
        if key.kid != kid:
            raise KeyFileBroken(f"{SIGNING}{kid}: the file holds another key than its name says")
        return key

    def custody_of(self, kid: str) -> str:
        """Give the kind of the custody that the signing key of this id is in. Raises what `load` does."""
        return self._record(SIGNING + kid).kind

    def names(self) -> list[str]:
        """Names of all stored seeds, sorted."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))

    def erase(self, name: str) -> None:
        """Remove a seed for ever: how an expired encryption key ends. Raises KeyFileMissing."""
        path = self._path(name)
        try:
            path.unlink()
        except OSError as error:
            raise _unavailable(path, error) from error
        _sync_folder(self._folder)

    def _custody_for(self, kind: str) -> Custody:
        if kind not in self._custodies:
            raise KeyFileElsewhere(f"the custody {kind} is not set up here")
        return self._custodies[kind]

    def _record(self, name: str) -> SeedFile:
        return _parsed(name, parse_seed_file, _read(self._path(name)))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Malformed("key name is not lower-case letters, digits, dot, dash and underscore")
        return self._folder / (name + _SUFFIX)


def parse_store_file(data: bytes) -> StoreFile:
    """Read the bytes of `store.key`. Raises Malformed."""
    members = _members(data, "v", "argon2id", "salt", "sealed")
    cost = members["argon2id"]
    if not isinstance(cost, dict) or cost.keys() != _BOUNDS.keys():
        raise Malformed("argon2id has not exactly its parameters")
    for name, (least, most) in _BOUNDS.items():
        value = cost[name]
        if not isinstance(value, int) or not least <= value <= most:
            raise Malformed(f"argon2id {name} out of bounds")
    parsed = Argon2Cost(**cost)  # type: ignore[arg-type]  # each value was just seen to be an int
    if parsed.memory_kib < 8 * parsed.lanes:
        raise Malformed("argon2id needs 8 KiB of memory for each lane")
    return StoreFile(parsed, _octets(members["salt"], _SALT), _octets(members["sealed"]))


def parse_seed_file(data: bytes) -> SeedFile:
    """Read the bytes of a `.seed` file. Raises Malformed."""
    members = _members(data, "v", "kind", "name", "sealed")
    kind, name = members["kind"], members["name"]
    if not isinstance(kind, str) or not isinstance(name, str):
        raise Malformed("kind or name is no string")
    return SeedFile(kind, name, _octets(members["sealed"]))


def _members(data: bytes, *names: str) -> dict[str, Json]:
    value = loads(data, limit=MAX_FILE)
    if not isinstance(value, dict) or value.keys() != set(names) or value["v"] != FORMAT:
        raise Malformed("not a key file of this format")
    return value


def _octets(value: Json, size: int | None = None) -> bytes:
    if not isinstance(value, str):
        raise Malformed("not base64url")
    octets = unb64(value)
    if size is not None and len(octets) != size:
        raise Malformed(f"not {size} bytes")
    return octets


_Record = TypeVar("_Record", StoreFile, SeedFile)


def _parsed(name: str, parse: Callable[[bytes], _Record], data: bytes) -> _Record:
    """Parse a file; on disk, malformed means cut or altered."""
    try:
        return parse(data)
    except Malformed as error:
        raise KeyFileBroken(f"{name}: {error.reason}") from error


def _passphrase_key(passphrase: str, salt: bytes, cost: Argon2Cost) -> DataKey:
    """Argon2id over the passphrase in NFC, so that one passphrase typed on two systems is one passphrase."""
    kdf = Argon2id(salt=salt, length=32, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib)
    return DataKey(kdf.derive(unicodedata.normalize("NFC", passphrase).encode(errors="surrogatepass")))


def _store_context(salt: bytes, cost: Argon2Cost) -> bytes:
    return pae(_STORE_CONTEXT, salt, *(u64(value) for value in (cost.memory_kib, cost.iterations, cost.lanes)))


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which somebody else could put or swap a file."""
    try:
        status = folder.lstat()
    except OSError as error:
        raise _unavailable(folder, error) from error
    if not stat.S_ISDIR(status.st_mode):
        raise KeyFileBroken(f"{folder.name} is no folder")
    _check_owner_only(folder, status)


def _check_owner_only(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise KeyFileExposed(f"{path.name} must belong to this user and be closed to all others (chmod go= …)")


def _read(path: Path) -> bytes:
    """Bytes of an owner-only regular file; no link is followed, no pipe waited for, at most MAX_FILE read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise KeyFileBroken(f"{path.name} is no regular file")
            _check_owner_only(path, status)
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise _unavailable(path, error) from error


def _locked(kek: DataKey, passphrase: str, cost: Argon2Cost | None) -> StoreFile:
    """The store file that gives `kek` to whoever knows the passphrase."""
    cost, salt = cost or FULL, os.urandom(_SALT)
    return StoreFile(cost, salt, _passphrase_key(passphrase, salt, cost).wrap(kek, _store_context(salt, cost)))


def _write(path: Path, data: bytes, place: Callable[[Path, Path], None]) -> None:
    """Write a file whole or not at all: temporary file, fsync, `place`, fsync of the folder.

    `os.link` places it where none is, `os.replace` where one was.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise _unavailable(path, error) from error


def _sync_folder(folder: Path) -> None:
    """Make a new or removed name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(path: Path, error: OSError) -> KeyFileError:
    """Translate an error of the operating system into one of this package."""
    kinds = {FileNotFoundError: KeyFileMissing, FileExistsError: KeyFileExists}
    return kinds.get(type(error), KeyFileUnavailable)(f"{path.name}: {error.strerror}")

r"""The encrypted archive of a service: a backup that only the holder of the offline recovery key can open.

    magic "SERAI-ARCHIVE/1\n" | u32 || heading | u16 || wrap | body | signature (3,373 B)

The heading is canonical JSON; the wrap seals a fresh key to the recovery key (X-Wing, HPKE base mode); the body is
Cobblestone-256 over members `u16 || name | (u32 || chunk)* | u32 0`, ended by a name of length 0; the service's signing
key signs the SHA-512 of all before. Written whole or not at all, read in constant memory, and nothing of it is visible
before signature and last chunk have been checked. This module must not know what any service keeps in its archive.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from crypto import encryption, signing
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError
from crypto.pae import bind
from crypto.signing import SIGNATURE_SIZE, SigningKey
from exchange.errors import ExchangeError, Words
from schemas.base import Binary, Env, Hex64, UtcText, Wire
from schemas.errors import SchemaError

MAGIC: Final = b"SERAI-ARCHIVE/1\n"
LABEL: Final = "serai/archive/1"
WRAP_LABEL: Final = "serai/archive-key/1"
BODY_LABEL: Final = "serai/archive-body/1"
CHUNK: Final = 1 << 20
HEADING_LIMIT: Final = 16_384
_KEY: Final = 32
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,120}(/[a-z0-9][a-z0-9._-]{0,120})?")
_U16: Final = Struct(">H")
_U32: Final = Struct(">I")


class ArchiveRefused(ExchangeError):
    """An archive that is cut, altered, sealed to another key or signed by nobody who may; nothing was unpacked."""

    code = "EX-4006"
    words = {  # noqa: RUF012 - a constant of the class, as in its siblings
        "en": Words(
            "The archive does not open", "It is cut, altered, or sealed to another key.", "Use another archive."
        ),
        "ru": Words("Архив не открывается", "Он повреждён или запечатан для другого ключа.", "Возьмите другой архив."),
    }


class Heading(Wire):
    """What stands in clear on an archive: whose it is, when it was made, who can open it and who signed it."""

    service: str
    owner: str
    env: Env
    made: UtcText
    revision: str
    ekid: Hex64
    signer: Binary


@dataclass(frozen=True, slots=True)
class Member:
    """One named part of an archive, given as chunks so that it need not fit into memory."""

    name: str
    chunks: Iterable[bytes]


def write(path: Path, heading: Heading, recovery: bytes, signer: SigningKey, members: Iterable[Member]) -> None:
    """Write an archive to the new file `path`, owner-only, readable by the holder of the `recovery` public key.

    Raises `FileExistsError`, `OSError` for the disk, `crypto.errors.KeyRefused` for a bad recovery key.
    """
    head, secret = heading.to_bytes(), os.urandom(_KEY)
    wrap = encryption.wrap(recovery, secret, bind(WRAP_LABEL, head))
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            digest = hashlib.sha512()
            for piece in _pieces(head, wrap, secret, members):
                digest.update(piece)
                file.write(piece)
            file.write(signer.sign(LABEL, digest.digest()))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()


def _pieces(head: bytes, wrap: bytes, secret: bytes, members: Iterable[Member]) -> Iterator[bytes]:
    yield MAGIC + _U32.pack(len(head)) + head + _U16.pack(len(wrap)) + wrap
    encryptor = Cobblestone256Encryptor(secret, bind(BODY_LABEL, head))
    for member in members:
        name = member.name.encode()
        if not _NAME.fullmatch(member.name):
            raise ArchiveRefused("a member's name")
        yield encryptor.update(_U16.pack(len(name)) + name)
        for chunk in member.chunks:
            for start in range(0, len(chunk), CHUNK):
                part = chunk[start : start + CHUNK]
                yield encryptor.update(_U32.pack(len(part)) + part)
        yield encryptor.update(_U32.pack(0))
    yield encryptor.update(_U16.pack(0))
    yield encryptor.finalize()


def read_heading(path: Path) -> Heading:
    """Return the heading of an archive, nothing of it verified: which recovery key is needed, whose it claims to be."""
    with path.open("rb") as file:
        return _open_heading(file)[0]


def unpack(path: Path, recovery: EncryptionKey, folder: Path) -> Heading:
    """Unpack an archive into the new folder `folder` (one file for each member) and return its heading.

    The signature is checked first, over the whole file, against the signer in the heading; the caller decides whether
    that signer may speak for the owner. Raises `ArchiveRefused`; then `folder` does not exist.
    """
    temporary = folder.with_name(f".{folder.name}.{os.urandom(8).hex()}")
    with path.open("rb") as file:
        heading, head, wrap = _open_heading(file)
        start = file.tell()
        end = file.seek(0, os.SEEK_END) - SIGNATURE_SIZE
        _check_signature(file, end, heading)
        try:
            secret = recovery.unwrap(wrap, bind(WRAP_LABEL, head))
        except CryptoError as error:
            raise ArchiveRefused("sealed to another recovery key") from error
        file.seek(start)
        temporary.mkdir(mode=0o700)
        try:
            _write_members(_plaintext(file, end - start, secret, head), temporary)
            temporary.rename(folder)
        except BaseException:
            _remove(temporary)
            raise
    return heading


def _open_heading(file: BinaryIO) -> tuple[Heading, bytes, bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise ArchiveRefused("not an archive")
    head = _sized(file, _U32, HEADING_LIMIT)
    wrap = _sized(file, _U16, _KEY + encryption.OVERHEAD)
    try:
        heading = Heading.from_bytes(head)
        signing.check_public(heading.signer)
    except (SchemaError, CryptoError) as error:
        raise ArchiveRefused("heading") from error
    return heading, head, wrap


def _sized(file: BinaryIO, width: Struct, limit: int) -> bytes:
    prefix = file.read(width.size)
    if len(prefix) < width.size:
        raise ArchiveRefused("cut short")
    (size,) = width.unpack(prefix)
    data = file.read(min(size, limit + 1))
    if size > limit or len(data) < size:
        raise ArchiveRefused("cut short, or a part above its limit")
    return data


def _check_signature(file: BinaryIO, end: int, heading: Heading) -> None:
    file.seek(0)
    digest, left = hashlib.sha512(), end
    while left > 0:
        part = file.read(min(CHUNK, left))
        if not part:
            raise ArchiveRefused("cut short")
        digest.update(part)
        left -= len(part)
    try:
        signing.verify(heading.signer, LABEL, digest.digest(), file.read())
    except CryptoError as error:
        raise ArchiveRefused("the signature does not verify") from error


def _plaintext(file: BinaryIO, length: int, secret: bytes, head: bytes) -> Iterator[bytes]:
    decryptor, left = Cobblestone256Decryptor(secret, bind(BODY_LABEL, head)), length
    try:
        while left > 0:
            part = file.read(min(CHUNK, left))
            left -= len(part)
            yield decryptor.update(part)
        yield decryptor.finalize()
    except (InvalidTag, ValueError) as error:
        raise ArchiveRefused("the body does not open") from error


class _Source:
    """Takes exact sizes off a stream of plaintext."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._held = bytearray()

    def take(self, size: int) -> bytes:
        while len(self._held) < size:
            part = next(self._parts, None)
            if part is None:
                raise ArchiveRefused("cut short inside")
            self._held += part
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def end(self) -> None:
        if self._held or any(self._parts):
            raise ArchiveRefused("bytes after the end")


def _write_members(parts: Iterator[bytes], folder: Path) -> None:
    source = _Source(parts)
    while length := _U16.unpack(source.take(_U16.size))[0]:
        name = source.take(length).decode("ascii", "replace")
        if not _NAME.fullmatch(name):
            raise ArchiveRefused("a member's name")
        target = folder / name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while size := _U32.unpack(source.take(_U32.size))[0]:
                if size > CHUNK:
                    raise ArchiveRefused("a chunk above its limit")
                file.write(source.take(size))
    source.end()


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()

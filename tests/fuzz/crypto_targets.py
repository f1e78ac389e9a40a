"""Fuzz targets of `crypto`: each calls one parser on any bytes; what it accepts comes out again as the same bytes."""

from collections.abc import Callable

from crypto import encryption, envelope, header, keystore, statements
from crypto.at_rest import DataKey
from crypto.canonical import dumps, loads
from crypto.encoding import b64, unb64, unhex
from crypto.errors import CryptoError
from crypto.instants import from_text, to_text
from crypto.keystore import Argon2Cost, SeedFile, StoreFile
from crypto.padding import pad, unpad
from crypto.statements import sign_batch
from tests.crypto.builders import encryption_key, opened_by, sealed, signing_key

LIMIT = 1 << 20
SEALED = sealed(b"content", units=("KG",)).wire
WRAP = encryption.wrap(encryption_key("KG").public, b"content key", b"info")


def envelope_form(data: bytes) -> None:
    assert envelope.parse(data).to_bytes() == data


def opening(data: bytes) -> None:
    """No mutation of a sealed envelope opens but the envelope itself."""
    assert opened_by("KG", data).content == b"content"
    assert data == SEALED


def header_form(data: bytes) -> None:
    assert header.parse(data).to_core() == data


def canonical_form(data: bytes) -> None:
    assert dumps(loads(data, limit=LIMIT)) == data


def statement(data: bytes) -> None:
    statements.parse(data, LIMIT).verify("serai/receipt/1", {signing_key("TJ").kid: signing_key("TJ").public})


def store_file(data: bytes) -> None:
    assert keystore.parse_store_file(data).to_bytes() == data


def seed_file(data: bytes) -> None:
    assert keystore.parse_seed_file(data).to_bytes() == data


def wrap(data: bytes) -> None:
    """No mutation of a wrap opens but the wrap itself."""
    assert encryption_key("KG").unwrap(data, b"info") == b"content key"


def at_rest(data: bytes) -> None:
    assert DataKey(bytes(32)).open(data, b"case") == b"content"


def padding(data: bytes) -> None:
    assert pad(*unpad(data)) == data


def text_of(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def instant(data: bytes) -> None:
    assert to_text(from_text(text_of(data))) == text_of(data)


def base64url(data: bytes) -> None:
    assert b64(unb64(text_of(data))) == text_of(data)


def hexadecimal(data: bytes) -> None:
    assert unhex(text_of(data), len(data) // 2).hex() == text_of(data)


TARGETS: dict[str, tuple[Callable[[bytes], None], type[CryptoError]]] = {
    "envelope": (envelope_form, CryptoError),
    "opening": (opening, CryptoError),
    "header": (header_form, CryptoError),
    "canonical": (canonical_form, CryptoError),
    "statement": (statement, CryptoError),
    "store_file": (store_file, CryptoError),
    "seed_file": (seed_file, CryptoError),
    "wrap": (wrap, CryptoError),
    "at_rest": (at_rest, CryptoError),
    "padding": (padding, CryptoError),
    "instant": (instant, CryptoError),
    "base64url": (base64url, CryptoError),
    "hexadecimal": (hexadecimal, CryptoError),
}

SEEDS: dict[str, list[bytes]] = {
    "envelope": [SEALED, sealed(units=("KG", "KZ")).wire],
    "opening": [SEALED],
    "header": [envelope.parse(SEALED).core],
    "canonical": [envelope.parse(SEALED).core, b'{"a":[1,"\xc3\xa9",{}]}'],
    "statement": sign_batch([signing_key("TJ")], "serai/receipt/1", [{"type": "A"}, {"type": "B"}]),
    "store_file": [StoreFile(Argon2Cost(), bytes(16), bytes(61)).to_bytes()],
    "seed_file": [SeedFile("signing", "unit-2026", bytes(93)).to_bytes()],
    "wrap": [WRAP],
    "at_rest": [DataKey(bytes(32)).seal(b"content", b"case")],
    "padding": [pad(bytes(32), b"content")],
    "instant": [b"2026-11-22T06:00:00Z"],
    "base64url": [b"YWJj"],
    "hexadecimal": [b"00ff"],
}

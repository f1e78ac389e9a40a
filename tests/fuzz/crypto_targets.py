"""Fuzz targets of `crypto`: each calls one parser on any bytes and lets nothing but the package's own error be normal.

A target that accepts its input also checks what acceptance means: the same bytes come out again.
"""

from collections.abc import Callable
from contextlib import suppress

from crypto import envelope, header, keystore, statements
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
WRAP = envelope.parse(SEALED).wraps[0]


def fuzz_envelope(data: bytes) -> None:
    with suppress(CryptoError):
        assert envelope.parse(data).to_bytes() == data


def fuzz_opening(data: bytes) -> None:
    """No mutation of a sealed envelope opens but the envelope itself."""
    with suppress(CryptoError):
        assert opened_by("KG", data).content == b"content"
        assert data == SEALED


def fuzz_header(data: bytes) -> None:
    with suppress(CryptoError):
        assert header.parse(data).to_core() == data


def fuzz_canonical(data: bytes) -> None:
    with suppress(CryptoError):
        assert dumps(loads(data, limit=LIMIT)) == data


def fuzz_statement(data: bytes) -> None:
    with suppress(CryptoError):
        statements.parse(data, LIMIT).verify("serai/receipt/1", {signing_key("TJ").kid: signing_key("TJ").public})


def fuzz_store_file(data: bytes) -> None:
    with suppress(CryptoError):
        assert keystore.parse_store_file(data).to_bytes() == data


def fuzz_seed_file(data: bytes) -> None:
    with suppress(CryptoError):
        assert keystore.parse_seed_file(data).to_bytes() == data


def fuzz_wrap(data: bytes) -> None:
    with suppress(CryptoError):
        encryption_key("KG").unwrap(data, b"info")


def fuzz_at_rest(data: bytes) -> None:
    with suppress(CryptoError):
        DataKey(bytes(32)).open(data, b"case")


def fuzz_padding(data: bytes) -> None:
    with suppress(CryptoError):
        assert pad(*unpad(data)) == data


def fuzz_text_forms(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    with suppress(CryptoError):
        assert to_text(from_text(text)) == text
    with suppress(CryptoError):
        assert b64(unb64(text)) == text
    with suppress(CryptoError):
        assert unhex(text, len(text) // 2).hex() == text


TARGETS: dict[str, Callable[[bytes], None]] = {
    "envelope": fuzz_envelope,
    "opening": fuzz_opening,
    "header": fuzz_header,
    "canonical": fuzz_canonical,
    "statement": fuzz_statement,
    "store_file": fuzz_store_file,
    "seed_file": fuzz_seed_file,
    "wrap": fuzz_wrap,
    "at_rest": fuzz_at_rest,
    "padding": fuzz_padding,
    "text_forms": fuzz_text_forms,
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
    "text_forms": [b"2026-11-22T06:00:00Z", b"YWJj", b"00ff"],
}

"""What somebody reads who holds every byte and every key of a node: no name of a column, no context of a seal is used.

AES-GCM tells by its tag whether key and context are right; a thief needs no tag. So every stored value is deciphered
under every key that can be had, whatever it is bound to: a new sealed column is covered by itself.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from audit import store
from crypto import canonical, envelope
from crypto.encoding import unb64
from crypto.encryption import EncryptionKey
from crypto.errors import CryptoError
from crypto.sealing import open_sealed
from nodes.row import Row

VERSION, NONCE, TAG, KEY = b"\x01", 12, 16, 32
FIRST_BLOCK = b"\0\0\0\2"
"""Where GCM begins to count for the text (NIST SP 800-38D §7.1)."""

LEVELS = 2
"""The key of a case lies under that of the key store, and the key of a message under that of its case."""

Stored: TypeAlias = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Keys:
    """What opens: symmetric keys, and the private keys to which others seal, with whose signatures are believed."""

    secrets: frozenset[bytes]
    arrivals: Mapping[str, EncryptionKey] = field(default_factory=dict)
    senders: Mapping[str, bytes] = field(default_factory=dict)


def rows(session: Session) -> Stored:
    """Every text and every bytes of every table, with the place where it stands."""
    tables: list[Table] = [*store.metadata.sorted_tables, *Row.metadata.sorted_tables]
    found: Stored = []
    for table in tables:
        for row in session.execute(select(table)).mappings():
            found += [(f"{table.name}.{name}", raw(value)) for name, value in row.items() if raw(value)]
    return found


def raw(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else b""


def lines(folder: Path) -> Stored:
    """The same of an unpacked archive: lines of canonical JSON, and the files of keys."""
    found: Stored = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        if path.parent.name not in {"table", "column"}:
            found.append((f"{path.parent.name}/{path.name}", path.read_bytes()))
            continue
        names, *told = [canonical.loads(line, limit=1 << 26) for line in path.read_bytes().splitlines()]
        assert isinstance(names, list)
        for values in told:
            assert isinstance(values, list)
            found += [(f"{path.name}.{name}", cell(value)) for name, value in zip(names, values, strict=True)]
    return found


def cell(value: canonical.Json) -> bytes:
    if isinstance(value, dict):
        held = value.get("b")
        return unb64(held) if isinstance(held, str) else b""
    return raw(value)


def decipher(secret: bytes, sealed: bytes) -> bytes:
    """The text under a seal at rest, if `secret` is its key; noise if not."""
    nonce, text = sealed[1 : 1 + NONCE], sealed[1 + NONCE : -TAG]
    return Cipher(AES256(secret), CTR(nonce + FIRST_BLOCK)).decryptor().update(text)


def is_sealed(value: bytes) -> bool:
    return value[:1] == VERSION and len(value) > 1 + NONCE + TAG


def keys_in(stored: Stored, master: bytes) -> frozenset[bytes]:
    """Every key that lies under the master key, and much noise: what has the size of a wrapped key may be one."""
    wrapped = {value for _, value in stored if is_sealed(value) and len(value) == 1 + NONCE + KEY + TAG}
    found = last = frozenset({master})
    for _ in range(LEVELS):
        last = frozenset(decipher(key, one) for key in last for one in wrapped)
        found |= last
    return found


def readable(stored: Stored, keys: Keys) -> Iterator[tuple[str, bytes]]:
    """Everything as it stands, deciphered under every key, and opened where it travelled to this unit."""
    for place, value in stored:
        yield place, value
        if is_sealed(value):
            yield from ((place, decipher(secret, value)) for secret in keys.secrets)
        yield from ((place, opened) for opened in travelled(value, keys))


def travelled(value: bytes, keys: Keys) -> Iterator[bytes]:
    try:
        parsed = envelope.parse(value)
        units = [one.unit for one in parsed.header.to if one.ekid in keys.arrivals]
        for unit in units:
            public = keys.senders[parsed.header.skid]
            yield open_sealed(parsed, keys.arrivals, unit, public, parsed.header.env).content
    except CryptoError:
        return


def seen(stored: Stored, keys: Keys, canaries: Iterable[str]) -> dict[str, set[str]]:
    """By canary, the places where it is read."""
    wanted = re.compile(b"|".join(re.escape(one.encode()) for one in canaries))
    found: dict[str, set[str]] = {}
    for place, text in readable(stored, keys):
        for canary in wanted.findall(text):
            found.setdefault(canary.decode(), set()).add(place)
    return found

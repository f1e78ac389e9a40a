"""Pre-authentication encoding: how several parts become one byte string that cannot be read as other parts.

Everything that is hashed, signed or bound as context in this package is framed here and nowhere else
(PASETO, Common.md: "PAE Definition"; docs/protocol.md §1).
"""

import hashlib
from struct import Struct
from typing import Final

SUITE: Final = b"\x00\x01"
"""Suite 1: X-Wing / SHAKE256 / AES-256-GCM, Cobblestone-256, id-MLDSA65-Ed25519-SHA512."""

_LE64: Final = Struct("<Q")
_BE64: Final = Struct(">Q")


def u64(number: int) -> bytes:
    """Eight bytes, big-endian: the form of every integer outside PAE's own counters."""
    return _BE64.pack(number)


def pae(*parts: bytes) -> bytes:
    """LE64(count) || LE64(length) || part || …: injective, whatever the parts contain."""
    pack = _LE64.pack
    pieces = [pack(len(parts))]
    for part in parts:
        pieces += (pack(len(part)), part)
    return b"".join(pieces)


def bind(label: str, *parts: bytes) -> bytes:
    """PAE(label, suite, parts): the context under which something is encrypted or signed."""
    return pae(label.encode("ascii"), SUITE, *parts)


def tagged(label: str, *parts: bytes) -> bytes:
    """SHA-512(PAE(label, suite, parts)): 64 bytes that mean nothing under another label."""
    return hashlib.sha512(bind(label, *parts)).digest()

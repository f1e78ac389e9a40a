"""The CME/1 container: magic, suite, core, wraps, signature, body, and not one byte more (docs/protocol.md §3).

Parsing checks every size before it copies and leaves nothing optional, so an envelope has one spelling. It needs no
key: the hub does exactly this much, and the signature, before it relays.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from struct import Struct
from typing import Final

from crypto import chunked, encryption, header, signing
from crypto.errors import Malformed, TooLarge, WrongSuite
from crypto.header import Header
from crypto.padding import padded_length
from crypto.pae import SUITE, bind, tagged, u64

MAGIC: Final = b"\x89CME1\r\n\x1a"
MAX_WRAPS: Final = 300_000
MAX_BODY: Final = 16 * 1024 * 1024
MAX_ENVELOPE: Final = 8 + 2 + 4 + header.MAX_CORE + 4 + MAX_WRAPS + 2 + signing.SIGNATURE_SIZE + 8 + MAX_BODY
"""No envelope is longer; a service refuses a longer request before reading it."""

WRAP_SIZE: Final = encryption.OVERHEAD + 72
SIGNATURE_LABEL: Final = "cme/1/envelope"
STATEMENT_LABEL: Final = "cme/1/stmt"
EID_LABEL: Final = "cme/1/eid"

_U16: Final = Struct(">H")
_U32: Final = Struct(">I")
_U64: Final = Struct(">Q")


@dataclass(frozen=True)
class Envelope:
    """A parsed envelope: the exact bytes of each part, and the header that `core` spells."""

    core: bytes = field(repr=False)
    wraps: tuple[bytes, ...] = field(repr=False)
    signature: bytes = field(repr=False)
    body: bytes = field(repr=False)
    header: Header

    def to_bytes(self) -> bytes:
        """Write the wire form; for a parsed envelope the very bytes that came."""
        wraps = join_wraps(self.wraps)
        sizes = _U32.pack(len(self.core)), _U32.pack(len(wraps)), _U16.pack(len(self.signature)), u64(len(self.body))
        parts = self.core, wraps, self.signature, self.body
        return MAGIC + SUITE + b"".join(piece for pair in zip(sizes, parts, strict=True) for piece in pair)

    @cached_property
    def statement(self) -> bytes:
        """What is signed: PAE("cme/1/stmt", suite, core, SHA-512(wraps), SHA-512(body), u64 length of the body)."""
        return statement_of(self.core, self.wraps, self.body)

    @cached_property
    def eid(self) -> str:
        """Identity of the message. It leaves the signature out, which a quantum adversary could vary."""
        return eid_of(self.statement)


def statement_of(core: bytes, wraps: tuple[bytes, ...], body: bytes) -> bytes:
    """Build the signed statement of the three parts; `Envelope.statement` says what it is made of."""
    digests = hashlib.sha512(join_wraps(wraps)).digest(), hashlib.sha512(body).digest()
    return bind(STATEMENT_LABEL, core, *digests, u64(len(body)))


def eid_of(statement: bytes) -> str:
    """Identity of the message that this statement signs: H("cme/1/eid", statement)[0:32] as 64 hex digits."""
    return tagged(EID_LABEL, statement)[:32].hex()


def join_wraps(wraps: tuple[bytes, ...]) -> bytes:
    """u16 count, then each wrap after its u16 length, in the order of the header's recipients."""
    return _U16.pack(len(wraps)) + b"".join(_U16.pack(len(wrap)) + wrap for wrap in wraps)


def parse(data: bytes) -> Envelope:
    """Read an envelope in the order of the format: sizes, magic, suite, header, wraps, signature, body.

    Raises TooLarge, WrongSuite, NotCanonical or Malformed. Nothing is decrypted and no signature is checked.
    """
    if len(data) > MAX_ENVELOPE:
        raise TooLarge("envelope above the limit")
    reader = _Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise Malformed("not a CME/1 envelope")
    if reader.take(len(SUITE)) != SUITE:
        raise WrongSuite("envelope of another suite")
    core = reader.sized(_U32, header.MAX_CORE)
    raw_wraps = reader.sized(_U32, MAX_WRAPS)
    signature = reader.sized(_U16, signing.SIGNATURE_SIZE)
    body = reader.sized(_U64, MAX_BODY)
    reader.end()
    if len(signature) != signing.SIGNATURE_SIZE:
        raise Malformed("signature of another length")
    _check_body_length(len(body))
    read = header.parse(core)
    return Envelope(core, _split_wraps(raw_wraps, len(read.to)), signature, body, read)


def verify_signature(envelope: Envelope, public: bytes) -> None:
    """Raise BadSignature unless the envelope was signed, in both halves, by the holder of `public`."""
    signing.verify(public, SIGNATURE_LABEL, envelope.statement, envelope.signature)


class _Reader:
    """Takes parts off the front; a length is checked against its limit and against what is left before any copy."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise Malformed("cut short")
        part, self._at = self._data[self._at : end], end
        return part

    def sized(self, width: Struct, limit: int) -> bytes:
        (size,) = width.unpack(self.take(width.size))
        if size > limit:
            raise TooLarge(f"a part above {limit} bytes")
        return self.take(size)

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed("bytes after the end")


def _split_wraps(raw: bytes, count: int) -> tuple[bytes, ...]:
    """One wrap of exactly 1,208 bytes for each recipient, nothing else."""
    reader = _Reader(raw)
    if _U16.unpack(reader.take(_U16.size)) != (count,):
        raise Malformed("not one wrap for each recipient")
    wraps = tuple(reader.sized(_U16, WRAP_SIZE) for _ in range(count))
    reader.end()
    if any(len(wrap) != WRAP_SIZE for wrap in wraps):
        raise Malformed("a wrap of another length")
    return wraps


def _check_body_length(length: int) -> None:
    """Refuse a ciphertext whose plaintext is not of a padded length: its size tells more than it may."""
    plain = chunked.plain_length(length)
    if padded_length(plain) != plain:
        raise Malformed("body is not of a padded length")

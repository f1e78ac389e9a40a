"""C2SP signed notes and verifier keys, strictly: one spelling, canonical base64, LF as the only line end.

Pure. What a signature line signs depends on the algorithm of its key; this module knows plain Ed25519 (0x01), the
caller brings the others (`checkpoints.CHECKS`).
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import Malformed, SignatureRefused

ED25519: Final = 0x01
ED25519_COSIGNATURE: Final = 0x04
MLDSA44: Final = 0x06

MAX_NOTE: Final = 512 * 1024
MAX_SIGNATURES: Final = 100
KEY_ID_SIZE: Final = 4
PUBLIC_SIZES: Final[Mapping[int, int]] = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44: 1312}

_DASH: Final = "\u2014 "
_CONTROL: Final = bytes(set(range(0x20)) - {0x0A})


def decode_base64(text: str) -> bytes:
    """The bytes of padded standard base64 in its only spelling. Raises Malformed."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise Malformed("not canonical base64") from error
    if base64.b64encode(data).decode("ascii") != text:  # stray bits behind the last byte
        raise Malformed("not canonical base64")
    return data


def encode_base64(data: bytes) -> str:
    """Padded standard base64."""
    return base64.b64encode(data).decode("ascii")


def decode_decimal(text: str) -> int:
    """A number from 0 to 2^63-1 in decimal without sign, separators or leading zero. Raises Malformed."""
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19:
        raise Malformed("not a canonical decimal number")
    number = int(text)
    if number >= 2**63:
        raise Malformed("the number is above 2^63-1")
    return number


def check_name(name: str) -> str:
    """`name` when it can name a key: not empty, no Unicode space, no "+", no control character. Raises Malformed."""
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise Malformed("not a key name")
    return name


@dataclass(frozen=True)
class VerifierKey:
    """A named public key; `key_id` is recomputed, never believed."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        """Refuse what no vkey can say. Raises Malformed."""
        check_name(self.name)
        if PUBLIC_SIZES.get(self.kind) != len(self.public):
            raise Malformed("a key of an unknown kind or of the wrong length")

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """The key that `name+hex8(key id)+base64(kind || public key)` writes. Raises Malformed, also for a wrong id."""
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise Malformed("not a verifier key")
        blob = decode_base64(parts[2])
        key = cls(parts[0], blob[0] if blob else 0, blob[1:])
        if str(key) != vkey:
            raise Malformed("the key id is not that of this key")
        return key

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || LF || kind || public key), the first four bytes."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_SIZE]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True)
class SignatureLine:
    """One signature of a note: who claims to have made it, and its bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """The line `— name base64(key id || signature)`. Raises Malformed."""
        name, space, blob = line.removeprefix(_DASH).partition(" ")
        data = decode_base64(blob)
        if not line.startswith(_DASH) or not space or len(data) <= KEY_ID_SIZE:
            raise Malformed("not a signature line")
        return cls(check_name(name), data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}"


Check = Callable[[VerifierKey, str, bytes], None]
"""(key, note text, signature) -> None, or raises SignatureRefused."""


@dataclass(frozen=True)
class Note:
    """A text that ends in LF, and its signature lines in their order."""

    text: str
    lines: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The note in `data`. Nothing is verified. Raises Malformed."""
        if len(data) > MAX_NOTE:
            raise Malformed(f"a note has at most {MAX_NOTE} bytes")
        try:
            whole = data.decode()
        except UnicodeDecodeError as error:
            raise Malformed("a note is UTF-8") from error
        if data.translate(None, _CONTROL) != data:
            raise Malformed("a note has no control characters")
        text, blank, signatures = whole.rpartition("\n\n")
        if not blank or not signatures.endswith("\n"):
            raise Malformed("a note ends with an empty line and signatures")
        lines = signatures[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise Malformed(f"a note has at most {MAX_SIGNATURES} signatures")
        return cls(text + "\n", tuple(map(SignatureLine.parse, lines)))

    def to_bytes(self) -> bytes:
        """The note as it travels."""
        return (self.text + "\n" + "".join(f"{line}\n" for line in self.lines)).encode()

    def verified(self, keys: Iterable[VerifierKey], checks: Mapping[int, Check]) -> dict[VerifierKey, bytes]:
        """The keys that signed this note, with their signatures.

        Lines of unknown keys are ignored; of several lines with one (name, id) the first counts. Raises
        SignatureRefused when a known key's line fails or its kind is not in `checks`, when two keys share a name and id
        that the note uses, and when no key remains.
        """
        known: dict[tuple[str, bytes], list[VerifierKey]] = {}
        for key in keys:
            known.setdefault((key.name, key.key_id), []).append(key)
        found: dict[VerifierKey, bytes] = {}
        for line in self.lines:
            candidates = known.get((line.name, line.key_id), [])
            if len(candidates) > 1:
                raise SignatureRefused(f"two keys are called {line.name}+{line.key_id.hex()}")
            for key in candidates:
                if key.kind not in checks:
                    raise SignatureRefused(f"{line.name}+{line.key_id.hex()} is a key for other notes")
                if key not in found:
                    checks[key.kind](key, self.text, line.signature)
                    found[key] = line.signature
        if not found:
            raise SignatureRefused("no known key signed this note")
        return found


def check_ed25519(key: VerifierKey, text: str, signature: bytes) -> None:
    """Plain Ed25519 over the note text (kind 0x01). Raises SignatureRefused."""
    verify_ed25519(key, text.encode(), signature)


def verify_ed25519(key: VerifierKey, message: bytes, signature: bytes) -> None:
    """Ed25519 over `message`. Raises SignatureRefused."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise SignatureRefused(f"the signature of {key.name}+{key.key_id.hex()} is wrong") from error

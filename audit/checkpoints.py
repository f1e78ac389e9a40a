"""C2SP tlog-checkpoint: the body, the two signatures of a log, and the cosignatures of witnesses.

A checkpoint of ours is signed with Ed25519 (0x01) and ML-DSA-44 (0x06) under one name, the origin; both must verify.
Pure: the time is a parameter and the keys are values. Signing only what is durable is the duty of `audit.log`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit.errors import Malformed, SignatureRefused
from audit.merkle import MAX_SIZE, check_hash
from audit.notes import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44,
    Check,
    Note,
    SignatureLine,
    VerifierKey,
    check_ed25519,
    check_name,
    decode_base64,
    decode_decimal,
    encode_base64,
    verify_ed25519,
)
from crypto import note_keys
from crypto.errors import CryptoError

MAX_ORIGIN: Final = 255
SEED_SIZE: Final = 32
_TIME_SIZE: Final = 8
_SUBTREE_LABEL: Final = b"subtree/v1\n\0"


@dataclass(frozen=True)
class Checkpoint:
    """What a log says about itself: its origin, its size and its root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        """Refuse what a checkpoint cannot say. Raises Malformed."""
        check_hash(self.root)
        if not 0 < len(self.origin.encode()) <= MAX_ORIGIN or any(char < " " for char in self.origin):
            raise Malformed(f"an origin is one line of 1 to {MAX_ORIGIN} bytes")
        if not 0 <= self.size <= MAX_SIZE:
            raise Malformed("the size is out of range")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The checkpoint in a note's text. Raises Malformed, also for extension lines: ML-DSA does not cover them."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise Malformed("a checkpoint has exactly three lines")
        return cls(lines[0], decode_decimal(lines[1]), decode_base64(lines[2]))

    @property
    def text(self) -> str:
        """The body as it is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


@dataclass(frozen=True)
class LogKeys:
    """The two public keys of one log. Both are named after its origin."""

    ed25519: VerifierKey
    mldsa44: VerifierKey

    def __post_init__(self) -> None:
        """Refuse keys of other kinds or of two names, and a key of low order. Raises Malformed."""
        if (self.ed25519.kind, self.mldsa44.kind) != (ED25519, MLDSA44) or self.ed25519.name != self.mldsa44.name:
            raise Malformed("a log has one Ed25519 and one ML-DSA-44 key of one name")
        try:
            note_keys.check_public(self.ed25519.public + self.mldsa44.public)
        except CryptoError as error:
            raise Malformed(f"a key of {self.origin} is not acceptable: {error}") from error

    @classmethod
    def parse(cls, ed25519: str, mldsa44: str) -> Self:
        """The keys that these two vkeys write. Raises Malformed."""
        return cls(VerifierKey.parse(ed25519), VerifierKey.parse(mldsa44))

    @classmethod
    def of(cls, origin: str, public: bytes) -> Self:
        """The keys of a pair `Ed25519 || ML-DSA-44`, as a unit states it for its own log. Raises Malformed."""
        try:
            ed25519, mldsa44 = note_keys.split(public)
        except CryptoError as error:
            raise Malformed(str(error)) from error
        return cls(VerifierKey(origin, ED25519, ed25519), VerifierKey(origin, MLDSA44, mldsa44))

    @property
    def origin(self) -> str:
        """The origin of the log, which is the name of both keys."""
        return self.ed25519.name

    @property
    def vkeys(self) -> tuple[str, str]:
        """Both keys as vkeys, Ed25519 first."""
        return str(self.ed25519), str(self.mldsa44)


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint whose two log signatures were verified; `time` (unix seconds) is what the ML-DSA-44 one states."""

    checkpoint: Checkpoint
    time: int
    note: Note


class LogSigner:
    """Both private keys of a log."""

    def __init__(self, origin: str, ed25519_seed: bytes, mldsa44_seed: bytes) -> None:
        """Take the two 32-byte seeds. Raises Malformed for an origin that cannot name a key, or another length."""
        if len(check_name(origin).encode()) > MAX_ORIGIN or {len(ed25519_seed), len(mldsa44_seed)} != {SEED_SIZE}:
            raise Malformed("a log signer has an origin and two seeds of 32 bytes")
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(ed25519_seed)
        self._mldsa44 = MLDSA44PrivateKey.from_seed_bytes(mldsa44_seed)
        self.keys = LogKeys(
            VerifierKey(origin, ED25519, self._ed25519.public_key().public_bytes_raw()),
            VerifierKey(origin, MLDSA44, self._mldsa44.public_key().public_bytes_raw()),
        )

    @classmethod
    def from_seeds(cls, origin: str, seeds: bytes) -> Self:
        """The signer of `origin` from 64 bytes: Ed25519 seed || ML-DSA-44 seed. Raises Malformed."""
        return cls(origin, seeds[:SEED_SIZE], seeds[SEED_SIZE:])

    def sign(self, size: int, root: bytes, now: int) -> bytes:
        """The signed note of the checkpoint (origin, size, root); `now` (unix seconds) goes into the ML-DSA-44 line."""
        checkpoint = Checkpoint(self.keys.origin, size, root)
        message = subtree_message(self.keys.origin, now, checkpoint)
        lines = (
            _line(self.keys.ed25519, self._ed25519.sign(checkpoint.text.encode())),
            _line(self.keys.mldsa44, stamped(now, self._mldsa44.sign(message))),
        )
        return Note(checkpoint.text, lines).to_bytes()


def verify_checkpoint(data: bytes, keys: LogKeys) -> SignedCheckpoint:
    """The checkpoint in a signed note, after both log signatures. Raises Malformed or SignatureRefused."""
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != keys.origin:
        raise SignatureRefused(f"the checkpoint is of {checkpoint.origin}, not of {keys.origin}")
    found = note.verified((keys.ed25519, keys.mldsa44), CHECKS)
    if len(found) != 2:
        raise SignatureRefused("a checkpoint needs the Ed25519 and the ML-DSA-44 signature of its log")
    return SignedCheckpoint(checkpoint, time_of(found[keys.mldsa44]), note)


def verify_cosignatures(note: Note, witnesses: Iterable[VerifierKey]) -> dict[bytes, int]:
    """The witnesses that cosigned: public key -> the time they state. Keys count once, whatever their names.

    Lines of others are ignored. Raises Malformed for a note that is no checkpoint, and SignatureRefused when a known
    witness's line fails or states the time 0 (C2SP tlog-witness), and when no witness signed.
    """
    Checkpoint.parse(note.text)
    times = {key.public: time_of(signature) for key, signature in note.verified(witnesses, WITNESS_CHECKS).items()}
    if not all(times.values()):
        raise SignatureRefused("a cosignature states the time 0")
    return times


def subtree_message(cosigner: str, time: int, checkpoint: Checkpoint) -> bytes:
    """What an ML-DSA-44 (co)signature of a checkpoint signs (C2SP tlog-cosignature, subtree/v1 with start 0)."""
    if not 0 <= time <= MAX_SIZE:
        raise Malformed("the time is out of range")
    numbers = (0).to_bytes(8, "big") + checkpoint.size.to_bytes(8, "big")
    names = [bytes([len(name)]) + name for name in (cosigner.encode(), checkpoint.origin.encode())]
    return _SUBTREE_LABEL + names[0] + time.to_bytes(_TIME_SIZE, "big") + names[1] + numbers + checkpoint.root


def cosignature_message(time: int, text: str) -> bytes:
    """What an Ed25519 cosignature of a note's text signs (C2SP tlog-cosignature, cosignature/v1)."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def stamped(time: int, signature: bytes) -> bytes:
    """A timestamped_signature of C2SP tlog-cosignature: u64 time || signature."""
    return time.to_bytes(_TIME_SIZE, "big") + signature


def _line(key: VerifierKey, signature: bytes) -> SignatureLine:
    return SignatureLine(key.name, key.key_id, signature)


def time_of(signature: bytes) -> int:
    """The time (unix seconds) that a timestamped_signature states."""
    return int.from_bytes(signature[:_TIME_SIZE], "big")


def _check_mldsa44(key: VerifierKey, text: str, signature: bytes) -> None:
    """ML-DSA-44 over subtree/v1 (kind 0x06): u64 time || 2,420 bytes. Raises SignatureRefused."""
    if len(key.name.encode()) > MAX_ORIGIN:
        raise SignatureRefused("a cosigner's name has at most 255 bytes")
    try:
        message = subtree_message(key.name, time_of(signature), Checkpoint.parse(text))
        MLDSA44PublicKey.from_public_bytes(key.public).verify(signature[_TIME_SIZE:], message)
    except (InvalidSignature, ValueError, Malformed) as error:
        raise SignatureRefused(f"the signature of {key.name}+{key.key_id.hex()} is wrong") from error


def _check_cosignature(key: VerifierKey, text: str, signature: bytes) -> None:
    """Ed25519 over cosignature/v1 (kind 0x04): u64 time || 64 bytes. Raises SignatureRefused."""
    if len(signature) != _TIME_SIZE + 64 or time_of(signature) > MAX_SIZE:
        raise SignatureRefused("a timestamped cosignature has 72 bytes and a time below 2^63")
    verify_ed25519(key, cosignature_message(time_of(signature), text), signature[_TIME_SIZE:])


WITNESS_CHECKS: Final[Mapping[int, Check]] = {ED25519_COSIGNATURE: _check_cosignature, MLDSA44: _check_mldsa44}
CHECKS: Final[Mapping[int, Check]] = {ED25519: check_ed25519, **WITNESS_CHECKS}

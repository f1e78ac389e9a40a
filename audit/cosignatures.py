"""C2SP tlog-cosignature, the cosigner's side: a witness's pair of keys, and the two lines it adds to a checkpoint.

Ed25519 cosignature/v1 (0x04) and ML-DSA-44 subtree/v1 (0x06) under one name; a witness counts only with both. Pure: the
time is a parameter. Signing only what is consistent and durable is the duty of `audit.witness`; verification is in
`audit.checkpoints`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.checkpoints import (
    MAX_ORIGIN,
    SEED_SIZE,
    Checkpoint,
    cosignature_message,
    stamped,
    subtree_message,
    verify_cosignatures,
)
from audit.errors import Malformed, SignatureRefused
from audit.merkle import MAX_SIZE
from audit.notes import ED25519_COSIGNATURE, MLDSA44, Note, SignatureLine, VerifierKey, check_name
from crypto import note_keys
from crypto.errors import CryptoError

MAX_LINES: Final = 16
"""Lines of an answer to add-checkpoint that are looked at; a witness of ours sends two."""


@dataclass(frozen=True)
class CosignerKeys:
    """The two public keys of one cosigner, under its name."""

    ed25519: VerifierKey
    mldsa44: VerifierKey

    def __post_init__(self) -> None:
        """Refuse keys of other kinds, of two names, too long a name, or a key of low order. Raises Malformed."""
        kinds = self.ed25519.kind, self.mldsa44.kind
        if kinds != (ED25519_COSIGNATURE, MLDSA44) or self.ed25519.name != self.mldsa44.name:
            raise Malformed("a cosigner has one Ed25519 cosignature key and one ML-DSA-44 key of one name")
        if len(self.name.encode()) > MAX_ORIGIN:
            raise Malformed(f"a cosigner's name has at most {MAX_ORIGIN} bytes")
        try:
            note_keys.check_public(self.ed25519.public + self.mldsa44.public)
        except CryptoError as error:
            raise Malformed(f"a key of {self.name} is not acceptable: {error}") from error

    @classmethod
    def of(cls, name: str, public: bytes) -> Self:
        """The keys of a pair `Ed25519 || ML-DSA-44`, as a unit states it. Raises Malformed."""
        try:
            ed25519, mldsa44 = note_keys.split(public)
        except CryptoError as error:
            raise Malformed(str(error)) from error
        return cls(VerifierKey(name, ED25519_COSIGNATURE, ed25519), VerifierKey(name, MLDSA44, mldsa44))

    @classmethod
    def parse(cls, ed25519: str, mldsa44: str) -> Self:
        """The keys that these two vkeys write. Raises Malformed."""
        return cls(VerifierKey.parse(ed25519), VerifierKey.parse(mldsa44))

    @property
    def name(self) -> str:
        """The cosigner's name."""
        return self.ed25519.name

    @property
    def vkeys(self) -> tuple[str, str]:
        """Both keys as vkeys, Ed25519 first."""
        return str(self.ed25519), str(self.mldsa44)


class Cosigner:
    """Both private keys of one cosigner."""

    def __init__(self, name: str, seeds: bytes) -> None:
        """Take 64 bytes: Ed25519 seed || ML-DSA-44 seed. Raises Malformed for an impossible name or another length."""
        if len(seeds) != 2 * SEED_SIZE:
            raise Malformed("a cosigner has two seeds of 32 bytes")
        self._ed25519 = Ed25519PrivateKey.from_private_bytes(seeds[:SEED_SIZE])
        self._mldsa44 = MLDSA44PrivateKey.from_seed_bytes(seeds[SEED_SIZE:])
        self.keys: Final = CosignerKeys.of(check_name(name), note_keys.public_of(seeds))

    def cosign(self, checkpoint: Checkpoint, now: int) -> tuple[SignatureLine, SignatureLine]:
        """The two lines by which this cosigner states that at `now` (unix seconds) it holds `checkpoint` for latest.

        Raises Malformed for a time that a witness must not state: 0 (C2SP tlog-witness), or beyond 2^63-1.
        """
        if not 0 < now <= MAX_SIZE:
            raise Malformed("a cosignature states a time above 0")
        ed25519, mldsa44 = self.keys.ed25519, self.keys.mldsa44
        plain = self._ed25519.sign(cosignature_message(now, checkpoint.text))
        hybrid = self._mldsa44.sign(subtree_message(mldsa44.name, now, checkpoint))
        return (
            SignatureLine(ed25519.name, ed25519.key_id, stamped(now, plain)),
            SignatureLine(mldsa44.name, mldsa44.key_id, stamped(now, hybrid)),
        )


def write_lines(lines: Iterable[SignatureLine]) -> bytes:
    """The body of a witness's answer: signature lines."""
    return "".join(f"{line}\n" for line in lines).encode()


def parse_lines(data: bytes) -> tuple[SignatureLine, ...]:
    """The signature lines in a witness's answer, nothing of them verified. Raises Malformed."""
    if len(data) > MAX_LINES * 8192:
        raise Malformed("too many signature lines")
    note = Note.parse(b"-\n\n" + data)
    if note.text != "-\n" or len(note.lines) > MAX_LINES:
        raise Malformed(f"an answer is 1 to {MAX_LINES} signature lines")
    return note.lines


@dataclass(frozen=True)
class Cosigned:
    """The two lines of one cosigner that verified, and the earlier of the times that they state."""

    lines: tuple[SignatureLine, SignatureLine]
    time: int


def check_cosigned(note: bytes, lines: Iterable[SignatureLine], keys: CosignerKeys) -> Cosigned:
    """The lines among `lines` by which both of `keys` cosign the checkpoint in `note`.

    Raises Malformed, and SignatureRefused unless both keys signed this very checkpoint at a time above 0.
    """
    by_key = {(line.name, line.key_id): line for line in lines}
    wanted = [by_key.get((key.name, key.key_id)) for key in (keys.ed25519, keys.mldsa44)]
    if wanted[0] is None or wanted[1] is None:
        raise SignatureRefused(f"{keys.name} signs with both of its keys")
    mine = wanted[0], wanted[1]
    times = verify_cosignatures(Note(Note.parse(note).text, mine), (keys.ed25519, keys.mldsa44))
    return Cosigned(mine, min(times.values()))


def with_lines(note: bytes, lines: Iterable[SignatureLine]) -> bytes:
    """`note` with `lines` behind its own; they replace lines of the same name and id. Raises Malformed."""
    parsed = Note.parse(note)
    fresh: Mapping[tuple[str, bytes], SignatureLine] = {(line.name, line.key_id): line for line in lines}
    kept = tuple(line for line in parsed.lines if (line.name, line.key_id) not in fresh)
    return Note(parsed.text, (*kept, *fresh.values())).to_bytes()

"""Composite signatures id-MLDSA65-Ed25519-SHA512 (draft-ietf-lamps-pq-composite-sigs), and the checks of their keys.

Both halves must verify, always. The label is the composite's context, so a signature made for one purpose verifies for
no other. A public key is checked whenever it is loaded: a key of low order verifies nothing here.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from crypto.curve25519 import check_ed25519
from crypto.errors import BadSignature, KeyRefused
from crypto.pae import bind, tagged

SEEDS_SIZE: Final = 64
PUBLIC_SIZE: Final = 1984
SIGNATURE_SIZE: Final = 3373

KID_LABEL: Final = "cme/1/skid"
POSSESSION_LABEL: Final = "cme/1/pop"

_SEED: Final = 32
_MLDSA_PUBLIC: Final = 1952
_MLDSA_SIGNATURE: Final = 3309
_PREFIX: Final = b"CompositeAlgorithmSignatures2025"
_COMPOSITE: Final = b"COMPSIG-MLDSA65-Ed25519-SHA512"


class Half(Protocol):
    """One half of a private key, wherever it lives. What it signs is the composite's representative, under 400 bytes.

    `public` is known without asking whoever holds the private part.
    """

    @property
    def public(self) -> bytes:
        """The public half, raw."""
        ...

    def sign(self, representative: bytes) -> bytes:
        """Sign, or raise an error of whoever holds this half."""
        ...

    def check(self) -> None:
        """Raise what `sign` would raise now, without signing."""
        ...


class MldsaSeed:
    """The ML-DSA-65 half as a seed of 32 bytes in memory."""

    def __init__(self, seed: bytes) -> None:
        self._key = MLDSA65PrivateKey.from_seed_bytes(seed)
        self.public: Final = self._key.public_key().public_bytes_raw()

    def sign(self, representative: bytes) -> bytes:
        """Sign, hedged, with the composite's label as context."""
        return self._key.sign(representative, _COMPOSITE)

    def check(self) -> None:
        """What is in memory is there."""


class Ed25519Seed:
    """The Ed25519 half as a seed of 32 bytes in memory."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: Final = self._key.public_key().public_bytes_raw()

    def sign(self, representative: bytes) -> bytes:
        """Sign (RFC 8032)."""
        return self._key.sign(representative)

    def check(self) -> None:
        """What is in memory is there."""


class SigningKey:
    """A private composite key. Both halves sign, or there is no signature."""

    def __init__(self, mldsa: Half, ed25519: Half) -> None:
        self._mldsa, self._ed25519 = mldsa, ed25519
        self.public: Final = mldsa.public + ed25519.public
        self.kid: Final = kid_of(self.public)

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a key that lives in memory only."""
        return cls.from_seeds(new_seeds())

    @classmethod
    def from_seeds(cls, seeds: bytes) -> "SigningKey":
        """Return the key of 64 bytes: ML-DSA-65 seed, Ed25519 seed. Raises KeyRefused for another length."""
        if len(seeds) != SEEDS_SIZE:
            raise KeyRefused(f"signing seeds are not {SEEDS_SIZE} bytes")
        return cls(MldsaSeed(seeds[:_SEED]), Ed25519Seed(seeds[_SEED:]))

    def sign(self, label: str, message: bytes) -> bytes:
        """Sign under `label`: ML-DSA-65 (hedged), then Ed25519, over the same representative; 3,373 bytes.

        Raises what a half raises that is not at hand, and then nothing is signed.
        """
        representative = _representative(label, message)
        return self._mldsa.sign(representative) + self._ed25519.sign(representative)

    def check(self) -> None:
        """Raise what `sign` would raise now."""
        self._mldsa.check()
        self._ed25519.check()

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid})"


def new_seeds() -> bytes:
    """Return 64 secret bytes of the operating system's randomness for a key; they go only into a key store."""
    return os.urandom(SEEDS_SIZE)


@dataclass(frozen=True)
class _Public:
    """Both halves of a checked public key, ready to verify."""

    mldsa: MLDSA65PublicKey
    ed25519: Ed25519PublicKey


def kid_of(public: bytes) -> str:
    """Key id of a composite public key, 64 hex digits: H("cme/1/skid", public)[0:32]."""
    return tagged(KID_LABEL, public)[:32].hex()


def check_public(public: bytes) -> None:
    """Raise KeyRefused unless `public` is an acceptable composite key (length, canonical, not of low order)."""
    _load(public)


def verify(public: bytes, label: str, message: bytes, signature: bytes) -> None:
    """Raise BadSignature unless both halves verify, KeyRefused if the key itself is not acceptable."""
    key = _load(public)
    if len(signature) != SIGNATURE_SIZE:
        raise BadSignature(f"signature is not {SIGNATURE_SIZE} bytes")
    representative = _representative(label, message)
    try:
        key.ed25519.verify(signature[_MLDSA_SIGNATURE:], representative)
    except InvalidSignature as error:
        raise BadSignature("the Ed25519 half does not verify") from error
    try:
        key.mldsa.verify(signature[:_MLDSA_SIGNATURE], representative, _COMPOSITE)
    except InvalidSignature as error:
        raise BadSignature("the ML-DSA-65 half does not verify") from error


def prove_possession(key: SigningKey, holder: str, nonce: bytes) -> bytes:
    """Sign (holder, public key, nonce of the register): shown when a signing key is registered."""
    return key.sign(POSSESSION_LABEL, possession_statement(holder, key.public, nonce))


def verify_possession(public: bytes, holder: str, nonce: bytes, proof: bytes) -> None:
    """Raise BadSignature unless the holder of `public` signed for this holder name and nonce."""
    verify(public, POSSESSION_LABEL, possession_statement(holder, public, nonce), proof)


def possession_statement(holder: str, public: bytes, nonce: bytes) -> bytes:
    """Build what a proof of possession signs: PAE("cme/1/pop", suite, holder, public key, nonce)."""
    return bind(POSSESSION_LABEL, holder.encode(), public, nonce)


@lru_cache(maxsize=512)
def _load(public: bytes) -> _Public:
    """Check and load a key once; directories are small and the hub verifies the same few hundred keys all day."""
    if len(public) != PUBLIC_SIZE:
        raise KeyRefused(f"signing key is not {PUBLIC_SIZE} bytes")
    check_ed25519(public[_MLDSA_PUBLIC:])
    return _Public(
        MLDSA65PublicKey.from_public_bytes(public[:_MLDSA_PUBLIC]),
        Ed25519PublicKey.from_public_bytes(public[_MLDSA_PUBLIC:]),
    )


def _representative(label: str, message: bytes) -> bytes:
    """M' of the composite construction: prefix, algorithm label, context with its length, pre-hash."""
    context = label.encode("ascii")
    return b"".join((_PREFIX, _COMPOSITE, bytes([len(context)]), context, hashlib.sha512(message).digest()))

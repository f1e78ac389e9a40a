"""X-Wing encryption keys (ML-KEM-768 + X25519) and HPKE base mode over them: KEM 0x647a, SHAKE256, AES-256-GCM.

The parameters equal JOSE `HPKE-9-KE`. One seed of 32 bytes is the whole private key (draft-connolly-cfrg-xwing-kem).
"""

import hashlib
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from crypto.curve25519 import check_x25519
from crypto.errors import KeyRefused, Undecryptable
from crypto.pae import tagged

SEED_SIZE: Final = 32
PUBLIC_SIZE: Final = 1216
OVERHEAD: Final = 1120 + 16
"""Bytes that `wrap` adds: the encapsulation and the tag."""

KID_LABEL: Final = "cme/1/ekid"

_MLKEM_PUBLIC: Final = 1184
_MLKEM_SEED: Final = 64
_HPKE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)


class EncryptionKey:
    """A private X-Wing key, held as its 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            raise KeyRefused(f"encryption seed is not {SEED_SIZE} bytes")
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED + 32)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED:])
        self._seed = seed
        self._private = hpke.MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public: Final = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self.kid: Final = kid_of(self.public)

    @classmethod
    def generate(cls) -> "EncryptionKey":
        """Make a new key from the operating system's randomness."""
        return cls(os.urandom(SEED_SIZE))

    @classmethod
    def from_seed(cls, seed: bytes) -> "EncryptionKey":
        """Rebuild the key of 32 bytes that `seed` once gave. Raises KeyRefused for another length."""
        return cls(seed)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes; they go only into a key store."""
        return self._seed

    def unwrap(self, sealed: bytes, info: bytes) -> bytes:
        """Open what `wrap` sealed to this key under the same `info`. Raises Undecryptable."""
        try:
            return _HPKE.decrypt(sealed, self._private, info)
        except InvalidTag as error:
            raise Undecryptable("the wrap does not open under this key and context") from error

    def __repr__(self) -> str:
        return f"EncryptionKey(kid={self.kid})"


def kid_of(public: bytes) -> str:
    """Key id of an X-Wing public key, 64 hex digits: H("cme/1/ekid", public)[0:32]."""
    return tagged(KID_LABEL, public)[:32].hex()


def check_public(public: bytes) -> None:
    """Raise KeyRefused unless `public` has its length, ML-KEM modulus (FIPS 203 §7.2) and X25519 order right."""
    _load(public)


def wrap(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """HPKE base mode seal to one key, empty AAD (RFC 9180 §6.1): encapsulation || ciphertext. Raises KeyRefused."""
    return _HPKE.encrypt(plaintext, _load(public), info)


@lru_cache(maxsize=512)
def _load(public: bytes) -> hpke.MLKEM768X25519PublicKey:
    """Check and load a key once; a sender seals to the same few units again and again."""
    if len(public) != PUBLIC_SIZE:
        raise KeyRefused(f"encryption key is not {PUBLIC_SIZE} bytes")
    check_x25519(public[_MLKEM_PUBLIC:])
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC])
    except ValueError as error:
        raise KeyRefused("ML-KEM-768 key with a coefficient above the modulus") from error
    return hpke.MLKEM768X25519PublicKey(mlkem, X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:]))

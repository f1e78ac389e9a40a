"""Sealing at rest: AES-256-GCM under random 256-bit data keys, each sealed thing bound to the place it is stored in.

A data key is kept only wrapped under another one (in the end under the key store's). Destroying the wrapped key
destroys everything under it. Nonces are random, so one key seals far fewer than 2^32 things (SP 800-38D §8.3): one key
a case, not one for a node.
"""

import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crypto.errors import KeyRefused, Undecryptable
from crypto.pae import pae

KEY_SIZE: Final = 32
REST_LABEL: Final = b"serai/rest/1"
WRAP_LABEL: Final = b"serai/data-key/1"
TAG_LABEL: Final = b"serai/tag/1"

_VERSION: Final = b"\x01"
_NONCE: Final = 12


class DataKey:
    """A symmetric key that seals; its bytes leave only wrapped under another key, or to the key store."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_SIZE:
            raise KeyRefused(f"data key is not {KEY_SIZE} bytes")
        self._secret = secret
        self._cipher = AESGCM(secret)

    @classmethod
    def generate(cls) -> "DataKey":
        """Make a new key from the operating system's randomness."""
        return cls(os.urandom(KEY_SIZE))

    def seal(self, plaintext: bytes, *context: bytes) -> bytes:
        """Give version || nonce || ciphertext, bound to `context` (table, row, column …)."""
        return self._seal(plaintext, pae(REST_LABEL, *context))

    def open(self, sealed: bytes, *context: bytes) -> bytes:
        """Open what `seal` made for the same context. Raises Undecryptable for anything else."""
        return self._open(sealed, pae(REST_LABEL, *context))

    def wrap(self, inner: "DataKey", *context: bytes) -> bytes:
        """Seal another data key under this one."""
        return self._seal(inner._secret, pae(WRAP_LABEL, *context))  # noqa: SLF001 - the same class

    def unwrap(self, wrapped: bytes, *context: bytes) -> "DataKey":
        """Open what `wrap` made for the same context. Raises Undecryptable."""
        return DataKey(self._open(wrapped, pae(WRAP_LABEL, *context)))

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that are equal for equal `parts` and say nothing of them to whoever lacks the key.

        HMAC-SHA-512 (RFC 2104) under a key that is itself the HMAC of a label: the cipher's key does nothing else.
        """
        return hmac.digest(hmac.digest(self._secret, TAG_LABEL, "sha512"), pae(*parts), "sha512")[:32]

    def _seal(self, plaintext: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, bound)

    def _open(self, sealed: bytes, bound: bytes) -> bytes:
        body = sealed[1 + _NONCE :]
        if sealed[:1] != _VERSION or len(body) < 16:
            raise Undecryptable("not sealed by this version")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], body, bound)
        except InvalidTag as error:
            raise Undecryptable("does not open under this key and context") from error

    def __repr__(self) -> str:
        return "DataKey(…)"

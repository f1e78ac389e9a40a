"""Proof of possession for encryption keys, which cannot sign: the register seals a challenge, the holder answers it.

The unit's own signing key signs the statement that names the encryption key; this shows that the same holder can also
open what is sealed to it. Signing keys prove themselves by a signature (`signing.prove_possession`).
"""

import hmac
import os
from dataclasses import dataclass, field
from typing import Final

from crypto import encryption
from crypto.encryption import EncryptionKey
from crypto.errors import KeyRefused
from crypto.pae import bind, tagged

CHALLENGE_LABEL: Final = "cme/1/pop-challenge"
ANSWER_LABEL: Final = "cme/1/pop-answer"

_SECRET: Final = 32


@dataclass(frozen=True)
class Challenge:
    """`sealed` goes to the holder; `expected` (32 B) stays with the register and is compared with the answer."""

    sealed: bytes
    expected: bytes = field(repr=False)


def make_challenge(public: bytes, holder: str) -> Challenge:
    """Seal a random secret to `public` for `holder`. Raises KeyRefused if the key is not acceptable."""
    secret = os.urandom(_SECRET)
    sealed = encryption.wrap(public, secret, _context(holder, public))
    return Challenge(sealed, _answer(holder, public, secret))


def answer_challenge(key: EncryptionKey, holder: str, sealed: bytes) -> bytes:
    """Give the 32 bytes that only a holder of the private key can name. Raises Undecryptable for a foreign one."""
    return _answer(holder, key.public, key.unwrap(sealed, _context(holder, key.public)))


def check_answer(expected: bytes, answer: bytes) -> None:
    """Raise KeyRefused unless the answer is the expected one."""
    if not hmac.compare_digest(expected, answer):
        raise KeyRefused("possession of the encryption key was not shown")


def _context(holder: str, public: bytes) -> bytes:
    return bind(CHALLENGE_LABEL, holder.encode(), public)


def _answer(holder: str, public: bytes, secret: bytes) -> bytes:
    return tagged(ANSWER_LABEL, holder.encode(), public, secret)[:32]

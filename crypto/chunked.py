"""Cobblestone-256, the chunked authenticated encryption of C2SP (c2sp.org/chunked-encryption) for bodies.

Commits to its key, so nobody can make one ciphertext that opens differently for two recipients; cut, reordered or
extended ciphertexts do not open.
"""

from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from crypto.errors import Malformed, Undecryptable

KEY_SIZE: Final = 32

_HEAD: Final = 24 + 32
"""Salt and key commitment in front of the chunks."""
_CHUNK: Final = 16_384
_TAG: Final = 16


def encrypt(key: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Encrypt under a key used for this one plaintext, bound to `context`."""
    encryptor = Cobblestone256Encryptor(key, context)
    return encryptor.update(plaintext) + encryptor.finalize()


def decrypt(key: bytes, context: bytes, ciphertext: bytes) -> bytes:
    """Decrypt the whole ciphertext. Raises Undecryptable; no part of an altered plaintext is ever returned."""
    try:
        decryptor = Cobblestone256Decryptor(key, context)
        return decryptor.update(ciphertext) + decryptor.finalize()
    except (InvalidTag, ValueError) as error:  # ValueError: a key of another length
        raise Undecryptable("the ciphertext does not open under this key and context") from error


def plain_length(length: int) -> int:
    """Length of the plaintext inside a ciphertext of `length` bytes. Raises Malformed if there is none.

    Every chunk but the last is full; the last one is always shorter, if need be empty.
    """
    full, last = divmod(length - _HEAD, _CHUNK + _TAG)
    if full < 0 or last < _TAG:
        raise Malformed("no plaintext has a ciphertext of this length")
    return full * _CHUNK + last - _TAG

"""The pair of keys under which signed notes are made: Ed25519 and ML-DSA-44, one for each half of a hybrid signature.

A pair signs notes and nothing else: either as the log of a name, or as a cosigner of that name (C2SP signed-note,
tlog-cosignature). On the wire it is one value, `Ed25519 (32 B) || ML-DSA-44 (1,312 B)`, and so are its seeds
(32 + 32 B). What a note says and what its lines sign is no concern of this module.
"""

import os
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from crypto.curve25519 import check_ed25519
from crypto.errors import BadSignature, KeyRefused, Malformed
from crypto.pae import bind, tagged

POSSESSION_LABEL: Final = "serai/note-possession/1"
KID_LABEL: Final = "serai/note-kid/1"

SEED_SIZE: Final = 64
PUBLIC_SIZE: Final = 32 + 1312
POSSESSION_SIZE: Final = 64 + 2420
_SEED: Final = 32
_ED25519: Final = 32
_ED25519_SIGNATURE: Final = 64


def new_seeds() -> bytes:
    """Return the seeds of a new pair, Ed25519 first (64 bytes)."""
    return os.urandom(SEED_SIZE)


def public_of(seeds: bytes) -> bytes:
    """Return the public half of the pair (1,344 bytes). Raises Malformed for seeds of another length."""
    ed25519, mldsa44 = _private(seeds)
    return ed25519.public_key().public_bytes_raw() + mldsa44.public_key().public_bytes_raw()


def split(public: bytes) -> tuple[bytes, bytes]:
    """Return the Ed25519 and the ML-DSA-44 key of a pair. Raises KeyRefused for another length."""
    if len(public) != PUBLIC_SIZE:
        raise KeyRefused(f"a pair of note keys is {PUBLIC_SIZE} bytes")
    return public[:_ED25519], public[_ED25519:]


def kid_of(public: bytes) -> str:
    """Return the id of a pair as 64 hex digits."""
    return tagged(KID_LABEL, public)[:32].hex()


def check_public(public: bytes) -> None:
    """Raise KeyRefused for a pair of another length, or whose Ed25519 key is of low order or not canonical."""
    check_ed25519(split(public)[0])


def prove_possession(seeds: bytes, holder: str, name: str, nonce: bytes) -> bytes:
    """Return the signatures of both keys (2,484 bytes) that `holder` uses the pair under `name`."""
    ed25519, mldsa44 = _private(seeds)
    message = _possession(public_of(seeds), holder, name, nonce)
    return ed25519.sign(message) + mldsa44.sign(message)


def verify_possession(public: bytes, statement: tuple[str, str, bytes], proof: bytes) -> None:
    """Raise BadSignature unless both keys signed `statement`, which is (holder, name, nonce)."""
    ed25519, mldsa44 = split(public)
    message = _possession(public, *statement)
    try:
        Ed25519PublicKey.from_public_bytes(ed25519).verify(proof[:_ED25519_SIGNATURE], message)
        MLDSA44PublicKey.from_public_bytes(mldsa44).verify(proof[_ED25519_SIGNATURE:], message)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("possession of the note keys is not proved") from error


def _private(seeds: bytes) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    if len(seeds) != SEED_SIZE:
        raise Malformed(f"the seeds of a pair are {SEED_SIZE} bytes")
    return Ed25519PrivateKey.from_private_bytes(seeds[:_SEED]), MLDSA44PrivateKey.from_seed_bytes(seeds[_SEED:])


def _possession(public: bytes, holder: str, name: str, nonce: bytes) -> bytes:
    return bind(POSSESSION_LABEL, holder.encode(), name.encode(), public, nonce)

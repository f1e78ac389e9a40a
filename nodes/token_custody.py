"""A signing key whose Ed25519 half never leaves a token, and whose ML-DSA-65 seed only the token unseals.

In the token are three objects of one id: the Ed25519 pair and an AES-256 key. The store's file holds both public halves
and the ML-DSA seed, sealed under the AES key and then under the store's own: neither the token nor the files and their
passphrase sign without the other. A token of PKCS#11 3.2 could hold both halves; none was at hand to be tried.
"""

import hashlib
import os
from typing import Any, Final

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from crypto.errors import CryptoError, KeyRefused
from crypto.pae import pae
from crypto.signing import MldsaSeed, SigningKey, verify
from nodes.signers import PKCS11
from nodes.token_driver import Opened, Token
from nodes.token_errors import TokenUnfit

LABEL: Final = "serai-signing"
"""The label of the objects in the token; their id tells them apart."""

_ED25519: Final = "1.3.101.112"
_PROBE: Final = "serai/token-probe/1"
_SEED_CONTEXT: Final = b"serai/token-seed/1"
_MLDSA: Final = 1952
_POINT: Final = 32
_SEED: Final = 32
_NONCE: Final = 12
_TAG: Final = 16
_KEPT: Final = _MLDSA + _POINT + _NONCE + _SEED + _TAG
_STAYS: Final = {
    Attribute.LOCAL: True,
    Attribute.SENSITIVE: True,
    Attribute.ALWAYS_SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.NEVER_EXTRACTABLE: True,
}
"""What a token says about a key that was made in it and never leaves it."""
_NEVER_OUT: Final = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
_DER: Final = b"\x04\x20"


class InToken:
    """The custody of one token. What it opens is known without asking the token, and asks it when it signs."""

    kind: Final = PKCS11

    def __init__(self, token: Token) -> None:
        self._token = token

    def make(self) -> tuple[SigningKey, bytes]:
        """Make a key in the token and try it; raises `TokenError`. What was made and cannot be used stays unused."""
        seed = os.urandom(_SEED)
        public = MldsaSeed(seed).public
        point, sealed = self._token.do(lambda opened: _made(opened, public, seed))
        kept = public + point + sealed
        key = self.open(kept)
        try:
            verify(key.public, _PROBE, seed, key.sign(_PROBE, seed))
        except CryptoError as error:
            raise TokenUnfit(error.code) from error
        return key, kept

    def open(self, kept: bytes) -> SigningKey:
        """Return the key; raises `crypto.errors.KeyRefused` for what `make` did not give."""
        if len(kept) != _KEPT:
            raise KeyRefused(f"a key in a token keeps {_KEPT} bytes")
        public, point, sealed = kept[:_MLDSA], kept[_MLDSA : _MLDSA + _POINT], kept[_MLDSA + _POINT :]
        return SigningKey(
            _SealedMldsa(self._token, public, sealed), _HeldEd25519(self._token, point, handle_of(public))
        )


class _HeldEd25519:
    """The Ed25519 half, in the token."""

    def __init__(self, token: Token, public: bytes, handle: bytes) -> None:
        self.public: Final = public
        self._token, self._handle = token, handle

    def sign(self, representative: bytes) -> bytes:
        """Let the token sign (RFC 8032); raises `TokenError`."""
        return self._token.do(lambda opened: self._signed(opened, representative))

    def check(self) -> None:
        """Look for the key in the token; raises `TokenError`."""
        self._token.do(lambda opened: opened.find(ObjectClass.PRIVATE_KEY, self._handle))

    def _signed(self, opened: Opened, representative: bytes) -> bytes:
        key = opened.key(ObjectClass.PRIVATE_KEY, self._handle)
        return bytes(key.sign(representative, mechanism=Mechanism.EDDSA))


class _SealedMldsa:
    """The ML-DSA-65 half: a seed that the token unseals when it signs first, and that is then in memory."""

    def __init__(self, token: Token, public: bytes, sealed: bytes) -> None:
        self.public: Final = public
        self._token, self._sealed = token, sealed
        self._seed: MldsaSeed | None = None

    def sign(self, representative: bytes) -> bytes:
        """Sign with the seed; raises `TokenError` if the token is needed for it and does not unseal it."""
        if self._seed is None:
            self._seed = MldsaSeed(self._token.do(self._unsealed))
        return self._seed.sign(representative)

    def check(self) -> None:
        """Look for the key that seals; raises `TokenError`."""
        self._token.do(lambda opened: opened.find(ObjectClass.SECRET_KEY, handle_of(self.public)))

    def _unsealed(self, opened: Opened) -> bytes:
        key = opened.key(ObjectClass.SECRET_KEY, handle_of(self.public))
        nonce, sealed = self._sealed[:_NONCE], self._sealed[_NONCE:]
        return bytes(key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=_gcm(nonce, self.public)))


def handle_of(public: bytes) -> bytes:
    """Return the id (CKA_ID) of the objects that belong to the key with this ML-DSA-65 public half."""
    return hashlib.sha256(public).digest()[:16]


def _made(opened: Opened, public: bytes, seed: bytes) -> tuple[bytes, bytes]:
    """Make the three objects; returns the public Ed25519 half, and the seed sealed under the AES key."""
    session, handle = opened.session, handle_of(public)
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519)}
    held, private = session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True).generate_keypair(
        mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, id=handle, label=LABEL, store=True, private_template=_NEVER_OUT
    )
    sealing: Any = session.generate_key(KeyType.AES, 256, id=handle, label=LABEL, store=True, template=_NEVER_OUT)
    for key in (private, sealing):
        _demand_it_stays(key)
    nonce = os.urandom(_NONCE)
    sealed = sealing.encrypt(seed, mechanism=Mechanism.AES_GCM, mechanism_param=_gcm(nonce, public))
    return _point(held[Attribute.EC_POINT]), nonce + bytes(sealed)


def _demand_it_stays(key: Any) -> None:
    wrong = [attribute.name for attribute, value in _STAYS.items() if key[attribute] is not value]
    if wrong:
        raise TokenUnfit(", ".join(wrong))


def _point(encoded: bytes) -> bytes:
    """The 32 bytes of a public key, which tokens give in a DER octet string (PKCS#11 2.40) or bare (3.0)."""
    point = encoded.removeprefix(_DER) if len(encoded) == len(_DER) + _POINT else encoded
    if len(point) != _POINT:
        raise TokenUnfit("EC_POINT")
    return point


def _gcm(nonce: bytes, public: bytes) -> GCMParams:
    return GCMParams(nonce, pae(_SEED_CONTEXT, public), _TAG * 8)

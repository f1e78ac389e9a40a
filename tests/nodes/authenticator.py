"""A security key in software: it makes and uses passkeys as an authenticator with a verified user does."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from webauthn.helpers import encode_cbor

from crypto.encoding import b64, unb64

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "https://tj.serai.example"


def _new_private(kind: str) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ES256" else Ed25519PrivateKey.generate()


@dataclass
class SecurityKey:
    """One credential. What a test changes is what a broken or hostile authenticator, or another page, would say."""

    kind: str = "ES256"
    origin: str = ORIGIN
    flags: int = PRESENT | VERIFIED
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user: str = ""

    def __post_init__(self) -> None:
        self._private = _new_private(self.kind)

    def make(self, options: str) -> str:
        """Answer `navigator.credentials.create`."""
        told = json.loads(options)
        self.user = told["user"]["id"]
        key = len(self.credential_id).to_bytes(2, "big") + self.credential_id + encode_cbor(self._cose())
        data = self._data(told["rp"]["id"], self.flags | ATTESTED) + bytes(16) + key
        statement = {"fmt": "none", "attStmt": {}, "authData": data}
        client = self._client("webauthn.create", told["challenge"])
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(encode_cbor(statement))})

    def use(self, options: str, **changed: str) -> str:
        """Answer `navigator.credentials.get`; `changed` replaces what the page asked for."""
        told = {**json.loads(options), **changed}
        self.count += 1
        data = self._data(told["rpId"], self.flags)
        client = self._client("webauthn.get", told["challenge"])
        signed = {"signature": b64(self._sign(data + hashlib.sha256(client).digest())), "userHandle": self.user}
        return self._answer({"clientDataJSON": b64(client), "authenticatorData": b64(data), **signed})

    def _cose(self) -> dict[int, Any]:
        if isinstance(self._private, Ed25519PrivateKey):
            return {1: 1, 3: -8, -1: 6, -2: self._private.public_key().public_bytes_raw()}
        numbers = self._private.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._private, Ed25519PrivateKey):
            return self._private.sign(data)
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        name = b64(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def challenge_of(options: str) -> bytes:
    """What a page asks an authenticator to sign."""
    return unb64(json.loads(options)["challenge"])

"""A second decoder of CME/1, written from the format alone: it imports nothing from the product.

It reads straight through with plain slices and lets any fault be any exception; the tests compare what it reads with
what the product reads. Canonical JSON is judged by rfc8785, everything else by the primitives of `cryptography`.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519

SUITE = b"\x00\x01"


class RefusedError(Exception):
    """The envelope is not what the format says."""


def need(condition: object, what: str) -> None:
    if not condition:
        raise RefusedError(what)


def frame(*parts: bytes) -> bytes:
    out = len(parts).to_bytes(8, "little")
    for part in parts:
        out += len(part).to_bytes(8, "little") + part
    return out


def digest(*parts: bytes) -> bytes:
    return hashlib.sha512(frame(*parts)).digest()


@dataclass
class Pieces:
    core: bytes
    members: dict[str, Any]
    raw_wraps: bytes
    wraps: list[bytes]
    signature: bytes
    body: bytes

    @property
    def statement(self) -> bytes:
        hashes = hashlib.sha512(self.raw_wraps).digest(), hashlib.sha512(self.body).digest()
        return frame(b"cme/1/stmt", SUITE, self.core, *hashes, len(self.body).to_bytes(8, "big"))

    @property
    def eid(self) -> str:
        return digest(b"cme/1/eid", SUITE, self.statement)[:32].hex()


def split(data: bytes) -> Pieces:
    """Cut the container into its four parts and read the header and the wraps."""
    need(data[:8] == bytes.fromhex("89434d45310d0a1a"), "magic")
    need(data[8:10] == SUITE, "suite")
    parts, at = [], 10
    for width, limit in ((4, 65_536), (4, 300_000), (2, 3373), (8, 16 << 20)):
        size = int.from_bytes(data[at : at + width], "big")
        need(size <= limit, "size")
        parts.append(data[at + width : at + width + size])
        need(len(parts[-1]) == size, "cut")
        at += width + size
    need(at == len(data), "end")
    core, raw_wraps, signature, body = parts
    members = json.loads(core.decode("utf-8"))
    need(rfc8785.dumps(members) == core, "canonical")
    count, wraps, at = int.from_bytes(raw_wraps[:2], "big"), [], 2
    for _ in range(count):
        size = int.from_bytes(raw_wraps[at : at + 2], "big")
        wraps.append(raw_wraps[at + 2 : at + 2 + size])
        at += 2 + size
    need(at == len(raw_wraps) and count == len(members["to"]), "wraps")
    return Pieces(core, members, raw_wraps, wraps, signature, body)


def check_signature(pieces: Pieces, public: bytes) -> None:
    """Both halves of id-MLDSA65-Ed25519-SHA512 under the context `cme/1/envelope`."""
    need(digest(b"cme/1/skid", SUITE, public)[:32].hex() == pieces.members["skid"], "skid")
    algorithm, context = b"COMPSIG-MLDSA65-Ed25519-SHA512", b"cme/1/envelope"
    signed = b"CompositeAlgorithmSignatures2025" + algorithm + bytes([len(context)]) + context
    signed += hashlib.sha512(pieces.statement).digest()
    mldsa.MLDSA65PublicKey.from_public_bytes(public[:1952]).verify(pieces.signature[:3309], signed, algorithm)
    ed25519.Ed25519PublicKey.from_public_bytes(public[1952:]).verify(pieces.signature[3309:], signed)


def private_key(seed: bytes) -> tuple[hpke.MLKEM768X25519PrivateKey, str]:
    """X-Wing private key of a seed, and its key id."""
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
    public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return hpke.MLKEM768X25519PrivateKey(lattice, curve), digest(b"cme/1/ekid", SUITE, public)[:32].hex()


def padme(length: int) -> int:
    exponent = length.bit_length() - 1
    step = 1 << max(exponent - exponent.bit_length(), 0)
    return -(-length // step) * step


def decode(data: bytes, unit: str, seed: bytes, sender_public: bytes) -> tuple[Pieces, bytes, int, str]:
    """Pieces, content, pair sequence and pair prev of an envelope, read as `unit` whose key has this seed."""
    pieces = split(data)
    check_signature(pieces, sender_public)
    key, kid = private_key(seed)
    index = pieces.members["to"].index({"ekid": kid, "unit": unit})
    core_hash = digest(b"cme/1/core", SUITE, pieces.core)
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
    info = frame(b"cme/1/wrap", SUITE, core_hash, unit.encode(), bytes.fromhex(kid))
    wrapped = suite.decrypt(pieces.wraps[index], key, info)
    decryptor = Cobblestone256Decryptor(wrapped[:32], frame(b"cme/1/body", SUITE, core_hash))
    plain = decryptor.update(pieces.body) + decryptor.finalize()
    end = 36 + int.from_bytes(plain[32:36], "big")
    need(len(plain) == max(4096, padme(end)) and not any(plain[end:]), "padding")
    salt, content = plain[:32], plain[36:end]
    need(digest(b"cme/1/ptc", SUITE, salt, content)[:32].hex() == pieces.members["ptc"], "commitment")
    return pieces, content, int.from_bytes(wrapped[32:40], "big"), wrapped[40:].hex()

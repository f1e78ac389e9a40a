"""Units, keys, drafts and sealed messages for the tests of `crypto`, and a forger that breaks one thing at a time."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from struct import pack
from typing import Any

from crypto import chunked, encryption
from crypto.canonical import dumps, loads
from crypto.encryption import EncryptionKey
from crypto.envelope import MAGIC, SIGNATURE_LABEL, join_wraps, statement_of
from crypto.envelope import parse as parse_envelope
from crypto.header import GENESIS, HeaderDraft
from crypto.padding import pad
from crypto.pae import SUITE, bind, tagged
from crypto.sealing import Opened, Recipient, Sealed, commitment, open_sealed, seal
from crypto.signing import SigningKey
from tests.instants import DAY, NOW

UNITS = ("KG", "KZ", "TM", "UZ")
SALT = bytes(range(32))
CEK = bytes(range(32, 64))


def seed(purpose: str, size: int) -> bytes:
    """Bytes that everybody can recompute: SHAKE-256 of a sentence."""
    return hashlib.shake_256(f"cme/1 test {purpose}".encode()).digest(size)


@cache
def signing_key(unit: str) -> SigningKey:
    return SigningKey.from_seeds(signing_seeds(unit))


def signing_seeds(unit: str) -> bytes:
    return seed(f"signing {unit}", 64)


@cache
def encryption_key(unit: str) -> EncryptionKey:
    return EncryptionKey.from_seed(seed(f"encryption {unit}", 32))


def keyring(*units: str) -> dict[str, EncryptionKey]:
    return {encryption_key(unit).kid: encryption_key(unit) for unit in units}


def draft(**changes: Any) -> HeaderDraft:
    """A message from TJ, in the exercise environment, with every member as ordinary as can be."""
    return replace(
        HeaderDraft(
            env="exercise",
            ctype="message",
            id="00112233445566778899aabbccddeeff",
            sender="TJ",
            created=NOW,
            expires=NOW + 14 * DAY,
            seq=1,
            prev=GENESIS,
            family="operational",
            urgency="ROUTINE",
            classification="UNCL",
            handling=("H0",),
        ),
        **changes,
    )


def recipients(*units: str) -> list[Recipient]:
    return [Recipient(unit, encryption_key(unit).public, 1, GENESIS) for unit in units]


def sealed(content: bytes = b"content", units: Sequence[str] = ("KG", "KZ"), **changes: Any) -> Sealed:
    return seal(draft(**changes), content, signing_key("TJ"), recipients(*units))


def opened_by(unit: str, wire: bytes) -> Opened:
    """Parse and open as `unit`, trusting TJ's key, in the exercise environment."""
    from_tj = signing_key("TJ").public
    return open_sealed(parse_envelope(wire), keyring(unit), unit, from_tj, "exercise")


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """A sender who follows the format but for what is set here, and signs the result with a key of its own."""

    units: Sequence[str] = ("KG", "KZ")
    members: Mapping[str, Any] | None = None  # core members to set; None removes one
    core: Callable[[bytes], bytes] = bytes  # the bytes of the core, after that
    wrap_units: Sequence[str] | None = None  # unit names bound in the wraps
    wrap_keys: Sequence[str] | None = None  # units whose keys the wraps are sealed to
    wrap_ceks: Sequence[bytes] | None = None  # content keys in the wraps, one for each unit
    wrap_label: str = "cme/1/wrap"
    pair: tuple[int, bytes] = (1, bytes(32))
    body_key: bytes = CEK
    body_core: bytes | None = None  # another core that the body is bound to
    plaintext: Callable[[bytes], bytes] = bytes  # the padded body
    content: bytes = b"content"
    signer: str = "TJ"
    label: str = SIGNATURE_LABEL
    suite: bytes = SUITE

    def core_bytes(self) -> bytes:
        members: dict[str, Any] = _members(self.units, self.signer, self.content)
        for name, value in (self.members or {}).items():
            members.pop(name) if value is None else members.update({name: value})
        return self.core(dumps(members))

    def wire(self) -> bytes:
        """The envelope, whether or not any parser would take it."""
        core = self.core_bytes()
        core_hash = tagged("cme/1/core", core)
        wraps = tuple(
            encryption.wrap(
                encryption_key(key).public,
                cek + pack(">Q", self.pair[0]) + self.pair[1],
                bind(self.wrap_label, core_hash, unit.encode(), bytes.fromhex(encryption_key(key).kid)),
            )
            for unit, key, cek in zip(
                self.wrap_units or self.units,
                self.wrap_keys or self.units,
                self.wrap_ceks or [CEK] * len(self.units),
                strict=True,
            )
        )
        bound = core_hash if self.body_core is None else tagged("cme/1/core", self.body_core)
        body = chunked.encrypt(self.body_key, bind("cme/1/body", bound), self.plaintext(pad(SALT, self.content)))
        signature = signing_key(self.signer).sign(self.label, statement_of(core, wraps, body))
        return framed(core, join_wraps(wraps), signature, body, suite=self.suite)


def framed(core: bytes, wraps: bytes, signature: bytes, body: bytes, *, suite: bytes = SUITE) -> bytes:
    """The container around four parts, whatever they hold."""
    head = MAGIC + suite + pack(">I", len(core)) + core + pack(">I", len(wraps)) + wraps
    return head + pack(">H", len(signature)) + signature + pack(">Q", len(body)) + body


def _members(units: Sequence[str], signer: str, content: bytes) -> dict[str, Any]:
    """Members of an honest header, as JSON values."""
    core = parse_envelope(sealed(content, units).wire).core
    members = loads(core, limit=len(core))
    assert isinstance(members, dict)
    return {**members, "ptc": commitment(SALT, content), "skid": signing_key(signer).kid}

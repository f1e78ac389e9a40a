"""Seal content to several units and open it again: CME/1, suite 1 (docs/protocol.md §3, §4).

The caller gives identity, order and times; only the entropy comes from here. Opening checks in the order of the
specification, so nothing is decrypted before environment, sender key and both signature halves hold. Replay and pair
order need memory and belong to the caller.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from struct import Struct
from typing import Final

from crypto import chunked, encryption, signing
from crypto.canonical import LARGEST
from crypto.encoding import unhex
from crypto.encryption import EncryptionKey
from crypto.envelope import SIGNATURE_LABEL, Envelope, eid_of, statement_of, verify_signature
from crypto.errors import (
    CommitmentMismatch,
    Malformed,
    NotForUs,
    UnknownRecipientKey,
    WrongEnvironment,
    WrongSenderKey,
)
from crypto.header import Addressee, Header, HeaderDraft
from crypto.padding import SALT_SIZE, pad, unpad
from crypto.pae import bind, tagged
from crypto.signing import SigningKey

CORE_LABEL: Final = "cme/1/core"
COMMITMENT_LABEL: Final = "cme/1/ptc"
WRAP_LABEL: Final = "cme/1/wrap"
BODY_LABEL: Final = "cme/1/body"

_WRAPPED: Final = Struct(">32sQ32s")


@dataclass(frozen=True)
class Recipient:
    """A unit to seal to: its X-Wing key and the place of this message in the order of the pair (prev as 64 hex)."""

    unit: str
    public: bytes
    pair_seq: int
    pair_prev: str


@dataclass(frozen=True)
class Sealed:
    """A finished envelope. The salt opens the content commitment in court and is kept with the sender's own copy."""

    wire: bytes = field(repr=False)
    eid: str
    salt: bytes = field(repr=False)
    header: Header


@dataclass(frozen=True)
class Opened:
    """What the recipient gets: content, the salt of its commitment, the pair order, and the header that was signed."""

    content: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    pair_seq: int
    pair_prev: str
    header: Header


@dataclass(frozen=True)
class _Parts:
    """What is signed. Randomness entered the wraps and the body; with them given, the statement is determined."""

    core: bytes
    wraps: tuple[bytes, ...]
    body: bytes


def commitment(salt: bytes, content: bytes) -> str:
    """ptc, 64 hex digits: H("cme/1/ptc", salt, content)[0:32]; binding, and hiding once the salt is erased."""
    return tagged(COMMITMENT_LABEL, salt, content)[:32].hex()


def seal(draft: HeaderDraft, content: bytes, sender: SigningKey, recipients: Sequence[Recipient]) -> Sealed:
    """Encrypt `content` to every recipient and sign. Raises Malformed, TooLarge or KeyRefused; then nothing is made."""
    salt, cek = os.urandom(SALT_SIZE), os.urandom(chunked.KEY_SIZE)
    ordered = sorted(recipients, key=lambda recipient: recipient.unit)
    header = _complete(draft, commitment(salt, content), sender.kid, ordered)
    core = header.to_core()
    core_hash = tagged(CORE_LABEL, core)
    wraps = tuple(_wrap(recipient, cek, core_hash) for recipient in ordered)
    body = chunked.encrypt(cek, bind(BODY_LABEL, core_hash), pad(salt, content))
    return _seal_from_parts(header, salt, _Parts(core, wraps, body), partial(sender.sign, SIGNATURE_LABEL))


def open_sealed(
    envelope: Envelope, keyring: Mapping[str, EncryptionKey], unit: str, sender_public: bytes, env: str
) -> Opened:
    """Open a parsed envelope as `unit`, believing only `sender_public`, in a deployment of environment `env`.

    Order (sizes, magic, suite and header were checked by `envelope.parse`): environment, sender key id, both signature
    halves, own unit, own key, wrap, body, padding, commitment. Raises the CryptoError of the first step that fails;
    every one has the same `outward` code.
    """
    header = envelope.header
    if header.env != env:
        raise WrongEnvironment(f"sealed for {header.env}")
    if signing.kid_of(sender_public) != header.skid:
        raise WrongSenderKey("not the key that the header names")
    verify_signature(envelope, sender_public)
    index, key = _own_key(header, unit, keyring)
    core_hash = tagged(CORE_LABEL, envelope.core)
    cek, pair_seq, pair_prev = _unwrap(key, envelope.wraps[index], _wrap_info(core_hash, header.to[index]))
    salt, content = unpad(chunked.decrypt(cek, bind(BODY_LABEL, core_hash), envelope.body))
    if commitment(salt, content) != header.ptc:
        raise CommitmentMismatch("the content is not the one that was signed")
    return Opened(content, salt, pair_seq, pair_prev, header)


def _seal_from_parts(header: Header, salt: bytes, parts: _Parts, sign: Callable[[bytes], bytes]) -> Sealed:
    """Assemble an envelope without any choice of its own: what the golden vectors rebuild byte for byte."""
    statement = statement_of(parts.core, parts.wraps, parts.body)
    envelope = Envelope(parts.core, parts.wraps, sign(statement), parts.body, header)
    return Sealed(envelope.to_bytes(), eid_of(statement), salt, header)


def _complete(draft: HeaderDraft, ptc: str, skid: str, recipients: Sequence[Recipient]) -> Header:
    """Complete the draft with what sealing adds: commitment, sender key id, recipients with their key ids."""
    to = tuple(Addressee(recipient.unit, encryption.kid_of(recipient.public)) for recipient in recipients)
    given = {member.name: getattr(draft, member.name) for member in fields(HeaderDraft)}
    return Header(**given, skid=skid, to=to, ptc=ptc)


def _wrap(recipient: Recipient, cek: bytes, core_hash: bytes) -> bytes:
    """CEK || pair sequence || pair prev, sealed to one recipient and bound to header, unit and key."""
    if not 1 <= recipient.pair_seq <= LARGEST:
        raise Malformed("pair sequence is not a counter from 1")
    plaintext = _WRAPPED.pack(cek, recipient.pair_seq, unhex(recipient.pair_prev, 32))
    addressee = Addressee(recipient.unit, encryption.kid_of(recipient.public))
    return encryption.wrap(recipient.public, plaintext, _wrap_info(core_hash, addressee))


def _wrap_info(core_hash: bytes, addressee: Addressee) -> bytes:
    return bind(WRAP_LABEL, core_hash, addressee.unit.encode("ascii"), bytes.fromhex(addressee.ekid))


def _unwrap(key: EncryptionKey, sealed: bytes, info: bytes) -> tuple[bytes, int, str]:
    """CEK, pair sequence and pair prev; a counter that no honest sender writes is refused here, before any table."""
    cek, pair_seq, pair_prev = _WRAPPED.unpack(key.unwrap(sealed, info))
    if not 1 <= pair_seq <= LARGEST:
        raise Malformed("pair sequence is not a counter from 1")
    return cek, pair_seq, pair_prev.hex()


def _own_key(header: Header, unit: str, keyring: Mapping[str, EncryptionKey]) -> tuple[int, EncryptionKey]:
    """Our place among the recipients, and the key that the envelope is sealed to there."""
    for index, addressee in enumerate(header.to):
        if addressee.unit == unit:
            key = keyring.get(addressee.ekid)
            if key is None:
                raise UnknownRecipientKey("sealed to a key that is not in the key ring")
            return index, key
    raise NotForUs("this unit is not among the recipients")

"""An item of the inbox, verified and opened as far as that goes without asking the database: many of them on threads.

These are the steps of protocol.md §4 that need only the bytes, the directory and our keys. What the database must say
(seen before, its place, the state of its exchange) is `arrivals`' part. Nothing here stores, and no item raises.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import structlog

from crypto import envelope as cme
from crypto.envelope import Envelope
from crypto.errors import BadSignature, CryptoError, NotForUs, WrongEnvironment, WrongSenderKey
from crypto.sealing import Opened, open_sealed
from exchange.courier import Finding
from nodes import receipts
from nodes.answers import Frame, FrameKind
from nodes.errors import AnswerRefused
from nodes.node import Node
from nodes.receipts import Batches, Evidence
from schemas import entries
from schemas.content import Content, check_labels
from schemas.entries import MessageEntry
from schemas.errors import LabelMismatch, SchemaError, SchemaUnknown
from schemas.trust import Directory, DirectoryStale, KeyUnknown, UnitSuspended, UnitUnknown
from schemas.void import LIMIT, Void

CHUNK = 8
"""Items that one thread takes at a time."""

_log = structlog.get_logger("nodes.opening")


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.value)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Message:
    """A message that passed every step that needs no database; `permitted`: agencies and agreement allow its kind."""

    envelope: Envelope
    opened: Opened
    content: Content
    permitted: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """A void that passed every step that needs no database."""

    envelope: Envelope
    opened: Opened
    void: Void


@dataclass(frozen=True, slots=True)
class Examined:
    """An item, the first thing that is wrong with it, and what was in it: a message, a void or a verified receipt."""

    frame: Frame
    finding: Finding
    entry: MessageEntry | None = None
    message: Message | None = None
    evidence: Evidence | None = None
    saying: Saying | None = None


def examine_all(node: Node, frames: Sequence[Frame], pool: ThreadPoolExecutor | None = None) -> list[Examined]:
    """Examine items, in chunks on the threads of `pool` if there is one; the result is in their order."""
    batches = Batches()
    chunks = [frames[at : at + CHUNK] for at in range(0, len(frames), CHUNK)]
    work = partial(_chunk, node, node.directory(), batches)
    done = map(work, chunks) if pool is None or len(chunks) < 2 else pool.map(work, chunks)
    return [one for chunk in done for one in chunk]


def _chunk(node: Node, directory: Directory, batches: Batches, frames: Sequence[Frame]) -> list[Examined]:
    return [_examined(node, directory, batches, frame) for frame in frames]


def _examined(node: Node, directory: Directory, batches: Batches, frame: Frame) -> Examined:
    try:
        if frame.kind is FrameKind.RECEIPT:
            return _receipt(directory, batches, frame)
        return _message(node, directory, frame)
    except Exception as error:  # noqa: BLE001 - an item that meets a defect of ours must stop nothing behind it
        _log.error("item not examined", index=frame.index, error=type(error).__name__)
        return Examined(frame, Finding.UNFORESEEN)


def _receipt(directory: Directory, batches: Batches, frame: Frame) -> Examined:
    try:
        evidence = receipts.check_collected(directory, frame, batches)
    except KeyUnknown:
        return Examined(frame, Finding.KEY_UNKNOWN)
    except AnswerRefused:
        return Examined(frame, Finding.BAD_SIGNATURE)
    return Examined(frame, Finding.GOOD, evidence=evidence)


def _message(node: Node, directory: Directory, frame: Frame) -> Examined:
    """Steps 1-11 of protocol.md §4, with the permission of step 13, or step 14."""
    try:
        entry = entries.parse(frame.entry)
    except SchemaError:
        return Examined(frame, Finding.ENTRY_MISMATCH)
    if not isinstance(entry, MessageEntry):
        return Examined(frame, Finding.ENTRY_MISMATCH)
    try:
        envelope = _envelope(frame, entry)
        opened = _unseal(node, directory, (entry.time, frame.index), envelope)
        if opened.header.ctype == "void":
            return Examined(frame, Finding.GOOD, entry, saying=Saying(envelope, opened, _void(opened)))
        content = _content(opened)
    except _Found as found:
        return Examined(frame, found.finding, entry)
    message = Message(envelope, opened, content, _permitted(node, directory, content, opened))
    return Examined(frame, Finding.GOOD, entry, message)


def _envelope(frame: Frame, entry: MessageEntry) -> Envelope:
    """Entry and envelope belong together. Steps 1, 2 and the entry's own leaf."""
    if not frame.payload:
        raise _Found(Finding.GONE)
    try:
        envelope = cme.parse(frame.payload)
    except CryptoError as error:
        raise _Found(Finding.MALFORMED) from error
    same = (entry.eid, entry.sender, entry.to, entry.sha512) == (
        envelope.eid,
        envelope.header.sender,
        tuple(addressee.unit for addressee in envelope.header.to),
        hashlib.sha512(frame.payload).hexdigest(),
    )
    if not same:
        raise _Found(Finding.ENTRY_MISMATCH)
    return envelope


def _unseal(node: Node, directory: Directory, logged: tuple[int, int], envelope: Envelope) -> Opened:
    """Steps 3-10: environment, sender's key at the log time, both halves, our key, wrap, body, padding, commitment."""
    if envelope.header.env != node.settings.env:
        raise _Found(Finding.ENV_MISMATCH)
    public = _sender_key(node, directory, logged, envelope)
    try:
        return open_sealed(envelope, node.keys.encryption, node.unit, public, node.settings.env)
    except CryptoError as error:
        finding = next((found for kind, found in _CRYPTO.items() if isinstance(error, kind)), Finding.UNDECRYPTABLE)
        raise _Found(finding) from error


_CRYPTO: dict[type[CryptoError], Finding] = {
    WrongEnvironment: Finding.ENV_MISMATCH,
    WrongSenderKey: Finding.BAD_SIGNATURE,
    BadSignature: Finding.BAD_SIGNATURE,
    NotForUs: Finding.NOT_FOR_US,
}


def _sender_key(node: Node, directory: Directory, logged: tuple[int, int], envelope: Envelope) -> bytes:
    """`logged` is the time and the index of the message's entry."""
    header = envelope.header
    try:
        directory.freshness(node.now())
        directory.check_active(header.sender)
        key = directory.signing_key(header.skid, *logged)
    except SchemaError as error:
        finding = next((found for kind, found in _TRUST.items() if isinstance(error, kind)), Finding.KEY_REVOKED)
        raise _Found(finding) from error
    if key.unit != header.sender:
        raise _Found(Finding.BAD_SIGNATURE)
    return key.public


_TRUST: dict[type[SchemaError], Finding] = {
    DirectoryStale: Finding.DIRECTORY_STALE,
    UnitSuspended: Finding.UNIT_SUSPENDED,
    UnitUnknown: Finding.KEY_UNKNOWN,
    KeyUnknown: Finding.KEY_UNKNOWN,
}
"""What a newer directory may cure; a key that was revoked or not valid at the log time stays so."""


def _void(opened: Opened) -> Void:
    """Step 14: it closes numbers before its own. Any agreement of the pair carried it past the hub."""
    try:
        void = Void.from_bytes(opened.content, limit=LIMIT)
    except SchemaError as error:
        raise _Found(Finding.CONTENT_INVALID) from error
    if void.last >= opened.pair_seq:
        raise _Found(Finding.CONTENT_INVALID)
    return void


def _content(opened: Opened) -> Content:
    """Step 11: the content keeps every rule of its kind, and its labels equal the clear header."""
    if opened.header.ctype != "message":
        raise _Found(Finding.KIND_UNKNOWN)
    try:
        content = Content.from_bytes(opened.content)
        check_labels(content, opened.header)
    except SchemaUnknown as error:
        raise _Found(Finding.KIND_UNKNOWN) from error
    except LabelMismatch as error:
        raise _Found(Finding.LABEL_MISMATCH) from error
    except SchemaError as error:
        raise _Found(Finding.CONTENT_INVALID) from error
    return content


def _permitted(node: Node, directory: Directory, content: Content, opened: Opened) -> bool:
    """The kind may come from that agency to ours under the agreement of the pair. Checked at both ends."""
    header = opened.header
    try:
        directory.check_agreement(header.sender, node.unit, header.family, header.classification)
        ours = frozenset(directory.unit(node.unit).agencies)
        theirs = directory.unit(header.sender).agencies
    except SchemaError:
        return False
    return bool(content.declared.receivers & ours) and content.author.agency in theirs

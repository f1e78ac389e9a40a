"""The parsers of everything the hub says outside a signed receipt: inbox frames, problems, outcomes of receipts. Pure.

The hub is not trusted: sizes are checked before anything is copied, a form has one spelling, and whatever else comes is
`AnswerRefused`. Nothing here has verified a signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from crypto import canonical
from crypto.envelope import MAX_ENVELOPE
from crypto.errors import CryptoError
from exchange.courier import Expected
from nodes.errors import AnswerRefused
from schemas.base import Binary, Hex64, UtcText, Wire
from schemas.entries import ENTRY_LIMIT
from schemas.errors import SchemaError
from schemas.receipts import WIRE_LIMIT as RECEIPT_LIMIT

MOST_FRAMES = 256
FRAMES_LIMIT = 8 * 1024 * 1024 + MAX_ENVELOPE + ENTRY_LIMIT + 64
"""Bytes of the largest inbox answer: what fits into 8 MiB, and one item that may be larger alone."""

PROBLEM_LIMIT = 16_384
OUTCOMES_LIMIT = 262_144
ENTRIES_LIMIT = 1 << 25
DOCUMENT_LIMIT = 1 << 21
_HEAD = Struct(">QBI")
_LENGTH = Struct(">I")


class FrameKind(IntEnum):
    """What an inbox frame carries."""

    MESSAGE = 1
    RECEIPT = 2


_PAYLOAD_LIMIT = {FrameKind.MESSAGE: MAX_ENVELOPE, FrameKind.RECEIPT: RECEIPT_LIMIT}


@dataclass(frozen=True, slots=True)
class Frame:
    """One item of the inbox: its index in the hub's log, the complete log entry, the envelope or signed receipt."""

    index: int
    kind: FrameKind
    entry: bytes
    payload: bytes


def frames(data: bytes, after: int) -> tuple[Frame, ...]:
    """Return the items of an inbox answer, indices rising from above `after`; raises `AnswerRefused`."""
    if len(data) > FRAMES_LIMIT:
        raise AnswerRefused("inbox answer above its limit")
    found: list[Frame] = []
    at, last = 0, after
    while at < len(data):
        frame, at = _frame(data, at)
        if frame.index <= last:
            raise AnswerRefused("inbox items out of order")
        last = frame.index
        found.append(frame)
    if len(found) > MOST_FRAMES:
        raise AnswerRefused("more inbox items than allowed")
    return tuple(found)


def _frame(data: bytes, at: int) -> tuple[Frame, int]:
    head = data[at : at + _HEAD.size]
    if len(head) < _HEAD.size:
        raise AnswerRefused("inbox item cut short")
    index, kind_number, entry_length = _HEAD.unpack(head)
    if kind_number not in {kind.value for kind in FrameKind} or entry_length > ENTRY_LIMIT or index > canonical.LARGEST:
        raise AnswerRefused("inbox item of an unknown kind or size")
    kind = FrameKind(kind_number)
    start = at + _HEAD.size
    entry = data[start : start + entry_length]
    size_at = start + entry_length
    size = data[size_at : size_at + _LENGTH.size]
    if len(size) < _LENGTH.size:
        raise AnswerRefused("inbox item cut short")
    (length,) = _LENGTH.unpack(size)
    begin = size_at + _LENGTH.size
    payload = data[begin : begin + length]
    if length > _PAYLOAD_LIMIT[kind] or len(payload) < length:
        raise AnswerRefused("inbox item cut short or above its limit")
    return Frame(index, kind, entry, payload), begin + length


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457): the stable code, and the further members."""

    status: int
    code: str
    members: Mapping[str, object]

    def expected(self) -> Expected | None:
        """Return what the hub waits for, if the problem names it in the documented form."""
        seq, prev = self.members.get("expected_seq"), self.members.get("expected_prev")
        if not isinstance(seq, int) or not isinstance(prev, str):
            return None
        if not 1 <= seq <= canonical.LARGEST or len(prev) != 64 or set(prev) - set("0123456789abcdef"):
            return None
        return Expected(seq, prev)


_MEMBERS: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


def problem(data: bytes) -> Problem:
    """Return the problem document in `data`; raises `AnswerRefused` for anything else."""
    if len(data) > PROBLEM_LIMIT:
        raise AnswerRefused("problem above its limit")
    try:
        members = _MEMBERS.validate_json(data, strict=True)
    except ValidationError as error:
        raise AnswerRefused("not a problem document") from error
    code, status = members.get("code"), members.get("status")
    if not isinstance(code, str) or not 1 <= len(code) <= 40 or not isinstance(status, int):
        raise AnswerRefused("a problem without a code")
    return Problem(status, code, MappingProxyType(members))


class Outcome(Wire):
    """What the hub did with one receipt of ours: LOGGED or KNOWN are final, REFUSED names why."""

    eid: Hex64
    type: str
    status: str
    code: str | None = None
    index: int | None = None
    time: UtcText | None = None


_OUTCOMES: TypeAdapter[tuple[Outcome, ...]] = TypeAdapter(tuple[Outcome, ...])


def outcomes(data: bytes, asked: int) -> tuple[Outcome, ...]:
    """Return the hub's outcomes for `asked` receipts, one for each; raises `AnswerRefused`."""
    try:
        canonical.loads(data, limit=OUTCOMES_LIMIT)
        found = _OUTCOMES.validate_json(data)
    except (CryptoError, ValidationError) as error:
        raise AnswerRefused("not a list of outcomes") from error
    if len(found) != asked:
        raise AnswerRefused("not one outcome for each receipt")
    return found


class _Path(Wire):
    path: tuple[Hex64, ...]


def path(data: bytes) -> tuple[bytes, ...]:
    """Return the hashes of a proof; raises `AnswerRefused`."""
    try:
        return tuple(map(bytes.fromhex, _Path.from_bytes(data, limit=PROBLEM_LIMIT).path))
    except SchemaError as error:
        raise AnswerRefused("not the path of a proof") from error


class _Placed(Wire):
    index: Annotated[int, Field(ge=0)]
    entry: Binary


def placed(data: bytes) -> tuple[int, bytes]:
    """Return an entry of the hub's log and its index; raises `AnswerRefused`."""
    try:
        said = _Placed.from_bytes(data, limit=PROBLEM_LIMIT)
    except SchemaError as error:
        raise AnswerRefused("not an entry with its index") from error
    return said.index, said.entry


_WIRES: TypeAdapter[tuple[Binary, ...]] = TypeAdapter(tuple[Binary, ...])
SIGHTINGS_LIMIT = 4 * 1024 * 1024


def sightings(data: bytes) -> tuple[bytes, ...]:
    """Return the wire forms in a list of sightings; raises `AnswerRefused`."""
    try:
        canonical.loads(data, limit=SIGHTINGS_LIMIT)
        return _WIRES.validate_json(data)
    except (CryptoError, ValidationError) as error:
        raise AnswerRefused("not a list of sightings") from error


class LoggedEntry(Wire):
    """An entry of the hub's log with its index and its path in the tree that was asked for; nothing of it is proved."""

    index: int
    entry: Binary
    path: tuple[Hex64, ...]


class _LoggedEntries(Wire):
    entries: tuple[LoggedEntry, ...]


class LoggedDocument(Wire):
    """A federation document and the index of its leaf."""

    index: int
    wire: Binary


class StampedCheckpoint(Wire):
    """A published checkpoint and the time-stamp of an outside authority over it; nothing of it is verified."""

    note: Binary
    token: Binary


def stamped_checkpoint(data: bytes) -> StampedCheckpoint:
    """Return the checkpoint in an answer of `GET /v1/log/stamped`; raises `AnswerRefused`."""
    try:
        return StampedCheckpoint.from_bytes(data, limit=DOCUMENT_LIMIT)
    except SchemaError as error:
        raise AnswerRefused("not a checkpoint with its time-stamp") from error


def logged_entries(data: bytes) -> tuple[LoggedEntry, ...]:
    """Return the entries in an answer of `GET /v1/log/entries`; raises `AnswerRefused`."""
    try:
        return _LoggedEntries.from_bytes(data, limit=ENTRIES_LIMIT).entries
    except SchemaError as error:
        raise AnswerRefused("not a list of log entries") from error


def logged_document(data: bytes) -> LoggedDocument:
    """Return the document in an answer of `GET /v1/directory/federation`; raises `AnswerRefused`."""
    try:
        return LoggedDocument.from_bytes(data, limit=DOCUMENT_LIMIT)
    except SchemaError as error:
        raise AnswerRefused("not a federation document with its leaf") from error

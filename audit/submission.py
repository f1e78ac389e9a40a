"""C2SP tlog-witness `add-checkpoint`: the request, and what a witness that remembers one checkpoint answers to it.

Pure: the record of the witness goes in, a verified checkpoint comes out or the refusal with its HTTP status. Storing
the record and cosigning are in `audit.witness`; the steps and their order are those of the specification.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Final, Self

from audit.checkpoints import Checkpoint, LogKeys, SignedCheckpoint, verify_checkpoint
from audit.errors import AuditError, Malformed, ProofRefused, SignatureRefused
from audit.merkle import check_hash, verify_consistency
from audit.notes import MAX_NOTE, Note, decode_base64, decode_decimal, encode_base64
from crypto.merkle_hash import EMPTY_ROOT

MAX_PROOF_LINES: Final = 63
MAX_REQUEST: Final = MAX_NOTE + 64 + MAX_PROOF_LINES * 45
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of the answer 409, which is the size that the witness holds."""
MAX_SKEW: Final = 600
"""Seconds by which the clock of a log may be ahead of that of its witness."""


class WitnessRefused(AuditError):
    """The witness does not cosign; `status` is the HTTP status of tlog-witness, and nothing of its record changed."""

    code = "WITNESS_REFUSED"
    status: ClassVar[int]


class OriginUnknown(WitnessRefused):
    """The witness does not know the log."""

    code = "WITNESS_ORIGIN_UNKNOWN"
    status = 404


class SignatureMissing(WitnessRefused):
    """A signature of the log is missing or wrong."""

    code = "WITNESS_SIGNATURE_REFUSED"
    status = 403


class RequestMalformed(WitnessRefused):
    """The body is not an add-checkpoint request, or its old size is above that of its checkpoint."""

    code = "WITNESS_REQUEST_MALFORMED"
    status = 400


class OldSizeDiffers(WitnessRefused):
    """The request stands on another size than the one that the witness holds, which is `held`."""

    code = "WITNESS_OLD_SIZE"
    status = 409

    def __init__(self, held: int) -> None:
        super().__init__(f"the witness holds size {held}")
        self.held = held

    @property
    def body(self) -> bytes:
        """The answer of tlog-witness: the size that is held."""
        return f"{self.held}\n".encode()


class Inconsistent(WitnessRefused):
    """The checkpoint is no continuation of the one that the witness holds. Both notes together may prove a fork."""

    code = "WITNESS_INCONSISTENT"
    status = 422


class ClockRefused(WitnessRefused):
    """The clock of the witness or of the log is wrong: time may not go back, nor be far ahead."""

    code = "WITNESS_CLOCK"
    status = 503


@dataclass(frozen=True)
class Held:
    """What a witness remembers of one log: the last checkpoint that it cosigned, and when (unix seconds)."""

    size: int = 0
    root: bytes = EMPTY_ROOT
    time: int = 0


@dataclass(frozen=True)
class Submission:
    """An add-checkpoint request: the size it stands on, the consistency proof from there, the signed note."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The request in `data`; the note is not looked into. Raises RequestMalformed."""
        head, blank, note = data.partition(b"\n\n")
        if len(data) > MAX_REQUEST or not blank:
            raise RequestMalformed("an add-checkpoint request is an old size, a proof, an empty line and a checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
            if not lines[0].startswith("old ") or len(lines) - 1 > MAX_PROOF_LINES:
                raise RequestMalformed(f"the first line is `old` and a size; at most {MAX_PROOF_LINES} hashes follow")
            old = decode_decimal(lines[0].removeprefix("old "))
            return cls(old, tuple(check_hash(decode_base64(line)) for line in lines[1:]), note)
        except (UnicodeDecodeError, Malformed) as error:
            raise RequestMalformed(f"not an add-checkpoint request: {error}") from error

    def to_bytes(self) -> bytes:
        """The body of the request."""
        lines = [f"old {self.old}", *map(encode_base64, self.proof), "", ""]
        return "\n".join(lines).encode("ascii") + self.note

    @property
    def origin(self) -> str:
        """The origin that the checkpoint claims, nothing verified. Raises RequestMalformed."""
        try:
            return Checkpoint.parse(Note.parse(self.note).text).origin
        except Malformed as error:
            raise RequestMalformed(f"not a checkpoint: {error}") from error


def judge(request: Submission, keys: LogKeys | None, held: Held, now: int) -> SignedCheckpoint:
    """The checkpoint of `request`, which the witness may record and then cosign at `now` (unix seconds).

    `keys` are those of the origin, None if it is unknown; `held` is the record, an empty one if there is none. The
    checks stand in the order of tlog-witness; the last is that of the clocks. Raises a `WitnessRefused`.
    """
    origin = request.origin
    if keys is None:
        raise OriginUnknown(f"{origin} is no log that this witness knows")
    try:
        signed = verify_checkpoint(request.note, keys)
    except (Malformed, SignatureRefused) as error:
        raise SignatureMissing(str(error)) from error
    new = signed.checkpoint
    if request.old > new.size:
        raise RequestMalformed("the old size is above that of the checkpoint")
    if request.old != held.size:
        raise OldSizeDiffers(held.size)
    _check_continues(request, new, held)
    if now < held.time or signed.time > now + MAX_SKEW:
        raise ClockRefused("the clock stands before the last cosignature, or the log's is far ahead")
    return signed


def _check_continues(request: Submission, new: Checkpoint, held: Held) -> None:
    """Return if `new` continues what is held; raises Inconsistent."""
    if new.size == 0 and new.root != EMPTY_ROOT:
        raise Inconsistent("a log without entries has the root of the empty tree")
    if held.size in {0, new.size}:
        if request.proof or (new.size == held.size and new.root != held.root):
            raise Inconsistent("another root at the same size, or a proof where none is possible")
        return
    try:
        verify_consistency(held.size, held.root, new.size, new.root, request.proof)
    except ProofRefused as error:
        raise Inconsistent(str(error)) from error


def origin_hash(origin: str) -> str:
    """The name of a log in the monitoring address: SHA-256 of its origin, 64 hex digits."""
    return sha256(origin.encode()).hexdigest()

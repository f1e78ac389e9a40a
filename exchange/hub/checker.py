"""The program of a process that checks signatures, and nothing else: it has no key, no database and no socket.

Checking takes most of the hub's processor time. In a process of its own it never waits for the interpreter that reads,
writes and answers, and never makes it wait. Questions come on standard input, in chunks; each chunk is answered, on
standard output, with one byte for each question. The end of the input ends the process.
"""

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from struct import Struct
from typing import BinaryIO, Final

from crypto import signing
from crypto.envelope import SIGNATURE_LABEL
from crypto.errors import CryptoError

GOOD: Final = 1
BAD: Final = 0

_NUMBER: Final = Struct(">I")
_HEAD: Final = Struct(">IH")
_SIZES: Final = Struct(">HIH")


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the holder of `public` (1,984 bytes) signed the `statement` of an envelope, in both halves."""

    public: bytes
    statement: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def check(self) -> None:
        """Answer it here: raises BadSignature, or KeyRefused for a key that is not acceptable."""
        signing.verify(self.public, SIGNATURE_LABEL, self.statement, self.signature)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Up to 65,535 questions, and the number (32 bits) that their answer bears: no answer is taken for another's."""

    number: int
    questions: tuple[Question, ...]

    def to_bytes(self) -> bytes:
        """Write u32 number, u16 count; of each question the sizes (u16, u32, u16) and the three parts."""
        parts = [_HEAD.pack(self.number, len(self.questions))]
        for one in self.questions:
            parts.append(_SIZES.pack(len(one.public), len(one.statement), len(one.signature)))
            parts += one.public, one.statement, one.signature
        return b"".join(parts)

    @property
    def answer_size(self) -> int:
        """How many bytes the answer has."""
        return _NUMBER.size + len(self.questions)

    def answer(self) -> bytes:
        """Check every signature and write u32 number, then a byte for each question."""
        return _NUMBER.pack(self.number) + bytes(map(_verdict, self.questions))

    def verdicts(self, answer: bytes) -> list[bool]:
        """Read what `answer` wrote; raises ValueError for the answer to another chunk."""
        if answer[: _NUMBER.size] != _NUMBER.pack(self.number) or len(answer) != self.answer_size:
            raise ValueError("the answer to another chunk")
        return [verdict == GOOD for verdict in answer[_NUMBER.size :]]


def read_chunk(source: BinaryIO) -> Chunk | None:
    """Read one chunk; None at the end of the input. Raises EOFError where it ends within a chunk."""
    head = source.read(_HEAD.size)
    if not head:
        return None
    number, count = _HEAD.unpack(_whole(head, _HEAD.size))
    return Chunk(number, tuple(_read(source) for _ in range(count)))


def _read(source: BinaryIO) -> Question:
    sizes = _SIZES.unpack(_whole(source.read(_SIZES.size), _SIZES.size))
    return Question(*(_whole(source.read(size), size) for size in sizes))


def _whole(part: bytes, size: int) -> bytes:
    if len(part) < size:
        raise EOFError("a chunk is cut short")
    return part


def serve(source: BinaryIO, answers: BinaryIO) -> None:
    """Answer chunk after chunk until `source` ends; `answers` keeps nothing back."""
    while chunk := read_chunk(source):
        answers.write(chunk.answer())


def _verdict(question: Question) -> int:
    try:
        question.check()
    except CryptoError:
        return BAD
    return GOOD


def main() -> None:
    """Serve until nobody asks any more."""
    with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as answers, suppress(ConnectionError, EOFError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

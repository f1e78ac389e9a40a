"""Makes hostile inputs out of good ones, the same ones for the same seed.

The mutations are those that break parsers: flipped bits, cuts, doubled and swapped parts, pieces of another input,
telling words, and lengths that lie. An input costs a few microseconds: most parsers are not slower than that, and a
fuzzer is worth what it tries.
"""

import random
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Final

WORDS: Final = (
    *(b"\x00", b"\xff", b"\n", b"\r\n", b" ", b'"', b"\\", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b"{", b"}", b"[", b"]", b"{}", b"[]", b"," * 3, b":", b"[" * 64, b'{"a":' * 40, b'"v":1,"v":1'),
    *(b"null", b"true", b"NaN", b"Infinity", b"-0", b"1e9", b"1.0", b"01", b"-1", b"9007199254740993", b"1" * 400),
    *(b"=", b"==", b"+", b"/", b"-", b"_", b"A" * 33, b"../", b"%00", b"<", b"&amp;", b"\xe2\x80\x94 ", b"\xcc\x81"),
    *(b"9999-12-31T23:59:60Z", b"2026-02-30T00:00:00Z", b"0000-00-00T00:00:00Z", b"2026-11-22T06:00:00+00:00"),
)
LENGTHS: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 53, (1 << 64) - 1)
SIZES: Final = (("B", 8), (">H", 16), ("<H", 16), (">I", 32), ("<I", 32), (">Q", 64))
DIGIT: Final = re.compile(rb"[0-9]")
OTHER_DIGITS: Final = b"0123456789-.eE"
SHAPE: Final = -1 / 0.7
"""Of the Pareto distribution of lengths: half of the parts are shorter than three bytes, one in forty exceeds 200."""
MOST_MUTATIONS: Final = 4
LONGEST: Final = 1 << 20

Mutation = Callable[[random.Random, bytearray, bytes], None]


def below(rng: random.Random, end: int) -> int:
    """A number from 0 up to, not including, `end`; `randrange` takes four times as long."""
    return int(rng.random() * end)


def span(rng: random.Random, data: bytearray | bytes) -> slice:
    """A part of the data, short ones more often."""
    start = int(rng.random() * (len(data) + 1))
    return slice(start, start + int((1.0 - rng.random()) ** SHAPE))


def flip_bits(rng: random.Random, data: bytearray, _other: bytes) -> None:
    for _ in range(1 + below(rng, 3)):
        data[below(rng, len(data))] ^= 1 << below(rng, 8)


def set_byte(rng: random.Random, data: bytearray, _other: bytes) -> None:
    data[below(rng, len(data))] = below(rng, 256)


def cut_end(rng: random.Random, data: bytearray, _other: bytes) -> None:
    del data[below(rng, len(data)) :]


def cut_part(rng: random.Random, data: bytearray, _other: bytes) -> None:
    del data[span(rng, data)]


def double_part(rng: random.Random, data: bytearray, _other: bytes) -> None:
    part = span(rng, data)
    data[part.start : part.start] = data[part]


def swap_parts(rng: random.Random, data: bytearray, _other: bytes) -> None:
    first, second = sorted((below(rng, len(data) + 1), below(rng, len(data) + 1)))
    data[:] = data[second:] + data[first:second] + data[:first]


def splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    data[span(rng, data)] = other[span(rng, other)]


def put_word(rng: random.Random, data: bytearray, _other: bytes) -> None:
    data[span(rng, data)] = WORDS[below(rng, len(WORDS))]


def insert_word(rng: random.Random, data: bytearray, _other: bytes) -> None:
    at = below(rng, len(data) + 1)
    data[at:at] = WORDS[below(rng, len(WORDS))]


def lie_about_length(rng: random.Random, data: bytearray, _other: bytes) -> None:
    form, bits = SIZES[below(rng, len(SIZES))]
    at = below(rng, len(data))
    data[at : at + bits // 8] = struct.pack(form, LENGTHS[below(rng, len(LENGTHS))] % (1 << bits))


def change_digit(rng: random.Random, data: bytearray, _other: bytes) -> None:
    found = DIGIT.search(data, below(rng, len(data))) or DIGIT.search(data)
    at = found.start() if found else 0
    del found  # it holds the bytes in place
    data[at] = OTHER_DIGITS[below(rng, len(OTHER_DIGITS))]


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(flip_bits, set_byte, cut_end, cut_part, double_part, swap_parts),
    *(splice, put_word, insert_word, lie_about_length, change_digit),
)


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One hostile input made of one of the seeds."""
    data = bytearray(seeds[below(rng, len(seeds))])
    for _ in range(1 + below(rng, MOST_MUTATIONS)):
        if not data:
            data += WORDS[below(rng, len(WORDS))]
        MUTATIONS[below(rng, len(MUTATIONS))](rng, data, seeds[below(rng, len(seeds))])
    return bytes(data) if len(data) <= LONGEST else bytes(data[:LONGEST])


def inputs(seed: str, seeds: Sequence[bytes], count: int) -> Iterator[bytes]:
    """`count` hostile inputs, determined by `seed` alone."""
    rng = random.Random(seed)
    return (mutated(rng, seeds) for _ in range(count))

"""Makes hostile inputs out of good ones, the same ones for the same seed.

The mutations are those that break parsers: flipped bits, cuts, doubled and swapped parts, pieces of another input,
telling words, and lengths that lie.
"""

import random
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
MOST_MUTATIONS: Final = 4
LONGEST: Final = 1 << 20

Mutation = Callable[[random.Random, bytearray, bytes], None]


def span(rng: random.Random, data: bytearray | bytes) -> slice:
    """A part of the data, short ones more often."""
    start = rng.randrange(len(data) + 1)
    return slice(start, min(len(data), start + int(rng.paretovariate(0.7))))


def flip_bits(rng: random.Random, data: bytearray, _other: bytes) -> None:
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def set_byte(rng: random.Random, data: bytearray, _other: bytes) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def cut_end(rng: random.Random, data: bytearray, _other: bytes) -> None:
    del data[rng.randrange(len(data)) :]


def cut_part(rng: random.Random, data: bytearray, _other: bytes) -> None:
    del data[span(rng, data)]


def double_part(rng: random.Random, data: bytearray, _other: bytes) -> None:
    part = span(rng, data)
    data[part.start : part.start] = data[part]


def swap_parts(rng: random.Random, data: bytearray, _other: bytes) -> None:
    first, second = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    data[:] = data[second:] + data[first:second] + data[:first]


def splice(rng: random.Random, data: bytearray, other: bytes) -> None:
    data[span(rng, data)] = other[span(rng, other)]


def put_word(rng: random.Random, data: bytearray, _other: bytes) -> None:
    data[span(rng, data)] = rng.choice(WORDS)


def insert_word(rng: random.Random, data: bytearray, _other: bytes) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(WORDS)


def lie_about_length(rng: random.Random, data: bytearray, _other: bytes) -> None:
    form, bits = rng.choice(SIZES)
    at = rng.randrange(len(data))
    data[at : at + bits // 8] = struct.pack(form, rng.choice(LENGTHS) % (1 << bits))


def change_digit(rng: random.Random, data: bytearray, _other: bytes) -> None:
    digits = [at for at, byte in enumerate(data[:4096]) if 0x30 <= byte <= 0x39]  # "0" to "9"
    if digits:
        data[rng.choice(digits)] = rng.choice(b"0123456789-.eE")


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(flip_bits, set_byte, cut_end, cut_part, double_part, swap_parts),
    *(splice, put_word, insert_word, lie_about_length, change_digit),
)


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """One hostile input made of one of the seeds."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, MOST_MUTATIONS)):
        if not data:
            data += rng.choice(WORDS)
        rng.choice(MUTATIONS)(rng, data, rng.choice(seeds))
    return bytes(data[:LONGEST])


def inputs(seed: str, seeds: Sequence[bytes], count: int) -> Iterator[bytes]:
    """`count` hostile inputs, determined by `seed` alone."""
    rng = random.Random(seed)
    return (mutated(rng, seeds) for _ in range(count))

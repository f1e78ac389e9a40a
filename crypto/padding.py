"""Padding of a message body: salt || u32 length || content || zeros, up to PADME of the whole and never under 4 KiB.

PADME (Nikitin et al., PURBs, PoPETs 2019, §4.2) leaves an observer O(log log n) bits of a length, for at most 12 %.
"""

from struct import Struct
from typing import Final

from crypto.errors import BadPadding, TooLarge

FLOOR: Final = 4096
SALT_SIZE: Final = 32
MAX_CONTENT: Final = 16_515_072 - SALT_SIZE - 4
"""Largest content whose padded and encrypted body stays within 16 MiB; attachments travel as blobs."""

_LENGTH: Final = Struct(">I")
_HEAD: Final = SALT_SIZE + _LENGTH.size


def padme(length: int) -> int:
    """Round up so that only the top log2(log2(length)) bits of the mantissa remain."""
    exponent = length.bit_length() - 1
    kept = exponent.bit_length() if exponent > 0 else 0
    mask = (1 << max(exponent - kept, 0)) - 1
    return (length + mask) & ~mask


def padded_length(length: int) -> int:
    """Length of the padded body for `length` bytes of salt, prefix and content."""
    return max(FLOOR, padme(length))


def pad(salt: bytes, content: bytes) -> bytes:
    """Frame and pad the content. Raises TooLarge above MAX_CONTENT."""
    if len(content) > MAX_CONTENT:
        raise TooLarge(f"content above {MAX_CONTENT} bytes")
    framed = salt + _LENGTH.pack(len(content)) + content
    return framed.ljust(padded_length(len(framed)), b"\0")


def unpad(body: bytes) -> tuple[bytes, bytes]:
    """Salt and content. Raises BadPadding unless length and zeros are exactly what `pad` would have written."""
    if len(body) < FLOOR:
        raise BadPadding("body under the floor")
    (length,) = _LENGTH.unpack_from(body, SALT_SIZE)
    end = _HEAD + length
    if len(body) != padded_length(end):
        raise BadPadding("body is not padded to the one allowed length")
    if body.count(0, end) != len(body) - end:
        raise BadPadding("padding is not zero")
    return body[:SALT_SIZE], body[_HEAD:end]

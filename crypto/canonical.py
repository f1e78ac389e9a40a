"""Strict canonical JSON: RFC 8785 over strings, integers, lists and objects, and nothing else.

No float, no true/false/null: a value that two languages might print differently cannot be signed. Reading re-serialises
and demands the very same bytes, which also refuses duplicate members, white space, other escapes and `-0`.
"""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring as quote
from typing import Any, Final, TypeAlias

from crypto.errors import Malformed, NotCanonical, TooLarge

Json: TypeAlias = "str | int | list[Json] | dict[str, Json]"
"""What `loads` returns."""

Writable: TypeAlias = "str | int | Sequence[Writable] | Mapping[str, Writable]"
"""What `dumps` takes: the same, read-only; at run time lists, tuples and dicts."""

LARGEST: Final = 2**53 - 1
"""Integers beyond this magnitude are not exact in every JSON reader (RFC 7493 §2.2)."""

DEPTH: Final = 32
"""Nesting allowed; the deepest format of the project uses six levels."""


def dumps(value: Writable) -> bytes:
    """Serialise to canonical UTF-8. Raises Malformed for other types, big integers, deep nesting, lone surrogates."""
    pieces: list[str] = []
    _write(value, pieces, DEPTH)
    try:
        return "".join(pieces).encode()
    except UnicodeEncodeError as error:
        raise Malformed("string with a lone surrogate") from error


def loads(data: bytes, *, limit: int) -> Json:
    """Parse bytes that are their own canonical form and at most `limit` long.

    Raises TooLarge above the limit, NotCanonical if writing the value again gives other bytes, Malformed otherwise.
    """
    if len(data) > limit:
        raise TooLarge(f"JSON above {limit} bytes")
    try:
        value: Json = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON in UTF-8") from error
    if dumps(value) != data:
        raise NotCanonical("JSON is not in canonical form")
    return value


def _write(value: Any, out: list[str], depth: int) -> None:
    """Append the canonical form of `value`; exact types, because bool is an int to Python."""
    kind = type(value)
    if kind is str:
        out.append(quote(value))
    elif kind is int:
        out.append(_integer(value))
    elif kind is dict:
        _write_object(value, out, depth - 1)
    elif kind is list or kind is tuple:
        _write_list(value, out, depth - 1)
    else:
        raise Malformed(f"{kind.__name__} has no canonical form here")


def _integer(value: int) -> str:
    if not -LARGEST <= value <= LARGEST:
        raise Malformed("integer beyond 2^53-1")
    return str(value)


def _write_list(value: Sequence[object], out: list[str], depth: int) -> None:
    if depth < 0:
        raise Malformed(f"nested deeper than {DEPTH}")
    mark = "["
    for item in value:
        out.append(mark)
        _write(item, out, depth)
        mark = ","
    out.append("]" if value else "[]")


def _write_object(value: Mapping[str, object], out: list[str], depth: int) -> None:
    if depth < 0:
        raise Malformed(f"nested deeper than {DEPTH}")
    mark = "{"
    for name in _ordered(value):
        out.append(mark)
        out.append(quote(name))
        out.append(":")
        _write(value[name], out, depth)
        mark = ","
    out.append("}" if value else "{}")


def _ordered(value: Mapping[str, object]) -> list[str]:
    """Member names by UTF-16 code units (RFC 8785 §3.2.3); for ASCII that is Python's own order."""
    names = list(value)
    if not all(type(name) is str for name in names):
        raise Malformed("member name that is no string")
    if all(map(str.isascii, names)):
        return sorted(names)
    return sorted(names, key=_utf16)


def _utf16(name: str) -> bytes:
    """Big-endian code units compare as RFC 8785 asks; a lone surrogate passes here and is refused when encoded."""
    return name.encode("utf-16-be", "surrogatepass")

"""Instants: unix seconds inside, RFC 3339 UTC on the wire. Reads no clock, knows one spelling and one zone."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from crypto.errors import Malformed

LATEST: Final = 253_402_300_799
"""9999-12-31T23:59:59Z, the last instant that four digits of a year can write."""

_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@lru_cache(maxsize=1024)  # a service writes the same few instants thousands of times
def to_text(instant: int) -> str:
    """Write unix seconds as `2026-11-22T06:00:00Z` (RFC 3339). Raises Malformed outside 1970 to 9999."""
    if not 0 <= instant <= LATEST:
        raise Malformed("instant outside the years 1970 to 9999")
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> int:
    """Read exactly the form that `to_text` writes, as unix seconds. Raises Malformed for anything else."""
    if not _FORM.fullmatch(text):
        raise Malformed("instant is not of the form 2026-11-22T06:00:00Z")
    try:
        instant = int(datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise Malformed("instant is no date of the calendar") from error
    if instant < 0:
        raise Malformed("instant before 1970")
    return instant

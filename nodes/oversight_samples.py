"""A random sample that nobody chose: its seed is the root of the hub's log at a size that it had not reached before.

Pure. Whoever has the file id, the range, the number and that root draws the same sample again, years later.
"""

import hashlib
import hmac
from typing import Final

from crypto.pae import tagged

LABEL: Final = "serai/sample/1"


def seed_of(inspection: str, root: bytes) -> bytes:
    """Return the seed (64 bytes) of the inspection file `inspection` under `root`."""
    return tagged(LABEL, inspection.encode(), root)


def draw(seed: bytes, first: int, last: int, most: int) -> tuple[int, ...]:
    """Return at most `most` of the indices first..last, in order: those whose keyed hashes are the smallest."""

    def rank(index: int) -> bytes:
        return hmac.digest(seed, index.to_bytes(8, "big"), hashlib.sha256)

    return tuple(sorted(sorted(range(first, last + 1), key=rank)[:most]))

"""Places for what may be open at once: so much for one caller, so much for all callers together (protocol.md §11.5).

Nobody can fill the memory of the hub with bodies that never end, or its loop with polls that only wait. It lives in the
event loop of the service and needs no lock. It must not know what a place is taken for.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from exchange.overload import Busy, TooManyOpen


class Places:
    """Room for `total` units of something, of which one caller may hold `each`."""

    def __init__(self, each: int, total: int) -> None:
        self._each: Final = each
        self._total: Final = total
        self._held: Counter[str] = Counter()
        self._sum = 0

    @contextmanager
    def taken(self, caller: str, units: int = 1) -> Iterator[None]:
        """Hold `units` for `caller` until the block ends; raises `TooManyOpen` or `Busy` if there is no room."""
        if self._held[caller] + units > self._each:
            raise TooManyOpen
        if self._sum + units > self._total:
            raise Busy
        self._held[caller] += units
        self._sum += units
        try:
            yield
        finally:
            self._sum -= units
            self._held[caller] -= units
            if not self._held[caller]:
                del self._held[caller]

    @property
    def held(self) -> int:
        """How many units all callers hold now."""
        return self._sum

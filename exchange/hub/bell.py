"""Wakes those who wait for their mailbox. Waiting holds no thread, no connection and no transaction."""

import asyncio
import threading
from collections.abc import Iterable


class Bell:
    """One event for each unit that somebody waits for, in the event loop of the service."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events: dict[str, asyncio.Event] = {}
        self._lock = threading.Lock()

    def ticket(self, unit: str) -> asyncio.Event:
        """Return what will be set by the next ring for `unit`. Take it before looking into the mailbox."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
            return self._events.setdefault(unit, asyncio.Event())

    def ring(self, units: Iterable[str]) -> None:
        """Wake who waits for these units; call it from any thread after the commit."""
        with self._lock:
            ringing = [event for unit in units if (event := self._events.pop(unit, None)) is not None]
            loop = self._loop
        if ringing and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(_set_all, ringing)

    def waiting(self) -> int:
        """Return for how many units somebody waits or waited since the last ring."""
        return len(self._events)


def _set_all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        event.set()


async def wait(ticket: asyncio.Event, seconds: float) -> None:
    """Wait for the ring, at most `seconds`."""
    try:
        await asyncio.wait_for(ticket.wait(), seconds)
    except TimeoutError:
        return

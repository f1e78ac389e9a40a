"""The network of the simulated world: an httpx transport whose every call has a fate drawn from the seed.

Between real nodes and the real hub it is the only fake. A lost answer is a call that was done and looks failed; a
delayed request fails now and arrives later, after whatever was sent in between, and its answer reaches nobody.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import httpx

Serve = Callable[[httpx.Request], httpx.Response]


class Fate(StrEnum):
    """What happens to one call."""

    DELIVERED = "DELIVERED"
    REQUEST_LOST = "REQUEST_LOST"
    ANSWER_LOST = "ANSWER_LOST"
    DOUBLED = "DOUBLED"
    DELAYED = "DELAYED"
    REQUEST_FLIPPED = "REQUEST_FLIPPED"
    ANSWER_FLIPPED = "ANSWER_FLIPPED"
    ANSWER_REPLACED = "ANSWER_REPLACED"


FAULTS = tuple(fate for fate in Fate if fate is not Fate.DELIVERED)


@dataclass
class SimNetwork:
    """All links of the world to the hub. `weights` says how often each fault is drawn against 1.0 for delivery."""

    random: random.Random
    now: Callable[[], int]
    serve: Serve
    weights: dict[Fate, float] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    late: list[tuple[int, httpx.Request]] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)

    def link(self, unit: str) -> httpx.BaseTransport:
        """Return the transport of one unit's node."""
        return _Link(self, unit)

    def heal(self) -> None:
        """End every fault and partition; what was still under way arrives at once."""
        self.weights = {}
        self.cut.clear()
        self.deliver_late(everything=True)

    def deliver_late(self, *, everything: bool = False) -> None:
        """Let delayed requests arrive whose time has come, in the order of that time."""
        due = sorted((entry for entry in self.late if everything or entry[0] <= self.now()), key=lambda entry: entry[0])
        for entry in due:
            self.late.remove(entry)
            with suppress(httpx.TransportError):  # nobody waits for the answer any more
                self.serve(entry[1])

    def carry(self, unit: str, request: httpx.Request) -> httpx.Response:
        """Carry one call of `unit`; raises `httpx.TransportError` when its caller hears nothing."""
        request.read()
        if unit in self.cut:
            self.fates["PARTITIONED"] += 1
            raise httpx.ConnectError("partitioned", request=request)
        fate = self._draw()
        self.fates[fate] += 1
        return _CARRIERS[fate](self, request)

    def _draw(self) -> Fate:
        fates = list(self.weights)
        return self.random.choices([Fate.DELIVERED, *fates], [1.0, *(self.weights[fate] for fate in fates)])[0]

    def _delivered(self, request: httpx.Request) -> httpx.Response:
        return self.serve(request)

    def _request_lost(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("request lost", request=request)

    def _answer_lost(self, request: httpx.Request) -> httpx.Response:
        self.serve(request)
        raise httpx.ReadTimeout("answer lost", request=request)

    def _doubled(self, request: httpx.Request) -> httpx.Response:
        self.serve(request)
        return self.serve(request)

    def _delayed(self, request: httpx.Request) -> httpx.Response:
        self.late.append((self.now() + self.random.randrange(1, 7200), request))
        raise httpx.ReadTimeout("delayed", request=request)

    def _request_flipped(self, request: httpx.Request) -> httpx.Response:
        return self.serve(
            httpx.Request(request.method, request.url, headers=request.headers, content=self._flip(request.content))
        )

    def _answer_flipped(self, request: httpx.Request) -> httpx.Response:
        answer = self.serve(request)
        body = httpx.ByteStream(self._flip(answer.read()))
        return httpx.Response(answer.status_code, headers=_plain(answer.headers), stream=body, request=request)

    def _answer_replaced(self, request: httpx.Request) -> httpx.Response:
        """A proxy on the way answers 200 with a page of its own: that is no receipt (and the hub heard nothing)."""
        page = httpx.ByteStream(b"<h1>Welcome to the hotel network</h1>")
        return httpx.Response(200, headers={"content-type": "text/html"}, stream=page, request=request)

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        flipped = bytearray(data)
        flipped[self.random.randrange(len(flipped))] ^= 1 << self.random.randrange(8)
        return bytes(flipped)


def _plain(headers: httpx.Headers) -> httpx.Headers:
    """Return headers without those that httpx computes for the new body."""
    return httpx.Headers([(name, value) for name, value in headers.multi_items() if name != "content-length"])


class _Link(httpx.BaseTransport):
    def __init__(self, network: SimNetwork, unit: str) -> None:
        self.network = network
        self.unit = unit

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.network.carry(self.unit, request)


_CARRIERS: Final[Mapping[Fate, Callable[[SimNetwork, httpx.Request], httpx.Response]]] = {
    Fate.DELIVERED: SimNetwork._delivered,
    Fate.REQUEST_LOST: SimNetwork._request_lost,
    Fate.ANSWER_LOST: SimNetwork._answer_lost,
    Fate.DOUBLED: SimNetwork._doubled,
    Fate.DELAYED: SimNetwork._delayed,
    Fate.REQUEST_FLIPPED: SimNetwork._request_flipped,
    Fate.ANSWER_FLIPPED: SimNetwork._answer_flipped,
    Fate.ANSWER_REPLACED: SimNetwork._answer_replaced,
}

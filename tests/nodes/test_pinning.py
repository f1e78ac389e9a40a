"""A name is resolved once: what is connected to is what was checked."""

from dataclasses import dataclass, field

import httpx
import pytest

from nodes.pinning import Pinned


@dataclass
class Wire(httpx.BaseTransport):
    """The network: notes what it is asked, and reaches no address in `away`."""

    away: set[str] = field(default_factory=set)
    asked: list[httpx.Request] = field(default_factory=list)
    closed: bool = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host in self.away:
            raise httpx.ConnectError("away", request=request)
        self.asked.append(request)
        return httpx.Response(200)

    def close(self) -> None:
        self.closed = True


def ask(wire: Wire, *permitted: str, address: str = "https://localhost:8443/keys?x=1") -> httpx.Request:
    with httpx.Client(transport=Pinned(wire, lambda one: one in permitted), trust_env=False) as client:
        client.get(address)
    return wire.asked[-1]


def test_the_checked_address_is_asked_under_the_name_that_was_meant() -> None:
    wire = Wire()
    asked = ask(wire, "127.0.0.1", "::1")
    assert asked.url.host in {"127.0.0.1", "::1"}
    assert (asked.url.port, asked.url.raw_path) == (8443, b"/keys?x=1")
    assert (asked.headers["host"], asked.extensions["sni_hostname"]) == ("localhost:8443", "localhost")
    assert wire.closed


@pytest.mark.parametrize("address", ["https://localhost/x", "https://127.0.0.1/x"])
def test_one_address_that_is_not_permitted_closes_the_whole_name(address: str) -> None:
    wire = Wire()
    with pytest.raises(httpx.ConnectError):
        ask(wire, address=address)
    assert wire.asked == []


def test_an_address_that_cannot_be_reached_is_no_end_unless_it_was_the_last() -> None:
    with pytest.raises(httpx.ConnectError, match="away"):
        ask(Wire({"127.0.0.1", "::1"}), "127.0.0.1", "::1")

"""Closes the network for the test process: only loopback addresses and Unix sockets stay reachable.

It must not be switched off by a test. `close()` adds an audit hook (PEP 578), which the interpreter cannot remove.
"""

import ipaddress
import sys
from typing import Any, Final

ADDRESS_EVENTS: Final = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
NAME_EVENTS: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
LOOPBACK_NAMES: Final = frozenset({"localhost", "ip6-localhost"})


class OutsideNetworkError(RuntimeError):
    """A test tried to reach, listen on or look up something that is not this machine.

    It is no OSError on purpose: code that retries a failed connection must not swallow it.
    """


def is_loopback(host: object) -> bool:
    """Say whether this host part of an address, or this name to look up, stays on this machine."""
    if host is None:
        return True  # getaddrinfo(None, ...) gives loopback, or a wildcard that `socket.bind` then meets
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: raise OutsideNetworkError for an address or a name that is not this machine."""
    if event in ADDRESS_EVENTS:
        address = arguments[1]
        if isinstance(address, tuple) and not is_loopback(address[0]):
            raise OutsideNetworkError(f"{event} {address!r}: tests use loopback only")
    elif event in NAME_EVENTS and not is_loopback(arguments[0]):
        raise OutsideNetworkError(f"{event} {arguments[0]!r}: tests look up no outside name")


def close() -> None:
    """Close the network of this process for good."""
    sys.addaudithook(refuse_outside)

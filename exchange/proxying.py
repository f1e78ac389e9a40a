"""What a proxy in front of a service may tell it: the address of the client, and the certificate it showed.

Believed only from the proxies that the operator named. From anybody else these header fields are nothing: they are
taken off, so that no route can read them by mistake.
"""

import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import unquote_to_bytes

from exchange.service import Asgi, Receive, Scope, Send, header

FORWARDED: Final = b"x-forwarded-for"
CERTIFICATE: Final = b"x-client-certificate"
SHOWN: Final = "serai.certificate"
"""Where the scope of a request says which client certificate (SHA-256, 64 hex digits) a named proxy has verified."""

LONGEST_CERTIFICATE: Final = 16_384
_TOLD: Final = frozenset({FORWARDED, CERTIFICATE})

Network = IPv4Network | IPv6Network


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that the operator named; raises ValueError for what is none."""
    return tuple(ip_network(text) for text in texts)


def fingerprint(escaped: bytes) -> str | None:
    """Return the SHA-256 (64 hex digits) of a certificate in percent-encoded PEM, or None if it is none."""
    if len(escaped) > LONGEST_CERTIFICATE:
        return None
    try:
        der = ssl.PEM_cert_to_DER_cert(unquote_to_bytes(escaped).decode("ascii"))
    except ValueError:
        return None
    return hashlib.sha256(der).hexdigest()


@dataclass(frozen=True, slots=True)
class BehindProxy:
    """An application behind the proxies of `trusted`; with none, nothing that a header says is believed."""

    app: Asgi
    trusted: tuple[Network, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with the client's own address and certificate in its scope."""
        if scope["type"] == "http":
            scope = self._told(scope)
        await self.app(scope, receive, send)

    def _told(self, scope: Scope) -> Scope:
        forwarded, shown = header(scope, FORWARDED), header(scope, CERTIFICATE)
        told = dict(scope, headers=[(name, value) for name, value in scope["headers"] if name not in _TOLD])
        if not self._is_trusted(scope):
            return told
        if shown:
            told[SHOWN] = fingerprint(shown)
        # the last entry is the proxy's own word; what stands before it, the client may have written
        address = forwarded.decode("latin-1").rpartition(",")[2].strip()
        if address:
            told["client"] = (address, 0)
        return told

    def _is_trusted(self, scope: Scope) -> bool:
        try:
            peer = ip_address((scope.get("client") or ("", 0))[0])
        except ValueError:
            return False
        return any(peer in network for network in self.trusted)

"""Header fields of a proxy count only from proxies that were named."""

import asyncio
import hashlib
import ssl
from typing import Any
from urllib.parse import quote

import pytest

from exchange.proxying import SHOWN, BehindProxy, fingerprint, networks

DER = b"not looked into: the proxy has verified it"
SHOWN_CERTIFICATE = quote(ssl.DER_cert_to_PEM_cert(DER)).encode()


def told(peer: str, *trusted: str, kind: str = "http", **fields: bytes) -> dict[str, Any]:
    """The scope that an application behind `trusted` sees of a request from `peer`."""
    seen: list[Any] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope)

    headers = [(name.replace("_", "-").encode(), value) for name, value in fields.items()]
    scope = {"type": kind, "client": (peer, 1234), "headers": headers}
    asyncio.run(BehindProxy(app, networks(trusted))(scope, None, None))  # type: ignore[arg-type]  # nobody reads or sends
    found: dict[str, Any] = seen[0]
    return found


def test_a_named_proxy_is_believed_about_the_address_it_saw_itself() -> None:
    scope = told("10.1.2.3", "10.0.0.0/8", x_forwarded_for=b"203.0.113.9, 198.51.100.7")
    assert scope["client"][0] == "198.51.100.7"


def test_a_named_proxy_is_believed_about_the_certificate() -> None:
    scope = told("10.1.2.3", "10.1.2.3", x_client_certificate=SHOWN_CERTIFICATE)
    assert scope[SHOWN] == hashlib.sha256(DER).hexdigest()
    assert scope["client"][0] == "10.1.2.3"


@pytest.mark.parametrize("peer", ["192.0.2.1", "unix", ""])
def test_anybody_else_is_believed_nothing(peer: str) -> None:
    scope = told(peer, "10.0.0.0/8", x_forwarded_for=b"198.51.100.7", x_client_certificate=SHOWN_CERTIFICATE, host=b"h")
    assert (SHOWN in scope, scope["client"][0], scope["headers"]) == (False, peer, [(b"host", b"h")])


def test_without_named_proxies_nobody_is_believed() -> None:
    assert SHOWN not in told("127.0.0.1", x_client_certificate=SHOWN_CERTIFICATE)


def test_what_is_no_request_passes_as_it_is() -> None:
    assert told("10.1.2.3", "10.0.0.0/8", kind="lifespan", x_forwarded_for=b"1.2.3.4")["client"][0] == "10.1.2.3"


@pytest.mark.parametrize("shown", [b"%", b"\xff", b"-----BEGIN CERTIFICATE-----", b"x" * 20_000])
def test_what_is_no_certificate_has_no_fingerprint(shown: bytes) -> None:
    assert fingerprint(shown) is None

"""Calls that go to the very address that was checked.

A name that is resolved to be checked and again to connect may have another address by then (DNS rebinding). Here it is
resolved once; the certificate is still held against the name. Which addresses are permitted, the caller says.
"""

import socket
from collections.abc import Callable

import httpx


class Pinned(httpx.BaseTransport):
    """A transport that asks no host unless each address of its name is `permitted`, and `inner` for the rest."""

    def __init__(self, inner: httpx.BaseTransport, permitted: Callable[[str], bool]) -> None:
        self._inner = inner
        self._permitted = permitted

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the first address that can be reached; raises `httpx.ConnectError`."""
        host, failed = request.url.host, httpx.ConnectError("no address that may be asked", request=request)
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in self._addresses(host):
            request.url = request.url.copy_with(host=address)
            try:
                return self._inner.handle_request(request)
            except httpx.ConnectError as error:
                failed = error
        raise failed

    def _addresses(self, host: str) -> list[str]:
        try:
            told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return []
        found = [str(one[4][0]) for one in told]
        return found if all(map(self._permitted, found)) else []

    def close(self) -> None:
        """Give the connections back."""
        self._inner.close()

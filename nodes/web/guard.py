"""The outer wall of the pages: security headers with a nonce, refusal of foreign requests, the language of a request.

Pure ASGI, because the language must be set in the task that later runs the handler. It knows no page and no session.
"""

import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nodes.web.languages import choose, speaking

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
REPORTS: Final = "/csp-reports"
LANGUAGE_COOKIE: Final = "serai-language"

_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx; report-uri " + REPORTS
)
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Guard:
    """Wraps the application of the pages."""

    def __init__(self, app: ASGIApp, *, secure: bool, broken: Callable[[Request, Exception], Response]) -> None:
        self._app = app
        self._secure = secure
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: refuse it if it is foreign, else run it in its language and dress the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        nonce = secrets.token_urlsafe(16)
        request.state.nonce = nonce
        request.state.foreign = scope["path"] != REPORTS and is_foreign(scope["method"], request.headers)

        started = False

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(MutableHeaders(scope=message), nonce, scope["path"])
            await send(message)

        code = choose(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
        with speaking(code):
            try:
                await self._app(scope, receive, dressed)
            except Exception as error:
                if started:
                    raise
                await self._broken(request, error)(scope, receive, dressed)

    def _dress(self, headers: MutableHeaders, nonce: str, path: str) -> None:
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        for name, value in _HEADERS.items():
            headers[name] = value
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        headers["Cache-Control"] = "public, max-age=3600" if path.startswith("/static/") else "no-store"


def is_foreign(method: str, headers: Headers) -> bool:
    """Return whether an unsafe request was caused by another site.

    `Sec-Fetch-Site` decides where the browser sends it (all supported ones do); else `Origin` must be our own.
    """
    if method in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site != "same-origin"
    return urlsplit(headers.get("origin", "")).netloc != headers.get("host")

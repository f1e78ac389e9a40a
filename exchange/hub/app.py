"""The hub as an ASGI application: hot routes first, FastAPI for the rest, one shell around both.

The shell turns every failure into problem details, signs every answer that carries no signed receipt, counts, and logs
refusals of units that it knows. `create_app` is all that a server, a test or a simulation needs.
"""

import gc
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from audit.errors import AuditError
from exchange.errors import (
    BadStatement,
    Denied,
    ExchangeError,
    LogRolledBack,
    MethodNotAllowed,
    Unavailable,
    Unsigned,
)
from exchange.hub import api, callers, hot, proofs, recovery, witnessing
from exchange.hub.hub import Hub
from exchange.hub.upkeep import DENIALS, Refused
from exchange.service import (
    Answer,
    Message,
    Receive,
    Scope,
    Send,
    answer_of,
    bound_threads,
    correlation_of,
    header,
    language_of,
    send_answer,
)

Route = Callable[[Hub, Scope, Receive], Awaitable[Answer]]

HOT: Final[dict[str, tuple[str, Route]]] = {
    "/v1/messages": ("POST", hot.messages),
    "/v1/receipts": ("POST", hot.unit_receipts),
    "/v1/inbox": ("GET", hot.inbox),
    "/v1/log/pending": ("GET", witnessing.pending),
    "/v1/recovery": ("POST", recovery.take),
}
WHILE_CLOSED: Final = frozenset({"/v1/health", "/v1/recovery"})
"""What a restored hub answers before it is whole again."""
LOGGED_DENIALS: Final = (Denied, Unsigned, BadStatement, LogRolledBack)
SWITCH_SECONDS: Final = 0.0005
"""How long a busy thread may keep the interpreter from the event loop; the default of 5 ms is longer than an answer."""
_RECEIPTED: Final = frozenset({200, 201, 422})


def create_app(hub: Hub) -> "HubApp":
    """Return the application that serves `hub`; its lifespan starts and stops the hub's threads."""
    return HubApp(hub)


class HubApp:
    """One hub behind ASGI."""

    def __init__(self, hub: Hub) -> None:
        self.hub: Final = hub
        self._log = structlog.get_logger()
        self._rest = FastAPI(title="Serai hub", openapi_url=None, docs_url=None, redoc_url=None)
        self._rest.router.redirect_slashes = False
        self._rest.include_router(api.router)
        self._rest.include_router(proofs.router)
        self._rest.state.hub = hub
        self._rest.add_exception_handler(ExchangeError, _raise_again)
        self._rest.add_exception_handler(HTTPException, _raise_again)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan of the service."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                bound_threads()
                sys.setswitchinterval(SWITCH_SECONDS)
                gc.freeze()  # what stands now stands for good: the collector need not walk it again
                self.hub.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                self.hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path: str = scope["path"]
        correlation = correlation_of(scope)
        try:
            answer = await self._route(path, scope, receive)
        except Exception as error:  # noqa: BLE001 - the last resort: every failure becomes an answer
            answer = self._refuse(error, scope, correlation)
        route = path if path in HOT else "other"
        self.hub.metrics.answers.labels(route, answer.status).inc()
        if path == "/v1/messages" and answer.status in _RECEIPTED:
            self.hub.metrics.seconds.observe(time.perf_counter() - started)
            await send_answer(send, answer, correlation)
        else:
            signature = callers.sign_answer(self.hub, scope, answer.status, answer.body)
            await send_answer(send, answer, correlation, signature)

    async def _route(self, path: str, scope: Scope, receive: Receive) -> Answer:
        if self.hub.closed and path not in WHILE_CLOSED:
            await anyio.to_thread.run_sync(self.hub.check_open)
        hot_route = HOT.get(path)
        if hot_route is None:
            return await _captured(self._rest, scope, receive)
        method, handler = hot_route
        if scope["method"] != method:
            raise MethodNotAllowed
        return await handler(self.hub, scope, receive)

    def _refuse(self, error: Exception, scope: Scope, correlation: str) -> Answer:
        """Return the answer to a failure; a refusal of a unit that we know goes into the log."""
        if isinstance(error, AuditError):
            error = Unavailable(error.code)
        if isinstance(error, ExchangeError):
            self.hub.metrics.refusals.labels(error.code).inc()
        unit = scope.get(callers.UNIT)
        if unit and isinstance(error, LOGGED_DENIALS) and not self.hub.closed:
            self.hub.sequencer.post(DENIALS, Refused(unit, error.code))
        language = language_of(header(scope, b"accept-language").decode("latin-1"))
        return answer_of(error, correlation, language, self._log)


async def _raise_again(_request: Any, error: Exception) -> Any:
    """Let the shell answer it."""
    raise error


async def _captured(app: FastAPI, scope: Scope, receive: Receive) -> Answer:
    """Return the answer of the ordinary routes as one value."""
    started: Message = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    fields = dict(started["headers"])
    media = fields.pop(b"content-type", b"application/octet-stream")
    fields.pop(b"content-length", None)
    return Answer(started["status"], media, b"".join(parts), list(fields.items()))

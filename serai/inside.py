"""An ASGI application called in this process as if over the network: the way to a hub that has no port.

The simulated world and the rehearsal of the demo use it. It must not change a request or an answer.
"""

import asyncio
import threading
from typing import Any

import httpx


class Inside(httpx.BaseTransport):
    """A transport whose other end is `app`, run on an event loop of its own; one call at a time."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the application answer; what it raises is raised here."""
        with self._lock:
            return self._loop.run_until_complete(self._answer(request))

    def end(self) -> None:
        """End the event loop; a client that closes its transport must not, for others share it."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._app.handle_async_request(asked)
        body = httpx.ByteStream(await answer.aread())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=body, request=request)

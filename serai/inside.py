"""An ASGI application called in this process as if over the network: the way to a hub that has no port.

The simulated world and the rehearsal of the demo use it. It must not change a request or an answer.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx


class Inside(httpx.BaseTransport):
    """A transport whose other end is `app`, on an event loop and a thread of its own; one call at a time."""

    def __init__(self, app: Any) -> None:
        self._app = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()
        self._thread = ThreadPoolExecutor(1, "inside")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the application answer; what it raises is raised here."""
        return self._thread.submit(lambda: self._runner.run(self._answer(request))).result()

    def end(self) -> None:
        """End the event loop; a client that closes its transport must not, for others share it."""
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._app.handle_async_request(asked)
        body = httpx.ByteStream(await answer.aread())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=body, request=request)

"""Asking the processes that check signatures (`exchange.hub.checker`). One event loop asks; nothing here can sign.

A process starts when it is first asked, and another in its place if it ends: who waited for the one that ended is told
that the outcome is unknown, and sends the same bytes again.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

import structlog

from exchange.errors import Unavailable
from exchange.hub import checker
from exchange.hub.checker import Chunk, Question

PATIENCE: Final = 10.0
"""Seconds after which a process that does not answer is ended: a full chunk is 16 checks of half a millisecond."""


class Checker:
    """One process, with `patience` seconds for the next answer. `load`: how many questions it has not answered yet."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.load = 0
        self._patience = patience
        self._number = 0
        self._opening = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._running: _Running | None = None
        self._log = structlog.get_logger()

    @property
    def pid(self) -> int:
        """The id of the process; 0 while none runs."""
        return 0 if self._running is None else self._running.process.pid

    async def check(self, questions: Sequence[Question]) -> list[bool]:
        """Return for each question whether the signature is good; raises `Unavailable` if the process ended."""
        self.load += len(questions)
        try:
            return await self._asked(questions)
        finally:
            self.load -= len(questions)

    async def _asked(self, questions: Sequence[Question]) -> list[bool]:
        running = await self._present()
        self._number = (self._number + 1) % 2**32
        chunk = Chunk(self._number, tuple(questions))
        running.writer.write(chunk.to_bytes())
        try:
            # the lock is fair, and nothing is awaited between writing and asking for it: answers come in our order
            async with self._turn, asyncio.timeout(self._patience):
                return chunk.verdicts(await running.reader.readexactly(chunk.answer_size))
        except (asyncio.IncompleteReadError, OSError, ValueError) as error:  # a timeout is an OSError too
            if self._running is running:
                self._log.error("a process that checks signatures ended", error=type(error).__name__)
                self.stop()
            raise Unavailable(type(error).__name__) from error

    async def _present(self) -> "_Running":
        async with self._opening:
            if self._running is None:
                try:
                    self._running = await _Running.start()
                except OSError as error:
                    self._log.error("a process that checks signatures did not start", error=type(error).__name__)
                    raise Unavailable(type(error).__name__) from error
            return self._running

    def stop(self) -> None:
        """End the process; the next question starts another."""
        running, self._running = self._running, None
        if running is not None:
            running.end()


class _Running:
    """A process that runs, and our end of its input and output."""

    def __init__(
        self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process, self.reader, self.writer = process, reader, writer

    @classmethod
    async def start(cls) -> "_Running":
        """Start a process that inherits no secret, and no signal of our terminal: it ends when we do."""
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as failed:
            failed.callback(ours.close)
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own interpreter and program; it starts in a moment
                [sys.executable, "-m", checker.__name__],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env={"PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,
            )
            failed.pop_all()
        return cls(process, *await asyncio.open_connection(sock=ours))

    def end(self) -> None:
        """Kill it: it holds nothing that could be lost."""
        self.process.kill()
        self.process.wait()
        self.writer.transport.abort()

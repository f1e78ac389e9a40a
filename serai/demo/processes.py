"""Child processes of a federation on loopback: start, wait until they answer, stop, kill.

They are forked from one warm process that has everything imported, so that six services start in the time of one. A
child's input is a pipe that only we hold: it never outlives us, not even when we are killed.
"""

import multiprocessing
import multiprocessing.forkserver
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Final

import httpx

from serai.cli import app
from serai.output import CommandError, Exit

READY_SECONDS: Final = 60
STOP_SECONDS: Final = 8
POLL_SECONDS: Final = 0.02
TAIL: Final = 2_000
WARM: Final = ("serai.hub", "serai.node")

_processes = multiprocessing.get_context("forkserver")


class Service:
    """One `serai … serve` process. `url` answers at `health` with 200 once it is ready."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        url: str,
        *,
        log: Path,
        health: str = "/v1/health",
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.url = url
        self.log = log
        self._command = [*command, "--stop-at-eof"]
        self._health = url + health
        self._environment = dict(environment)
        self._process: multiprocessing.process.BaseProcess | None = None
        self._held: Connection | None = None

    @property
    def pid(self) -> int:
        """The process id; raises CommandError if it does not run."""
        if self._process is None or self._process.pid is None or not self._process.is_alive():
            raise CommandError("SERAI-CHILD", f"{self.name} is not running.", status=Exit.UNREACHABLE)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        """Start the process and return at once; its output is appended to the log file."""
        warm_up()
        given, self._held = _processes.Pipe(duplex=False)
        arguments = (self._command, given, self.log, self._environment)
        self._process = _processes.Process(target=_run, args=arguments, name=self.name, daemon=True)
        self._process.start()
        given.close()

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until the process answers; raises CommandError if it dies or stays silent for `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running:
                raise self._failure("ended")
            with suppress(httpx.TransportError):
                if httpx.get(self._health, timeout=2, trust_env=False).is_success:
                    return
            time.sleep(POLL_SECONDS)
        raise self._failure(f"did not answer within {seconds:g} seconds")

    def ask_to_stop(self) -> None:
        """Ask the process to stop, without waiting."""
        if self._process is not None and self.running:
            self._process.terminate()

    def stop(self) -> None:
        """Ask the process to stop, and kill it if it has not after its grace period."""
        self.ask_to_stop()
        if self._process is not None:
            self._process.join(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the process as a power cut would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def _failure(self, how: str) -> CommandError:
        tail = self.log.read_bytes()[-TAIL:].decode(errors="replace").strip() if self.log.exists() else ""
        return CommandError(
            "SERAI-CHILD", f"{self.name} {how}.", tail, f"Its log is {self.log}.", status=Exit.UNREACHABLE
        )


def warm_up() -> None:
    """Begin to import in the background what every child needs; doing it again does nothing."""
    _processes.set_forkserver_preload(list(WARM))
    multiprocessing.forkserver.ensure_running()


def _run(command: list[str], held: Connection, log: Path, environment: Mapping[str, str]) -> None:
    """Be a service, in the forked child: own session, own output, own environment, and the pipe as input."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in [name for name in os.environ if name.startswith("SERAI_")]:
        del os.environ[name]  # settings of a service that the person at the terminal runs are not ours
    os.environ.update(environment)
    with open(held.fileno(), encoding="ascii", closefd=False) as sys.stdin:
        app(command)


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

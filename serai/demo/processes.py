"""Child processes of a federation on loopback: start, wait until they answer, stop, kill.

A child's input is a pipe that only we hold, so a child never outlives us: not even when we are killed.
"""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

from serai.output import CommandError, Exit

READY_SECONDS: Final = 30
STOP_SECONDS: Final = 8
POLL_SECONDS: Final = 0.05
TAIL: Final = 2_000


class Service:
    """One `serai … serve` process. `url` answers at `health` with 200 once it is ready."""

    def __init__(self, name: str, command: Sequence[str], url: str, *, log: Path, health: str = "/v1/health") -> None:
        self.name = name
        self.url = url
        self.log = log
        self._command = [sys.executable, "-m", "serai", *command, "--stop-at-eof"]
        self._health = url + health
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises CommandError if it does not run."""
        if self._process is None or self._process.poll() is not None:
            raise CommandError("SERAI-CHILD", f"{self.name} is not running.", status=Exit.UNREACHABLE)
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and return at once; its output is appended to the log file."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and program
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

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

    def stop(self) -> None:
        """Ask the process to stop, and kill it if it has not after its grace period."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the process as a power cut would end it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def _failure(self, how: str) -> CommandError:
        tail = self.log.read_bytes()[-TAIL:].decode(errors="replace").strip()
        return CommandError(
            "SERAI-CHILD", f"{self.name} {how}.", tail, f"Its log is {self.log}.", status=Exit.UNREACHABLE
        )


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

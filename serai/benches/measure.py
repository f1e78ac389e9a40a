"""How a benchmark measures: medians of several runs, the 99th percentile, and the flush time of the disk beside them.

A figure without the disk that it was taken on says nothing, so every report carries both.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FLUSHES: Final = 50
PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the tail of a set of durations, in milliseconds."""

    count: int
    median_ms: float
    p99_ms: float

    def members(self) -> dict[str, object]:
        """Return the members of a report, rounded to a microsecond."""
        return {"count": self.count, "median_ms": round(self.median_ms, 3), "p99_ms": round(self.p99_ms, 3)}


def spread(seconds: Sequence[float]) -> Spread:
    """Return the spread of durations in seconds, of which there must be at least one."""
    ordered = sorted(seconds)
    tail = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return Spread(len(ordered), statistics.median(ordered) * 1000, tail * 1000)


def timed(work: Callable[[], object], times: int) -> list[float]:
    """Return the seconds of each of `times` runs, after one run that warms up."""
    work()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return taken


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a running process has used, with its threads and all its children (Linux)."""
    members = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    own = sum(map(int, members[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(child) for child in _children(pid))


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # a thread that ended meanwhile has none
            found.update(map(int, (task / "children").read_text(encoding="ascii").split()))
    return found


def flush_time(folder: Path) -> Spread:
    """Return how long the disk under `folder` takes to make one page durable: append and fsync, fifty times."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:

        def flush() -> None:
            file.write(os.urandom(PAGE))
            file.flush()
            os.fsync(file.fileno())

        return spread(timed(flush, FLUSHES))

"""Runs every check of the project, goes on after a failure, and ends with one line that counts them.

It decides nothing itself: each step is a command that any developer can run alone.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
CACHE: Final = ROOT / ".cache"
COVERAGE: Final = CACHE / "coverage.json"
MEMORY: Final = Path("/dev/shm")  # noqa: S108  # only what the tests write, in a folder of its own
SOFTHSM: Final = Path(os.environ.get("SERAI_SOFTHSM", "/usr/lib/softhsm/libsofthsm2.so"))
"""The PKCS#11 module of the tests of keys in a token."""
ROOM: Final = 8 << 30
"""Bytes that must be free there for what the tests write; on a disk each of their many flushes costs milliseconds."""


@dataclass(frozen=True)
class Step:
    """One check: what it is called, the command that does it, and pytest's result file if the command is pytest."""

    name: str
    command: tuple[str, ...]
    results: Path | None = None


def pytest(name: str, workers: int, *more: str) -> Step:
    """Return a step that runs tests in `workers` processes, each file of tests in one of them."""
    results = CACHE / f"{name.replace(' ', '_')}.xml"
    ordered = ("-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "15")
    return Step(name, ("python", "-m", "pytest", *ordered, f"--junitxml={results}", *more), results)


STORIES: Final = (
    *("absences", "adversity", "backup", "duty", "erased_everywhere", "exchange", "figures", "following", "grants"),
    *("onward", "pages_of_mail", "pushing", "recalls", "resealing", "rotation", "upkeep", "voids"),
)
UNCOUNTED: Final = (
    *("tests/architecture", "tests/e2e", "tests/fuzz", "tests/tools", "tests/exchange/policy/test_rules.py"),
    *map("tests/nodes/test_{}.py".format, STORIES),
    "tests/nodes/web/test_insiders.py",
)
"""Tests of other processes and of a browser, thousands of generated cases, and long stories between nodes, whose lines
shorter tests reach as well: to count lines costs half as much again as the test, and would tell nothing."""
VECTORS: Final = tuple(
    Step(f"vectors {path.parent.name}", ("python", "-m", f"tests.vectors.{path.parent.name}.build", "--check"))
    for path in sorted((ROOT / "tests" / "vectors").glob("*/build.py"))
)
BESIDE: Final = (
    Step("types", ("mypy",)),
    Step("lint", ("ruff", "check")),
    Step("format", ("ruff", "format", "--check")),
    Step("layers", ("lint-imports", "--cache-dir", ".cache/import_linter")),
    *VECTORS,
)
"""Steps for one processor: the first runs beside the others, and each says what it has to say when it has ended."""
WHOLE: Final = (
    pytest(
        "tests", 2, "--cov", "--cov-report=", f"--cov-report=json:{COVERAGE}", *map("--ignore={}".format, UNCOUNTED)
    ),
    Step("coverage", ("python", "-m", "tools.coverage_gate", str(COVERAGE))),
    pytest("uncounted", 3, *UNCOUNTED),  # services, browsers and pip wait for each other: a third fills the pauses
    Step("worlds", ("python", "-m", "tests.sim.run", "--worlds", "50")),
)
"""Steps that have the machine to themselves."""
STEPS: Final = BESIDE + WHOLE


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    step: Step
    passed: bool
    seconds: float


def run(step: Step, *, beside: bool = False) -> Outcome:
    """Run one step with its output on the terminal: as it comes, or in one piece if others run beside it."""
    title = f"\n── {step.name}: {' '.join(step.command[:4])} …"
    if not beside:
        print(title, flush=True)
    begun = time.monotonic()
    command = [str(BIN / step.command[0]), *step.command[1:]]
    piece: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} if beside else {}
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, check=False, **piece)  # noqa: S603  # the commands are STEPS
    if beside:
        print(f"{title}\n{done.stdout}", end="", flush=True)
    return Outcome(step, done.returncode == 0, time.monotonic() - begun)


def outcomes() -> Iterator[Outcome]:
    """Run every step."""
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(partial(run, beside=True), BESIDE)
    yield from map(run, WHOLE)


def environment() -> dict[str, str]:
    """The surroundings of every step: seeded properties, the browser that the set-up found, and one place for bytecode.

    Hundreds of processes import the project: what was compiled for the first serves the others.
    """
    found = BIN.parent / "chromium"
    chromium = found.read_text().strip() if found.exists() else ""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"HYPOTHESIS_PROFILE": "ci", "PYTHONPYCACHEPREFIX": str(CACHE / "bytecode")}
    return {"SERAI_CHROMIUM": chromium} | given | own


@contextmanager
def in_memory() -> Iterator[None]:
    """Let everything temporary of the steps be in memory, where there is enough of it."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="s-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = folder
        yield


def counts(results: Path) -> tuple[int, int, int]:
    """Read passed, failed and skipped from pytest's own result file; a run that wrote none failed as one."""
    try:
        suite = ET.parse(results).getroot().find("testsuite")  # noqa: S314  # written by the step before
    except (OSError, ET.ParseError):
        return 0, 1, 0
    if suite is None:
        return 0, 1, 0
    tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    return tests - failed - skipped, failed, skipped


def main() -> int:
    """Run all steps, and say how each ended and how long it took; exit 1 when any failed."""
    begun = time.monotonic()
    CACHE.mkdir(exist_ok=True)
    results = [step.results for step in STEPS if step.results]
    for old in (*results, COVERAGE):
        old.unlink(missing_ok=True)
    with in_memory():
        ended = list(outcomes())
    print()
    for outcome in ended:
        print(f"{'passed' if outcome.passed else 'FAILED':7} {outcome.step.name:14} {outcome.seconds:6.1f} s")
    print(f"{'':7} {'everything':14} {time.monotonic() - begun:6.1f} s")
    if not environment()["SERAI_CHROMIUM"]:
        print("\n!!  NOT TESTED: the pages in a browser, for want of a Chromium (see `make setup`)\n")
    if not SOFTHSM.is_file():
        print("\n!!  NOT TESTED: keys in a PKCS#11 token, for want of SoftHSM (see `make setup`)\n")
    passed, failed, skipped = map(sum, zip(*map(counts, results), strict=True))
    others = [outcome.passed for outcome in ended if outcome.step.results is None]
    print(f"{passed + sum(others)} passed, {failed + others.count(False)} failed, {skipped} skipped")
    return int(not all(outcome.passed for outcome in ended))


if __name__ == "__main__":
    sys.exit(main())

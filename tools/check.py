"""Runs every check of the project, goes on after a failure, and ends with one line that counts them.

It decides nothing itself: each step is a command that any developer can run alone.
"""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
RESULTS: Final = ROOT / ".cache" / "tests.xml"
COVERAGE: Final = ROOT / ".cache" / "coverage.json"


@dataclass(frozen=True)
class Step:
    """One check: what it is called and the command that does it."""

    name: str
    command: tuple[str, ...]


PYTEST: Final = (
    *("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "15"),
    *("--cov", "--cov-report=", f"--cov-report=json:{COVERAGE}", f"--junitxml={RESULTS}"),
)
BUILDERS: Final = sorted((ROOT / "tests" / "vectors").glob("*/build.py"))
VECTORS: Final = tuple(
    Step(f"vectors {path.parent.name}", ("python", "-m", f"tests.vectors.{path.parent.name}.build", "--check"))
    for path in BUILDERS
)
TESTS: Final = "tests"
STEPS: Final = (
    Step("lint", ("ruff", "check")),
    Step("format", ("ruff", "format", "--check")),
    Step("types", ("mypy",)),
    Step("layers", ("lint-imports", "--cache-dir", ".cache/import_linter")),
    *VECTORS,
    Step(TESTS, PYTEST),
    Step("worlds", ("python", "-m", "tests.sim.run", "--worlds", "52")),
    Step("coverage", ("python", "-m", "tools.coverage_gate", str(COVERAGE))),
)


@dataclass(frozen=True)
class Outcome:
    """How one step ended."""

    step: Step
    passed: bool
    seconds: float


def run(step: Step, environment: dict[str, str]) -> Outcome:
    """Run one step with its output on the terminal."""
    print(f"\n── {step.name}: {' '.join(step.command[:4])} …", flush=True)
    begun = time.monotonic()
    command = [str(BIN / step.command[0]), *step.command[1:]]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  # the commands are STEPS
    return Outcome(step, done.returncode == 0, time.monotonic() - begun)


def environment() -> dict[str, str]:
    """The surroundings of every step: seeded properties, this interpreter, the browser that the set-up found."""
    found = BIN.parent / "chromium"
    chromium = found.read_text().strip() if found.exists() else ""
    return {"SERAI_CHROMIUM": chromium} | os.environ | {"HYPOTHESIS_PROFILE": "ci", "PYTHONDONTWRITEBYTECODE": "1"}


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
    """Run all steps; exit 1 when any failed."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.unlink(missing_ok=True)
    COVERAGE.unlink(missing_ok=True)
    outcomes = [run(step, environment()) for step in STEPS]
    print()
    for outcome in outcomes:
        print(f"{'passed' if outcome.passed else 'FAILED':7} {outcome.step.name:14} {outcome.seconds:6.1f} s")
    if not environment()["SERAI_CHROMIUM"]:
        print("\n!!  NOT TESTED: the pages in a browser, for want of a Chromium (see `make setup`)\n")
    passed, failed, skipped = counts(RESULTS)
    others = [outcome.passed for outcome in outcomes if outcome.step.name != TESTS]
    print(f"{passed + sum(others)} passed, {failed + others.count(False)} failed, {skipped} skipped")
    return int(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())

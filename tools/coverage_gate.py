"""Demands branch coverage: every core module whole, each package besides at least nine tenths.

It reads the JSON report of coverage.py and prints what is missing; it measures nothing itself.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.layers import PACKAGES, core_files, package_files

CORE_PERCENT: Final = 100.0
REST_PERCENT: Final = 90.0
MOST_NAMED: Final = 16


@dataclass(frozen=True)
class Measured:
    """Lines and branches of one file or of several together."""

    covered: int = 0
    total: int = 0

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(self.covered + other.covered, self.total + other.total)

    @property
    def percent(self) -> float:
        """Covered lines and branches of all there are; nothing to cover is covered."""
        return 100 * self.covered / self.total if self.total else 100.0


def measured(summary: Mapping[str, Any]) -> Measured:
    """The figures of one file of the report."""
    return Measured(
        summary["covered_lines"] + summary["covered_branches"], summary["num_statements"] + summary["num_branches"]
    )


def core_shortfalls(files: Mapping[str, Any], core: set[str]) -> list[str]:
    """One line for each core module that is not wholly covered, with what is missing."""
    lines = []
    for name in sorted(core):
        entry = files.get(name)
        if entry is None:
            lines.append(f"{name}: no test imports it")
            continue
        percent = measured(entry["summary"]).percent
        if percent < CORE_PERCENT:
            branches = [f"{start}->{end}" for start, end in entry["missing_branches"]]
            parts = [*map(str, entry["missing_lines"]), *branches]
            missing = ", ".join(parts[:MOST_NAMED]) + (" …" if len(parts) > MOST_NAMED else "")
            lines.append(f"{name}: {percent:.1f} % of {CORE_PERCENT:.0f} %, missing {missing}")
    return lines


def rest_totals(files: Mapping[str, Any], rest: set[str]) -> dict[str, Measured]:
    """The figures of each package without its core modules."""
    totals: dict[str, Measured] = defaultdict(Measured)
    for name in rest:
        if name in files:
            totals[name.partition("/")[0]] += measured(files[name]["summary"])
    return dict(totals)


def shortfalls(files: Mapping[str, Any], core: set[str], rest: set[str]) -> list[str]:
    """Everything that keeps the gate shut; empty when it opens."""
    lines = core_shortfalls(files, core)
    totals = rest_totals(files, rest)
    for package in PACKAGES:
        total = totals.get(package, Measured())
        if total.percent < REST_PERCENT:
            lines.append(f"{package}: {total.percent:.1f} % of {REST_PERCENT:.0f} %")
            worst = sorted((measured(files[name]["summary"]).percent, name) for name in rest if name in files)
            lines += [f"    {name}: {percent:.1f} %" for percent, name in worst if name.startswith(package + "/")][:8]
    return lines


def main(report: Path) -> int:
    """Judge one report; exit 1 with the shortfalls, exit 2 without a report."""
    if not report.exists():
        print(f"{report}: no coverage was measured", file=sys.stderr)
        return 2
    files = json.loads(report.read_text())["files"]
    core = {path.as_posix() for path in core_files()}
    rest = {path.as_posix() for path in package_files()} - core
    lines = shortfalls(files, core, rest)
    for package, total in sorted(rest_totals(files, rest).items()):
        print(f"{package:9} {total.percent:5.1f} % of {total.total} lines and branches outside the core")
    print("\n".join(lines) if lines else f"core      100.0 % of {len(core)} modules")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

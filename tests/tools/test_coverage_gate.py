"""The coverage gate opens for whole core modules and nine tenths of the rest, and names what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.coverage_gate import main, measured, shortfalls


def report(covered: int, total: int, branches: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    """The entry of one file in coverage.py's report."""
    summary = {"covered_lines": covered, "num_statements": total}
    summary |= {"covered_branches": branches[0], "num_branches": branches[1]}
    missing = list(range(covered + 1, total + 1))
    return {"summary": summary, "missing_lines": missing, "missing_branches": [[7, 9]] * (branches[1] - branches[0])}


def test_lines_and_branches_count_alike() -> None:
    assert measured(report(8, 10, (1, 2))["summary"]).percent == pytest.approx(75.0)


def test_a_whole_core_and_nine_tenths_of_the_rest_pass() -> None:
    files = {"crypto/pae.py": report(10, 10, (4, 4)), "nodes/node.py": report(9, 10)}
    assert shortfalls(files, {"crypto/pae.py"}, {"nodes/node.py"}) == []


def test_one_branch_of_the_core_keeps_the_gate_shut_and_is_named() -> None:
    files = {"crypto/pae.py": report(10, 10, (3, 4))}
    assert shortfalls(files, {"crypto/pae.py"}, set()) == ["crypto/pae.py: 92.9 % of 100 %, missing 7->9"]


def test_a_core_module_that_no_test_imports_is_named() -> None:
    assert shortfalls({}, {"crypto/pae.py"}, set()) == ["crypto/pae.py: no test imports it"]


def test_a_package_under_nine_tenths_is_named_with_its_worst_file() -> None:
    files = {"nodes/a.py": report(5, 10), "nodes/b.py": report(10, 10)}
    assert shortfalls(files, set(), set(files))[:2] == ["nodes: 75.0 % of 90 %", "    nodes/a.py: 50.0 %"]


def test_one_package_does_not_pay_for_another() -> None:
    files = {"nodes/a.py": report(1000, 1000), "serai/b.py": report(1, 10)}
    assert shortfalls(files, set(), set(files))[0] == "serai: 10.0 % of 90 %"


def test_without_a_report_the_gate_stays_shut(tmp_path: Path) -> None:
    assert main(tmp_path / "coverage.json") == 2


def test_a_report_of_nothing_keeps_the_gate_shut(tmp_path: Path) -> None:
    (tmp_path / "coverage.json").write_text(json.dumps({"files": {}}))
    assert main(tmp_path / "coverage.json") == 1

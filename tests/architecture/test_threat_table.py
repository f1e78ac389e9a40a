"""Every control of the threat table names a test that exists, or says that there is none yet."""

import ast
import re
from pathlib import Path

import pytest

from tools.layers import ROOT

TABLE = ROOT / "docs" / "threat-model.md"
ROW = re.compile(r"^\| *(\d+) *\|")
REFERENCE = re.compile(r"`([^`]+)`")
NOT_YET = "not yet"


def rows() -> list[list[str]]:
    """The cells of each numbered row: number, actor, attack, control, test."""
    lines = [line for line in TABLE.read_text().splitlines() if ROW.match(line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def named_tests(path: Path) -> set[str]:
    """The test functions of one file."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def missing(reference: str, root: Path) -> str | None:
    """What of `tests/file.py` or `tests/file.py::test_name` does not exist."""
    file, _, name = reference.partition("::")
    path = root / file
    if not file.startswith("tests/") or not path.exists():
        return f"{reference}: no such test file"
    if name and name not in named_tests(path):
        return f"{reference}: no such test in the file"
    return None


def test_the_rows_are_numbered_without_a_gap() -> None:
    assert [int(row[0]) for row in rows()] == list(range(1, len(rows()) + 1))


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_a_control_names_its_test_or_says_not_yet(row: list[str]) -> None:
    proof = row[-1]
    references = REFERENCE.findall(proof)
    assert references or NOT_YET in proof
    assert [problem for reference in references if (problem := missing(reference, ROOT))] == []


def test_a_reference_to_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("def test_one() -> None: ...\n")
    assert missing("tests/test_a.py::test_one", tmp_path) is None
    assert missing("tests/test_a.py::test_two", tmp_path) is not None
    assert missing("tests/test_b.py", tmp_path) is not None

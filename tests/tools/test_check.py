"""What `make test` says at its end: the counts of pytest's own result file, and never a success without one."""

from pathlib import Path

import pytest

from tools.check import STEPS, UNCOUNTED, counts
from tools.layers import ROOT

SUITE = '<testsuites><testsuite tests="12" failures="2" errors="1" skipped="3"></testsuite></testsuites>'


def test_errors_count_as_failures_and_skipped_tests_as_neither(tmp_path: Path) -> None:
    (tmp_path / "tests.xml").write_text(SUITE)
    assert counts(tmp_path / "tests.xml") == (6, 3, 3)


@pytest.mark.parametrize("content", ["", "<testsuites>", "<testsuites/>"])
def test_a_broken_result_file_is_a_failure(tmp_path: Path, content: str) -> None:
    (tmp_path / "tests.xml").write_text(content)
    assert counts(tmp_path / "tests.xml") == (0, 1, 0)


def test_no_result_file_is_a_failure(tmp_path: Path) -> None:
    assert counts(tmp_path / "tests.xml") == (0, 1, 0)


def test_every_kind_of_check_is_a_step() -> None:
    names = [step.name.partition(" ")[0] for step in STEPS]
    kinds = ["types", "lint", "format", "layers", "vectors", "tests", "coverage", "uncounted", "worlds"]
    assert list(dict.fromkeys(names)) == kinds


def test_every_folder_of_tests_belongs_to_one_of_the_two_runs() -> None:
    runs = [step.command for step in STEPS if step.results]
    ignored = {word.partition("=")[2] for word in runs[0] if word.startswith("--ignore=")}
    assert ignored == {word for word in runs[1] if word.startswith("tests/")} == set(UNCOUNTED)
    assert all((ROOT / name).exists() for name in UNCOUNTED)

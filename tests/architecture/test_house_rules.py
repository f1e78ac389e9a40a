"""Rules of the house that no linter knows: one commit, no patched code of our own, a reason for every exception."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import Finding, checking_files, imports, text, tree
from tools.layers import package_files

THE_COMMIT = "exchange/database.py"
MOCKS = ("unittest.mock", "mock", "pytest_mock")
PATCHES = frozenset({"setattr", "delattr"})
NOT_OURS = ("sys.",)  # the interpreter's own streams and arguments are a seam of the operating system
SILENCED = re.compile(
    r"#\s*(?:noqa\b(?P<codes>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore\[[a-z-, ]+\])(?P<rest>.*)"
)
SHORTEST_REASON = 8


def calls(module: ast.Module, method: str) -> list[ast.Call]:
    """Every `something.method(...)` of a module."""
    found = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    return [call for call in found if isinstance(call.func, ast.Attribute) and call.func.attr == method]


def commits(file: str, module: ast.Module) -> list[Finding]:
    """Every commit of a transaction."""
    return [Finding(file, call.lineno, "commit") for call in calls(module, "commit")]


def patches(file: str, module: ast.Module) -> list[Finding]:
    """Every way in which a test would replace our own code instead of using a real seam."""
    mocked = [Finding(file, line, name) for line, name in imports(module) if name in MOCKS]
    patched = [
        Finding(file, call.lineno, ast.unparse(call.func))
        for method in PATCHES
        for call in calls(module, method)
        if ast.unparse(call.func) == f"monkeypatch.{method}"
        if not ast.unparse(call.args[0]).strip("'").startswith(NOT_OURS)
    ]
    return mocked + patched


def unexplained(file: str, text: str) -> list[Finding]:
    """Every silenced rule without a code or without a reason."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        silenced = SILENCED.search(line)
        if silenced is None:
            continue
        named = silenced["codes"] is not None or "ignore[" in silenced[0]
        if not named or len(silenced["rest"].strip(" #-")) < SHORTEST_REASON:
            found.append(Finding(file, number, silenced[0]))
    return found


def test_only_the_database_module_commits() -> None:
    others = [path for path in package_files() if path.as_posix() != THE_COMMIT]
    assert [str(found) for path in others for found in commits(path.as_posix(), tree(path))] == []


def test_no_test_patches_our_own_code() -> None:
    assert [str(found) for path in checking_files() for found in patches(path.as_posix(), tree(path))] == []


def test_every_silenced_rule_says_why() -> None:
    files = [path for path in (*package_files(), *checking_files()) if path.name != Path(__file__).name]
    assert [str(found) for path in files for found in unexplained(path.as_posix(), text(path))] == []


def test_planted_violations_are_found() -> None:
    assert commits("nodes/planted.py", ast.parse("session.commit()"))
    assert patches("tests/planted.py", ast.parse("from unittest.mock import patch"))
    assert patches("tests/planted.py", ast.parse("monkeypatch.setattr(module, 'name', 1)"))
    assert not patches("tests/planted.py", ast.parse("monkeypatch.setenv('NAME', '1')"))


@pytest.mark.parametrize("line", ["x = 1  # noqa", "x = 1  # noqa: S101", "x = 1  # type: ignore[misc]"])
def test_a_planted_silence_without_a_reason_is_found(line: str) -> None:
    assert unexplained("planted.py", line)


@pytest.mark.parametrize("line", ["x = 1  # noqa: S101", "x = 1  # type: ignore[misc]"])
def test_a_silence_with_a_code_and_a_reason_passes(line: str) -> None:
    assert not unexplained("planted.py", line + "  # the reason stands here")

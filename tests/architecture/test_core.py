"""The core does no IO: it reads no clock, no randomness, no file and no environment, and stands on few libraries."""

import ast
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import Finding, imports, tree
from tools.layers import ROOT, core_files

IO_MODULES = frozenset(
    {
        *("asyncio", "concurrent", "http", "logging", "multiprocessing", "random", "select", "selectors", "shutil"),
        *("signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "time", "urllib", "uuid"),
    }
)
IO_CALLS = frozenset({"open", "input", "print", "eval", "exec", "compile", "__import__"})
IO_ATTRIBUTES = frozenset(
    {
        *("now", "utcnow", "today", "environ", "getenv", "urandom", "token_bytes"),
        *(
            "read_text",
            "read_bytes",
            "write_text",
            "write_bytes",
            "unlink",
            "mkdir",
            "iterdir",
            "glob",
            "rglob",
            "stat",
        ),
    }
)
# (file, name): why this one file of the core may
ALLOWED = {
    ("schemas/codes/__init__.py", "read_text"): "the code tables are data files of the package, loaded once",
    ("schemas/codes/__init__.py", "iterdir"): "the code tables are data files of the package, loaded once",
}
RANDOM_OF_CRYPTO = frozenset({"urandom", "token_bytes"})  # entropy stays inside `crypto`
EVIDENCE = "audit/evidence/"
COURT_LIBRARIES = frozenset({*sys.stdlib_module_names, "cryptography", "crypto", "audit"})


def io_of(file: str, module: ast.Module) -> list[Finding]:
    """Every use of the outside world in one module that is not on the table above."""
    found = [Finding(file, line, name) for line, name in imports(module) if name.partition(".")[0] in IO_MODULES]
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IO_CALLS:
            found.append(Finding(file, node.lineno, node.func.id))
        elif isinstance(node, ast.Attribute) and node.attr in IO_ATTRIBUTES:
            found.append(Finding(file, node.lineno, node.attr))
    entropy: frozenset[str] = RANDOM_OF_CRYPTO if file.startswith("crypto/") else frozenset()
    return [finding for finding in found if (file, finding.what) not in ALLOWED and finding.what not in entropy]


def foreign_to_a_court(file: str, module: ast.Module) -> list[Finding]:
    """Every import of `crypto` or `audit.evidence` beyond the standard library, `cryptography` and each other."""
    found = []
    for line, name in imports(module):
        top = name.partition(".")[0]
        inside = file.startswith(EVIDENCE) and (name + ".").startswith(("crypto.", "audit.evidence.", "audit."))
        if top not in COURT_LIBRARIES or (top == "audit" and not inside):
            found.append(Finding(file, line, name))
    return found


def test_the_core_touches_nothing_outside() -> None:
    assert [str(found) for path in core_files() for found in io_of(path.as_posix(), tree(path))] == []


def court_files() -> list[Path]:
    """The code that a court's expert reads: all of `crypto` and the offline verifier."""
    files = [*(ROOT / "crypto").glob("*.py"), *(ROOT / EVIDENCE).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in files)


def test_the_offline_verifier_stands_on_the_standard_library_and_cryptography() -> None:
    found = [found for path in court_files() for found in foreign_to_a_court(path.as_posix(), tree(path))]
    assert [str(finding) for finding in found] == []


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from random import choice",
        "import uuid",
        "import urllib.request",
        "x = open('f')",
        "from datetime import datetime; x = datetime.now()",
        "import os; x = os.environ['HOME']",
        "from pathlib import Path; x = Path('f').read_bytes()",
        "import secrets; x = secrets.token_bytes(4)",
    ],
)
def test_planted_io_in_the_core_is_found(line: str) -> None:
    assert io_of("schemas/planted.py", ast.parse(line))


@pytest.mark.parametrize(("file", "name"), ALLOWED)
def test_what_is_allowed_is_still_needed(file: str, name: str) -> None:
    assert name in {node.attr for node in ast.walk(tree(Path(file))) if isinstance(node, ast.Attribute)}


def test_entropy_is_allowed_in_crypto_only() -> None:
    line = ast.parse("import os; x = os.urandom(16)")
    assert not io_of("crypto/planted.py", line)
    assert io_of("audit/merkle.py", line)


@pytest.mark.parametrize("line", ["import pydantic", "from schemas.base import Wire", "import exchange.errors"])
@pytest.mark.parametrize("file", ["crypto/planted.py", "audit/evidence/planted.py"])
def test_a_planted_library_in_the_offline_verifier_is_found(file: str, line: str) -> None:
    assert foreign_to_a_court(file, ast.parse(line))


def test_crypto_may_not_look_up_into_the_log() -> None:
    assert foreign_to_a_court("crypto/planted.py", ast.parse("from audit.evidence import proof"))

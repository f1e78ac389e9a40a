"""The import contracts of pyproject.toml hold, cover the whole core, and really bite: each is broken here in a copy."""

import itertools
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.layers import PACKAGES, ROOT, core_files, module_name

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
# contract, the file that breaks it, the line that it must not have
PLANTED = [
    *[("line", f"{lower}/planted.py", f"import {upper}") for upper, lower in itertools.pairwise(PACKAGES)],
    ("line", "crypto/planted.py", "import serai"),
    ("core", "schemas/planted.py", "import httpx"),
    ("core", "crypto/planted.py", "import socket"),
    ("core", "exchange/errors.py", "import exchange.database"),
    ("core", "audit/merkle.py", "import audit.store"),
    ("hub", "nodes/planted.py", "import exchange.hub"),
    ("hub", "exchange/database.py", "import exchange.hub.hub"),
    ("court", "audit/evidence/planted.py", "import schemas.base"),
    ("court", "audit/evidence/planted.py", "import audit.log"),
    ("court", "crypto/planted.py", "import pydantic"),
]


def contracts() -> dict[str, dict[str, Any]]:
    """The contracts of pyproject.toml by their id."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract for contract in listed}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts in a folder of their own, without data files."""
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def lint(folder: Path, *contract: str) -> subprocess.CompletedProcess[str]:
    """Judge the packages in one folder, by one contract or by all."""
    chosen = [part for name in contract for part in ("--contract", name)]
    command = [str(LINT_IMPORTS), "--no-cache", *chosen]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  # our own tool


def test_every_contract_is_kept(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_import_breaks_its_contract(copy: Path, contract: str, file: str, line: str) -> None:
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint(copy, contract)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


def test_each_contract_is_broken_by_some_plant() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(contracts())


def test_the_contract_of_the_core_names_every_core_module() -> None:
    named = tuple(contracts()["core"]["source_modules"])
    modules = [module_name(path) for path in core_files() if path.name != "__init__.py"]
    assert [module for module in modules if not (module + ".").startswith(tuple(name + "." for name in named))] == []

"""What is installed is fixed to the byte, and the lock files say nothing about where it came from."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.layers import ROOT

EVERYTHING = ROOT / "requirements.lock"
SERVICES = ROOT / "deploy" / "requirements.lock"
REQUIREMENT = re.compile(r"[a-z0-9.-]+(\[[a-z,]+\])?==[0-9][^ ]*( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def entries(lock: Path) -> dict[str, set[str]]:
    """The requirements of a lock file with their hashes."""
    found: dict[str, set[str]] = {}
    requirement = ""
    for line in lock.read_text().splitlines():
        if line.startswith(" "):
            found[requirement].add(line.strip(" \\"))
        else:
            requirement = line.partition(" ")[0]
            found[requirement] = set()
    return found


@pytest.mark.parametrize("lock", [EVERYTHING, SERVICES], ids=["everything", "services"])
def test_a_lock_file_holds_versions_and_hashes_and_nothing_else(lock: Path) -> None:
    strange = [
        line for line in lock.read_text().splitlines() if not (REQUIREMENT.fullmatch(line) or HASH.fullmatch(line))
    ]
    assert strange == []
    assert all(entries(lock).values())


def test_the_services_run_on_the_versions_that_are_tested() -> None:
    everything = entries(EVERYTHING)
    assert {name: hashes for name, hashes in entries(SERVICES).items() if everything.get(name) != hashes} == {}


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[\[><=]", line)[0] for line in project["dependencies"]}
    developers = {re.split(r"[\[><=]", line)[0] for line in project["optional-dependencies"]["dev"]}
    services = {re.split(r"[\[=]", name)[0] for name in entries(SERVICES)}
    everything = {re.split(r"[\[=]", name)[0] for name in entries(EVERYTHING)}
    assert (declared - services, developers - everything) == (set(), set())


def test_no_tool_of_the_tests_is_installed_with_a_service() -> None:
    services = {re.split(r"[\[=]", name)[0] for name in entries(SERVICES)}
    assert services.isdisjoint({"pytest", "playwright", "mypy", "ruff", "hypothesis", "uv"})

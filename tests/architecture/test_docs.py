"""The documents say what there is: every setting, every command, and no link that leads nowhere."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from tools.commands import DOCUMENT, commands, document
from tools.layers import ROOT, module_name, package_files

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def settings() -> Iterator[tuple[str, str]]:
    """Every setting of every service: the environment variable and where it is declared."""
    for path in package_files():
        if "BaseSettings" in (ROOT / path).read_text():
            module = importlib.import_module(module_name(path))
            for found in vars(module).values():
                if isinstance(found, type) and issubclass(found, BaseSettings) and found.__module__ == module.__name__:
                    prefix = found.model_config.get("env_prefix", "")
                    yield from ((f"{prefix}{field}".upper(), f"{path}") for field in found.model_fields)


@pytest.mark.parametrize(("variable", "file"), list(settings()))
def test_every_setting_is_described(variable: str, file: str) -> None:
    assert f"`{variable}`" in OPERATIONS, file


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`(SERAI_(?:HUB|NODE)_[A-Z_]+)`", OPERATIONS))))
def test_every_setting_that_is_described_exists(variable: str) -> None:
    assert variable in {name for name, _ in settings()}


@pytest.mark.parametrize("command", [name for name, _ in commands()])
def test_every_command_is_described(command: str) -> None:
    assert f"## `{command}`" in DOCUMENT.read_text()


def test_the_page_of_the_commands_is_what_the_program_says() -> None:
    assert DOCUMENT.read_text() == document(), "run: make fmt"


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_leads_nowhere(page: Path) -> None:
    local = [link for link in LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(len(numbers)))

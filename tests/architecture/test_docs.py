"""The documents say what there is: every setting, every command, and no link that leads nowhere."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic_settings import BaseSettings

from serai.cli import app
from tools.layers import ROOT, module_name, package_files

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
EVERY_DOCUMENT = "\n".join(path.read_text() for path in DOCUMENTS)
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
GROUPS = typer.main.get_command(app)


def settings() -> Iterator[tuple[str, str]]:
    """Every setting of every service: the environment variable and where it is declared."""
    for path in package_files():
        if "BaseSettings" in (ROOT / path).read_text():
            module = importlib.import_module(module_name(path))
            for found in vars(module).values():
                if isinstance(found, type) and issubclass(found, BaseSettings) and found.__module__ == module.__name__:
                    prefix = found.model_config.get("env_prefix", "")
                    yield from ((f"{prefix}{field}".upper(), f"{path}") for field in found.model_fields)


def commands() -> Iterator[str]:
    """Every command as one types it."""
    context = GROUPS.make_context("serai", [], resilient_parsing=True)
    for name in GROUPS.list_commands(context):  # type: ignore[attr-defined]  # the root is a group, its type says less
        command = GROUPS.get_command(context, name)  # type: ignore[attr-defined]  # as above
        yield from (f"serai {name} {part}" for part in getattr(command, "commands", {}))
        if not getattr(command, "commands", {}):
            yield f"serai {name}"


@pytest.mark.parametrize(("variable", "file"), list(settings()))
def test_every_setting_is_described(variable: str, file: str) -> None:
    assert f"`{variable}`" in OPERATIONS, file


@pytest.mark.parametrize("variable", sorted(set(re.findall(r"`(SERAI_(?:HUB|NODE)_[A-Z_]+)`", OPERATIONS))))
def test_every_setting_that_is_described_exists(variable: str) -> None:
    assert variable in {name for name, _ in settings()}


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_described(command: str) -> None:
    assert re.search(rf"`{command}\b", EVERY_DOCUMENT), command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_leads_nowhere(document: Path) -> None:
    local = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_the_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(len(numbers)))

"""Writes docs/commands.md from the command line itself: `python -m tools.commands` (`--check` only compares).

`make fmt` runs it, and a test demands that the file is what it would write. It describes; it runs no command.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from serai.cli import app

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEAD: Final = """# Commands

Results go to standard output, everything else to standard error. `--json` gives one object with a `schema` member.
This page is written by `make fmt` from the program itself.

Exit status: 0 done; 1 checked and found wrong; 2 wrong use or unreadable file; 3 not signed in or not allowed;
4 cannot reach the service; 5 conflict, someone was first; 130 interrupted.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its whole name, in the order of the program."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("serai", [], resilient_parsing=True)
    for name in root.list_commands(context):
        group = root.get_command(context, name)
        inner = getattr(group, "commands", None)
        if inner is None:
            yield f"serai {name}", group
        else:
            yield from ((f"serai {name} {part}", command) for part, command in inner.items())


def parameter(one: Any) -> str:
    """One row of a command's table."""
    name = str(one.name).upper() if one.param_type_name == "argument" else ", ".join([*one.opts, *one.secondary_opts])
    text = getattr(one, "help", None) or ""
    variable = f" Also `{one.envvar}`." if isinstance(one.envvar, str) else ""
    needed = " Needed." if one.required else ""
    return f"| `{name}` | {text}{variable}{needed} |".replace("\n", " ")


def section(name: str, command: Any) -> str:
    """One command: what it does and what it takes."""
    shown = [one for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]
    table = ["", "| | |", "|---|---|", *map(parameter, shown)] if shown else []
    about = " ".join((command.help or "").split())
    return "\n".join([f"\n## `{name}`", "", about, *table]) + "\n"


def document() -> str:
    """The whole page."""
    return HEAD + "".join(section(name, command) for name, command in commands())


def main() -> int:
    """Write the page, or with `--check` exit 1 when it is not what would be written."""
    if "--check" in sys.argv:
        return int(DOCUMENT.read_text() != document())
    DOCUMENT.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main())

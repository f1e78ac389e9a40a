"""The folder of a hub or a node: its settings file, and the options by which every command names it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from serai.output import CommandError, Exit

NodeHome = Annotated[Path, typer.Option("--home", envvar="SERAI_NODE_FOLDER", help="Folder of the node.")]
ReadAs = Annotated[Path | None, typer.Option("--as", help="Folder of the node as whose a hub is asked.")]
HubHome = Annotated[Path, typer.Option("--home", envvar="SERAI_HUB_HOME", help="Folder of the hub.")]


def new_home(home: Path, file: str, settings: Mapping[str, str | int]) -> None:
    """Make the folder, owner-only, with a settings file; raises CommandError (CONFLICT) if there is one already."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / file
    if path.exists():
        raise CommandError(
            "SERAI-HOME",
            f"{path} is there already.",
            "Nothing is ever overwritten.",
            "Name another folder.",
            Exit.CONFLICT,
        )
    path.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in settings.items()), encoding="utf-8")


def _toml(value: str | int) -> str:
    """Return a TOML value: an integer, or a basic string with its escapes."""
    if isinstance(value, int):
        return str(value)
    escaped = "".join(f"\\u{ord(sign):04x}" if sign in '"\\' or ord(sign) < 0x20 else sign for sign in value)
    return f'"{escaped}"'

"""`serai`: the root of the command line. It finds the group of a command and prints what goes wrong, and does no work.

Groups are loaded when they are named, so the offline tools (`serai log verify`) import no network code and `--help`
answers at once.
"""

import gc
import sys
from enum import StrEnum
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from serai.failures import explained
from serai.output import EXIT_HELP, LANGUAGE, show_error

GROUPS: Final = {
    "hub": ("serai.hub_backup", "The hub: make one, run it, let units in and out, back it up."),
    "federation": (
        "serai.keepers",
        "What the keepers of the roots sign: decisions for all, and proposals of each other.",
    ),
    "node": ("serai.node", "A unit's node: make one, join a federation, run it, turn its keys, back it up."),
    "operator": ("serai.operator.command", "The pages of a hub's operator: serve them, let somebody look."),
    "passphrase": ("serai.relocking", "Lock a folder of keys under another passphrase."),
    "user": ("serai.user", "The people of a unit."),
    "message": ("serai.message", "Read and send case messages."),
    "doctor": ("serai.doctor", "Check clock, keys, reachability, directory age, queues and disk, and say what to do."),
    "demo": ("serai.demo.command", "A federation of a hub and five units on this machine."),
    "bench": ("serai.bench", "Measure sealing, log, hub and the whole way, with signatures and fsync on."),
    "log": ("serai.log_audit", "The append-only log: heads, proofs, exports, offline verification, and its audit."),
}
"""Name on the command line -> the module that holds its `app`, and the line that `serai --help` shows."""


class Language(StrEnum):
    """The languages of error texts."""

    EN = "en"
    RU = "ru"


class Root(TyperGroup):
    """The groups, each imported when it is named; one place that turns errors into an exit status."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # the signature is the library's
        """Return the names of the groups in the order in which people meet them."""
        return list(GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # the signature is the library's
        """Return the command of a group, or None if there is no such group."""
        if cmd_name not in GROUPS:
            return None
        module, _ = GROUPS[cmd_name]
        command = typer.main.get_command(_loaded(module).app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # the signature is the library's
        """Write the list of groups without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in GROUPS.items()])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises `typer.Exit` with the status of the error that it prints."""
        as_json = "--json" in ctx.args
        chosen = LANGUAGE.set(ctx.params["lang"])
        try:
            return super().invoke(ctx)
        except Exception as error:
            known = explained(error, LANGUAGE.get())
            if known is None:
                raise
            show_error(known, as_json=as_json)
            raise typer.Exit(known.status) from error
        finally:
            LANGUAGE.reset(chosen)


def _loaded(module: str) -> ModuleType:
    """Import a group. It makes a million objects and no garbage, which the collector need not look through."""
    if module not in sys.modules:
        collected = gc.isenabled()
        gc.disable()
        try:
            import_module(module)
        finally:
            gc.freeze()
            if collected:
                gc.enable()
    return sys.modules[module]


app = typer.Typer(
    name="serai",
    cls=Root,
    help="Sealed case messages between national units, over a hub that cannot read them.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # the library calls it with the flag's value
    if wanted:
        typer.echo(version("serai"))
        raise typer.Exit


@app.callback()
def root(
    lang: Annotated[Language, typer.Option(help="Language of error texts.", envvar="SERAI_LANG")] = Language.EN,
    *,
    version_wanted: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Sealed case messages between national units, over a hub that cannot read them."""
    del lang, version_wanted  # `Root.invoke` reads the one, its callback has printed the other


def main() -> None:
    """Entry point of the installed program."""
    app()

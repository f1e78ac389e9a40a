"""How every command speaks: results to stdout, everything else to stderr, `--json` one object with a `schema`.

It must not know any command. A command builds a `Report` and calls `show`; what goes wrong is a `CommandError`, which
the root of the command line prints once.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table as RichTable


class Exit(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    WRONG = 1
    USAGE = 2
    NOT_ALLOWED = 3
    UNREACHABLE = 4
    CONFLICT = 5
    INTERRUPTED = 130


EXIT_HELP = (
    "Exit status: 0 done; 1 checked and found wrong; 2 wrong use or unreadable file; 3 not signed in or not allowed; "
    "4 cannot reach the service; 5 conflict, someone was first; 130 interrupted."
)

LANGUAGE: Final = ContextVar("language of error texts", default="en")
"""The language that the person at the terminal chose; a service that does the work for him answers in it."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


@dataclass(eq=False)
class CommandError(Exception):
    """A command that could not do its work: what happened, why, and what to do, with a code to search the docs for."""

    code: str
    what: str
    why: str = ""
    todo: str = ""
    status: Exit = Exit.USAGE

    def __str__(self) -> str:
        return f"{self.code}: {self.what}"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; a terminal gets a drawn table, a pipe gets tab-separated lines."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found or did. `name` becomes the schema `serai/<name>/1`; `members` are its JSON members."""

    name: str
    members: Mapping[str, object]
    lines: Sequence[str] = ()
    table: Table | None = None
    ok: bool = field(default=True)


def as_json_object(report: Report) -> dict[str, object]:
    """Return the one JSON object of a report; its keys never change inside a schema number."""
    return {"schema": f"serai/{report.name}/1", "ok": report.ok, **report.members}


def show(report: Report, *, as_json: bool) -> None:
    """Print the report to stdout; a report that is not ok ends the command with status 1 after printing."""
    if as_json:
        typer.echo(json.dumps(as_json_object(report), ensure_ascii=False, sort_keys=True))
    else:
        for line in report.lines:
            typer.echo(line)
        if report.table is not None:
            _show_table(report.table)
    if not report.ok:
        raise typer.Exit(Exit.WRONG)


def _show_table(table: Table) -> None:
    """Draw the table for a terminal; write tab-separated lines for a pipe, which programs read."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in table.rows]
    if sys.stdout.isatty():
        drawn = RichTable(*table.columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            drawn.add_row(*row)
        Console(markup=False, highlight=False).print(drawn)
        return
    for row in [list(table.columns), *rows]:
        typer.echo(tab_separated(row))


def tab_separated(cells: Sequence[str]) -> str:
    """Return the line of a pipe: white space inside a cell becomes one blank, so no cell can break a line apart."""
    return "\t".join(" ".join(cell.split()) for cell in cells)


def note(text: str) -> None:
    """Say something to the person at the terminal that is not the result."""
    typer.echo(text, err=True)


def show_error(error: CommandError, *, as_json: bool) -> None:
    """Print an error: one line each for what happened, why and what to do; with `--json` also one object on stdout."""
    note(f"{error.code}: {error.what}")
    for line in (error.why, error.todo):
        if line:
            note(line)
    if as_json:
        members = {"code": error.code, "what": error.what, "why": error.why, "todo": error.todo}
        typer.echo(json.dumps({"schema": "serai/error/1", "ok": False, **members}, ensure_ascii=False, sort_keys=True))

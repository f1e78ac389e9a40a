"""`serai bench`: measure, and print medians, the 99th percentile and the flush time of the disk."""

import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from serai.benches import measure, seal
from serai.output import JsonFlag, Report, show

app = typer.Typer(help="Measure with real signatures and fsync on.", no_args_is_help=True, rich_markup_mode=None)


DataFolder = Annotated[
    Path, typer.Option("--data", help="A folder on the disk to measure.", exists=True, file_okay=False)
]
HERE = Path(tempfile.gettempdir())


def report(name: str, folder: Path, work: Callable[[], dict[str, object]], *, as_json: bool) -> None:
    """Run one benchmark and show it together with the machine and its disk."""
    disk = measure.flush_time(folder).members()
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    members: dict[str, object] = {**work(), "fsync": disk, "machine": machine}
    show(Report(f"bench-{name}", members, lines=list(_lines(members))), as_json=as_json)


def _lines(value: object, path: str = "") -> list[str]:
    """Return one `path<tab>figure` line for each figure of the report."""
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in _lines(inner, f"{path}.{name}" if path else name)]
    if isinstance(value, list):
        return [line for number, inner in enumerate(value) for line in _lines(inner, f"{path}.{number}")]
    return [f"{path}\t{value}"]


@app.callback()
def bench() -> None:
    """Measure with real signatures and fsync on."""


@app.command("seal")
def bench_seal(folder: DataFolder = HERE, *, as_json: JsonFlag = False) -> None:
    """Sealing, verifying and opening a message for five units."""
    report("seal", folder, seal.run, as_json=as_json)

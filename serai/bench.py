"""`serai bench`: measure, and print medians, the 99th percentile and the flush time of the disk."""

import logging
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from exchange.service import configure_logging
from serai.benches import end_to_end, hub, log, measure, seal
from serai.output import JsonFlag, Report, show

app = typer.Typer(help="Measure with real signatures and fsync on.", no_args_is_help=True, rich_markup_mode=None)


DataFolder = Annotated[
    Path, typer.Option("--data", help="A folder on the disk to measure.", exists=True, file_okay=False)
]
HERE = Path(tempfile.gettempdir())
Seconds = Annotated[float, typer.Option(help="About how long each measurement takes.", min=0.1)]
Size = Annotated[int, typer.Option(help="Entries that the log has before anything is measured.", min=0)]
Url = Annotated[str, typer.Option("--url", help="Empty PostgreSQL database; an SQLite file in --data if left out.")]


def report(name: str, folder: Path, work: Callable[[], dict[str, object]], *, as_json: bool) -> None:
    """Run one benchmark and show it together with the machine, its disk and what others ran, before and after."""
    disk, others = measure.flush_time(folder).members(), os.getloadavg()[0]
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    members: dict[str, object] = {**work(), "fsync": disk, "machine": machine}
    members["fsync_after"] = measure.flush_time(folder).members()
    members["load_average"] = {"before": round(others, 2), "after": round(os.getloadavg()[0], 2)}
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
    configure_logging(logging.ERROR)


@app.command("seal")
def bench_seal(folder: DataFolder = HERE, *, as_json: JsonFlag = False) -> None:
    """Sealing, verifying and opening a message for five units."""
    report("seal", folder, seal.run, as_json=as_json)


@app.command("log")
def bench_log(
    folder: DataFolder = HERE,
    seconds: Seconds = 3.0,
    url: Url = "",
    size: Size = 1_000_000,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Appending to a log, proofs, checkpoints, and hashing it anew."""
    with _database(folder, url) as address:
        report("log", folder, lambda: log.run(seconds, address, size), as_json=as_json)


@app.command("hub")
def bench_hub(folder: DataFolder = HERE, seconds: Seconds = 5.0, url: Url = "", *, as_json: JsonFlag = False) -> None:
    """What a hub accepts in a second, against the ceiling of the machine."""
    with _database(folder, url) as address:
        report("hub", folder, lambda: hub.run(seconds, address), as_json=as_json)


@app.command("end-to-end")
def bench_end_to_end(folder: DataFolder = HERE, seconds: Seconds = 10.0, *, as_json: JsonFlag = False) -> None:
    """From sealing in one unit to the receipt of another, through a hub, all as processes."""
    report("end-to-end", folder, lambda: end_to_end.run(seconds, folder), as_json=as_json)


@contextmanager
def _database(folder: Path, url: str) -> Iterator[str]:
    """Yield the address of an empty database: the one that was named, or a file that is removed afterwards."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix="serai-bench-") as own:
        yield f"sqlite:///{Path(own) / 'bench.sqlite'}"

"""`serai demo`: a federation of a hub and five units on this machine, with a case in it, until Ctrl-C."""

import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from logging import CRITICAL
from pathlib import Path
from typing import Annotated, Final

import typer

from exchange.database import Database, newest_revision
from exchange.hub.hub import MIGRATIONS as HUB_SCRIPTS
from exchange.service import configure_logging
from nodes.node import MIGRATIONS as NODE_SCRIPTS
from schemas.codes import table
from serai.demo import evidence, once, rehearsal, services
from serai.demo.accounts import FILE, Account, load, save
from serai.demo.people import PLACES
from serai.demo.processes import Service, warm_up
from serai.demo.services import HOST, UNITS, Ports
from serai.federation import Federation, establish, open_federation
from serai.output import CommandError, Exit, JsonFlag, Report, note, show

app = typer.Typer(help="A federation on this machine.", rich_markup_mode=None)

DEFAULT_FOLDER: Final = Path.home() / ".local" / "share" / "serai-demo"
DEFAULT_PORT: Final = 8440
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder to keep it in; the same folder resumes.")]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    data: DataOption = None,
    port_base: Annotated[int, typer.Option(help="Port of the hub; units follow.", min=1024, max=65_000)] = DEFAULT_PORT,
    *,
    play_once: Annotated[bool, typer.Option("--once", help="Play the main job, verify it offline, and end.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a hub and five units with a case in them, print the accounts, and stay until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    configure_logging(CRITICAL)
    warm_up()
    if play_once:
        _once(data, as_json=as_json)
    else:
        _stay(data or DEFAULT_FOLDER, Ports(port_base), as_json=as_json)


@app.command("codes")
def codes(data: DataOption = None, *, as_json: JsonFlag = False) -> None:
    """The accounts with their one-time codes of this moment."""
    made = load(data or DEFAULT_FOLDER)
    show(_accounts(made), as_json=as_json)


def _once(data: Path | None, *, as_json: bool) -> None:
    """Play the main job in a temporary folder, or verify again what was played in `data`."""
    if data is not None and data.exists():
        show(_verified(open_federation(data, once.UNITS), once.Played()), as_json=as_json)
        return
    with tempfile.TemporaryDirectory(prefix="serai-demo-") as folder:
        federation, made, ports = once.prepare(data or Path(folder) / "federation", int(time.time()))
        show(_verified(federation, once.play(federation, made, ports)), as_json=as_json)


def _verified(federation: Federation, played: once.Played) -> Report:
    verdict = evidence.examine(federation, int(time.time()))
    found = asdict(verdict)
    faults = found.pop("faults")
    ok = not faults and verdict.envelopes > 0
    members = {"counts": found, "faults": faults, "latencies_ms": played.latencies, "messages": played.ids}
    lines = [f"{name}\t{value}" for name, value in {**found, **played.latencies}.items()]
    lines += [f"{fault['code']}\t{fault['subject']}\t{fault['text']}" for fault in faults]
    return Report("demo-once", members, lines=lines, ok=ok)


def _stay(folder: Path, ports: Ports, *, as_json: bool) -> None:
    """Make or resume the federation, run its processes, and wait for Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        _run(folder, ports, as_json=as_json)


def _run(folder: Path, ports: Ports, *, as_json: bool) -> None:
    begun = time.monotonic()
    _check_free(ports)
    if not (folder / FILE).exists():
        _make(folder, ports)
    federation, made = _held(folder, ports)
    seconds = {"prepared": round(time.monotonic() - begun, 1)}
    running = services.services(federation, ports)
    try:
        for service in running.values():
            service.start()
        for service in running.values():
            service.wait_ready()
        seconds["started"] = round(time.monotonic() - begun - seconds["prepared"], 1)
        show(_accounts(made), as_json=as_json)
        note(f"\nHub {ports.hub_url}, made in {seconds['prepared']} s, started in {seconds['started']} s.")
        note(f"Everybody is invented. It is kept in {folder}, where the next start goes on.")
        note(f"Codes of any moment: {_codes(folder)}. Ctrl-C stops everything.")
        _watch(running)
    finally:
        services.stop(running.values())


def _codes(folder: Path) -> str:
    """Return the command that prints present codes, as it can be typed where the program was started."""
    program = Path(sys.argv[0])
    name = str(program) if program.name == "serai" else f"{sys.executable} -m serai"
    return f"{name} demo codes" + ("" if folder == DEFAULT_FOLDER else f" --data {folder}")


def _make(folder: Path, ports: Ports) -> None:
    """Make everything beside `folder` and move it there when it is whole, so that an interruption leaves nothing."""
    now = int(time.time())
    note("Making keys, people and a case of the last days …")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    federation = establish(services.plan(unfinished, ports), rehearsal.began(now))
    save(unfinished, rehearsal.rehearse(federation, now, ports.origin))
    unfinished.rename(folder)


def _held(folder: Path, ports: Ports) -> tuple[Federation, list[Account]]:
    federation = open_federation(folder, UNITS)
    if federation.hub.public_url != ports.hub_url:
        raise CommandError(
            "SERAI-DEMO-PORT",
            f"The federation in {folder} is at {federation.hub.public_url}.",
            todo="Use its --port-base.",
        )
    _bring_up_to_date(federation)
    return federation, load(folder)


def _bring_up_to_date(federation: Federation) -> None:
    """Let a newer release go on with what an older one made."""
    hub = (federation.hub.database, HUB_SCRIPTS)
    for address, scripts in (hub, *((one.database, NODE_SCRIPTS) for one in federation.nodes.values())):
        database = Database(address)
        try:
            if database.revision() != newest_revision(scripts):
                database.upgrade(scripts)
        finally:
            database.close()


def _check_free(ports: Ports) -> None:
    for port in ports.every():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise CommandError(
                    "SERAI-DEMO-PORT",
                    f"Port {port} is in use.",
                    "Another demo may be running.",
                    "End it, or choose other ports with --port-base.",
                    Exit.CONFLICT,
                ) from error


def _accounts(made: list[Account]) -> Report:
    """Return who can sign in, unit by unit: with a code that is good for half a minute."""
    members = {"accounts": [{**asdict(one), "code": one.code()} for one in made]}
    lines: list[str] = []
    for place in PLACES:
        here = [one for one in made if one.unit == place.unit]
        if here:
            lines += ["", f"{place.en}  {here[0].address}"]
            lines += [f"  {one.user_id}  {one.name}, {_roles(one)}" + _way_in(one) for one in here]
    return Report("demo-accounts", members, lines=lines)


def _roles(account: Account) -> str:
    return ", ".join(table("roles")[role].label.say("en").lower() for role in account.roles)


def _way_in(account: Account) -> str:
    return f"\n           password {account.password}   code now {account.code()}   authenticator key {account.totp}"


def _watch(running: dict[str, Service]) -> None:
    """Watch the processes until the person ends it; raises CommandError if one of them ends by itself."""
    while True:
        for service in running.values():
            if not service.running:
                raise CommandError("SERAI-CHILD", f"{service.name} ended.", todo=f"Its log is {service.log}.")
        time.sleep(1)

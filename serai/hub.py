"""`serai hub`: make a hub and its federation, run it, keep units out, look at it, migrate its database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from logging import INFO
from pathlib import Path
from typing import Annotated, Any

import typer

from crypto import statements
from crypto.encoding import unb64
from crypto.instants import to_text
from crypto.signing import SigningKey
from exchange.database import Database
from exchange.hub import administration, backup
from exchange.hub.administration import Publication
from exchange.hub.app import create_app
from exchange.hub.hub import MIGRATIONS, Hub
from exchange.hub.settings import SETTINGS_FILE, HubSettings
from exchange.service import configure_logging
from schemas.directory import Federation, sign_federation
from schemas.invitations import fingerprint
from schemas.trust import PART_LIMIT
from serai import control, founding, recovery
from serai.founding import Charter
from serai.homes import HubHome, new_home
from serai.hub_operations import operations_of
from serai.output import CommandError, JsonFlag, Report, Table, note, show
from serai.passphrases import ROOT, PassphraseFd, PassphraseFile, passphrase
from serai.serving import (
    CertificateOption,
    ClientsOption,
    EofOption,
    HostOption,
    KeyOption,
    Listen,
    PlainOption,
    PortOption,
    ProxiesOption,
    serve,
)

app = typer.Typer(help="The hub of a federation.", no_args_is_help=True, rich_markup_mode=None)

ANCHOR = "anchor.json"

RootFolders = Annotated[list[Path], typer.Option("--root", help="Folder of a federation root; repeat it for more.")]
RootFiles = Annotated[list[Path] | None, typer.Option(ROOT, help="Its passphrase file, in the same order.")]


class Environment(StrEnum):
    """Live, or the exercise federation with its own keys."""

    LIVE = "live"
    EXERCISE = "exercise"


@dataclass(frozen=True, slots=True)
class Access:
    """How a command reaches a hub: its folder and where the passphrase comes from."""

    home: Path
    file: Path | None
    descriptor: int | None

    def secret(self) -> str:
        """Return the passphrase of the hub's key store."""
        return passphrase(self.file, self.descriptor, "passphrase of the hub")

    def do(self, name: str, arguments: control.Members) -> control.Members:
        """Do an operation in the running hub, or here if none runs."""
        if control.is_running(self.home):
            return control.call(self.home, name, arguments)
        with opened(self) as hub:
            return operations_of(hub)[name](arguments)


@contextmanager
def opened(access: Access) -> Iterator[Hub]:
    """Own the folder and run its hub without a port until the end of the block."""
    with control.owned(access.home):
        settings = HubSettings.read(access.home)
        backup.check_open(settings)
        hub = Hub.open(settings, access.secret())
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@app.command("init")
def init(
    home: HubHome,
    name: Annotated[str, typer.Option(help="Name of the hub: hub.serai.example.")],
    public_url: Annotated[str, typer.Option(help="Address at which nodes reach it.")],
    federation: Annotated[str, typer.Option(help="Name of the federation.")],
    roots_folder: Annotated[Path, typer.Option("--roots-folder", help="Where the federation's roots go.")],
    env: Annotated[Environment, typer.Option(help="live, or exercise for training.")] = Environment.LIVE,
    roots: Annotated[int, typer.Option(help="How many federation roots to make.", min=1, max=16)] = 3,
    threshold: Annotated[int, typer.Option(help="How many of them must sign.", min=1, max=16)] = 2,
    database_url: Annotated[str, typer.Option(help="PostgreSQL database; an SQLite file if left out.")] = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    root_files: RootFiles = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make the hub's keys and database, the federation's roots, and the first federation document."""
    if threshold > roots:
        raise CommandError("SERAI-ROOTS", f"{threshold} of {roots} roots can never sign.")
    secret = passphrase(file, descriptor, "passphrase of the hub", new=True)
    folders = [roots_folder / f"root-{number}" for number in range(1, roots + 1)]
    secrets = _root_secrets(folders, root_files, new=True)
    given = {"name": name, "env": env.value, "public_url": public_url, "database_url": database_url}
    new_home(home, SETTINGS_FILE, given)
    made = [founding.make_root(folder, one) for folder, one in zip(folders, secrets, strict=True)]
    charter = Charter(federation, env.value, tuple(root.public for root in made), threshold)
    anchor = found(HubSettings.read(home), secret, charter, made)
    for folder in folders:
        (folder / ANCHOR).write_bytes(anchor)
    note("Take the root folders away, each to its keeper. Nodes join with the anchor and its fingerprint.")
    members = {"home": str(home), "anchor": str(home / ANCHOR), "fingerprint": fingerprint(anchor)}
    show(Report("hub-init", members, lines=[f"{key}\t{value}" for key, value in members.items()]), as_json=as_json)


def found(settings: HubSettings, secret: str, charter: Charter, roots: list[SigningKey]) -> bytes:
    """Make the hub's keys and database and publish the first document; return the anchor, also written to its file."""
    now = int(time.time())
    keys = administration.initialise(settings, secret)
    document = founding.first_document(charter, keys.card(now), now)
    hub = Hub.open(settings, secret)
    hub.start()
    try:
        administration.publish(hub, Publication(sign_federation(document, roots[: charter.threshold])))
    finally:
        hub.stop()
    anchor = founding.anchor_of(document).to_bytes()
    (settings.home / ANCHOR).write_bytes(anchor)
    return anchor


def _root_secrets(folders: list[Path], files: list[Path] | None, *, new: bool = False) -> list[str]:
    """Return a passphrase for each root folder: from its file, or asked for."""
    if files and len(files) != len(folders):
        raise CommandError("SERAI-ROOTS", "Give one --root-passphrase-file for each root, in the same order.")
    sources: list[Path | None] = [*files] if files else [None] * len(folders)
    return [
        passphrase(source, None, f"passphrase of {folder.name}", new=new, option=ROOT)
        for folder, source in zip(folders, sources, strict=True)
    ]


@app.command("serve")
def serve_hub(
    home: HubHome,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8440,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    clients: ClientsOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    proxies: ProxiesOption = [],  # noqa: B006  # the library reads it, nobody writes to it
    *,
    behind_proxy: PlainOption = False,
    stop_at_eof: EofOption = False,
) -> None:
    """Run the hub. On PostgreSQL several processes may run at once. A restored one only takes what units hand over."""
    if HubSettings.read(home).client_certificates and not proxies:
        raise CommandError("SERAI-PROXY", "Only a proxy can say which certificate was shown: name it with --proxy.")
    listen = Listen(host, port, certificate, key, clients, behind_proxy, stop_at_eof, tuple(proxies))
    listen.check()
    configure_logging(INFO)
    settings = HubSettings.read(home)
    with control.owned(home, shared=bool(settings.database_url)) as alone:
        hub = Hub.open(settings, Access(home, file, descriptor).secret())
        if hub.closed:
            note(recovery.WHILE_A_HUB_IS_CLOSED)
        answering = control.answering(home, operations_of(hub)) if alone else nullcontext()
        with answering:
            serve(create_app(hub), listen)


@app.command("suspend")
def suspend(
    home: HubHome,
    unit: Annotated[str, typer.Argument(help="Id of the unit.")],
    reason: Annotated[str, typer.Option(help="Code of the reason, in capital letters.")] = "OPERATOR",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    lift: Annotated[bool, typer.Option("--lift", help="Let the unit send and collect again.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Keep a unit from sending and collecting at once, without the roots; or let it again."""
    operation, arguments = ("reinstate", {"unit": unit}) if lift else ("suspend", {"unit": unit, "reason": reason})
    members = {"unit": unit, **Access(home, file, descriptor).do(operation, arguments)}
    show(Report("hub-suspend", members, lines=[f"snapshot {members['snapshot']}"]), as_json=as_json)


@app.command("status")
def status(
    home: HubHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Log, directory, units, disk: no content."""
    members = Access(home, file, descriptor).do("status", {})
    lists = {"units", "witnesses", "keys", "proposals"}
    lines = [f"{key}\t{value}" for key, value in members.items() if key not in lists]
    lines += [f"key {use.lower()}\tends {to_text(ends)}" for use, ends in members["keys"].items()]
    if not members["quorum"]:
        lines.append("witnesses\tnone: checkpoints are published without cosignatures")
    for one in members["proposals"]:
        lines.append(
            f"proposal\tversion {one['version']}, {len(one['signed'])} of {one['needed']}, until {one['expires']}"
        )
    seen = {one["unit"]: one for one in members["witnesses"]}
    table = Table(
        ["unit", "suspended", "cosigned", "last cosignature"],
        [[unit["unit"], unit["suspended"], *_witness_cells(seen.get(unit["unit"]))] for unit in members["units"]],
    )
    show(Report("hub-status", members, lines=lines, table=table), as_json=as_json)


def _witness_cells(seen: dict[str, Any] | None) -> list[object]:
    """Return whether a unit cosigned what was signed last, and when it last cosigned; empty for who is no witness."""
    if seen is None:
        return ["", ""]
    return [seen["cosigned"], to_text(seen["seen"]) if seen["seen"] else "never"]


@app.command("metrics")
def metrics(
    home: HubHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Counters, queues and ages in the Prometheus form, as the textfile collector of a monitoring agent reads it."""
    members = Access(home, file, descriptor).do("metrics", {})
    show(Report("hub-metrics", members, lines=members["text"].splitlines()), as_json=as_json)


@app.command("migrate")
def migrate(
    home: HubHome,
    revision: Annotated[str, typer.Option(help="Revision to go to; `base` takes every table away.")] = "head",
    *,
    down: Annotated[bool, typer.Option("--down", help="Go back to an older revision.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring the database to the schema of this release, or back. No process of the hub may be running."""
    with control.owned(home):
        database = Database(HubSettings.read(home).database)
        try:
            database.check()
            (database.downgrade if down else database.upgrade)(MIGRATIONS, revision)
            now_at = database.revision()
        finally:
            database.close()
    show(Report("hub-migrate", {"revision": now_at}, lines=[str(now_at)]), as_json=as_json)


def held_document(access: Access) -> Federation:
    """Return the document in force; the keys with which the hub cosigns are added to one of an older release."""
    held = access.do("directory", {})
    document = read_document(unb64(held["federation"]))
    if document.hub.witness is not None:
        return document
    return document.model_copy(update={"hub": document.hub.model_copy(update={"witness": tuple(held["witness"])})})


def read_document(wire: bytes) -> Federation:
    """Return the document in `wire`, whose signatures are the reader's concern."""
    return Federation.from_bytes(statements.parse(wire, limit=PART_LIMIT).statement_bytes)


def open_roots(folders: list[Path], files: list[Path] | None) -> list[SigningKey]:
    """Return the federation roots in `folders`, each under its passphrase."""
    secrets = _root_secrets(folders, files)
    return [founding.open_root(folder, secret) for folder, secret in zip(folders, secrets, strict=True)]

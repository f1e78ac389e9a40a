"""`serai log audit`: a whole log, from the bytes of its entries to its checkpoints, wherever it is stored.

It reads and changes nothing: the database of a hub or node, which its service may be writing meanwhile, a folder in the
tlog-tiles layout, or the address of one. What is checked is `audit.audit`; here is where it comes from.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from audit import store
from audit.audit import Audit, Observer, Source
from audit.audit_anchors import AnchorAudit, UnitAnchors
from audit.audit_checkpoints import Trust
from audit.audit_database import DatabaseSource, latest_vkeys
from audit.audit_findings import TEXTS, Finding, Findings
from audit.audit_tiles import CHECKPOINT, POLICY, Fetch, TilesSource
from audit.checkpoints import LogKeys
from audit.evidence.findings import Level
from audit.log import Log
from audit.policy import Policy
from crypto.at_rest import DataKey
from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.hub.audit_contents import stated_policy
from exchange.hub.audit_rows import HubRows
from exchange.hub.hub import system_clock as clock
from exchange.hub.tables import MESSAGE
from nodes.audit_evidence import anchors_of
from nodes.audit_rows import NodeRows
from nodes.settings import NodeSettings
from nodes.tables import EventRow
from serai.homes import ReadAs
from serai.log import LogOption, address_of, app, only
from serai.output import CommandError, JsonFlag, Report, show
from serai.passphrases import PassphraseFd, PassphraseFile, passphrase

WEB: Final = ("http://", "https://")
ONE_STATE: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""On PostgreSQL, so that what a running service commits meanwhile stays out of sight; on SQLite it is so anyway."""

VkeyOption = Annotated[
    list[str] | None, typer.Option("--vkey", help="Key of the log you trust, as a vkey; once for each of the two.")
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="File with the policy you trust: keys of the log, witnesses, quorum.")
]
UnitOption = Annotated[
    list[str] | None,
    typer.Option("--unit", help="Folder or database URL of a node: the log must hold the anchors that it records."),
]
HeldOption = Annotated[
    list[Path] | None, typer.Option("--held", help="A checkpoint that you have from elsewhere: a file with its note.")
]


@dataclass(frozen=True)
class Opened:
    """A log that is open for reading: its name, where it comes from, its stored keys, and who else looks at it."""

    name: str
    source: Source
    vkeys: tuple[str, ...] = ()
    observers: tuple[Observer, ...] = ()
    findings: Findings = field(default_factory=Findings)
    policy: Policy | None = None


@app.command("audit")
def audit(
    where: Annotated[str, typer.Argument(help="Folder of a hub, node or tiles; or the URL of a database or of tiles.")],
    vkeys: VkeyOption = None,
    policy: PolicyOption = None,
    held: HeldOption = None,
    units: UnitOption = None,
    log_id: LogOption = "",
    read_as: ReadAs = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Audit a whole log: entries, tiles, head, checkpoints. Exit status 0 good, 1 bad, 2 unreadable."""
    begun = time.perf_counter()
    with ExitStack() as stack:
        anchored = [stack.enter_context(anchors_in(unit)) for unit in units or []]  # first: the log is then no older
        log = stack.enter_context(opened(where, log_id, (read_as, file, descriptor)))
        notes = [path.read_bytes() for path in held or []]
        observers = (*log.observers, AnchorAudit(anchored, log.findings))
        work = Audit(log.source, trusted(log, vkeys or [], policy), notes, observers, log.findings)
        with progress(log.source.size) as follow:
            findings = work.run(follow)
    found = findings.all()
    levels = {TEXTS[code][0] for code in findings.counts}
    seconds = time.perf_counter() - begun
    members = {
        "log": log.name,
        "size": log.source.size,
        "root": work.root.hex(),
        "signed": work.signed_size,
        "seconds": round(seconds, 3),
        "entries_per_second": round(log.source.size / seconds),
        "findings": [one.members() for one in found],
    }
    ok = Level.GOOD in levels and Level.BAD not in levels
    verdict = f"{log.name}: {'good' if ok else 'BAD'}, {log.source.size} entries in {seconds:.1f} s"
    show(Report("log-audit", members, [verdict, *map(line, found)], ok=ok), as_json=as_json)


def line(one: Finding) -> str:
    """Return a finding in one line for people."""
    return f"{one.level.value:6} {one.code:20} {one.text}"


def trusted(log: Opened, vkeys: Sequence[str], policy: Path | None) -> Trust:
    """Return the keys and the policy that were named, or those beside the log; raises CommandError for neither."""
    if len(vkeys) % 2 or (vkeys and policy):
        raise CommandError("SERAI-LOG-TRUST", "Name both keys of the log with --vkey, Ed25519 first, or a --policy.")
    stated = Policy.parse(policy.read_bytes()) if policy is not None else log.policy
    named = vkeys or ([str(party.key) for party in stated.logs] if stated else log.vkeys)
    if not named and isinstance(log.source, TilesSource):
        raise CommandError("SERAI-LOG-TRUST", "Nothing says whose tiles these are: give --vkey twice, or --policy.")
    pairs = zip(named[::2], named[1::2], strict=True)
    keys = tuple(LogKeys.parse(first, second) for first, second in pairs)
    return Trust(keys, bool(vkeys or policy), stated)


@contextmanager
def opened(where: str, log_id: str, reader: tuple[Path | None, Path | None, int | None]) -> Iterator[Opened]:
    """Open what `where` names; `reader` is the node to read a hub as, and where its passphrase comes from."""
    if where.startswith(WEB):
        remote = import_module("serai.log_remote")  # only here is network code needed
        with remote.tiles(where, *reader) as fetch:
            yield of_tiles(where, fetch)
    elif (Path(where) / CHECKPOINT).is_file():
        folder = Path(where)
        names = (file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if not file.is_dir())
        yield of_tiles(where, _fetch(folder), names)
    else:
        database = Database(address_of(where))
        try:
            with database.read() as session:
                if not database.sqlite:
                    session.connection().exec_driver_sql(ONE_STATE)
                yield of_database(session, log_id, kek_of(where, *reader[1:]))
        finally:
            database.close()


def kek_of(where: str, file: Path | None, descriptor: int | None) -> DataKey | None:
    """Return the key that opens the commitments of the node in `where`; None unless a passphrase was named."""
    if file is None and descriptor is None:
        return None
    settings = NodeSettings.read(Path(where))
    return KeyStore.open(settings.keys, passphrase(file, descriptor, "passphrase of the node")).kek


@contextmanager
def anchors_in(node: str) -> Iterator[UnitAnchors]:
    """What the node of a unit keeps of the anchors of its log."""
    database = Database(address_of(node))
    try:
        with database.read() as session:
            yield anchors_of(session, Log(only(store.log_ids(session.connection()), "")), clock())
    finally:
        database.close()


def of_tiles(where: str, fetch: Fetch, names: Iterable[str] = ()) -> Opened:
    """Return the log in tiles, with the policy that lies beside it."""
    policy = fetch(POLICY)
    return Opened(where, TilesSource(fetch, names), policy=Policy.parse(policy) if policy is not None else None)


def of_database(session: Session, log_id: str, kek: DataKey | None = None) -> Opened:
    """Return the log `log_id` of an open database, or its only one, with the rows of the hub or node beside it."""
    connection = session.connection()
    name = only(store.log_ids(connection), log_id)
    source, vkeys, findings, now = DatabaseSource(connection, name), latest_vkeys(connection, name), Findings(), clock()
    tables = inspect(connection)
    if tables.has_table(EventRow.__tablename__):
        return Opened(name, source, vkeys, (NodeRows(session, findings, Log(name), kek),), findings)
    if not tables.has_table(MESSAGE.name):
        return Opened(name, source, vkeys, findings=findings)
    return Opened(name, source, vkeys, (HubRows(connection, findings, now),), findings, stated_policy(connection, now))


def _fetch(folder: Path) -> Fetch:
    def fetch(name: str) -> bytes | None:
        try:
            return (folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return fetch


@contextmanager
def progress(size: int) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far the work is; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn("entries"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("entries", total=size)
        yield lambda done: bar.update(task, completed=done)

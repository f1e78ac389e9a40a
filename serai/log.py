"""`serai log`: look into the log of a hub or a node, take proofs and exports out, and verify them with no network.

`verify` needs no database, no key and no service. The others read the database of `--data`, which a running service may
be writing at the same time, and change nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import inspect, select
from sqlmodel import Session

from audit import history, store
from audit.checkpoints import LogKeys
from audit.errors import AuditError, NotInLog
from audit.evidence import export
from audit.evidence.findings import EvidenceRefused, Language
from audit.evidence.verification import StampCheck
from audit.log import Log
from audit.policy import NONE, Policy
from audit.proof import LogProof
from audit.store import StoredCheckpoint
from crypto.instants import to_text
from exchange import timestamps
from exchange.database import Database
from exchange.hub import publication
from exchange.hub.publication import Published
from exchange.hub.register import stored_directory
from exchange.hub.tables import FEDERATION
from exchange.quorum import policy_of
from exchange.timestamps import StampRefused
from nodes import trust
from nodes.mirror import Mirror
from nodes.watch_tables import MirrorRow
from serai import verifier
from serai.log_tiles import write_tiles
from serai.output import CommandError, Exit, JsonFlag, Report, Table, note, show
from serai.verifier import HEADLINES, Known

app = typer.Typer(
    help="The append-only log: heads, proofs, exports, and their offline verification.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_FILES: Final = ("hub.sqlite", "node.db")

DataOption = Annotated[
    str, typer.Option("--data", help="Folder of the hub or node, or the URL of its PostgreSQL database.")
]
LogOption = Annotated[str, typer.Option("--log", help="Id of the log, if the database has several.")]


@dataclass(frozen=True)
class _Opened:
    """A log of an open database, and the transaction to read it in."""

    log: Log
    session: Session

    def signed(self) -> StoredCheckpoint:
        """Return its latest checkpoint; raises CommandError if nothing was signed yet."""
        stored = self.log.checkpoint(self.session)
        if stored is None:
            raise CommandError("SERAI-LOG-UNSIGNED", "Nothing of this log is signed yet.", status=Exit.WRONG)
        return stored

    def published(self) -> Published | None:
        """Return the checkpoint that the witnesses cosigned."""
        return publication.published(self.session.connection(), self.log.log_id)

    def policy(self) -> Policy | None:
        """Return who must sign this log, by the directory of the hub's database; None in any other database."""
        connection = self.session.connection()
        if not inspect(connection).has_table(FEDERATION.name):
            return None
        directory = stored_directory(connection)
        return None if directory is None else policy_of(directory, directory.snapshot.issued)


@contextmanager
def _open(data: str, log_id: str) -> Iterator[_Opened]:
    """Open the log in `data` for reading: the one place where this group opens a database."""
    database = Database(address_of(data))
    try:
        with database.read() as session:
            yield _Opened(Log(only(store.log_ids(session.connection()), log_id)), session)
    finally:
        database.close()


def address_of(data: str) -> str:
    """Return the URL of the database in a folder of a hub or node; raises CommandError if there is none."""
    if "://" in data:
        return data
    found = [Path(data) / name for name in _FILES if (Path(data) / name).is_file()]
    if len(found) != 1:
        raise CommandError("SERAI-LOG-NO-DATABASE", f"{data} has no database of a hub or a node.")
    return f"sqlite:///{found[0]}"


def only(logs: list[str], wanted: str) -> str:
    """Return the one log that was meant; raises CommandError if it is not clear which."""
    matching = [name for name in logs if wanted in {"", name}]
    if len(matching) != 1:
        raise CommandError("SERAI-LOG-WHICH", "Name one log with --log.", f"There are: {', '.join(logs) or 'none'}.")
    return matching[0]


@app.command("head")
def show_head(data: DataOption, log_id: LogOption = "", *, as_json: JsonFlag = False) -> None:
    """The size and root of the log, and its latest signed checkpoint."""
    with _open(data, log_id) as opened:
        head, stored = opened.log.head(opened.session), opened.log.checkpoint(opened.session)
        published, policy = opened.published(), opened.policy()
    members: dict[str, object] = {
        "log": opened.log.log_id,
        "size": head.size,
        "root": head.root.hex(),
        "checkpoint": _checkpoint(stored.size, stored.time, stored.note) if stored else None,
        "published": _checkpoint(published.size, published.time, published.note) if published else None,
        **_standing(policy, published.note if published else b""),
    }
    lines = [
        f"log\t{opened.log.log_id}",
        f"size\t{head.size}",
        f"root\t{head.root.hex()}",
        f"signed\t{stored.size if stored else 'nothing yet'}",
        f"published\t{published.size if published else 'nothing yet'}",
        *_standing_lines(members),
    ]
    show(Report("log-head", members, lines=lines), as_json=as_json)


def _checkpoint(size: int, time: int, note: bytes) -> dict[str, object]:
    return {"size": size, "time": to_text(time), "note": note.decode()}


def _standing(policy: Policy | None, note: bytes) -> dict[str, object]:
    """Say who cosigned a checkpoint, how many must, and whether the policy believes it; a unit's log has no policy."""
    if policy is None:
        return {"quorum": None, "cosigned": [], "believed": None}
    needed = 0 if policy.quorum == NONE else policy.groups[policy.quorum].needed
    units = () if policy.quorum == NONE else policy.groups[policy.quorum].members
    try:
        names = policy.verify(note).names
    except AuditError as error:
        return {"quorum": needed, "cosigned": [], "believed": False, "fault": error.code}
    return {"quorum": needed, "cosigned": [unit for unit in units if unit in names], "believed": True}


def _standing_lines(members: dict[str, object]) -> list[str]:
    if members["quorum"] is None:
        return []
    if not members["quorum"]:
        return ["witnesses\tnone: this federation asks for no cosignatures"]
    cosigned = members["cosigned"] if isinstance(members["cosigned"], list) else []
    return [f"quorum\t{members['quorum']}", f"cosigned\t{', '.join(cosigned) or 'by nobody yet'}"]


@dataclass(frozen=True, slots=True)
class _Proven:
    """An entry of a log under a checkpoint: its leaf hash, its audit path, and who must have signed that note."""

    log: str
    leaf: bytes
    path: tuple[bytes, ...]
    note: bytes
    policy: Policy | None


def _proven(opened: _Opened, index: int) -> _Proven:
    """From the log itself; raises NotInLog above its latest checkpoint."""
    published, log = opened.published(), opened.log
    signed = published if published is not None and index < published.size else opened.signed()
    if index >= signed.size:
        raise NotInLog(f"entry {index} is not under the latest checkpoint, of size {signed.size}")
    path = tuple(log.inclusion(opened.session, index, signed.size))
    return _Proven(log.log_id, log.leaf_hash(opened.session, index), path, signed.note, opened.policy())


def _mirrored(session: Session, index: int) -> _Proven:
    """From a node's copy of the hub's log, under the checkpoint that it accepted last; raises NotInLog above it."""
    row = session.scalars(select(MirrorRow)).first() if inspect(session.connection()).has_table("node_mirror") else None
    if row is None:
        raise CommandError("SERAI-LOG-NO-MIRROR", "This database holds no copy of a hub's log.")
    if index >= min(row.accepted, row.size):
        raise NotInLog(f"entry {index} is not under the checkpoint that this node accepted, of size {row.accepted}")
    mirror, directory = Mirror(session, row.log_id), trust.load(session, 0)  # as of when it was fetched
    path = tuple(mirror.inclusion(index, row.accepted))
    policy = None if directory is None else policy_of(directory, directory.snapshot.issued)
    return _Proven(row.log_id, mirror.leaf_hash(index), path, row.note, policy)


@app.command("prove")
def prove(
    index: Annotated[int, typer.Argument(help="Index of the entry.", min=0)],
    data: DataOption,
    out: Annotated[Path | None, typer.Option("--out", help="File to write, a .tlog-proof.")] = None,
    log_id: LogOption = "",
    *,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Of the hub's log, from the copy of a node: the hub may be away.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Proof that an entry stands in the log, under the published checkpoint; a newer entry, under the latest signed."""
    with _open(data, log_id) as opened:
        proven = _mirrored(opened.session, index) if mirror else _proven(opened, index)
    proof = LogProof(index, proven.path, proven.note).to_bytes()
    members: dict[str, object] = {"log": proven.log, "index": index, "leaf": proven.leaf.hex(), "proof": proof.decode()}
    members |= _standing(proven.policy, proven.note)
    for line in _standing_lines(members):
        note(line)
    if out is not None:
        _write_new(out, [proof])
        members["file"] = str(out)
    lines = [str(out)] if out else proof.decode().splitlines()
    show(Report("log-proof", members, lines=lines), as_json=as_json)


@app.command("checkpoints")
def show_checkpoints(
    data: DataOption,
    out: Annotated[Path | None, typer.Option("--out", help="New folder: each note as a file, for --held.")] = None,
    most: Annotated[int, typer.Option("--most", help="So many, the newest first.", min=1)] = 100,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Checkpoints that were published: by this hub, or as this node accepted them from it; an hour apart."""
    with _open(data, "") as opened:
        connection = opened.session.connection()
        mirrored = inspect(connection).has_table("node_mirror")
        origins = opened.session.scalars(select(MirrorRow.log_id)).all() if mirrored else [opened.log.log_id]
        found = [(origin, one) for origin in origins for one in history.kept(connection, origin, most=most)]
    if out is not None:
        out.mkdir(parents=True)
        for _, one in found:
            _write_new(out / f"{one.size}-{one.time}", [one.note])
    members = {"checkpoints": [{"log": origin, **_checkpoint(one.size, one.time, one.note)} for origin, one in found]}
    rows = [[origin, str(one.size), to_text(one.time)] for origin, one in found]
    show(Report("log-checkpoints", members, table=Table(["log", "size", "published"], rows)), as_json=as_json)


@app.command("export")
def export_log(
    out: Annotated[Path, typer.Argument(help="File to write: JSON lines, for `serai log verify`.")],
    data: DataOption,
    log_id: LogOption = "",
    *,
    tiles: Annotated[bool, typer.Option("--tiles", help="Write a folder in the tlog-tiles layout instead.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Every entry up to the latest signed checkpoint, with that checkpoint, for an auditor."""
    with _open(data, log_id) as opened:
        signed = opened.signed()
        if tiles:
            write_tiles(opened.log, opened.session, signed, out)
        else:
            entries = opened.log.entries(opened.session, 0, signed.size)
            _write_new(out, export.write_export(signed.note, LogKeys.parse(*signed.vkeys), entries))
    members = {"log": opened.log.log_id, "file": str(out), "size": signed.size, "root": signed.root.hex()}
    show(Report("log-export", members, lines=[f"{out}\t{signed.size} entries"]), as_json=as_json)


@app.command("verify")
def verify(
    path: Annotated[Path, typer.Argument(help="A bundle (folder or archive), an exported log, or a .tlog-proof.")],
    root: Annotated[list[str] | None, typer.Option("--root", help="Key id of a federation root you trust.")] = None,
    vkey: Annotated[list[str] | None, typer.Option("--vkey", help="Key of the log you trust, for an export.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="tlog-policy that the checkpoint must meet.")] = None,
    entry: Annotated[Path | None, typer.Option("--entry", help="The entry that a .tlog-proof is about.")] = None,
    tsa: Annotated[Path | None, typer.Option("--tsa", help="PEM file of the time authority you trust.")] = None,
    language: Annotated[Language, typer.Option("--lang", help="Language of the findings.")] = Language.EN,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Verify evidence offline. Exit status 0 good, 1 bad, 2 unreadable."""
    stamps = None if tsa is None else _stamp_check(tsa)
    report = verifier.examine(path, Known(tuple(root or ()), tuple(vkey or ()), policy, entry, stamps))
    members = report.members(language)
    del members["ok"]
    lines = [f"{path}: {HEADLINES[language][report.ok]}", *report.lines(language)]
    show(Report("log-verify", {"file": str(path), **members}, lines, ok=report.ok), as_json=as_json)


def _stamp_check(tsa: Path) -> StampCheck:
    """How time-stamps are checked by the authority whose certificates are in `tsa`."""
    roots = timestamps.roots_of(tsa.read_bytes())

    def check(stamped: bytes, token: bytes) -> str:
        try:
            stamp = timestamps.check(stamped, token, roots)
        except StampRefused as error:
            raise EvidenceRefused(str(error)) from error
        return f"{to_text(stamp.time)} by {stamp.authority}"

    return check


def _write_new(path: Path, parts: Iterator[bytes] | list[bytes]) -> None:
    """Write a file that is not there yet; a half-written one is taken away again."""
    try:
        with path.open("xb") as target:
            target.writelines(parts)
    except FileExistsError as error:
        raise CommandError("SERAI-FILE", f"{path} is there already.", todo="Name another file.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise

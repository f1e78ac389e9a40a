"""`serai node`: make a unit's node, join a federation, run it, look at it, turn its keys, migrate its database."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from logging import INFO
from pathlib import Path
from typing import Annotated, Final

import typer

from crypto.encoding import b64, unb64
from crypto.errors import CryptoError
from crypto.instants import from_text, to_text
from exchange.database import Database
from exchange.service import configure_logging
from nodes import backup, enrolment, keys, rotation
from nodes.courier import Courier
from nodes.enrolment import Secrets
from nodes.node import MIGRATIONS, Node, Surroundings, open_node
from nodes.rotation import Turned, Withdrawal
from nodes.settings import SETTINGS_FILE, NodeSettings
from nodes.web.app import create_app
from schemas.invitations import Invitation, fingerprint
from serai import control, recovery
from serai.homes import NodeHome, new_home
from serai.output import CommandError, JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile, passphrase
from serai.serving import (
    CertificateOption,
    EofOption,
    HostOption,
    KeyOption,
    Listen,
    PlainOption,
    PortOption,
    ProxiesOption,
    serve,
)
from serai.unit import operations_of

app = typer.Typer(help="A unit's node.", no_args_is_help=True, rich_markup_mode=None)

RootPassphraseFile = Annotated[
    Path | None, typer.Option("--root-passphrase-file", help="Owner-only file with the passphrase of the root key.")
]
Reason = Annotated[str, typer.Option(help="Why; needed once the unit has two administrators.")]
Alone = Annotated[bool, typer.Option("--alone", help="Without a second person: every administrator is alarmed.")]
REQUEST: Final = "request.json"
ANCHOR: Final = "anchor.json"


class Purpose(StrEnum):
    """The keys of a unit that can be replaced; a log keeps its pair for as long as it lives."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    REQUEST = "request"
    WITNESS = "witness"


TURNED: Final[dict[Purpose, Turned]] = {
    Purpose.ENCRYPTION: "ENCRYPTION",
    Purpose.REQUEST: "NODE",
    Purpose.WITNESS: "WITNESS",
}


def system_clock() -> int:
    """Return unix seconds UTC."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Access:
    """How a command reaches a node: its folder and where the passphrase comes from."""

    home: Path
    file: Path | None
    descriptor: int | None

    def settings(self) -> NodeSettings:
        """Return the settings of the node in the folder."""
        return NodeSettings.read(self.home)

    def secret(self) -> str:
        """Return the passphrase of the node's key store."""
        return passphrase(self.file or self.settings().passphrase_file, self.descriptor, "passphrase of the node")

    def do(self, name: str, arguments: control.Members) -> control.Members:
        """Do an operation in the running node, or here if none runs."""
        if control.is_running(self.home):
            return control.call(self.home, name, arguments)
        with opened(self) as node:
            return operations_of(node)[name](arguments)


@contextmanager
def opened(access: Access) -> Iterator[Node]:
    """Own the folder and open its node until the end of the block; nobody else may be running it."""
    with control.owned(access.home):
        node = open_node(access.settings(), access.secret(), Surroundings(system_clock))
        try:
            yield node
        finally:
            node.close()


@app.command("init")
def init(
    home: NodeHome,
    invitation: Annotated[Path, typer.Argument(help="The invitation that the federation's keepers handed over.")],
    request: Annotated[
        Path | None, typer.Option("--request", help="Where to write the request; in the folder if left out.")
    ] = None,
    public_origin: Annotated[str | None, typer.Option(help="Address that officers type.")] = None,
    language: Annotated[str | None, typer.Option(help="Language with which pages begin: en or ru.")] = None,
    database_url: Annotated[str | None, typer.Option(help="PostgreSQL database; an SQLite file if left out.")] = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    root_file: RootPassphraseFile = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Answer an invitation: keys and database of a new node, and the request that the federation's keepers need."""
    now = system_clock()
    found = enrolment.read(invitation.read_bytes(), now)
    wished = {"public_origin": public_origin, "language": language, "database_url": database_url}
    given = _invited(found) | {name: value for name, value in wished.items() if value is not None}
    NodeSettings.read(home, **given)
    secret = passphrase(file, descriptor, "passphrase of the node", new=True)
    root_secret = passphrase(root_file, None, "passphrase of the root key", new=True)
    new_home(home, SETTINGS_FILE, given)
    made = enrolment.answer(NodeSettings.read(home), found, Secrets(secret, root_secret), now)
    target, anchor = request or home / REQUEST, found.anchor.to_bytes()
    (home / ANCHOR).write_bytes(anchor)
    target.write_bytes(made)
    note("Destroy the invitation. Read the fingerprint of the request to each keeper over a number that you know.")
    note(f"Let them read theirs to you for `serai node join`. The roots that came are: {fingerprint(anchor)}")
    members = {"home": str(home), "unit": found.profile.unit, "request": str(target), "fingerprint": fingerprint(made)}
    show(Report("node-init", members, lines=[f"{name}\t{value}" for name, value in members.items()]), as_json=as_json)


def _invited(found: Invitation) -> dict[str, str]:
    """Return the settings that an invitation brings."""
    profile = found.profile
    return {
        "unit": profile.unit,
        "env": found.anchor.env,
        "hub_url": found.hub_url,
        "time_zone": profile.time_zone,
    }


@app.command("join")
def join(
    home: NodeHome,
    compared: Annotated[
        str | None, typer.Option("--fingerprint", help="Fingerprint of the federation's roots, as you were told it.")
    ] = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Believe the roots that came with the invitation, after their fingerprint was compared over another channel."""
    wire = (home / ANCHOR).read_bytes()
    if compared is None:
        compared = typer.prompt("Type the fingerprint that you were told", err=True)
    with opened(Access(home, file, descriptor)) as node:
        enrolment.join(node, wire, compared)
    show(Report("node-join", {"fingerprint": fingerprint(wire)}, lines=["joined"]), as_json=as_json)


@app.command("serve")
def serve_node(
    home: NodeHome,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    proxies: ProxiesOption = [],  # noqa: B006  # the library reads it, nobody writes to it
    *,
    behind_proxy: PlainOption = False,
    stop_at_eof: EofOption = False,
) -> None:
    """Run the node: the officers' pages, the courier, and the socket for other commands."""
    listen = Listen(host, port, certificate, key, None, behind_proxy, stop_at_eof, tuple(proxies))
    listen.check()
    configure_logging(INFO)
    with opened(Access(home, file, descriptor)) as node, control.answering(home, operations_of(node)):
        courier = Courier(node)
        courier.start()
        try:
            serve(create_app(node), listen)
        finally:
            courier.stop()


@app.command("sync")
def sync(
    home: NodeHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Send what is queued and collect what waits, once, now."""
    members = Access(home, file, descriptor).do("sync", {})
    show(Report("node-sync", members, lines=[f"{name}\t{value}" for name, value in members.items()]), as_json=as_json)


@app.command("status")
def status(
    home: NodeHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Queues, directory, keys, log: no content."""
    members = Access(home, file, descriptor).do("status", {})
    show(Report("node-status", members, lines=[f"{name}\t{value}" for name, value in members.items()]), as_json=as_json)


@app.command("rotate")
def rotate(
    home: NodeHome,
    key: Annotated[
        Purpose, typer.Option("--key", help="Which key; only the next signing key needs the root.")
    ] = Purpose.SIGNING,
    reason: Reason = "",
    root_file: RootPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the next key for one purpose; the node may be running, and uses it once the hub has published it.

    Once the unit has two administrators, one of them must agree to a signing or request key on the page Keys: the first
    command asks, and the same command given again makes the key.
    """
    access, leave = Access(home, file, descriptor), {"reason": reason, "alone": alone}
    waits = access.do("key.ask", {"use": TURNED.get(key, "SIGNING"), **leave})["waits"]
    if waits is not None:
        note("An administrator must agree to it on the page Keys; then give the same command again.")
        members: control.Members = {"kid": None, "waits": waits}
    elif key is Purpose.SIGNING:
        root = keys.open_root(access.settings(), passphrase(root_file, None, "passphrase of the root key"))
        proposed = unb64(access.do("key.propose", {})["statement"])
        members = access.do("key.take", {"statement": b64(rotation.vouch(access.settings(), root, proposed)), **leave})
        note("The courier publishes the key and then uses it. Take the root key away again.")
    else:
        members = access.do("key.turn", {"use": TURNED[key], **leave})
        note("The courier publishes the key and then uses it. Withdraw the old one with `serai node revoke`.")
    show(Report("node-rotate", members, lines=[members["kid"] or members["waits"]]), as_json=as_json)


@app.command("revoke")
def revoke(
    home: NodeHome,
    kid: Annotated[str, typer.Argument(help="Id of the key, as `serai node status` shows it.")],
    stolen_since: Annotated[
        str | None, typer.Option("--stolen-since", help="Time (RFC 3339, UTC) from which others may have held it.")
    ] = None,
    root_file: RootPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a key of this unit, with the root key brought back for it; the node may be running."""
    access = Access(home, file, descriptor)
    try:
        since = None if stolen_since is None else from_text(stolen_since)
    except CryptoError as error:
        raise CommandError("SERAI-TIME", "--stolen-since is not a time such as 2026-11-22T06:00:00Z.") from error
    root = keys.open_root(access.settings(), passphrase(root_file, None, "passphrase of the root key"))
    statement = rotation.withdraw(access.settings(), root, Withdrawal(kid, since), system_clock())
    members = access.do("key.revoke", {"statement": b64(statement)})
    note("Make the next one with `serai node rotate`: what still waits under a signing key is then sealed anew.")
    show(Report("node-revoke", members, lines=[kid]), as_json=as_json)


@app.command("migrate")
def migrate(
    home: NodeHome,
    revision: Annotated[str, typer.Option(help="Revision to go to; `base` takes every table away.")] = "head",
    *,
    down: Annotated[bool, typer.Option("--down", help="Go back to an older revision.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring the database to the schema of this release, or back. The node must not be running."""
    database = Database(NodeSettings.read(home).database)
    with control.owned(home):
        try:
            database.check()
            (database.downgrade if down else database.upgrade)(MIGRATIONS, revision)
            now_at = database.revision()
        finally:
            database.close()
    show(Report("node-migrate", {"revision": now_at}, lines=[str(now_at)]), as_json=as_json)


@app.command("recovery-key")
def recovery_key(
    folder: Annotated[Path, typer.Argument(help="Folder to make for the key; it is then kept offline.")],
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make the key that opens this unit's backups: its public half stays here, the folder goes into a safe."""
    public = recovery.make(folder, passphrase(file, descriptor, "passphrase of the recovery key", new=True))
    members = {"folder": str(folder), "public": str(public)}
    note("Copy the public file to the node. Without the folder and its passphrase nobody can restore a backup.")
    show(Report("node-recovery-key", members, lines=[str(public)]), as_json=as_json)


@app.command("backup")
def back_up(
    home: NodeHome,
    target: Annotated[Path, typer.Argument(help="File to write.")],
    public: recovery.PublicOption,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write a backup that only the recovery key opens; the node may be running."""
    given = {"path": str(target.absolute()), "recovery": b64(public.read_bytes())}
    members = Access(home, file, descriptor).do("backup", given)
    note(recovery.NOT_IN_A_NODE_BACKUP)
    show(Report("node-backup", members, lines=[members["path"]]), as_json=as_json)


@app.command("restore")
def restore(
    home: NodeHome,
    source: Annotated[Path, typer.Argument(help="The backup.")],
    key_folder: recovery.KeyOption,
    settings: Annotated[Path, typer.Option("--settings", help="The node.toml that the node had.")],
    key_file: recovery.KeyPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Bring a node back into an empty folder; it seals nothing before it has caught up with the hub."""
    key = recovery.open_key(key_folder, passphrase(key_file, None, "passphrase of the recovery key"))
    secret = passphrase(file, descriptor, "passphrase that the node had")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with control.owned(home):
        shutil.copyfile(settings, home / SETTINGS_FILE)
        heading = backup.restore(NodeSettings.read(home), source, key, secret, system_clock())
    note(recovery.AFTER_A_NODE_RESTORE)
    members = {"unit": heading.owner, "made": to_text(heading.made)}
    show(Report("node-restore", members, lines=[f"{heading.owner} as of {members['made']}"]), as_json=as_json)

"""`serai node`: make a unit's node, join a federation, run it, look at it, turn its keys, migrate its database."""

import shutil
from logging import INFO
from pathlib import Path
from typing import Annotated, Final

import typer

from crypto.encoding import b64
from crypto.instants import to_text
from exchange.database import Database
from exchange.service import configure_logging
from nodes import backup, enrolment, signers
from nodes.backup import Opening
from nodes.courier import Courier
from nodes.enrolment import Secrets
from nodes.node import MIGRATIONS
from nodes.settings import SETTINGS_FILE, NodeSettings
from nodes.web.app import create_app
from schemas.invitations import Invitation, fingerprint
from serai import control, node_keys, recovery, tokens
from serai.homes import NodeHome, new_home
from serai.node_access import Access, RootPassphraseFile, opened, system_clock
from serai.output import JsonFlag, Report, note, show
from serai.passphrases import RECOVERY, ROOT, PassphraseFd, PassphraseFile, passphrase
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
app.add_typer(node_keys.app)

REQUEST: Final = "request.json"
ANCHOR: Final = "anchor.json"


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
    token_module: Annotated[str | None, typer.Option(help="PKCS#11 module of the token for the signing key.")] = None,
    token_label: Annotated[str | None, typer.Option(help="Label of that token.")] = None,
    token_pin_file: Annotated[str | None, typer.Option(help="Owner-only file with its PIN; asked for if none.")] = None,
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
    wished |= {"token_module": token_module, "token_label": token_label, "token_pin_file": token_pin_file}
    given = _invited(found) | {name: value for name, value in wished.items() if value is not None}
    custody = tokens.custody_of(NodeSettings.read(home, **given), at_once=True)
    secret = passphrase(file, descriptor, "passphrase of the node", new=True)
    root_secret = passphrase(root_file, None, "passphrase of the root key", new=True, option=ROOT)
    new_home(home, SETTINGS_FILE, given)
    secrets = Secrets(secret, root_secret, custody=custody)
    made = enrolment.answer(NodeSettings.read(home), found, secrets, now)
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
        signers.check_start(node)
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
    key = recovery.open_key(key_folder, passphrase(key_file, None, "passphrase of the recovery key", option=RECOVERY))
    secret = passphrase(file, descriptor, "passphrase that the node had")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with control.owned(home):
        shutil.copyfile(settings, home / SETTINGS_FILE)
        kept = NodeSettings.read(home)
        opening = Opening(key, secret, tokens.custody_of(kept))
        heading = backup.restore(kept, source, opening, system_clock())
    note(recovery.AFTER_A_NODE_RESTORE)
    members = {"unit": heading.owner, "made": to_text(heading.made)}
    show(Report("node-restore", members, lines=[f"{heading.owner} as of {members['made']}"]), as_json=as_json)

"""`serai hub backup`, `restore`, `resume`: copies that only the recovery key opens, and a way back without a fork."""

from pathlib import Path
from typing import Annotated

import typer

from crypto.encoding import b64
from crypto.instants import to_text
from exchange.hub import backup
from exchange.hub.hub import Hub
from exchange.hub.recovery import Staged
from exchange.hub.refill import Seen
from exchange.hub.settings import HubSettings
from serai import control, recovery
from serai.homes import HubHome
from serai.hub import Access
from serai.hub_enrolment import app
from serai.output import CommandError, JsonFlag, Report, Table, note, show
from serai.passphrases import RECOVERY, PassphraseFd, PassphraseFile, passphrase


@app.command("recovery-key")
def recovery_key(
    folder: Annotated[Path, typer.Argument(help="Folder to make for the key; it is then kept offline.")],
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make the key that opens this hub's backups: its public half stays here, the folder goes into a safe."""
    public = recovery.make(folder, passphrase(file, descriptor, "passphrase of the recovery key", new=True))
    show(
        Report("hub-recovery-key", {"folder": str(folder), "public": str(public)}, lines=[str(public)]), as_json=as_json
    )


@app.command("backup")
def back_up(
    home: HubHome,
    target: Annotated[Path, typer.Argument(help="File to write.")],
    public: recovery.PublicOption,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write a backup that only the recovery key opens; the hub may be running."""
    given = {"path": str(target.absolute()), "recovery": b64(public.read_bytes())}
    members = Access(home, file, descriptor).do("backup", given)
    note(recovery.NOT_IN_A_HUB_BACKUP)
    show(Report("hub-backup", members, lines=[members["path"]]), as_json=as_json)


@app.command("restore")
def restore(
    home: HubHome,
    source: Annotated[Path, typer.Argument(help="The backup.")],
    key_folder: recovery.KeyOption,
    key_file: recovery.KeyPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Bring a hub back into a folder that holds only its hub.toml; it stays closed until `resume`."""
    key = recovery.open_key(key_folder, passphrase(key_file, None, "passphrase of the recovery key", option=RECOVERY))
    secret = passphrase(file, descriptor, "passphrase that the hub had")
    with control.owned(home):
        heading = backup.restore(HubSettings.read(home), source, key, secret)
    note(recovery.AFTER_A_HUB_RESTORE)
    members = {"name": heading.owner, "made": to_text(heading.made)}
    show(Report("hub-restore", members, lines=[f"{heading.owner} as of {members['made']}"]), as_json=as_json)


@app.command("handed-over")
def handed_over(home: HubHome, *, as_json: JsonFlag = False) -> None:
    """Which units have handed over what they hold to this closed hub, and how many parts of which kind."""
    staged = Staged.at(home)
    counts = staged.counts()
    staged.close()
    rows = [[unit, part.name, str(count)] for unit, part, count in counts]
    members = {"parts": [{"unit": unit, "part": part.name, "count": count} for unit, part, count in counts]}
    show(Report("hub-handed-over", members, table=Table(["unit", "part", "count"], rows)), as_json=as_json)


@app.command("resume")
def resume(
    home: HubHome,
    seen: Annotated[
        list[str] | None,
        typer.Option(help="UNIT=INDEX:LEAF, the `hub_seen` of node status, for a unit that cannot reach this hub."),
    ] = None,
    key_folder: recovery.OptionalKey = None,
    key_file: recovery.KeyPassphraseFile = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Put a restored hub's log together from what units handed over, and open it once it holds what each has seen."""
    settings, told = HubSettings.read(home), dict(map(_seen, seen or []))
    key = None
    if key_folder is not None:
        key = recovery.open_key(
            key_folder, passphrase(key_file, None, "passphrase of the recovery key", option=RECOVERY)
        )
    with control.owned(home):
        hub = Hub.open(settings, Access(home, file, descriptor).secret())
        try:
            filled = backup.resume(settings, hub, told, key)
        finally:
            hub.db.close()
    members = {"open": True, "entries": filled.entries, "lost": filled.lost, "size": filled.size}
    lines = [f"open, {filled.entries} entries came back, {filled.lost} places are marked LOST"]
    show(Report("hub-resume", members, lines=lines), as_json=as_json)


def _seen(text: str) -> tuple[str, Seen]:
    unit, _, rest = text.partition("=")
    index, _, leaf = rest.partition(":")
    if not index.lstrip("-").isdigit():
        raise CommandError("SERAI-SEEN", f"{text!r} is not UNIT=INDEX:LEAF.")
    return unit, Seen(int(index), leaf)

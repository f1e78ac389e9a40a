"""`serai passphrase`: a folder of keys is locked under another passphrase; the keys in it stay what they are."""

from pathlib import Path
from typing import Annotated

import typer

from crypto.keystore import KeyStore
from serai.output import JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile, passphrase

app = typer.Typer(help="Lock a folder of keys under another passphrase.", rich_markup_mode=None)


@app.command()
def change(
    folder: Annotated[Path, typer.Argument(help="Folder of keys: of a hub, a node, a root or a recovery key.")],
    new_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", help="Owner-only file with the passphrase to come.")
    ] = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Lock a folder of keys under another passphrase; a service that has it open goes on."""
    store = KeyStore.open(folder, passphrase(file, descriptor, "passphrase until now"))
    store.change_passphrase(passphrase(new_file, None, "next passphrase", new=True, option="--new-passphrase-file"))
    note("The next start asks for the new one: change the file that the service reads it from.")
    show(Report("passphrase", {"folder": str(folder)}, lines=[str(folder)]), as_json=as_json)

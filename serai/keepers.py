"""`serai federation root` and `roots`: who keeps a root of the federation, and how many keepers must sign.

A keeper who leaves, or lost his root, is followed by another: the next document names the roots that count from then
on, under the threshold of those before and of its own (protocol.md §5.1).
"""

from pathlib import Path
from typing import Annotated

import typer

from crypto import signing
from schemas.changes import name_of_key
from schemas.directory import Federation, keys_by_id
from serai import founding
from serai.homes import HubHome
from serai.hub import Access, RootFiles, RootFolders, held_document, open_roots
from serai.output import CommandError, JsonFlag, Report, Table, note, show
from serai.passphrases import PassphraseFd, PassphraseFile, passphrase
from serai.proposing import app
from serai.signing_desk import Timing, lines_of, put

__all__ = ["app"]

PUBLIC = "root.public"


@app.command("root")
def root(
    folder: Annotated[Path, typer.Argument(help="Folder to make for the root; it stays with its keeper.")],
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make the root of a new keeper at his own desk; its public half goes to a keeper who proposes it."""
    made = founding.make_root(folder, passphrase(file, descriptor, "passphrase of the root", new=True))
    public = folder / PUBLIC
    public.write_bytes(made.public)
    note("It counts once the other keepers have signed it. Read them its fingerprint over a number that they know.")
    members = {"public": str(public), "id": made.kid, "fingerprint": name_of_key(made.public)}
    show(Report("federation-root", members, lines=lines_of(members)), as_json=as_json)


@app.command("roots")
def roots_of_federation(
    home: HubHome,
    added: Annotated[list[Path] | None, typer.Option("--add", help="Public half of a new root; repeat it.")] = None,
    removed: Annotated[list[str] | None, typer.Option("--remove", help="Id of a root that goes; repeat it.")] = None,
    threshold: Annotated[int | None, typer.Option(help="How many keepers must sign from then on.", min=1)] = None,
    roots: RootFolders = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show the roots of the federation, or sign other ones: a keeper follows another, or another number must sign."""
    access, done = Access(home, file, descriptor), {}
    if added or removed or threshold:
        before = held_document(access)
        members = _with(before.roots, added or [], removed or [])

        def following(timing: Timing) -> Federation:
            return founding.with_roots(before, members, threshold or before.threshold, timing.issued)

        done = put(access, open_roots(roots, root_files), following)
    held = held_document(access)
    found = [{"id": kid, "fingerprint": name_of_key(public)} for kid, public in keys_by_id(held.roots).items()]
    shown = {"version": held.version, "threshold": held.threshold, "roots": found, "proposal": done or None}
    table = Table(["root", "fingerprint"], [[one["id"], one["fingerprint"]] for one in found])
    show(Report("federation-roots", shown, lines=lines_of(done), table=table), as_json=as_json)


def _with(present: tuple[bytes, ...], added: list[Path], removed: list[str]) -> tuple[bytes, ...]:
    """Return the roots without those of the ids `removed`, which may be cut short, and with those in the files."""
    left = [public for public in present if not signing.kid_of(public).startswith(tuple(removed))]
    if len(present) - len(left) != len(removed) or not all(removed):
        raise CommandError("SERAI-ROOTS", "Name each root that goes by its id, as `serai federation roots` shows it.")
    new = [path.read_bytes() for path in added]
    for public in new:
        signing.check_public(public)
    return (*left, *new)

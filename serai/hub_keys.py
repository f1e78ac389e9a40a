"""`serai hub rotate`: the next keys of a running hub, named by the next federation document under the roots."""

from enum import StrEnum
from typing import Annotated

import typer

from crypto.encoding import unb64
from schemas.directory import Federation
from serai import founding
from serai.founding import Renewal
from serai.homes import HubHome
from serai.hub import Access, RootFiles, RootFolders, app, held_document, open_roots
from serai.output import CommandError, JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile
from serai.signing_desk import Timing, lines_of, put

__all__ = ["app", "rotate"]


class Purpose(StrEnum):
    """The keys of a hub that can be replaced; its log keeps its pair for as long as it lives."""

    RECEIPT = "receipt"
    SNAPSHOT = "snapshot"
    REQUEST = "request"
    WITNESS = "witness"


@app.command("rotate")
def rotate(
    home: HubHome,
    roots: RootFolders,
    keys: Annotated[list[Purpose], typer.Option("--key", help="Which key; repeat it. All of them if left out.")] = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    at_once: Annotated[bool, typer.Option("--at-once", help="Stolen: the old ones end within two minutes.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Replace keys of the hub: the next federation document, signed by k of the roots. The hub may be running.

    With k roots the hub uses them two minutes later, when every node that is reached has the document; with --at-once
    it does now, and nodes hear no answer for the seconds until they have it. Fewer roots propose it: the hub changes
    over when the proposal's two weeks are past, on whatever day of them the last keeper signs.
    """
    access, wanted = Access(home, file, descriptor), keys or list(Purpose)
    held, signers = held_document(access), open_roots(roots, root_files)
    if at_once and len(signers) < held.threshold:
        raise CommandError("SERAI-ROOTS", f"At once needs {held.threshold} roots at one desk.")
    made = access.do("next-keys", {"keys": [one.value.upper() for one in wanted]})
    publics = {use: unb64(public) for use, public in made["keys"].items()}
    changed = Renewal(publics, tuple(made["witness"]), at_once=at_once)

    def following(timing: Timing) -> Federation:
        return founding.with_hub_keys(held, changed, timing.issued, timing.begins)

    members = put(access, signers, following)
    note("The keys before stay in the document: what they signed while they were in force stays good.")
    shown = {"keys": sorted(one.value for one in wanted), **members}
    show(Report("hub-rotate", shown, lines=lines_of(shown)), as_json=as_json)

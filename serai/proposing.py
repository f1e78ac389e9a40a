"""`serai federation proposals`, `sign`, `submit`, `withdraw`: the next document goes from keeper to keeper.

At the hub, or as a file between desks that have no network. Nobody signs what he was not shown (`serai.signing_desk`).
"""

from pathlib import Path
from typing import Annotated

import typer

from crypto.encoding import b64
from schemas import proposals
from schemas.proposals import Withdrawal
from serai import founding
from serai.decisions import app
from serai.homes import HubHome
from serai.hub import ANCHOR, Access, RootFiles, RootFolders
from serai.output import CommandError, JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile
from serai.signing_desk import (
    Heard,
    agreed,
    anchor_for,
    chosen,
    hand_in,
    lines_of,
    named,
    one_root,
    open_proposals,
    refusing,
    show_changes,
    signed_by,
)

__all__ = ["app"]

DocumentOption = Annotated[
    str | None, typer.Option("--document", help="Fingerprint of the document, where several wait; asks nothing then.")
]
AnchorOption = Annotated[
    Path | None, typer.Option("--anchor", help="File with the roots; if left out, the one beside the root.")
]


@app.command("proposals")
def listed(
    home: HubHome,
    document: DocumentOption = None,
    target: Annotated[Path | None, typer.Option("--out", help="File for the desk of the next keeper.")] = None,
    anchor: AnchorOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show the documents that wait for signatures: what each changes, who signed, who did not, until when."""
    access, believed = Access(home, file, descriptor), anchor_for(anchor, home, home)
    found = open_proposals(access)
    if target is not None or document is not None:
        found = [chosen(found, document)]
    if target is not None:
        target.write_bytes(found[0].to_bytes())
    steps = [one.step(believed) for one in found]
    for step in steps:
        show_changes(step)
        note(f"Signed by {named(step.signed)}; not by {named(step.missing)}.")
    summaries = [step.summary() for step in steps]
    lines = [f"{one['version']}\t{one['document']}\t{len(one['signed'])} of {one['needed']}" for one in summaries]
    show(Report("federation-proposals", {"proposals": summaries}, lines=lines), as_json=as_json)


@app.command("sign")
def sign(
    proposal: Annotated[
        Path | None, typer.Argument(help="A proposal as a file; left out: one that the hub has.")
    ] = None,
    home: Annotated[Path | None, typer.Option("--home", envvar="SERAI_HUB_HOME", help="Folder of the hub.")] = None,
    roots: RootFolders = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    document: DocumentOption = None,
    heard: Annotated[
        list[str] | None, typer.Option("--fingerprint", help="As a new unit read it to you; one for each request.")
    ] = None,
    anchor: AnchorOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Sign what another keeper proposed, after reading what it changes; with the last signature it is in force.

    A file is signed where it lies, without a network, and goes on to the next keeper or back to the hub.
    """
    root = one_root(roots, root_files)
    believed = anchor_for(anchor, roots[0], home)
    if proposal is not None:
        brought = proposals.read(proposal.read_bytes())
        step = agreed(brought, believed, Heard(heard, document, _nobody))
        signed = signed_by(brought, step, root)
        proposal.write_bytes(signed.to_bytes())
        members = signed.step(believed).summary()
    elif home is not None:
        access = Access(home, file, descriptor)
        found = chosen(open_proposals(access), document)
        step = agreed(found, believed, Heard(heard, document, refusing(access)))
        members = hand_in(access, signed_by(found, step, root).federation, found.requests, step)
    else:
        raise CommandError("SERAI-PROPOSAL", "Nothing to sign: name a file, or the hub's folder with --home.")
    (roots[0] / ANCHOR).write_bytes(founding.anchor_of(step.held).to_bytes())
    show(Report("federation-sign", members, lines=lines_of(members)), as_json=as_json)


@app.command("submit")
def submit(
    proposal: Annotated[Path, typer.Argument(help="A proposal that keepers signed elsewhere.")],
    home: HubHome,
    anchor: AnchorOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Hand in the signatures that a file brings back to the hub; with the last one needed the document is in force."""
    brought = proposals.read(proposal.read_bytes())
    step = brought.step(anchor_for(anchor, home, home))
    members = hand_in(Access(home, file, descriptor), brought.federation, brought.requests, step)
    show(Report("federation-submit", members, lines=lines_of(members)), as_json=as_json)


@app.command("withdraw")
def withdraw(
    home: HubHome,
    roots: RootFolders,
    root_files: RootFiles = None,
    document: DocumentOption = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Take a proposal back that you have signed: nobody can complete it then, whatever signatures he kept."""
    access, root = Access(home, file, descriptor), one_root(roots, root_files)
    step = chosen(open_proposals(access), document).step(anchor_for(None, roots[0], home))
    said = Withdrawal(env=step.document.env, digest=step.digest.hex())
    access.do("withdraw", {"withdrawal": b64(proposals.withdraw(said, root))})
    members = {"version": step.document.version, "document": step.fingerprint, "withdrawn": True}
    show(Report("federation-withdraw", members, lines=lines_of(members)), as_json=as_json)


def _nobody(_unit: str, _request: bytes) -> None:
    """A desk without a hub tells nobody that another fingerprint was read."""

"""`serai federation`: what the federation decides for all its units, put in force under k of its roots.

Which messages ask about human rights, and which rules of access hold. Each decision is the next federation document,
in force or proposed (`serai.signing_desk`); the hub logs it, every node takes it up and none goes back behind it
(protocol.md §5).
"""

from pathlib import Path
from typing import Annotated

import typer

from crypto.instants import to_text
from exchange.policy import rulebook
from schemas.directory import Federation, members
from schemas.signed_policy import InForce, RightsPair, named
from serai import founding
from serai.control import Members
from serai.homes import HubHome
from serai.hub import Access, RootFiles, RootFolders, held_document, open_roots
from serai.output import JsonFlag, Report, Table, note, show
from serai.passphrases import PassphraseFd, PassphraseFile
from serai.signing_desk import Timing, lines_of, put

app = typer.Typer(help="What the federation decides for all its units.", no_args_is_help=True, rich_markup_mode=None)

DAY = 86_400


@app.command("pairs")
def pairs(
    home: HubHome,
    listed: Annotated[
        Path | None, typer.Argument(help="JSON list of the pairs; it replaces all. Left out: show those in force.")
    ] = None,
    roots: RootFolders = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show or sign the pairs of units whose messages must say how human rights are touched.

    An empty list asks nobody; before any list was signed, every request and whatever is told in reply asks.
    """
    access, done = Access(home, file, descriptor), None
    if listed is not None:
        before, wanted = held_document(access), founding.read_pairs(listed.read_bytes())

        def following(timing: Timing) -> Federation:
            return founding.with_rights_pairs(before, wanted, timing.issued, timing.begins)

        done = put(access, open_roots(roots, root_files), following)
    held = held_document(access)
    if held.rights_pairs is None:
        note("No list is signed yet: every request, and what is told in reply, must carry the human-rights check.")
    found = held.rights_pairs or ()
    table = Table(["from", "to", "areas", "in force", "source"], [_pair(one) for one in found])
    whole = {"signed": held.rights_pairs is not None, "pairs": [members(one) for one in found]}
    shown = {"version": held.version, **whole, **_put(done)}
    show(Report("federation-pairs", shown, lines=lines_of(done or {}), table=table), as_json=as_json)


@app.command("rules")
def rules(
    home: HubHome,
    roots: RootFolders = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    grace: Annotated[
        int, typer.Option("--grace-days", help="For so long the rules of older releases hold too.", min=0)
    ] = 30,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show the rules of access that are signed and those of this release; with k of the roots, sign these.

    Sign the rules of a new release before the nodes are upgraded: a node does nothing under rules that are not signed.
    """
    access, shipped, done = Access(home, file, descriptor), rulebook.federation().federal, None
    if roots:
        before = held_document(access)

        def following(timing: Timing) -> Federation:
            return founding.with_rules(before, timing.begins + grace * DAY, timing.issued)

        done = put(access, open_roots(roots, root_files), following)
    held = held_document(access)
    found, mine = held.rules or (), named(held.rules or (), shipped)
    if mine is None:
        note(f"The rules of this release are not signed: name k of the roots to sign them. sha512 {shipped}")
    table = Table(
        ["version", "in force", "this release", "sha512"],
        [[one.version, _span(one), one == mine, one.sha512] for one in found],
    )
    listed = [members(one) for one in found]
    shown = {"version": held.version, "shipped": shipped, "signed": mine is not None, "rules": listed, **_put(done)}
    show(Report("federation-rules", shown, lines=lines_of(done or {}), table=table), as_json=as_json)


def _put(done: Members | None) -> Members:
    """Return what a report says about the document that was signed just now, which may be in force or wait."""
    return {} if done is None else {"snapshot": done["snapshot"], "proposal": done}


def _pair(one: RightsPair) -> list[str]:
    return [one.sender, one.recipient, " ".join(one.areas), _span(one), one.source.en]


def _span(one: InForce) -> str:
    until = f"until {to_text(one.not_after)}" if one.not_after is not None else "without an end"
    return f"from {to_text(one.not_before)}, {until}"

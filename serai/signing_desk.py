"""A keeper's desk: the next federation document, shown in words, field by field, before anybody signs it.

Every command that changes the document ends here. Enough roots at one desk put it in force at once; fewer propose it,
and each further keeper signs the same bytes where his own root is (protocol.md §5.12).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from crypto import statements
from crypto.encoding import b64, unb64
from crypto.instants import to_text
from crypto.signing import SigningKey
from exchange.enrolment_errors import NothingProposed, ProposalOver
from schemas import invitations, proposals
from schemas.directory import Federation, sign_federation
from schemas.invitations import FingerprintDiffers
from schemas.proposals import LIFE, Proposal, Step
from schemas.trust import PART_LIMIT, Anchor
from serai import founding
from serai.control import Members
from serai.hub import ANCHOR, Access, open_roots, read_document
from serai.output import CommandError, note

SHOWN: Final = 16
"""Hex digits of a root's id that people see; the log has as many."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When a document is dated, and the earliest time at which what it dates may begin (unix seconds).

    Nobody knows on which day the last keeper signs; but on `begins` it is in force or void.
    """

    issued: int
    begins: int


Following = Callable[[Timing], Federation]
"""How a command makes the next document; the same timing gives the same bytes."""


def put(access: Access, roots: Sequence[SigningKey], following: Following, requests: Sequence[bytes] = ()) -> Members:
    """Sign the next document with the roots that are here, and return how far it is.

    Enough of them put it in force; fewer agree to the open proposal of the same document, or propose it.
    """
    if not roots:
        raise CommandError("SERAI-ROOTS", "Keepers of the federation's roots sign the next document: name a --root.")
    held, now = read_document(unb64(access.do("directory", {})["federation"])), int(time.time())
    if len(roots) >= held.threshold:
        document = following(Timing(now, now))
    else:
        document = _proposed(access, following) or following(Timing(now, now + LIFE))
    signed = sign_federation(document, roots)
    step = Step.of(held, signed)
    show_changes(step)
    return hand_in(access, signed, requests, step)


def hand_in(access: Access, wire: bytes, requests: Sequence[bytes], step: Step) -> Members:
    """Give the hub signatures of a document, and say how far it is and what is missing."""
    state = access.do("sign", {"federation": b64(wire), "requests": [b64(one) for one in requests]})
    if state["in_force"]:
        (access.home / ANCHOR).write_bytes(founding.anchor_of(step.document).to_bytes())
    else:
        note(f"Not in force yet: signed by {named(state['signed'])}; {state['needed']} must sign.")
        note(f"Not signed by {named(state['missing'])}; void after {to_text(step.expires)}.")
        note("Each further keeper gives `serai federation sign` with his own root.")
    return {**state, "document": step.fingerprint, "expires": to_text(step.expires)}


def lines_of(members: Members) -> list[str]:
    """Return a line for each member of a result; roots as people see them."""
    texts = {key: named(value) if key in {"signed", "missing"} else value for key, value in members.items()}
    return [f"{key}\t{value}" for key, value in texts.items()]


def named(kids: Sequence[str]) -> str:
    """Return roots as people see them."""
    return ", ".join(f"root {kid[:SHOWN]}" for kid in kids) or "nobody"


def show_changes(step: Step) -> None:
    """Say what a document changes about the one in force, each place on a line of its own."""
    note(f"Version {step.document.version} of the federation document, {step.fingerprint}, changes:")
    for number, change in enumerate(step.changes, 1):
        note(f"{number:4d}. {change}")


def open_proposals(access: Access) -> list[Proposal]:
    """Return what waits for signatures at the hub."""
    return [proposals.read(unb64(wire)) for wire in access.do("waiting", {})["proposals"]]


def chosen(found: Sequence[Proposal], document: str | None) -> Proposal:
    """Return the proposal whose document has this fingerprint, or the only one; raises `NothingProposed`."""
    if document is not None:
        found = [one for one in found if _is(one, document)]
    if not found:
        raise NothingProposed
    if len(found) > 1:
        text = f"{len(found)} documents wait for signatures."
        raise CommandError("SERAI-PROPOSAL", text, todo="Name one by its fingerprint: --document.")
    return found[0]


def anchor_for(given: Path | None, folder: Path, home: Path | None) -> Anchor:
    """Return the roots that a keeper believes: from the file he names, or beside his root, or in the hub's folder."""
    places = [given] if given else [folder / ANCHOR, *([home / ANCHOR] if home else [])]
    for place in places:
        if place.exists():
            return Anchor.from_bytes(place.read_bytes())
    raise CommandError(
        "SERAI-ANCHOR",
        "Nothing here says which roots the federation has.",
        "A proposal shows what changes; without the roots anybody could have made what it is compared with.",
        "Name the file of the anchor, whose fingerprint you know: --anchor.",
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """What a keeper was read over the telephone: the fingerprint of each request, and of the document; None: ask him.

    `refused` is told the unit and the request of a fingerprint that differs.
    """

    requests: Sequence[str] | None
    document: str | None
    refused: Callable[[str, bytes], object]


def agreed(proposal: Proposal, anchor: Anchor, heard: Heard) -> Step:
    """Return the step that a keeper agrees to: he has read what changes, and was read what every new unit sent.

    Raises `ProposalOver`, `ProposalRefused`, `RequestRefused`, `FingerprintDiffers` or CommandError.
    """
    step = proposal.step(anchor)
    if not step.in_time(int(time.time())):
        raise ProposalOver
    asked = [founding.check_request(wire, step.held) for wire in proposal.requests]
    step.check_entering([request.card.unit for request in asked])
    show_changes(step)
    compare([(one.card.unit.unit, wire) for one, wire in zip(asked, proposal.requests, strict=True)], heard)
    if heard.document is not None:
        invitations.compare(step.document.to_bytes(), heard.document)
    elif typer.prompt("Type how many changes you have read, to sign them", err=True) != str(len(step.changes)):
        raise CommandError("SERAI-NOT-CONFIRMED", "Nothing was signed.")
    return step


def compare(asked: Sequence[tuple[str, bytes]], heard: Heard) -> None:
    """Return if the keeper was read the fingerprint of each request (unit, wire form); raises `FingerprintDiffers`."""
    if heard.requests is not None and len(heard.requests) != len(asked):
        raise CommandError("SERAI-FINGERPRINT", "Give one --fingerprint for each request, in the same order.")
    for at, (unit, wire) in enumerate(asked):
        asking = f"Type the fingerprint that {unit} read to you"
        said = typer.prompt(asking, err=True) if heard.requests is None else heard.requests[at]
        try:
            invitations.compare(wire, said)
        except FingerprintDiffers:
            heard.refused(unit, wire)
            raise


def signed_by(proposal: Proposal, step: Step, root: SigningKey) -> Proposal:
    """Return the proposal with the signature of `root` too; raises `ProposalRefused` for what is no root."""
    mine = sign_federation(step.document, [root])
    Step.of(step.held, mine)
    return proposal.model_copy(update={"federation": statements.merge(mine, proposal.federation, limit=PART_LIMIT)})


def refusing(access: Access) -> Callable[[str, bytes], object]:
    """Return how the hub is told that a keeper was read another fingerprint."""
    return lambda unit, wire: access.do("refuse", {"unit": unit, "request": b64(wire)})


def _is(proposal: Proposal, document: str) -> bool:
    try:
        invitations.compare(read_document(proposal.federation).to_bytes(), document)
    except FingerprintDiffers:
        return False
    return True


def _proposed(access: Access, following: Following) -> Federation | None:
    """Return the document that another keeper proposed, if it is this one."""
    for one in open_proposals(access):
        proposed = read_document(one.federation)
        if following(Timing(proposed.issued, proposed.issued + LIFE)) == proposed:
            return proposed
    return None


def one_root(folders: list[Path], files: list[Path] | None) -> SigningKey:
    """Return the root of the one keeper who checks here; nobody checks for another."""
    if len(folders) != 1:
        raise CommandError("SERAI-ROOTS", "Each keeper checks for himself: give one --root, and repeat the command.")
    return open_roots(folders, files)[0]

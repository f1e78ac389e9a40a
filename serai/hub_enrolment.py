"""`serai hub invite` and `enrol`: a unit comes in by a one-time invitation, and each keeper checks it for himself.

A keeper signs nothing about a unit before he has typed the fingerprint that the unit read to him. The document is in
force when the threshold of keepers has signed the same one; each runs the command where his root is.
"""

import os
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from crypto import statements
from crypto.encoding import b64, unb64
from crypto.instants import to_text
from crypto.signing import SigningKey
from exchange.hub.register import digest
from exchange.hub.settings import HubSettings
from schemas import invitations
from schemas.directory import Agreement, Federation, sign_federation
from schemas.invitations import FingerprintDiffers, fingerprint
from schemas.trust import PART_LIMIT
from serai import founding
from serai.homes import HubHome
from serai.hub import Access, RootFiles, RootFolders, held_document, open_roots
from serai.hub_keys import app
from serai.output import CommandError, JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile

__all__ = ["app", "enrol", "invite"]

DAY: Final = 86_400


class Level(StrEnum):
    """The classification up to which an agreement lets messages through, or for which a unit is accredited."""

    UNCL = "UNCL"
    OFFUSE = "OFFUSE"
    RESTR = "RESTR"
    CONF = "CONF"


class UnitClass(StrEnum):
    """What a unit is in the federation."""

    MEMBER = "MEMBER"
    PARTNER = "PARTNER"
    REGIONAL_BODY = "REGIONAL_BODY"
    INTERNATIONAL = "INTERNATIONAL"
    OBSERVER = "OBSERVER"
    TRAINING = "TRAINING"


@app.command("invite")
def invite(
    home: HubHome,
    unit: Annotated[str, typer.Argument(help="Id of the unit, such as UZ.")],
    name_en: Annotated[str, typer.Option(help="Name of the unit in English.")],
    name_ru: Annotated[str, typer.Option(help="Name of the unit in Russian.")],
    agencies: Annotated[list[str], typer.Option("--agency", help="Agency type of the unit; repeat it for more.")],
    time_zone: Annotated[str, typer.Option(help="Time zone of the unit: Asia/Tashkent.")],
    languages: Annotated[list[str], typer.Option("--language", help="Working language; repeat it for more.")],
    target: Annotated[Path, typer.Option("--out", help="File to write; whoever has it can answer.")],
    roots: RootFolders,
    unit_class: Annotated[UnitClass, typer.Option("--class", help="What the unit is here.")] = UnitClass.MEMBER,
    accreditation: Annotated[Level, typer.Option(help="Highest classification that it may get.")] = Level.RESTR,
    days: Annotated[int, typer.Option(help="Days for which the invitation is good.", min=1, max=30)] = 14,
    root_files: RootFiles = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write a one-time invitation for a unit, signed by one keeper; an older one for the same unit is void then."""
    access, now = Access(home, file, descriptor), int(time.time())
    held, root = held_document(access), _one_root(roots, root_files)
    about = {"unit": unit, "class": unit_class, "names": {"en": name_en, "ru": name_ru}, "time_zone": time_zone}
    more = {"agencies": agencies, "languages": languages, "accreditation": accreditation}
    profile = founding.described({**about, **more})
    made = founding.invitation(held, profile, HubSettings.read(home).public_url, (now, now + days * DAY))
    if root.public not in held.roots:
        raise CommandError("SERAI-ROOTS", "The key in that folder is no root of this federation.")
    wire = invitations.invite(made, root)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(wire)
    opened = {"profile": b64(profile.to_bytes()), "kid": made.key.kid, "expires": made.expires}
    access.do("invite", {**opened, "digest": digest(wire).hex()})
    note("Hand the file to the unit alone. Tell it the fingerprint of the roots over a number that you know.")
    members = {"unit": unit, "invitation": str(target), "expires": to_text(made.expires)}
    shown = {**members, "fingerprint": fingerprint(made.anchor.to_bytes())}
    show(Report("hub-invite", shown, lines=[f"{key}\t{value}" for key, value in shown.items()]), as_json=as_json)


@app.command("enrol")
def enrol(
    home: HubHome,
    requests: Annotated[list[Path] | None, typer.Argument(help="Requests of the units to let in.")] = None,
    roots: RootFolders = [],  # noqa: B006  # the library reads it, nobody writes to it
    root_files: RootFiles = None,
    heard: Annotated[
        list[str] | None, typer.Option("--fingerprint", help="As the unit read it to you; one for each request.")
    ] = None,
    agreements: Annotated[
        Path | None, typer.Option("--agreements", help="JSON list of who may send what to whom; replaces all.")
    ] = None,
    everybody: Annotated[
        Level | None, typer.Option("--everybody", help="Agreements of all with all, up to this classification.")
    ] = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Let units in, or change agreements, as one keeper: in force when k of them gave the same command.

    Each keeper types the fingerprint that the unit read to him, and signs with his own root.
    """
    access, wires = Access(home, file, descriptor), [path.read_bytes() for path in requests or []]
    held = held_document(access)
    asked = [founding.check_request(wire, held) for wire in wires]
    if heard is not None and len(heard) != len(wires):
        raise CommandError("SERAI-FINGERPRINT", "Give one --fingerprint for each request, in the same order.")
    for at, (wire, request) in enumerate(zip(wires, asked, strict=True)):
        _compare(access, request.card.unit.unit, wire, heard[at] if heard is not None else None)
    signers = [_one_root(roots, root_files)] if asked else open_roots(roots, root_files)
    units = [request.card.unit for request in asked]
    agreed = _agreements(held, [unit.unit for unit in units], agreements, everybody)

    def following(now: int) -> Federation:
        return founding.next_document(held, now, units=units, agreements=agreed)

    document = following(_issued(access, following))
    arguments = {"federation": b64(sign_federation(document, signers)), "requests": [b64(wire) for wire in wires]}
    members = access.do("sign", arguments)
    if members["snapshot"] is None:
        left = members["needed"] - members["signatures"]
        note(f"Not in force yet: {left} more of the keepers must check it and give the same command.")
    show(Report("hub-enrol", members, lines=[f"{key}\t{value}" for key, value in members.items()]), as_json=as_json)


def _compare(access: Access, unit: str, wire: bytes, heard: str | None) -> None:
    """Return if the keeper heard the fingerprint of the request; another one is logged and ends the command."""
    said = heard if heard is not None else typer.prompt(f"Type the fingerprint that {unit} read to you", err=True)
    try:
        invitations.compare(wire, said)
    except FingerprintDiffers:
        access.do("refuse", {"unit": unit, "request": b64(wire)})
        raise


def _issued(access: Access, following: Callable[[int], Federation]) -> int:
    """Return the time of the document that another keeper has signed before, if it is this one, or else now."""
    for wire in access.do("waiting", {})["documents"]:
        signed = statements.parse(unb64(wire), limit=PART_LIMIT).statement_bytes
        issued = Federation.from_bytes(signed).issued
        if following(issued).to_bytes() == signed:
            return issued
    return int(time.time())


def _one_root(folders: list[Path], files: list[Path] | None) -> SigningKey:
    """Return the root of the one keeper who checks here; nobody checks for another."""
    if len(folders) != 1:
        raise CommandError("SERAI-ROOTS", "Each keeper checks for himself: give one --root, and repeat the command.")
    return open_roots(folders, files)[0]


def _agreements(held: Federation, new: list[str], file: Path | None, everybody: Level | None) -> list[Agreement] | None:
    """Return the agreements to put in force, or None to leave those that stand."""
    if everybody is not None:
        return founding.everybody({*(unit.unit for unit in held.units), *new}, everybody.value)
    return None if file is None else founding.read_agreements(file.read_bytes())

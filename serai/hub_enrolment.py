"""`serai hub invite`, `enrol`, `revoke`: a unit comes in by an invitation that every keeper checks, and leaves.

A keeper signs nothing about a unit before he has typed the fingerprint that the unit read to him. The document is in
force when the threshold of keepers has signed the same one; each runs the command where his root is.
"""

import os
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from crypto.encoding import b64
from crypto.instants import to_text
from exchange.hub.register import digest
from exchange.hub.settings import HubSettings
from schemas import invitations
from schemas.directory import Agreement, Federation
from schemas.invitations import fingerprint
from serai import founding
from serai.homes import HubHome
from serai.hub import Access, RootFiles, RootFolders, held_document, open_roots
from serai.hub_keys import app
from serai.output import CommandError, JsonFlag, Report, note, show
from serai.passphrases import PassphraseFd, PassphraseFile
from serai.signing_desk import Heard, Timing, compare, lines_of, one_root, put, refusing

__all__ = ["app", "enrol", "invite", "revoke"]

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
    held, root = held_document(access), one_root(roots, root_files)
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
    """Let units in, or change agreements, as one keeper: in force when k of them have signed.

    Each keeper types the fingerprint that the unit read to him, and signs with his own root; those after the first by
    the same command or by `serai federation sign`.
    """
    access, wires = Access(home, file, descriptor), [path.read_bytes() for path in requests or []]
    held = held_document(access)
    asked = [founding.check_request(wire, held) for wire in wires]
    units = [request.card.unit for request in asked]
    compare([(unit.unit, wire) for unit, wire in zip(units, wires, strict=True)], Heard(heard, None, refusing(access)))
    signers = [one_root(roots, root_files)] if asked else open_roots(roots, root_files)
    agreed = _agreements(held, [unit.unit for unit in units], agreements, everybody)

    def following(timing: Timing) -> Federation:
        return founding.next_document(held, timing.issued, units=units, agreements=agreed)

    members = put(access, signers, following, wires)
    show(Report("hub-enrol", members, lines=lines_of(members)), as_json=as_json)


@app.command("revoke")
def revoke(
    home: HubHome,
    unit: Annotated[str, typer.Argument(help="Id of the unit.")],
    roots: RootFolders,
    root_files: RootFiles = None,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Put a unit out of the federation: the next document is without it, and its keys prove nothing from then on."""
    if not yes and typer.prompt(f"Type {unit} to put it out of the federation", err=True) != unit:
        raise CommandError("SERAI-NOT-CONFIRMED", "Nothing was changed.")
    access = Access(home, file, descriptor)
    held = held_document(access)

    def following(timing: Timing) -> Federation:
        return founding.without_unit(held, unit, timing.issued)

    members = {"unit": unit, **put(access, open_roots(roots, root_files), following)}
    show(Report("hub-revoke", members, lines=lines_of(members)), as_json=as_json)


def _agreements(held: Federation, new: list[str], file: Path | None, everybody: Level | None) -> list[Agreement] | None:
    """Return the agreements to put in force, or None to leave those that stand."""
    if everybody is not None:
        return founding.everybody({*(unit.unit for unit in held.units), *new}, everybody.value)
    return None if file is None else founding.read_agreements(file.read_bytes())

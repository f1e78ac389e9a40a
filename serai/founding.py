"""The authorities' side of a federation: the document that k of its n roots sign, and who is in it.

It runs where the root keys are, which should be a machine without a network; the hub only receives what was signed.
Values in, values out, but for the sealed files of the roots.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from crypto.errors import CryptoError
from crypto.instants import to_text
from crypto.keystore import Argon2Cost, KeyStore
from crypto.signing import SigningKey, new_seeds
from exchange.hub.keys import SETTLING, YEAR, Use
from exchange.policy import rulebook
from schemas import invitations, keychecks
from schemas.base import explain
from schemas.codes import table
from schemas.directory import FEDERATION_LIFE, Agreement, Federation, HubCard, HubKey, LoggedStatement, Profile, Unit
from schemas.errors import SchemaError
from schemas.invitations import EnrolmentRequest, Invitation, RequestRefused
from schemas.signed_policy import RightsPair, RuleSet, named
from schemas.trust import Anchor
from serai.output import CommandError

ROOT_KIND: Final = "federation-root"
ROOT_NAME: Final = "root"
LEAST_WITNESSES: Final = 3
"""Of fewer units none could be away; an exercise, which is no evidence, asks for none either."""
HANDOVER: Final = 180
"""Seconds for which a key of the hub and the next one both hold: the hub changes over after the first minute."""
_AGREEMENTS: Final = TypeAdapter(list[Agreement])
_PAIRS: Final = TypeAdapter(list[RightsPair])
FAMILIES: Final[tuple[Literal["control", "financial", "judicial", "operational", "strategic"], ...]] = (
    "control",
    "financial",
    "judicial",
    "operational",
    "strategic",
)


def make_root(folder: Path, passphrase: str, cost: Argon2Cost | None = None) -> SigningKey:
    """Make one federation root in `folder`, sealed under its keeper's passphrase, and return it."""
    seeds = new_seeds()
    KeyStore.create(folder, passphrase, cost).store(ROOT_KIND, ROOT_NAME, seeds)
    return SigningKey.from_seeds(seeds)


def open_root(folder: Path, passphrase: str) -> SigningKey:
    """Return the federation root that `folder` holds; a wrong passphrase or a broken file is a `CryptoError`."""
    return SigningKey.from_seeds(KeyStore.open(folder, passphrase).load(ROOT_KIND, ROOT_NAME))


@dataclass(frozen=True, slots=True)
class Charter:
    """What a new federation decides once: its name, its environment, its roots and how many of them must sign."""

    name: str
    env: Literal["live", "exercise"]
    roots: tuple[bytes, ...]
    threshold: int


def first_document(charter: Charter, hub: HubCard, now: int) -> Federation:
    """Return version 1 of the document: the hub's keys, the rules of access of this release, and no unit yet."""
    return Federation(
        env=charter.env,
        name=charter.name,
        version=1,
        issued=now,
        expires=now + FEDERATION_LIFE,
        threshold=charter.threshold,
        roots=charter.roots,
        hub=hub,
        units=(),
        agreements=(),
        rules=(RuleSet(version=1, not_before=now, sha512=rulebook.federation().federal),),
    )


def anchor_of(document: Federation) -> Anchor:
    """Return what a node must hold, compared on paper, to believe the document."""
    return Anchor(env=document.env, threshold=document.threshold, roots=document.roots)


def described(about: Mapping[str, object]) -> Profile:
    """Return what a federation will say about a unit; raises CommandError for what it cannot say."""
    try:
        profile = Profile.model_validate_json(json.dumps(about))
    except ValidationError as error:
        raise CommandError("SERAI-UNIT", f"No unit can be described so: {explain(error)}.") from error
    if unknown := set(profile.agencies) - set(table("agency_types")):
        raise CommandError("SERAI-UNIT", f"No such agency type: {', '.join(sorted(unknown))}.")
    return profile


def invitation(held: Federation, profile: Profile, hub_url: str, term: tuple[int, int]) -> Invitation:
    """Return a new invitation into the federation, with a key of its own; `term` is from when until when."""
    return Invitation(
        federation=held.name,
        anchor=anchor_of(held),
        hub_url=hub_url,
        profile=profile,
        seeds=new_seeds(),
        issued=term[0],
        expires=term[1],
    )


def check_request(wire: bytes, held: Federation) -> EnrolmentRequest:
    """Return the request in `wire` if every key of it is proved and its statements hold; raises `RequestRefused`."""
    request = invitations.read_request(wire)
    stated = [LoggedStatement(wire=one, index=index) for index, one in enumerate(request.card.statements)]
    document = held.model_copy(update={"units": (request.card.unit,)})
    try:
        records = keychecks.in_order(document, stated, {})
    except (SchemaError, CryptoError) as error:
        raise RequestRefused(str(error)) from error
    if any(record.dormant for record in records.values()):
        raise RequestRefused("a key that nobody vouches for")
    return request


def next_document(
    held: Federation, now: int, *, units: Iterable[Unit] = (), agreements: Sequence[Agreement] | None = None
) -> Federation:
    """Return the next version: `units` are added or replaced, `agreements`, if given, replace all that stood."""
    merged = {unit.unit: unit for unit in held.units} | {unit.unit: unit for unit in units}
    return _successor(held, merged, held.agreements if agreements is None else agreements, now)


def without_unit(held: Federation, unit: str, now: int) -> Federation:
    """Return the next version without `unit`: its keys prove nothing from then on. Raises CommandError if unknown."""
    merged = {one.unit: one for one in held.units}
    if merged.pop(unit, None) is None:
        raise CommandError("SERAI-UNIT", f"{unit} is no unit of this federation.")
    left = [one for one in held.agreements if unit not in (one.sender, one.recipient)]
    pairs = held.rights_pairs and tuple(one for one in held.rights_pairs if unit not in (one.sender, one.recipient))
    return _successor(held.model_copy(update={"rights_pairs": pairs}), merged, left, now)


@dataclass(frozen=True, slots=True)
class Renewal:
    """The next keys of a hub: public halves by use, and the verifier keys of its pair as a witness, if it is new.

    `at_once` is for what was stolen: nodes need not have heard of it before it is used.
    """

    publics: Mapping[Use, bytes]
    witness: tuple[str, ...] = ()
    at_once: bool = False


def with_hub_keys(held: Federation, renewal: Renewal, now: int, begins: int | None = None) -> Federation:
    """Return the next version with other keys of the hub; each that one follows ends once the hub has changed over.

    A key is good a minute after `begins`, when the document will be in force: now, unless keepers sign on other days.
    """
    start = now - SETTLING if renewal.at_once else (now if begins is None else begins) + SETTLING
    end = start + HANDOVER
    ending = (
        key.model_copy(update={"not_after": min(key.not_after, end)}) if key.use in renewal.publics else key
        for key in held.hub.keys
    )
    new = (
        HubKey(use=use, public=public, not_before=start, not_after=start + YEAR)
        for use, public in renewal.publics.items()
    )
    witness = renewal.witness or held.hub.witness
    hub = held.hub.model_copy(update={"keys": (*ending, *new), "witness": witness})
    return next_document(held.model_copy(update={"hub": hub}), now)


def with_rights_pairs(held: Federation, pairs: Sequence[RightsPair], now: int, begins: int | None = None) -> Federation:
    """Return the next version with another list of pairs; raises CommandError for one that begins too early.

    Whoever sealed before the list was in force did no wrong: a pair never speaks about what is sent already. It is in
    force at `begins`: now, unless keepers sign on other days.
    """
    stood, earliest = {pair.place for pair in held.rights_pairs or ()}, now if begins is None else begins
    if late := [pair for pair in pairs if pair.not_before < earliest and pair.place not in stood]:
        text = f"A pair that is new begins before the list is in force: {late[0].sender} to {late[0].recipient}."
        raise CommandError("SERAI-PAIRS", text, todo=f"Let it begin at {to_text(earliest)} or later.")
    return _decided(held, now, rights_pairs=tuple(sorted(pairs, key=lambda pair: pair.place)))


def with_rules(held: Federation, ends: int, now: int) -> Federation:
    """Return the next version, by which the rules of this release hold, and others until `ends` or an earlier end."""
    listed, sha512 = held.rules or (), rulebook.federation().federal
    stood = named(listed, sha512)
    if stood is not None and stood.holds(now):
        mine = stood.model_copy(update={"not_after": None})
    else:
        last = max((one.version for one in listed), default=0)
        mine = RuleSet(version=last + 1, not_before=now, sha512=sha512)
    ending = [
        one.model_copy(update={"not_after": ends if one.not_after is None else min(one.not_after, ends)})
        for one in listed
        if one.sha512 != sha512 and one.ends_after(now) and one.not_before < ends
    ]
    return _decided(held, now, rules=tuple(sorted((mine, *ending), key=lambda one: one.version)))


def with_roots(held: Federation, roots: tuple[bytes, ...], threshold: int, now: int) -> Federation:
    """Return the next version under other roots, of which `threshold` must sign; raises CommandError for too few."""
    return _decided(held, now, roots=roots, threshold=threshold)


def _decided(held: Federation, now: int, **decided: object) -> Federation:
    """Return the next version with what the federation decided; raises CommandError for what no node would believe."""
    try:
        return next_document(held.model_copy(update=decided), now)
    except ValidationError as error:
        raise CommandError("SERAI-DECISION", f"No document can say so: {explain(error)}.") from error


def everybody(units: Iterable[str], classification: Literal["UNCL", "OFFUSE", "RESTR", "CONF"]) -> list[Agreement]:
    """Return the agreements by which each of `units` may send every other one all families up to `classification`."""
    return [
        Agreement(sender=one, recipient=other, families=FAMILIES, classification=classification)
        for one, other in permutations(sorted(units), 2)
    ]


def read_agreements(data: bytes) -> list[Agreement]:
    """Return the agreements of a JSON list; raises CommandError for anything else."""
    try:
        return _AGREEMENTS.validate_json(data)
    except ValidationError as error:
        raise CommandError("SERAI-AGREEMENTS", f"Not a list of agreements: {explain(error)}.") from error


def read_pairs(data: bytes) -> list[RightsPair]:
    """Return the pairs of a JSON list, as the document has them; raises CommandError for anything else."""
    try:
        return _PAIRS.validate_json(data)
    except ValidationError as error:
        raise CommandError("SERAI-PAIRS", f"Not a list of pairs: {explain(error)}.") from error


def quorum(units: int) -> int:
    """Return how many of `units` witnesses must cosign: k = floor((n + f) / 2) + 1 with f = floor((n - 1) / 3).

    Two published checkpoints then share more than f witnesses, so that f of them may conspire with the hub and still
    only one history can be published; and n - k of them may be away. Below three units there is no such k: it is 0.
    """
    return (units + (units - 1) // 3) // 2 + 1 if units >= LEAST_WITNESSES else 0


def _successor(held: Federation, units: dict[str, Unit], agreements: Sequence[Agreement], now: int) -> Federation:
    enough = held.env == "live" and len(units) >= LEAST_WITNESSES
    witnesses = tuple(sorted(units)) if enough else ()
    changes = {
        "version": held.version + 1,
        "issued": now,
        "expires": now + FEDERATION_LIFE,
        "units": tuple(units[name] for name in sorted(units)),
        "agreements": tuple(agreements),
        "witnesses": witnesses,
        "quorum": quorum(len(witnesses)),
    }
    return Federation.model_validate({**dict(held), **changes})

"""A whole federation made at once on this machine: a hub, its roots, and units that have joined it.

The demo, the benchmarks and the simulated world begin with it. One random passphrase opens everything, so unlocking
needs no stretching; a federation that is meant to last is made with `serai hub init` and `serai hub invite`.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from crypto.keystore import Argon2Cost
from exchange.database import Database
from exchange.hub import administration
from exchange.hub.administration import Publication
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys
from exchange.hub.settings import SETTINGS_FILE as HUB_FILE
from exchange.hub.settings import HubSettings
from nodes import enrolment, trust
from nodes.enrolment import Secrets
from nodes.settings import SETTINGS_FILE as NODE_FILE
from nodes.settings import NodeSettings
from schemas.base import Names
from schemas.directory import Profile, UnitCard, UnitClass, sign_federation
from schemas.signed_policy import RightsPair
from schemas.trust import Anchor
from serai import founding
from serai.founding import Charter
from serai.homes import new_home

NAME: Final = "hub.serai.example"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105  # the name of a file
ANCHOR_FILE: Final = "anchor.json"
ROOTS: Final = 3
THRESHOLD: Final = 2
CHEAP: Final = Argon2Cost(memory_kib=64, iterations=1)
"""The passphrase is 32 random bytes: nobody guesses it, at whatever cost."""


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A unit to be made: what stands on its card, and where its pages will be."""

    unit: str
    names: Names
    origin: str = "http://127.0.0.1"
    unit_class: UnitClass = "MEMBER"
    time_zone: str = "UTC"
    language: Literal["en", "ru"] = "en"
    agencies: tuple[str, ...] = ("DRUG_AGENCY",)
    database: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A federation to be made in `folder`, which must not hold one."""

    folder: Path
    hub_url: str
    units: tuple[UnitPlan, ...]
    name: str = "Federation on one machine"
    env: Literal["live", "exercise"] = "live"
    rights_pairs: tuple[RightsPair, ...] = ()
    hub_database: str = ""


@dataclass(frozen=True, slots=True)
class Federation:
    """Where everything is; nothing of it runs."""

    folder: Path
    hub: HubSettings
    nodes: Mapping[str, NodeSettings]
    passphrase: str = field(repr=False)

    @property
    def anchor(self) -> Anchor:
        """The roots that everybody compared."""
        return Anchor.from_bytes((self.folder / ANCHOR_FILE).read_bytes())

    @property
    def passphrase_file(self) -> Path:
        """The owner-only file with the passphrase."""
        return self.folder / PASSPHRASE_FILE


def open_federation(folder: Path, units: tuple[str, ...]) -> Federation:
    """Return the federation that `folder` holds; raises `OSError` or `NotReady` for what is missing."""
    nodes = {unit: NodeSettings.read(folder / unit.lower()) for unit in units}
    return Federation(folder, HubSettings.read(folder / "hub"), nodes, (folder / PASSPHRASE_FILE).read_text().strip())


def establish(plan: Plan, now: int) -> Federation:
    """Make the federation of `plan` at the instant `now`: every key new, every unit enrolled and joined."""
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = secrets.token_urlsafe(32)
    with os.fdopen(os.open(plan.folder / PASSPHRASE_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(passphrase + "\n")
    hub = _hub(plan)
    keys = administration.initialise(hub, passphrase, CHEAP)
    roots = [
        founding.make_root(plan.folder / "roots" / f"root-{number}", passphrase, CHEAP)
        for number in range(1, ROOTS + 1)
    ]
    charter = Charter(plan.name, plan.env, tuple(root.public for root in roots), THRESHOLD)
    first = founding.first_document(charter, keys.card(now), now)
    nodes = {one.unit: _node(plan, one) for one in plan.units}
    cards = [_card(nodes[one.unit], one, passphrase, now) for one in plan.units]
    units = [card.unit for card in cards]
    agreements = founding.everybody([unit.unit for unit in units], "RESTR")
    decided = first.model_copy(update={"rights_pairs": plan.rights_pairs})
    document = founding.next_document(decided, now, units=units, agreements=agreements)
    signed = [sign_federation(one, roots[:THRESHOLD]) for one in (first, document)]
    statements = tuple(wire for card in cards for wire in card.statements)
    _publish(hub, keys, [Publication(signed[0]), Publication(signed[1], statements)], now)
    anchor = founding.anchor_of(first).to_bytes()
    (plan.folder / ANCHOR_FILE).write_bytes(anchor)
    for settings in nodes.values():
        _join(settings, anchor, now)
    return Federation(plan.folder, hub, nodes, passphrase)


def _hub(plan: Plan) -> HubSettings:
    home = plan.folder / "hub"
    given = {"name": NAME, "env": plan.env, "public_url": plan.hub_url, "database_url": plan.hub_database}
    new_home(home, HUB_FILE, given)
    return HubSettings.read(home)


def _node(plan: Plan, one: UnitPlan) -> NodeSettings:
    given = {
        "unit": one.unit,
        "env": plan.env,
        "hub_url": plan.hub_url,
        "time_zone": one.time_zone,
        "language": one.language,
        "public_origin": one.origin,
        "database_url": one.database,
    }
    folder = plan.folder / one.unit.lower()
    new_home(folder, NODE_FILE, given)
    return NodeSettings.read(folder)


def _card(settings: NodeSettings, one: UnitPlan, passphrase: str, now: int) -> UnitCard:
    profile = Profile(
        unit=one.unit,
        unit_class=one.unit_class,
        names=one.names,
        agencies=one.agencies,
        languages=("en", "ru"),
        time_zone=one.time_zone,
        accreditation="RESTR",
    )
    return enrolment.init(settings, profile, Secrets(passphrase, passphrase, CHEAP), now)


def _publish(settings: HubSettings, keys: HubKeys, documents: list[Publication], now: int) -> None:
    """Put the documents in force, one after the other, without a running hub."""
    hub = Hub(settings, keys, Database(settings.database), lambda: now, inline=True)
    try:
        hub.check_identity()
        for document in documents:
            administration.publish(hub, document)
    finally:
        hub.stop()


def _join(settings: NodeSettings, anchor: bytes, now: int) -> None:
    database = Database(settings.database)
    try:
        with database.write() as session:
            trust.pin(session, anchor, now)
    finally:
        database.close()

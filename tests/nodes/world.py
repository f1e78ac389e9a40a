"""Real nodes at a real hub in one process, with one settable clock. Only the wire between them can be cut.

Archetypes: Rustam (officer, TJ), Aibek (officer, KG), Dilnoza (duty officer), Farida (supervisor), Lola (lawyer),
Otabek (auditor), Anora (administrator), Dilshod (data-protection officer), and an outsider without roles. All invented.
"""

import secrets as randomness
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.orm import Session

from crypto.custody import SEEDS, Custody
from exchange.database import Database
from exchange.hub import administration
from exchange.hub.administration import Publication
from nodes import approvals, asking, checking, courier, drafts, enrolment, keys, outbox, releasing, rotation
from nodes.account_tables import RoleRow, UserRow
from nodes.approvals import Step
from nodes.asking import Again
from nodes.asking_errors import AskedBefore
from nodes.drafts import NewDraft, Saved
from nodes.enrolment import Secrets
from nodes.hub_client import HubClient
from nodes.node import Node, Surroundings, open_node
from nodes.outbox import Checked
from nodes.rotation import Withdrawal
from nodes.settings import NodeSettings
from nodes.views import Actor, DraftForm
from schemas.directory import UnitCard, sign_federation
from schemas.invitations import fingerprint
from tests.federation import everybody, profile
from tests.hub.desk import CHEAP, URL, Desk, Inside
from tests.instants import NOW
from tests.messages import BODIES, form_labels, lorry, person

PASSPHRASE = "a passphrase of five words"
ROLES = {
    "rustam": ("OFFICER",),
    "aibek": ("OFFICER",),
    "dilnoza": ("SPOC_DUTY",),
    "farida": ("SUPERVISOR",),
    "lola": ("LEGAL",),
    "otabek": ("AUDITOR",),
    "anora": ("NODE_ADMIN",),
    "dilshod": ("DPO",),
    "outsider": (),
}


_one_at_a_time = threading.Lock()
"""The hub in this process runs on one event loop."""


@dataclass
class Wire(httpx.BaseTransport):
    """The way of one unit to the hub. `before` and `after` may fail a call: lost, or done but reported lost."""

    inside: Inside
    cut: bool = False
    before: Callable[[httpx.Request], None] | None = None
    after: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        if self.before:
            self.before(request)
        with _one_at_a_time:
            answer = self.inside.handle_request(request)
        return self.after(request, answer) if self.after else answer


@dataclass
class Unit:
    """One national unit: its node, its way to the hub, and how to open it again."""

    settings: NodeSettings
    wire: Wire
    now: Callable[[], int]
    custody: Custody = SEEDS
    node: Node = field(init=False)

    def open(self) -> Node:
        self.node = open_node(self.settings, PASSPHRASE, Surroundings(self.now, self.wire, custody=self.custody))
        return self.node

    def restart(self) -> Node:
        """What a crash leaves is what is in the database and the key store."""
        self.node.close()
        return self.open()


@dataclass
class World:
    """A hub and its units; `urls` may give a unit another database than SQLite."""

    folder: Path
    urls: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ("KG", "KZ", "TJ")
    now: int = NOW
    units: dict[str, Unit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.desk = Desk(self.folder / "hub", f"sqlite:///{self.folder / 'hub.db'}", units=(), now=self.now)
        self.inside: Inside = self.desk.client._transport  # type: ignore[assignment]  # the desk gave it one of these
        cards = [self.found(name) for name in self.names]
        self.admit(cards, version=2)
        for unit in self.units.values():
            anchor = self.desk.world.anchor().to_bytes()
            enrolment.join(unit.open(), anchor, fingerprint(anchor))
        self.sync()

    @classmethod
    def copied(cls, template: "World", folder: Path, urls: dict[str, str] | None = None) -> "World":
        """A world in the state of `template`, which is closed: its files copied, everything opened again.

        `urls` has the copy of every database of `template` that is not on SQLite.
        """
        shutil.copytree(template.folder, folder)
        world = object.__new__(cls)
        world.folder, world.urls, world.names, world.now, world.units = (
            folder,
            urls or {},
            template.names,
            template.now,
            {},
        )
        world.desk = Desk.copied(template.desk, folder / "hub", f"sqlite:///{folder / 'hub.db'}")
        world.inside = world.desk.client._transport  # type: ignore[assignment]  # the desk gave it one of these
        for name, unit in template.units.items():
            settings = unit.settings.model_copy(
                update={"folder": folder / name, "database_url": world.urls.get(name, "")}
            )
            world.units[name] = Unit(settings, Wire(world.inside), lambda: world.now, unit.custody)
            world.units[name].open()
        return world

    def found(self, name: str) -> UnitCard:
        settings = NodeSettings(
            unit=name,
            env="live",
            folder=self.folder / name,
            hub_url=URL,
            database_url=self.urls.get(name, ""),
            time_zone="Asia/Dushanbe",
            poll_wait=0,
        )
        settings.folder.mkdir()
        self.units[name] = Unit(settings, Wire(self.inside), lambda: self.now)
        return enrolment.init(settings, profile(name), Secrets(PASSPHRASE, PASSPHRASE, CHEAP), self.now)

    def admit(self, cards: list[UnitCard], version: int, **changes: Any) -> None:
        document = self.desk.world.federation(
            version,
            issued=self.now,
            units=tuple(card.unit for card in cards),
            agreements=tuple(everybody([card.unit.unit for card in cards])),
            **changes,
        )
        signed = sign_federation(document, self.desk.world.roots[:2])
        statements = tuple(wire for card in cards for wire in card.statements)
        administration.publish(self.desk.hub, Publication(signed, statements))

    def decide(self, **decided: Any) -> None:
        """Put in force what the federation decided: the document as it stands, with these members."""
        held = self.desk.hub.register.current.federation
        document = held.model_copy(update={"version": held.version + 1, "issued": self.now, **decided})
        administration.publish(self.desk.hub, Publication(sign_federation(document, self.desk.world.roots[:2])))

    def close(self) -> None:
        for unit in self.units.values():
            unit.node.close()
        self.desk.close()

    def node(self, name: str) -> Node:
        return self.units[name].node

    def pass_time(self, seconds: int) -> None:
        self.now += seconds
        self.desk.now = self.now
        self.desk.hub.tick()

    def sync(self, *names: str, rounds: int = 2) -> None:
        for _ in range(rounds):
            for name in names or self.names:
                report = courier.sync_once(self.node(name))
                assert report.failed == [] or self.units[name].wire.cut, report


def officer(session: Session, name: str, agency: str = "POLICE") -> Actor:
    """An account with the roles of its archetype; its password is nobody's business here."""
    user_id = f"{name.upper()}-1"
    if session.get(UserRow, user_id) is None:
        session.add(
            UserRow(
                user_id=user_id,
                display_name=name.title(),
                language="en",
                agency=agency,
                clearance="RESTR",
                created=NOW,
                disabled_at=None,
                password_phc=None,
                totp_sealed=None,
                totp_last_step=0,
            )
        )
        session.flush()
        session.add_all(RoleRow(user_id=user_id, role=role) for role in ROLES[name])
        session.flush()
    return Actor(user_id, name.title(), "en", agency, frozenset(ROLES[name]), clearance="RESTR")


def someone(node: Node, name: str) -> Actor:
    with node.db.write() as session:
        return officer(session, name)


def send(node: Node, actor: Actor, new: NewDraft, common: dict[str, Any] | None = None, **changes: Any) -> str:
    """Write, save, check and seal a message of a good body, with a supervisor's agreement if needed; returns its id."""
    body = {**BODIES[new.kind], **changes}
    if new.kind == "REQ":
        body.setdefault("objects", [person(), lorry()])
    with node.db.write() as session:
        draft = drafts.create(session, node, actor, new)
        recipients = new.recipients or draft.recipients
        saved = drafts.save(
            session,
            node,
            actor,
            Saved(draft.draft_id, draft.revision, DraftForm(recipients, form_labels() | (common or {}), body)),
        )
    with node.db.read() as session:
        checked = checking.own(session, node, actor, draft.draft_id)
        assert checked.faults == (), checked.faults
    agree(node, actor, draft.draft_id)
    try:
        with node.db.write() as session:
            return outbox.seal(session, node, actor, Checked(draft.draft_id, saved.revision))
    except AskedBefore:
        with node.db.write() as session:
            asked = asking.by_us(session, node, actor, checking.own(session, node, actor, draft.draft_id))
            again = Again(asked.warning, "the same invented person again")
            return outbox.seal(session, node, actor, Checked(draft.draft_id, saved.revision, again))


def agree(node: Node, actor: Actor, draft_id: str) -> None:
    """Ask for every agreement that a draft needs, and let a supervisor give it."""
    with node.db.write() as session:
        if releasing.needs(session, node, actor, checking.own(session, node, actor, draft_id)):
            releasing.ask(session, node, actor, draft_id, "it cannot wait for long")
            farida = officer(session, "farida")
            for one in approvals.pending(session, node, farida):
                approvals.decide(session, node, farida, (one.approval_id, one.digest), Step.APPROVE)


def new_signing_key(node: Node, passphrase: str = PASSPHRASE, custody: str | None = None) -> str:
    """The root introduces the next signing key, which the courier then publishes; returns its id."""
    root, proposed = keys.open_root(node.settings, passphrase), rotation.propose_signing_key(node, custody)
    return rotation.take_signing_key(node, rotation.vouch(node.settings, root, proposed))


def withdraw(node: Node, withdrawal: Withdrawal) -> None:
    """The root withdraws a key at the hub."""
    root = keys.open_root(node.settings, PASSPHRASE)
    with HubClient(node) as client:
        rotation.revoke(node, client, rotation.withdraw(node.settings, root, withdrawal, node.now()))


def copy_database(source: Database, target: Path) -> None:
    """A consistent copy of an SQLite database, as a backup program would take it."""
    reader, writer = sqlite3.connect(source.engine.url.database or ""), sqlite3.connect(target)
    reader.backup(writer)
    reader.close()
    writer.close()


def canary() -> str:
    return f"CANARY{randomness.token_hex(8)}"

"""The simulated world: the real hub and real nodes on SQLite in one process, with a virtual clock and a bad network.

A seed draws which troubles exist and how strong they are. Processes die between any two SQL statements and come back
as new objects on the same files. After trouble the network heals, and then everything that was sealed must have its
end with evidence. What must hold is in `oracle`.
"""

import gc
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import select

from exchange.database import Database
from exchange.errors import ExchangeError
from exchange.hub import administration
from exchange.hub.administration import Offered
from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys
from nodes import asking, changes, checking, drafts, keys, messages, outbox, signin
from nodes.account_tables import UserRow
from nodes.accounts import NewUser
from nodes.asking import Again
from nodes.courier import sync_once
from nodes.drafts import NewDraft, Saved
from nodes.errors import NotReady
from nodes.node import Node, Surroundings, open_node
from nodes.outbox import Checked
from nodes.tables import MessageRow
from nodes.views import Actor, DraftForm
from schemas.base import Names
from schemas.directory import Revocation, sign_statement
from serai.demo import replies, requests
from serai.demo.writing import Writing
from serai.federation import Federation, Plan, UnitPlan, establish
from serai.inside import Inside
from tests.instants import DAY, HOUR, MINUTE, NOW
from tests.nodes.world import new_signing_key
from tests.sim.network import FAULTS, SimNetwork
from tests.statements import listen

UNITS: Final = ("KG", "KZ", "TJ")
OFFICER: Final = "0417"
CANARY: Final = "КАНАРЕЙКА-7f3a"
REPLIES: Final = {
    "REQ": (("CLQ", replies.which_crossing), ("ANS", replies.company_known)),
    "CLQ": (("CLA", replies.kyzyl_art),),
}
LETTERS: Final = (requests.controlled_delivery, requests.lorry_owner, requests.stamps, requests.precursor)


class Crash(BaseException):
    """A process dies here: no handler may survive it."""


def bury() -> None:
    """Take from a process that has just died what it would still hold here: open statements, and so SQLite's locks."""
    died = sys.exception()
    if isinstance(died, Crash):
        traceback.clear_frames(died.__traceback__)
        gc.collect()


@cache
def template() -> Federation:
    """Return a federation of three units with an officer each, made once and copied for every world."""
    folder = Path(tempfile.mkdtemp(prefix="serai-sim-")) / "federation"
    units = tuple(UnitPlan(unit, Names(en=unit, ru=unit)) for unit in UNITS)
    made = establish(Plan(folder, "https://hub.serai.example", units), NOW)
    for settings in made.nodes.values():
        node = open_node(settings, made.passphrase, Surroundings(lambda: NOW))
        with node.db.write() as session:
            new = NewUser(
                f"{node.unit}-{OFFICER}",
                "Officer",
                "DRUG_AGENCY",
                frozenset({"OFFICER", "SPOC_DUTY"}),
                clearance="RESTR",
            )
            changes.alone(session, node, new)
        node.close()
    return made


class World:
    """A hub, three nodes, one clock and one network, living through one seed in `folder`."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.now = NOW + HOUR
        self.seen: Counter[str] = Counter()
        self.federation = template()
        self.folder = folder
        shutil.copytree(self.federation.folder, folder)
        self.skews = {unit: self.random.choice((0, 0, 0, -20, 25, 25, 300)) for unit in UNITS}
        self.fuses: dict[str, int] = {}
        self.network = SimNetwork(self.random, lambda: self.now, self.serve)
        self.network.weights = {fate: self.random.choice((0.05, 0.3)) for fate in FAULTS if self.random.random() < 0.4}
        self.crashes = self.random.random() < 0.7
        self.nodes: dict[str, Node] = {}
        self.start_hub()
        for unit in UNITS:
            self.start_node(unit)
            self.sync(unit)
        self.network.weights = {fate: self.random.choice((0.05, 0.3)) for fate in FAULTS if self.random.random() < 0.4}

    # --- processes ----------------------------------------------------------------------------------------------------

    def start_hub(self) -> None:
        """Start the hub on its files, as a new process would."""
        settings = self.federation.hub.model_copy(update={"home": self.folder / "hub"})
        database = Database(settings.database)
        self.burn(database, "hub")
        hub_keys = HubKeys.open(settings.home, self.federation.passphrase, settings.origin)
        self.hub = Hub(settings, hub_keys, database, lambda: self.now, inline=True)
        self.hub.check_identity()
        self.inside = Inside(create_app(self.hub))

    def start_node(self, unit: str) -> None:
        """Start a node on its files, as a new process would."""
        settings = self.federation.nodes[unit].model_copy(update={"folder": self.folder / unit.lower()})
        surroundings = Surroundings(lambda: self.now + self.skews[unit], self.network.link(unit))
        node = open_node(settings, self.federation.passphrase, surroundings)
        self.burn(node.db, unit)
        self.nodes[unit] = node

    def restart_hub(self) -> None:
        """Throw the hub's objects away and start it again."""
        bury()
        self.fuses.pop("hub", None)
        self.inside.end()
        self.hub.db.close()
        self.seen["HUB_RESTARTED"] += 1
        self.start_hub()

    def restart_node(self, unit: str) -> None:
        """Throw a node's objects away and start it again."""
        bury()
        self.fuses.pop(unit, None)
        self.nodes[unit].close()
        self.seen["NODE_RESTARTED"] += 1
        self.start_node(unit)

    def burn(self, database: Database, name: str) -> None:
        """Let every SQL statement of a process burn its fuse, if it has one; at the end of it the process dies."""

        def before(*_: object) -> None:
            left = self.fuses.get(name)
            if left is not None:
                self.fuses[name] = left - 1
                if left <= 0:
                    raise Crash(name)

        listen(database.engine, before)

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Let the hub answer; if it dies over it, the caller hears nothing and the hub is started again."""
        try:
            return self.inside.handle_request(request)
        except Crash as crash:
            self.restart_hub()
            raise httpx.ReadError("the hub died", request=request) from crash

    @contextmanager
    def alive(self, unit: str) -> Iterator[Node]:
        """Let a node act; if it dies over it, it is started again."""
        try:
            yield self.nodes[unit]
        except Crash:
            self.restart_node(unit)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let somebody look without burning any fuse."""
        fuses, self.fuses = self.fuses, {}
        try:
            yield
        finally:
            self.fuses = fuses

    def close(self) -> None:
        """End everything."""
        self.inside.end()
        self.hub.db.close()
        for node in self.nodes.values():
            node.close()

    # --- what happens -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Let one thing happen."""
        unit = self.random.choice(UNITS)
        acts = (self.write, self.reply, self.read, self.sync, self.pass_time, self.trouble, self.suspend, self.revoke)
        self.random.choices(acts, (3, 4, 2, 8, 3, 3, 1, 1))[0](unit)

    def write(self, unit: str) -> None:
        """An officer opens a thread."""
        others = [other for other in UNITS if other != unit]
        to = tuple(self.random.sample(others, self.random.randint(1, 2)))
        self.send(unit, NewDraft("REQ", recipients=to), self.random.choice(LETTERS))

    def reply(self, unit: str) -> None:
        """An officer replies to something that arrived, if the state of its thread still lets him."""
        node = self.nodes[unit]
        with self.watched(), node.db.read() as session:
            found = session.scalars(
                select(MessageRow.message_id).where(MessageRow.direction == "IN", MessageRow.kind.in_(REPLIES))
            ).all()
            kinds = {one: session.get_one(MessageRow, one).kind for one in found}
        if found:
            message_id = self.random.choice(sorted(found))
            kind, letter = self.random.choice(REPLIES[kinds[message_id]])
            self.send(unit, NewDraft(kind, in_reply_to=message_id), letter)

    def send(self, unit: str, new: NewDraft, letter: Callable[[int], Writing]) -> None:
        """Write, check and seal a message; a refusal by the unit's own rules is an ordinary day."""
        writing = letter(self.now)
        labels = {**writing.labels, "free_text": CANARY}
        body: dict[str, Any] = {**writing.body, **({"objects": list(writing.objects)} if writing.objects else {})}
        with self.alive(unit) as node:
            try:
                with node.db.write() as session:
                    actor = self.officer(session, node, unit)
                    draft = drafts.create(session, node, actor, new)
                    form = DraftForm(new.recipients or draft.recipients, labels, body)
                    draft = drafts.save(session, node, actor, Saved(draft.draft_id, draft.revision, form))
                    judged = checking.own(session, node, actor, draft.draft_id)
                    again = Again(asking.by_us(session, node, actor, judged).warning, "it is the same each day")
                    outbox.seal(session, node, actor, Checked(draft.draft_id, draft.revision, again))
                self.seen[f"SENT {new.kind}"] += 1
            except ExchangeError as error:
                self.seen[f"NOT SENT {error.code}"] += 1

    def read(self, unit: str) -> None:
        """An officer opens what arrived, which makes OPENED."""
        with self.alive(unit) as node, node.db.write() as session:
            query = select(MessageRow.message_id).where(MessageRow.direction == "IN").order_by(MessageRow.message_id)
            found = session.scalars(query).all()
            if found:
                messages.read(session, node, self.officer(session, node, unit), self.random.choice(found))

    def officer(self, session: Any, node: Node, unit: str) -> Actor:
        """Return the unit's officer."""
        return signin.actor_of(session, node, session.get_one(UserRow, f"{unit}-{OFFICER}"))

    def sync(self, unit: str) -> None:
        """The courier of a unit does its round."""
        with self.alive(unit) as node:
            for failure in sync_once(node).failed:
                self.seen[f"FAILED {failure}"] += 1

    def pass_time(self, _unit: str) -> None:
        """Time passes for everybody; what was delayed arrives."""
        self.now += self.random.choice((MINUTE, 20 * MINUTE, HOUR, 7 * HOUR, DAY))
        self.tick()
        self.network.deliver_late()

    def tick(self) -> None:
        """Let the hub do what time does."""
        try:
            self.hub.tick()
        except Crash:
            self.restart_hub()

    def trouble(self, unit: str) -> None:
        """A fuse is lit, a process is restarted, a line is cut or mended."""
        if not self.crashes:
            return
        act = self.random.randrange(4)
        if act == 0:
            self.fuses["hub"] = self.random.randrange(1, 60)
        elif act == 1:
            self.fuses[unit] = self.random.randrange(1, 120)
        elif act == 2:
            self.network.cut ^= {unit}
        else:
            self.random.choice((self.restart_hub, lambda: self.restart_node(unit)))()

    def suspend(self, unit: str) -> None:
        """The operator suspends a unit, or lets it again."""
        if self.random.random() < 0.3:
            directory = self.hub.register.current
            suspended = directory.suspension(unit) is not None
            try:
                administration.reinstate(self.hub, unit) if suspended else administration.suspend(
                    self.hub, unit, "TEST"
                )
                self.seen["SUSPENDED"] += not suspended
            except Crash:
                self.restart_hub()

    def revoke(self, unit: str) -> None:
        """The root of a unit withdraws its signing key behind its node's back; some time later there is a next one."""
        node = self.nodes[unit]
        if self.ended(unit):
            self.renew(unit)
        elif self.random.random() < 0.4:
            statement = Revocation(
                env="live", unit=unit, kid=node.keys.signing.kid, reason="SUPERSEDED", stated=self.now
            )
            wire = sign_statement(statement, keys.open_root(node.settings, self.federation.passphrase))
            try:
                administration.offer(self.hub, Offered(wire, None))
                self.seen["REVOKED"] += 1
            except Crash:
                self.restart_hub()

    def ended(self, unit: str) -> bool:
        """Whether the hub knows that the key which a unit's node signs with has ended."""
        record = self.hub.register.current.keys[self.nodes[unit].keys.signing.kid]
        return record.ended(self.now)

    def renew(self, unit: str) -> None:
        """The administrator of a unit brings the root and makes the next signing key, unless one waits already."""
        with self.alive(unit) as node, suppress(NotReady):
            new_signing_key(node, self.federation.passphrase)

    # --- the end ------------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        """End every trouble: fuses, faults, partitions, skews, suspensions."""
        self.fuses.clear()
        self.skews = dict.fromkeys(UNITS, 0)
        for unit in UNITS:
            if self.hub.register.current.suspension(unit) is not None:
                administration.reinstate(self.hub, unit)
        self.network.heal()

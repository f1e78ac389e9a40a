"""Plays the demo's case into a new federation before its processes start: the real hub and nodes, a clock in the past.

What officers see afterwards really happened, only sooner: every envelope was sealed and relayed, every receipt signed
and logged, at the time that the story gives it.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import httpx
from sqlalchemy.orm import Session

from exchange.courier import Line
from exchange.database import Database
from exchange.hub.app import create_app
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys
from nodes import alerts, collecting, drafts, duty, messages, outbox, pushing, signin, upkeep
from nodes.account_tables import UserRow
from nodes.courier import sync_once
from nodes.drafts import NewDraft, Saved
from nodes.hub_client import HubClient
from nodes.node import Node, Surroundings, open_node
from nodes.outbox import Checked
from nodes.views import Actor, DraftForm
from serai.demo.accounts import Account, enrol
from serai.demo.people import PEOPLE, Person
from serai.demo.story import STORY, TAKEN, Step
from serai.federation import Federation
from serai.inside import Inside

MINUTE: Final = 60
BEGIN_BEFORE: Final = 70 * MINUTE
UNIT_OF: Final = {person.user_id: person.unit for person in PEOPLE}
ON_DUTY: Final = {person.unit: person.user_id for person in PEOPLE if "SPOC_DUTY" in person.roles}


class Way(httpx.BaseTransport):
    """A unit's way to the hub in this process; closing it does not end the hub."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the hub answer."""
        return self._inside.handle_request(request)


@dataclass
class Rehearsal:
    """A federation at work on a clock that the rehearsal sets."""

    federation: Federation
    now: int
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings, passphrase = self.federation.hub, self.federation.passphrase
        keys = HubKeys.open(settings.home, passphrase, settings.origin)
        self.hub = Hub(settings, keys, Database(settings.database), self.clock, inline=True)
        self.hub.check_identity()
        self.inside = Inside(create_app(self.hub))
        surroundings = Surroundings(self.clock, Way(self.inside))
        self.nodes: dict[str, Node] = {
            unit: open_node(one, passphrase, surroundings) for unit, one in self.federation.nodes.items()
        }
        self.clients = {unit: HubClient(node) for unit, node in self.nodes.items()}

    def clock(self) -> int:
        """The instant that the rehearsal has come to."""
        return self.now

    def close(self) -> None:
        """End it; everything is on the files."""
        for client in self.clients.values():
            client.close()
        for node in self.nodes.values():
            node.close()
        self.inside.end()
        self.hub.stop()

    def enrol(self, people: Iterable[Person], address_of: Callable[[str], str]) -> list[Account]:
        """Give each of `people` an account."""

        def one(person: Person) -> Account:
            return enrol(self.nodes[person.unit], person, address_of(person.unit))

        with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing a password takes half a second of a processor
            return list(pool.map(one, people))

    def play(self, steps: Iterable[Step], end: int) -> None:
        """Play the steps at their times before `end`, and let everything arrive."""
        for node in self.nodes.values():
            sync_once(node)
        for step in steps:
            self.now = end - step.ago * MINUTE
            self.hub.tick()
            self.act(step)
        self.now = end
        self.hub.tick()
        self.sync(*self.nodes)

    def act(self, step: Step) -> None:
        """Let the author collect, write and send, and the others collect."""
        unit = UNIT_OF[step.author]
        self.sync(unit)
        self.ids[step.name] = self.write(self.nodes[unit], step)
        self.sync(unit, *step.to)
        for taker in TAKEN.get(step.name, ()):
            self.take(self.nodes[UNIT_OF[taker]], taker, self.ids[step.name])

    def sync(self, *units: str) -> None:
        """Let these units send and collect, a few seconds apart; their couriers do the rest once they run."""
        for unit in units:
            self.now += 2
            node, client = self.nodes[unit], self.clients[unit]
            if self.now >= node.directory().snapshot.expires:
                upkeep.refresh(node, client)
            while pushing.step(node, client, Line(), None):
                continue
            while collecting.step(node, client, 0):
                continue
            while collecting.hand_over(node, client):
                continue

    def write(self, node: Node, step: Step) -> str:
        """Write, check and seal the message of a step; returns its id."""
        writing = step.writing(self.now)
        body = {**writing.body, **({"objects": list(writing.objects)} if writing.objects else {})}
        new = NewDraft(step.kind, self.ids.get(step.reply_to), None, () if step.reply_to else step.to)
        with node.db.write() as session:
            actor = actor_of(session, node, step.author)
            draft = drafts.create(session, node, actor, new)
            form = DraftForm(step.to, writing.labels, body)
            draft = drafts.save(session, node, actor, Saved(draft.draft_id, draft.revision, form))
            return outbox.seal(session, node, actor, Checked(draft.draft_id, draft.revision))

    def take(self, node: Node, user_id: str, message_id: str) -> None:
        """Let an officer take an arrival and read it; the duty officer has seen the alarm, if there was one."""
        with node.db.write() as session:
            actor = actor_of(session, node, user_id)
            duty.take(session, node, actor, message_id)
            messages.read(session, node, actor, message_id)
            watching = actor_of(session, node, ON_DUTY.get(node.unit, user_id))
            for alert in alerts.open_alerts(session, watching):
                alerts.acknowledge(session, node, watching, alert.alert_id)


def actor_of(session: Session, node: Node, user_id: str) -> Actor:
    """Return the person who acts."""
    return signin.actor_of(session, node, session.get_one(UserRow, user_id))


def rehearse(federation: Federation, end: int, address_of: Callable[[str], str]) -> list[Account]:
    """Enrol everybody and play the whole story so that it ends at `end`; returns the accounts."""
    rehearsal = Rehearsal(federation, began(end))
    try:
        made = rehearsal.enrol(PEOPLE, address_of)
        rehearsal.play(STORY, end)
    finally:
        rehearsal.close()
    return made


def began(end: int) -> int:
    """Return the instant at which a federation must be made for the story to end at `end`."""
    return end - STORY[0].ago * MINUTE - BEGIN_BEFORE

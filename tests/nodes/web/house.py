"""Units for the page tests: real nodes with real databases and keys, joined through a real hub in this process."""

import base64
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from fastapi import FastAPI
from httpx import Client, Response

from exchange.database import Database
from exchange.hub import app as hub_app
from exchange.hub.hub import Hub
from exchange.hub.keys import HubKeys
from nodes import changes, passwords, signin
from nodes.accounts import NewUser
from nodes.courier import sync_once
from nodes.node import Node, Surroundings, open_node
from nodes.signin import Credentials, Enrolment
from nodes.web.app import create_app
from nodes.web.entrance import cookie_name
from schemas.base import Names
from serai import federation
from serai.federation import Federation, Plan, UnitPlan
from serai.inside import Inside

NAMES = {
    "TJ": Names(en="Tajikistan · national unit", ru="Таджикистан · национальное подразделение"),
    "KG": Names(en="Kyrgyzstan · national unit", ru="Кыргызстан · национальное подразделение"),
    "KZ": Names(en="Kazakhstan · national unit", ru="Казахстан · национальное подразделение"),
}
ZONES = {"TJ": "Asia/Dushanbe", "KG": "Asia/Bishkek", "KZ": "Asia/Almaty"}
PASSWORD = "saffron river 41 lantern"


@dataclass
class Clock:
    """The present instant of every unit of a house; tests move it."""

    now: int

    def __call__(self) -> int:
        return self.now


@dataclass
class House:
    """Some units under one directory, and a way to sign people in at them."""

    clock: Clock
    hub: Hub
    nodes: dict[str, Node] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    apps: dict[str, FastAPI] = field(default_factory=dict)
    ways_to_hub: list[Inside] = field(default_factory=list)
    ways: dict[str, Inside] = field(default_factory=dict)

    def add_user(self, unit: str, user: str, *roles: str, language: str = "en") -> None:
        """Add an account and go through its enrolment as a person would."""
        node = self.nodes[unit]
        new = NewUser(user, f"Officer {user}", "POLICE", frozenset(roles), language, clearance="RESTR")
        with node.db.write() as session:
            code = str(changes.alone(session, node, new))
        self.enrol(unit, user, code)

    def enrol(self, unit: str, user: str, code: str) -> None:
        """Set password and second factor with the printed code."""
        node = self.nodes[unit]
        offer = signin.begin_enrolment(node, user, code, "127.0.0.1")
        self.secrets[user] = base64.b32decode(offer.secret)
        signin.finish_enrolment(node, Enrolment(user, code, PASSWORD, self.totp(user)), "127.0.0.1")
        self.clock.now += passwords.TOTP_STEP

    def totp(self, user: str) -> str:
        """Return the one-time code that the person's app shows now."""
        return passwords.totp_code(self.secrets[user], self.clock.now)

    def next_totp(self, user: str) -> str:
        """Return a code that was not used yet."""
        self.clock.now += passwords.TOTP_STEP
        return self.totp(user)

    def client(self, unit: str) -> Client:
        """Return a browser without a session at a unit."""
        if unit not in self.ways:
            self.ways[unit] = Inside(self.app(unit))
        return Client(transport=self.ways[unit], base_url="http://serai.test")

    def app(self, unit: str) -> FastAPI:
        """Return the pages of a unit."""
        if unit not in self.apps:
            self.apps[unit] = create_app(self.nodes[unit])
        return self.apps[unit]

    def reports(self, unit: str) -> int:
        """Return how many reports of the content policy came in."""
        total: int = self.app(unit).state.reports.total
        return total

    def desk(self, unit: str, user: str) -> "Browser":
        """Return a browser in which a person is signed in."""
        self.clock.now += passwords.TOTP_STEP
        signed_in = signin.sign_in(self.nodes[unit], Credentials(user, PASSWORD, self.totp(user)), "127.0.0.1")
        client = self.client(unit)
        client.cookies.set(cookie_name(self.nodes[unit], "serai"), signed_in.token)
        return Browser(client, signed_in.csrf, lambda: self.next_totp(user))

    def sync(self, *units: str) -> None:
        """Let each unit send and fetch once, in this order."""
        for unit in units:
            report = sync_once(self.nodes[unit])
            assert not report.failed, report.failed

    def close(self) -> None:
        for way in self.ways.values():
            way.end()
        for way in self.ways_to_hub:
            way.end()
        for node in self.nodes.values():
            node.close()
        self.hub.stop()


@dataclass
class Browser:
    """A signed-in browser without scripts: it posts forms with the token of its session, and confirms when asked to."""

    client: Client
    csrf: str
    code: Callable[[], str]

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, **form: object) -> Response:
        """Post a form as the page would; a list gives one input more than once."""
        answer = self.send(path, **form)
        ticket = re.search(r'name="proof-ticket" value="([^"]+)"', answer.text)
        if answer.status_code != 428 or ticket is None:
            return answer
        return self.send(path, **form, **{"proof-ticket": ticket[1], "proof-code": self.code()})

    def send(self, path: str, **form: object) -> Response:
        """Post a form and confirm nothing."""
        same_origin = {"Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, data={"csrf": self.csrf, **form}, headers=same_origin)


def build(
    folder: Path, now: int, units: Sequence[str], env: Literal["live", "exercise"] = "live", **databases: str
) -> House:
    """Make a hub and the units, all in this process; nothing moves between them until a test says `sync`.

    `databases` gives a unit another database than SQLite.
    """
    clock = Clock(now)
    plans = tuple(
        UnitPlan(unit, NAMES[unit], time_zone=ZONES[unit], agencies=("POLICE",), database=databases.get(unit, ""))
        for unit in units
    )
    made = found(Plan(folder / "federation", "http://127.0.0.1:9", plans, env=env), now)
    keys = HubKeys.open(made.hub.home, made.passphrase, made.hub.origin)
    hub = Hub(made.hub, keys, Database(made.hub.database), clock, inline=True)
    hub.check_identity()
    house = House(clock, hub)
    for unit in units:
        way = Inside(hub_app.create_app(hub))
        house.ways_to_hub.append(way)
        house.nodes[unit] = open_node(made.nodes[unit], made.passphrase, Surroundings(clock, way))
        house.sync(unit)
    return house


def found(plan: Plan, now: int) -> Federation:
    """Make the federation of `plan`, or copy the like of it that an earlier house of this run began with.

    Making the keys and tables takes a second; nothing in a folder says where it is, but an address of PostgreSQL.
    """
    if any(unit.database for unit in plan.units):
        return federation.establish(plan, now)
    names = tuple(unit.unit for unit in plan.units)
    first = plan.folder.parent.parent / "-".join(("founded", plan.env, str(now), *names))
    if not first.exists():
        federation.establish(replace(plan, folder=first), now)
    return federation.open_federation(Path(shutil.copytree(first, plan.folder)), names)

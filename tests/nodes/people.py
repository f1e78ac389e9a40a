"""A node by itself, with no hub, and people who enrol and sign in at it as they would."""

import base64
from dataclasses import dataclass
from pathlib import Path

from nodes import changes, passwords, signin
from nodes.accounts import NewUser
from nodes.enrolment import Secrets, init
from nodes.node import Node, Surroundings, open_node
from nodes.settings import NodeSettings
from nodes.signin import Credentials, Enrolment
from nodes.views import SignedIn
from tests.federation import profile
from tests.hub.desk import CHEAP
from tests.instants import NOW
from tests.nodes.world import PASSPHRASE

PASSWORD = "four grey cranes over Osh"
ADDRESS = "10.1.2.3"


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


def found(folder: Path, clock: Clock, database_url: str) -> Node:
    """Make the node of Tajikistan in `folder` and open it."""
    settings = settings_in(folder / "tj", database_url)
    settings.folder.mkdir()
    init(settings, profile("TJ"), Secrets(PASSPHRASE, PASSPHRASE, CHEAP), NOW)
    return open_node(settings, PASSPHRASE, Surroundings(clock))


def settings_in(folder: Path, database_url: str = "") -> NodeSettings:
    return NodeSettings(unit="TJ", env="live", folder=folder, hub_url="https://hub.example", database_url=database_url)


def add(node: Node, user_id: str = "TJ-0147", roles: frozenset[str] = frozenset({"OFFICER"})) -> str:
    """Add an account at the machine; returns its enrolment code."""
    with node.db.write() as session:
        code = changes.alone(session, node, NewUser(user_id, "Rustam R.", "POLICE", roles))
    assert code is not None
    return code


def enrol(node: Node, code: str, user_id: str = "TJ-0147") -> bytes:
    """Go through enrolment as a person does; returns the secret in the authenticator."""
    offer = signin.begin_enrolment(node, user_id, code.lower(), ADDRESS)
    secret = base64.b32decode(offer.secret)
    totp = passwords.totp_code(secret, node.now())
    signin.finish_enrolment(node, Enrolment(user_id, code, PASSWORD, totp), ADDRESS)
    return secret


def enter(node: Node, secret: bytes, password: str = PASSWORD, user_id: str = "TJ-0147") -> SignedIn:
    return signin.sign_in(node, Credentials(user_id, password, passwords.totp_code(secret, node.now())), ADDRESS)

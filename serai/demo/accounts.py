"""Accounts of the demo's people: enrolled as anybody is, with secrets that are drawn for each federation and printed.

The secrets are kept in one owner-only file of the demo's folder, so that `serai demo codes` can show one-time codes.
"""

import base64
import json
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from nodes import changes, passwords, signin
from nodes.accounts import NewUser
from nodes.node import Node
from nodes.signin import Enrolment
from serai.demo.people import AGENCY, Person

FILE: Final = "accounts.json"
HERE: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Account:
    """One person's way in: where, as whom, with which password and second factor."""

    unit: str
    user_id: str
    name: str
    roles: tuple[str, ...]
    address: str
    password: str = field(repr=False)
    totp: str = field(repr=False)

    def code(self, at: float | None = None) -> str:
        """Return the one-time code of the instant `at` (unix seconds), or of now."""
        return passwords.totp_code(base64.b32decode(self.totp), int(time.time() if at is None else at))


def enrol(node: Node, person: Person, address: str) -> Account:
    """Add the person's account and enrol it, as an administrator and the person would; returns its secrets."""
    new = NewUser(person.user_id, person.name, AGENCY, frozenset(person.roles), person.language, clearance="RESTR")
    with node.db.write() as session:
        printed = str(changes.alone(session, node, new))
    offer = signin.begin_enrolment(node, person.user_id, printed, HERE)
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    account = Account(person.unit, person.user_id, person.name, person.roles, address, password, offer.secret)
    signin.finish_enrolment(node, Enrolment(person.user_id, printed, password, account.code(node.now())), HERE)
    return account


def save(folder: Path, made: Iterable[Account]) -> None:
    """Keep the accounts in the demo's folder, for its owner only."""
    with os.fdopen(os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in made], file, ensure_ascii=False)


def load(folder: Path) -> list[Account]:
    """Return the accounts of the demo in `folder`; raises `OSError` if there is none."""
    kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return [Account(**{**one, "roles": tuple(one["roles"])}) for one in kept]

"""The directory's words: what may not even be written down."""

from typing import Any

import pytest
from pydantic import ValidationError

from crypto.canonical import dumps
from schemas.directory import KeyStatement, Revocation, Snapshot, Suspension, any_statement, members
from schemas.errors import Malformed
from tests.federation import World, everybody, key_statement
from tests.instants import DAY, NOW

WORLD = World(NOW).add("KG", "TJ")
TJ = WORLD.units["TJ"]
ENTRIES = WORLD.federation().units
PAIR = tuple(everybody(WORLD.units))

DOCUMENTS: dict[str, dict[str, Any]] = {
    "units out of order": {"units": ENTRIES[::-1]},
    "a unit twice": {"units": ENTRIES[:1] * 2, "agreements": ()},
    "two agreements of one pair": {"agreements": PAIR * 2},
    "an agreement of a stranger": {"units": ENTRIES[:1]},
    "a threshold above the roots": {"threshold": 4},
    "a threshold of nobody": {"threshold": 0},
    "a root twice": {"roots": (WORLD.roots[0].public,) * 2},
    "a life of more than a year": {"expires": NOW + 366 * DAY},
    "an end before its beginning": {"expires": NOW},
    "a quorum above the witnesses": {"quorum": 2, "witnesses": ("TJ",)},
    "a quorum of half the witnesses": {"quorum": 1, "witnesses": ("KG", "TJ")},
    "a quorum of nobody": {"quorum": 1},
    "a witness twice": {"witnesses": ("TJ", "TJ")},
    "witnesses out of order": {"witnesses": ("TJ", "KG")},
    "a witness that is no unit": {"witnesses": ("UZ",)},
    "version zero": {"version": 0},
    "another environment": {"env": "test"},
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_that_contradicts_itself_cannot_be_made(name: str) -> None:
    with pytest.raises(ValidationError):
        WORLD.federation(**DOCUMENTS[name])


KEY = dict(key_statement(TJ, "NODE", TJ.node_public, NOW, "live", bytes(64)))
KEYS: dict[str, dict[str, Any]] = {
    "a node key without a node": {"node": None},
    "a signing key of a node": {"use": "SIGNING"},
    "a node key without a proof": {"possession": None},
    "an encryption key with a proof": {"use": "ENCRYPTION", "node": None},
    "no validity": {"not_after": KEY["not_before"]},
    "another suite": {"suite": 2},
    "a weaker suite": {"min_suite": 0},
    "a node key with the name of a log": {"name": "node.tj.serai"},
    "a node key with a first entry": {"genesis": "0" * 64},
    "note keys without a name": {"use": "WITNESS", "node": None},
    "note keys under the name of another unit": {"use": "LOG", "node": None, "name": "node.kg.serai"},
    "note keys under a name with a space": {"use": "LOG", "node": None, "name": "node.tj.se rai"},
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_statement_that_contradicts_itself_cannot_be_made(name: str) -> None:
    with pytest.raises(ValidationError):
        KeyStatement(**(KEY | KEYS[name]))


@pytest.mark.parametrize("changes", [{"reason": "COMPROMISED"}, {"compromised_since": NOW}])
def test_a_compromise_has_its_instant_and_nothing_else_has_one(changes: dict[str, Any]) -> None:
    good: dict[str, Any] = {"env": "live", "unit": "TJ", "kid": "0" * 64, "reason": "CEASED", "stated": NOW}
    with pytest.raises(ValidationError):
        Revocation(**(good | changes))


SUSPENDED = Suspension(unit="TJ", since=NOW, reason="INCIDENT")


@pytest.mark.parametrize(
    "changes", [{"expires": NOW + DAY + 1}, {"expires": NOW}, {"suspended": (SUSPENDED, SUSPENDED)}]
)
def test_a_snapshot_that_contradicts_itself_cannot_be_made(changes: dict[str, Any]) -> None:
    good = dict(WORLD.directory().snapshot)
    with pytest.raises(ValidationError):
        Snapshot(**(good | changes))


REVOCATION = dumps(members(WORLD.revocation("TJ", "0" * 64, "CEASED", NOW)))
STRANGE = [b"", b"{}", b"[1]", b'{"type":"KEY"}', REVOCATION + b" ", REVOCATION.replace(b',"v":1', b"")]


@pytest.mark.parametrize("data", STRANGE)
def test_anything_else_is_no_statement(data: bytes) -> None:
    with pytest.raises(Malformed):
        any_statement(data)

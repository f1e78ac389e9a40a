"""What a hub that lies about keys achieves: nothing, also against a node that verified most of the list before."""

from collections.abc import Callable

import pytest

from crypto.signing import SigningKey, prove_possession
from schemas.base import Names
from schemas.directory import Federation, sign_statement
from schemas.keychecks import possession_nonce
from schemas.trust import Directory, DirectoryRefused, DirectoryRolledBack
from tests.federation import UnitKeys, World, key_statement, pair, rule_set
from tests.instants import NOW


def forged(keys: UnitKeys, now: int) -> bytes:
    """A signing key of the hub's own making, said to be vouched for by a root that it does not hold."""
    mine = SigningKey.generate()
    proof = prove_possession(mine, keys.unit, possession_nonce("live", now))
    statement = key_statement(keys, "SIGNING", mine.public, now, "live", proof)
    wire = sign_statement(statement, SigningKey.generate())
    return swapped_kid(wire, keys.root.kid)


def swapped_kid(wire: bytes, kid: str) -> bytes:
    start = wire.index(b'"kid":"') + len(b'"kid":"')
    return wire[:start] + kid.encode() + wire[start + 64 :]


def test_a_forgery_that_stood_there_before_its_root_was_admitted_is_checked_when_the_root_comes() -> None:
    world = World(NOW).add("TJ")
    newcomer = UnitKeys("UZ")
    world.append(forged(newcomer, NOW))
    held = Directory.verify(world.parts(), world.anchor(), NOW)
    world.units["UZ"] = newcomer
    parts = world.parts(2, world.federation(2))
    with pytest.raises(DirectoryRefused):
        Directory.verify(parts, held.anchor(), NOW, held.known(), held)


def test_a_key_that_was_revoked_vouches_for_nothing_however_early_the_statement_says_it_was_made() -> None:
    world = World(NOW).add("TJ")
    keys = world.units["TJ"]
    revocation = world.revocation("TJ", keys.signing.kid, "COMPROMISED", NOW, NOW)
    world.append(sign_statement(revocation, keys.root))
    thief = UnitKeys("TJ", signing=keys.signing)
    late = key_statement(thief, "ENCRYPTION", thief.encryption.public, NOW - 30, "live", None)
    world.append(sign_statement(late, keys.signing))
    with pytest.raises(DirectoryRefused):
        world.directory()


LIES: dict[str, Callable[[Federation], Federation]] = {
    "another pair": lambda held: held.model_copy(update={"rights_pairs": (pair("KZ"),)}),
    "a pair about less": lambda held: held.model_copy(update={"rights_pairs": (pair("TJ", "KG", "TERROR"),)}),
    "a pair that has ended": lambda held: held.model_copy(update={"rights_pairs": (pair(not_after=NOW),)}),
    "another source": lambda held: held.model_copy(update={"rights_pairs": (pair(source=Names(en="none", ru="нет")),)}),
    "an empty list": lambda held: held.model_copy(update={"rights_pairs": ()}),
    "no list at all": lambda held: held.model_copy(update={"rights_pairs": None}),
    "other rules": lambda held: held.model_copy(update={"rules": (rule_set(NOW, sha512="0" * 128),)}),
    "one more set of rules": lambda held: held.model_copy(
        update={"rules": (*(held.rules or ()), rule_set(NOW, version=2, sha512="0" * 128))}
    ),
    "no rules at all": lambda held: held.model_copy(update={"rules": None}),
}


def decided(world: World, version: int = 2) -> Federation:
    return world.federation(version, rights_pairs=(pair(),))


@pytest.fixture(scope="module")
def federated() -> World:
    return World(NOW).add("KG", "KZ", "TJ")


@pytest.mark.parametrize("lie", LIES)
def test_what_the_federation_decided_is_changed_by_nobody_on_the_way(federated: World, lie: str) -> None:
    world, true = federated.copy(), decided(federated)
    false = LIES[lie](true)
    signed = world.parts(2, true).federation
    world.wires[false.to_bytes()] = signed.replace(true.to_bytes(), false.to_bytes())
    with pytest.raises(DirectoryRefused):
        Directory.verify(world.parts(2, false), world.anchor(), NOW)


@pytest.mark.parametrize("lie", LIES)
def test_one_root_alone_decides_nothing(federated: World, lie: str) -> None:
    parts = federated.parts(2, LIES[lie](decided(federated, 3)), signers=federated.roots[:1])
    with pytest.raises(DirectoryRefused):
        Directory.verify(parts, federated.anchor(), NOW)


@pytest.mark.parametrize("lie", LIES)
def test_a_decision_is_not_taken_back_by_an_older_document_nor_by_another_of_the_same_version(
    federated: World, lie: str
) -> None:
    held = Directory.verify(federated.parts(2, decided(federated)), federated.anchor(), NOW)
    for version in (1, 2):
        older = federated.parts(3, LIES[lie](decided(federated, version)))
        with pytest.raises(DirectoryRolledBack):
            Directory.verify(older, federated.anchor(), NOW, held.known(), held)

"""What a hub that lies about keys achieves: nothing, also against a node that verified most of the list before."""

import pytest

from crypto.signing import SigningKey, prove_possession
from schemas.directory import sign_statement
from schemas.keychecks import possession_nonce
from schemas.trust import Directory, DirectoryRefused
from tests.federation import UnitKeys, World, key_statement
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

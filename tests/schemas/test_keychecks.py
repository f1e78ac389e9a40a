"""Keys: which statement is believed, which is refused with the whole directory, which waits and proves nothing."""

from typing import Any

import pytest

from crypto import note_keys, signing, statements
from crypto.encryption import EncryptionKey
from crypto.signing import SigningKey
from schemas import keychecks
from schemas.directory import (
    STATEMENT_LABEL,
    LoggedStatement,
    any_statement,
    members,
    sign_statement,
)
from schemas.trust import (
    Directory,
    DirectoryRefused,
    KeyNotValid,
    KeyRevoked,
)
from tests.federation import UnitKeys, World, everybody, key_statement
from tests.instants import NOW


@pytest.fixture
def world() -> World:
    return World(NOW).add("KG", "TJ")


def revoke(world: World, kid: str, reason: str, since: int | None = None) -> Directory:
    keys = world.units["TJ"]
    world.append(sign_statement(world.revocation("TJ", kid, reason, NOW + 60, since), keys.root))
    return world.directory()


def test_a_stolen_key_proves_nothing_since_it_was_stolen(world: World) -> None:
    keys = world.units["TJ"]
    directory = revoke(world, keys.signing.kid, "COMPROMISED", NOW + 10)
    assert directory.signing_key(keys.signing.kid, NOW + 9).unit == "TJ"
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW + 10)


def test_a_superseded_key_keeps_what_it_signed(world: World) -> None:
    keys = world.units["TJ"]
    directory = revoke(world, keys.signing.kid, "SUPERSEDED")
    assert directory.signing_key(keys.signing.kid, NOW + 59).unit == "TJ"
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW + 60)


def test_what_stands_before_a_revocation_in_the_log_is_good_in_the_same_second_too(world: World) -> None:
    keys = world.units["TJ"]
    directory = revoke(world, keys.signing.kid, "SUPERSEDED")
    revoked = directory.keys[keys.signing.kid].revoked_index
    assert revoked is not None
    assert directory.signing_key(keys.signing.kid, NOW + 60, revoked - 1).unit == "TJ"
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW + 60, revoked + 1)


def test_what_a_thief_may_have_signed_is_not_believed_wherever_it_stands(world: World) -> None:
    keys = world.units["TJ"]
    directory = revoke(world, keys.signing.kid, "COMPROMISED", NOW - 30)
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW - 30, 0)


@pytest.mark.parametrize(
    "said",
    [
        (("COMPROMISED", NOW + 60, NOW + 50), ("SUPERSEDED", NOW + 40, None)),
        (("SUPERSEDED", NOW + 40, None), ("COMPROMISED", NOW + 60, NOW + 50)),
        (("COMPROMISED", NOW + 60, NOW + 55), ("COMPROMISED", NOW + 61, NOW + 50)),
    ],
)
def test_no_revocation_makes_good_what_another_made_bad(
    world: World, said: tuple[tuple[str, int, int | None], ...]
) -> None:
    keys = world.units["TJ"]
    for reason, at, since in said:
        world.append(sign_statement(world.revocation("TJ", keys.signing.kid, reason, at, since), keys.root))
    directory = world.directory()
    assert directory.signing_key(keys.signing.kid, NOW + 49, 0).unit == "TJ"
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW + 50, 0)
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW + 50, world.directory().keys[keys.signing.kid].revoked_index)


def test_what_a_stolen_key_vouched_for_falls_with_it(world: World) -> None:
    keys = world.units["TJ"]
    directory = revoke(world, keys.signing.kid, "COMPROMISED", NOW - 30)
    with pytest.raises(KeyNotValid):
        directory.encryption_key("TJ", NOW)


def foreign(world: World) -> bytes:
    """KG's root vouches for a key of TJ."""
    wires = world.units["TJ"].key_statements(NOW)
    statement = any_statement(statements.parse(wires[0], limit=1 << 16).statement_bytes)
    return sign_statement(statement, world.units["KG"].signing)


def again(world: World) -> bytes:
    return world.units["TJ"].key_statements(NOW)[0]


def copied(world: World) -> bytes:
    """KG registers TJ's encryption key as its own."""
    keys = world.units["KG"]
    keys.encryption = world.units["TJ"].encryption
    return sign_statement(key_statement(keys, "ENCRYPTION", keys.encryption.public, NOW, "live", None), keys.signing)


def unproved(world: World) -> bytes:
    """A signing key whose possession is proved by another key."""
    keys = world.units["TJ"]
    other, proof = SigningKey.generate(), b"\x00" * 3373
    return sign_statement(key_statement(keys, "SIGNING", other.public, NOW, "live", proof), keys.root)


def by_signing_key(world: World) -> bytes:
    """A signing key that the present signing key introduces: only a root may."""
    keys, other = world.units["TJ"], UnitKeys("TJ")
    nonce = keychecks.possession_nonce("live", NOW)
    proof = signing.prove_possession(other.signing, "TJ", nonce)
    return sign_statement(key_statement(keys, "SIGNING", other.signing.public, NOW, "live", proof), keys.signing)


def low_order(world: World) -> bytes:
    keys = world.units["TJ"]
    return sign_statement(key_statement(keys, "NODE", b"\x01" + bytes(31), NOW, "live", bytes(64)), keys.signing)


def of_the_other_environment(world: World) -> bytes:
    return UnitKeys("TJ", root=world.units["TJ"].root).key_statements(NOW, "exercise")[0]


def twice_signed(world: World) -> bytes:
    keys = world.units["TJ"]
    statement = key_statement(keys, "ENCRYPTION", EncryptionKey.generate().public, NOW, "live", None)
    return statements.sign_batch([keys.root, keys.signing], STATEMENT_LABEL, [members(statement)])[0]


def by_a_revoked_key(world: World) -> bytes:
    keys = world.units["TJ"]
    world.append(sign_statement(world.revocation("TJ", keys.signing.kid, "CEASED", NOW - 30), keys.root))
    keys.encryption = EncryptionKey.generate()
    return sign_statement(key_statement(keys, "ENCRYPTION", keys.encryption.public, NOW, "live", None), keys.signing)


def revoking_nothing(world: World) -> bytes:
    return sign_statement(world.revocation("TJ", "0" * 64, "CEASED", NOW), world.units["TJ"].root)


def revoking_anothers(world: World) -> bytes:
    kid = world.units["KG"].encryption.kid
    return sign_statement(world.revocation("TJ", kid, "CEASED", NOW), world.units["TJ"].root)


def following_nothing(world: World) -> bytes:
    keys = world.units["TJ"]
    keys.encryption = EncryptionKey.generate()
    statement = key_statement(keys, "ENCRYPTION", keys.encryption.public, NOW, "live", None)
    return sign_statement(statement.model_copy(update={"prev": "0" * 64}), keys.signing)


def under_another_id(world: World) -> bytes:
    keys = world.units["TJ"]
    statement = key_statement(keys, "ENCRYPTION", EncryptionKey.generate().public, NOW, "live", None)
    return sign_statement(statement.model_copy(update={"kid": "0" * 64}), keys.signing)


def node_key(world: World, public: bytes) -> bytes:
    keys = world.units["TJ"]
    return sign_statement(key_statement(keys, "NODE", public, NOW, "live", bytes(64)), keys.signing)


def unproved_node(world: World) -> bytes:
    return node_key(world, UnitKeys("TJ").node_public)


def short_node(world: World) -> bytes:
    return node_key(world, bytes(31))


def unproved_pair(world: World) -> bytes:
    return world.units["TJ"].note_statement("WITNESS", NOW, possession=bytes(2484))


def pair_proved_under_another_name(world: World) -> bytes:
    return world.units["TJ"].note_statement("WITNESS", NOW, name="node.tj.serai/other")


def short_pair(world: World) -> bytes:
    public = note_keys.public_of(world.units["TJ"].witness)[:-1]
    return world.units["TJ"].note_statement("LOG", NOW, public=public, kid=note_keys.kid_of(public))


def low_order_pair(world: World) -> bytes:
    public = b"\x01" + bytes(31) + note_keys.public_of(world.units["TJ"].witness)[32:]
    return world.units["TJ"].note_statement("WITNESS", NOW, public=public, kid=note_keys.kid_of(public))


def half_of_anothers_pair(world: World) -> bytes:
    """KG cosigns with TJ's Ed25519 key and an ML-DSA-44 key of its own: one cosignature/v1 line would count for two."""
    keys, other = world.units["KG"], world.units["TJ"]
    world.append(other.note_statement("WITNESS", NOW))
    keys.witness = other.witness[:32] + keys.witness[32:]
    return keys.note_statement("WITNESS", NOW)


def pair_of_its_log(world: World) -> bytes:
    keys = world.units["TJ"]
    world.append(keys.note_statement("LOG", NOW))
    keys.witness = keys.log
    return keys.note_statement("WITNESS", NOW)


@pytest.mark.parametrize(
    "make",
    [
        *(foreign, again, copied, unproved, by_signing_key, low_order, of_the_other_environment, twice_signed),
        *(by_a_revoked_key, revoking_nothing, revoking_anothers, following_nothing, under_another_id),
        *(unproved_node, short_node, unproved_pair, pair_proved_under_another_name, short_pair, low_order_pair),
        *(half_of_anothers_pair, pair_of_its_log),
    ],
    ids=lambda one: one.__name__,
)
def test_a_statement_that_does_not_hold_refuses_the_directory(world: World, make: Any) -> None:
    world.append(make(world))
    with pytest.raises(DirectoryRefused):
        world.directory()


def test_statements_out_of_order_are_refused(world: World) -> None:
    first = world.statements[0]
    world.statements[0] = LoggedStatement(wire=first.wire, index=99)
    with pytest.raises(DirectoryRefused):
        world.directory()


def test_a_unit_that_left_keeps_its_statements_and_proves_nothing(world: World) -> None:
    kid = world.units["TJ"].signing.kid
    left = {"KG": world.units["KG"]}
    units = world.units
    world.units = left
    document = world.federation(2, agreements=tuple(everybody(left)))
    world.units = units
    directory = world.directory(document=document)
    with pytest.raises(KeyNotValid):
        directory.signing_key(kid, NOW)


def test_a_later_revocation_does_not_give_back_what_an_earlier_one_took(world: World) -> None:
    keys = world.units["TJ"]
    revoke(world, keys.signing.kid, "COMPROMISED", NOW)
    directory = revoke(world, keys.signing.kid, "SUPERSEDED")
    with pytest.raises(KeyRevoked):
        directory.signing_key(keys.signing.kid, NOW)


def test_what_a_stranger_signed_waits_and_proves_nothing(world: World) -> None:
    keys = world.units["TJ"]
    keys.encryption = EncryptionKey.generate()
    statement = key_statement(keys, "ENCRYPTION", keys.encryption.public, NOW, "live", None)
    world.append(sign_statement(statement, SigningKey.generate()))
    late = sign_statement(world.revocation("TJ", keys.signing.kid, "CEASED", NOW), SigningKey.generate())
    world.append(late)
    directory = world.directory()
    assert directory.keys[keys.encryption.kid].dormant
    assert directory.signing_key(keys.signing.kid, NOW).unit == "TJ"


def test_what_a_dormant_key_vouches_for_is_dormant(world: World) -> None:
    keys, old = world.units["TJ"], world.units["TJ"].root
    keys.root = SigningKey.generate()
    directory = world.directory(document=world.federation(2))
    assert directory.keys[keys.signing.kid].dormant
    assert directory.keys[keys.encryption.kid].dormant
    assert old.kid not in directory.keys

"""The verified directory: what is believed, and every way in which a hub, a unit or a thief could try to bend it."""

from dataclasses import replace
from typing import Any

import pytest

from crypto import signing, statements
from crypto.encryption import EncryptionKey
from crypto.signing import SigningKey
from schemas import keychecks
from schemas.directory import (
    SNAPSHOT_GRACE,
    STATEMENT_LABEL,
    DirectoryParts,
    LoggedStatement,
    Suspension,
    any_statement,
    members,
    sign_federation,
    sign_snapshot,
    sign_statement,
)
from schemas.trust import (
    ClassificationTooHigh,
    Directory,
    DirectoryRefused,
    DirectoryRolledBack,
    DirectoryStale,
    KeyNotValid,
    KeyRevoked,
    KeyUnknown,
    NoAgreement,
    UnitSuspended,
    UnitUnknown,
)
from tests.federation import DAY, UnitKeys, World, everybody, key_statement
from tests.instants import NOW


@pytest.fixture
def world() -> World:
    return World(NOW).add("KG", "TJ")


def verify(world: World, parts: DirectoryParts, **changes: Any) -> Directory:
    return Directory.verify(parts, world.anchor(), world.now, **changes)


def test_what_is_believed_is_found(world: World) -> None:
    directory = world.directory()
    keys = world.units["TJ"]
    assert directory.signing_key(keys.signing.kid, NOW).unit == "TJ"
    assert directory.node_key(keys.keyid, NOW).public == keys.node_public
    assert directory.encryption_key("TJ", NOW).kid == keys.encryption.kid
    assert directory.recipient_key("TJ", keys.encryption.kid, NOW).public == keys.encryption.public
    assert DirectoryParts.from_bytes(directory.parts.to_bytes()) == directory.parts
    directory.check_agreement("TJ", "KG", "operational", "RESTR")


@pytest.mark.parametrize(
    ("shift", "state"), [(0, "FRESH"), (DAY - 1, "FRESH"), (DAY, "GRACE"), (DAY + SNAPSHOT_GRACE - 1, "GRACE")]
)
def test_a_snapshot_is_fresh_for_a_day_and_has_its_grace(world: World, shift: int, state: str) -> None:
    assert world.directory().freshness(NOW + shift) == state


@pytest.mark.parametrize("shift", [DAY + SNAPSHOT_GRACE, 300 * DAY])
def test_after_the_grace_nothing_may_be_done(world: World, shift: int) -> None:
    with pytest.raises(DirectoryStale):
        world.directory().freshness(NOW + shift)


def test_one_root_of_two_is_not_enough(world: World) -> None:
    parts = world.parts(signers=world.roots[:1])
    with pytest.raises(DirectoryRefused):
        verify(world, parts)


def test_foreign_roots_are_nobody(world: World) -> None:
    with pytest.raises(DirectoryRefused):
        verify(world, world.parts(signers=[SigningKey.generate() for _ in range(3)]))


def test_the_other_environment_is_refused(world: World) -> None:
    with pytest.raises(DirectoryRefused):
        verify(replace(world, env="exercise"), world.parts())


def test_versions_never_go_back(world: World) -> None:
    old, held = world.parts(1), verify(world, world.parts(2))
    with pytest.raises(DirectoryRolledBack):
        verify(world, old, known=held.known())
    assert verify(world, world.parts(3), known=held.known(), held=held).snapshot.version == 3


def test_other_bytes_under_an_equal_version_are_refused(world: World) -> None:
    held = verify(world, world.parts(2))
    world.wires.clear()
    with pytest.raises(DirectoryRolledBack):
        verify(world, world.parts(3), known=held.known())


def test_a_statement_that_is_taken_away_is_noticed(world: World) -> None:
    held = verify(world, world.parts(1))
    world.statements.pop()
    with pytest.raises(DirectoryRolledBack):
        verify(world, world.parts(2), known=held.known())


def test_a_snapshot_of_other_statements_is_refused(world: World) -> None:
    parts = world.parts()
    with pytest.raises(DirectoryRefused):
        verify(world, parts.model_copy(update={"statements": parts.statements[:-1]}))


def test_a_document_from_the_future_is_refused(world: World) -> None:
    with pytest.raises(DirectoryRefused):
        Directory.verify(world.parts(), world.anchor(), NOW - 601)


def test_new_roots_need_the_old_ones_and_themselves(world: World) -> None:
    anchor, old = world.anchor(), list(world.roots)
    world.roots = [SigningKey.generate() for _ in range(3)]
    document = world.federation(2)
    world.wires[document.to_bytes()] = sign_federation(document, [*old[:2], *world.roots[:2]])
    directory = Directory.verify(world.parts(1, document), anchor, NOW)
    assert directory.anchor() == world.anchor()
    world.wires[document.to_bytes()] = sign_federation(document, old[:2])
    with pytest.raises(DirectoryRefused):
        Directory.verify(world.parts(1, document), anchor, NOW)


def test_a_suspension_is_seen_and_lifts_no_key(world: World) -> None:
    suspended = [Suspension(unit="TJ", since=NOW, reason="INCIDENT")]
    directory = verify(world, world.parts(suspended=suspended))
    with pytest.raises(UnitSuspended):
        directory.check_active("TJ")
    assert directory.signing_key(world.units["TJ"].signing.kid, NOW).unit == "TJ"


def test_who_is_not_there_is_unknown(world: World) -> None:
    directory = world.directory()
    with pytest.raises(UnitUnknown):
        directory.unit("UZ")
    with pytest.raises(KeyUnknown):
        directory.signing_key("0" * 64, NOW)
    with pytest.raises(KeyUnknown):
        directory.node_key(world.units["TJ"].keyid.replace("main", "other"), NOW)
    with pytest.raises(KeyUnknown):
        directory.recipient_key("KG", world.units["TJ"].encryption.kid, NOW)


@pytest.mark.parametrize("at", [NOW - 61, NOW + 395 * DAY])
def test_a_key_outside_its_validity_proves_nothing(world: World, at: int) -> None:
    with pytest.raises(KeyNotValid):
        world.directory().signing_key(world.units["TJ"].signing.kid, at)
    with pytest.raises(KeyNotValid):
        world.directory().encryption_key("TJ", at)


def test_without_an_agreement_the_answer_is_no(world: World) -> None:
    directory = world.directory(document=world.federation(agreements=()))
    with pytest.raises(NoAgreement):
        directory.check_agreement("TJ", "KG", "operational", "UNCL")


@pytest.mark.parametrize("level", ["CONF", "", "restr"])
def test_above_or_beside_the_levels_the_answer_is_no(world: World, level: str) -> None:
    with pytest.raises(ClassificationTooHigh):
        world.directory().check_agreement("TJ", "KG", "operational", level)


# --- statements -------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    "make",
    [
        *(foreign, again, copied, unproved, by_signing_key, low_order, of_the_other_environment, twice_signed),
        *(by_a_revoked_key, revoking_nothing, revoking_anothers, following_nothing, under_another_id),
        *(unproved_node, short_node),
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


def test_one_key_for_two_in_the_document_is_refused(world: World) -> None:
    world.units["KG"].root = world.units["TJ"].root
    with pytest.raises(DirectoryRefused):
        world.directory()


def test_a_snapshot_of_another_document_or_environment_is_refused(world: World) -> None:
    first, second = world.parts(1), world.parts(2, world.federation(2))
    with pytest.raises(DirectoryRefused):
        verify(world, first.model_copy(update={"federation": second.federation}))
    snapshot = world.directory().snapshot.model_copy(update={"env": "exercise"})
    with pytest.raises(DirectoryRefused):
        verify(world, first.model_copy(update={"snapshot": sign_snapshot(snapshot, world.snapshot)}))


def test_the_hubs_keys_are_found_by_use_and_instant(world: World) -> None:
    directory = world.directory()
    assert directory.hub_keys("RECEIPT", NOW) == (world.receipt.public,)
    assert directory.hub_keys("REQUEST", NOW + 396 * DAY) == ()
    assert directory.suspension("TJ") is None
    assert [unit.unit for unit in directory.units()] == ["KG", "TJ"]

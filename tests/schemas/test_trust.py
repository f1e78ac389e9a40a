"""The verified directory: what is believed, and every way in which a hub, a unit or a thief could try to bend it."""

from dataclasses import replace
from typing import Any

import pytest

from crypto import note_keys
from crypto.signing import SigningKey
from schemas.directory import (
    SNAPSHOT_GRACE,
    DirectoryParts,
    Suspension,
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
    KeyUnknown,
    NoAgreement,
    UnitSuspended,
    UnitUnknown,
)
from tests.federation import DAY, World
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


@pytest.mark.parametrize(("version", "newcomers"), [(1, ()), (2, ("KZ",))], ids=["same document", "another document"])
def test_what_came_since_is_believed_as_if_all_were_checked_at_once(
    world: World, version: int, newcomers: tuple[str, ...]
) -> None:
    held, stolen = verify(world, world.parts(1)), world.units["TJ"].signing.kid
    world.follow("TJ")
    theft = world.revocation("TJ", stolen, "COMPROMISED", NOW, NOW - 30)
    world.add(*newcomers).append(sign_statement(theft, world.units["TJ"].root))
    parts = world.parts(2, world.federation(version))
    assert verify(world, parts, known=held.known(), held=held).keys == verify(world, parts).keys


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
    directory.check_active("KG")
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


def test_one_key_for_two_in_the_document_is_refused(world: World) -> None:
    world.units["KG"].root = world.units["TJ"].root
    with pytest.raises(DirectoryRefused):
        world.directory()


def test_the_witnesses_are_those_of_the_document_under_the_keys_that_they_stated(world: World) -> None:
    world.witnessed("KG", "TJ")
    directory = world.directory(document=world.federation(witnesses=("TJ",), quorum=1))
    (pair,) = directory.witness_keys(NOW)["TJ"]
    assert (pair.public, pair.statement.name) == (
        note_keys.public_of(world.units["TJ"].witness),
        "node.tj.serai/witness",
    )
    assert directory.witness_keys(NOW).keys() == {"TJ"}
    assert directory.witness_keys(NOW + 395 * DAY)["TJ"] == ()


def test_a_witness_with_two_pairs_is_one_witness(world: World) -> None:
    world.witnessed("TJ")
    world.units["TJ"].witness = note_keys.new_seeds()
    directory = world.witnessed("TJ").directory(document=world.federation(witnesses=("TJ",), quorum=1))
    assert [len(pairs) for pairs in directory.witness_keys(NOW).values()] == [2]


def test_a_revoked_pair_of_a_witness_counts_only_for_what_it_signed_before(world: World) -> None:
    kid = note_keys.kid_of(note_keys.public_of(world.units["TJ"].witness))
    world.witnessed("TJ").append(
        sign_statement(world.revocation("TJ", kid, "COMPROMISED", NOW, NOW - 5), world.units["TJ"].signing)
    )
    directory = world.directory(document=world.federation(witnesses=("TJ",), quorum=1))
    assert len(directory.witness_keys(NOW - 6)["TJ"]) == 1
    assert directory.witness_keys(NOW - 5)["TJ"] == ()


def test_the_keys_of_a_units_log_are_found_by_its_origin(world: World) -> None:
    world.append(world.units["TJ"].note_statement("LOG", NOW))
    directory = world.directory()
    assert directory.log_key("node.tj.serai", NOW).unit == "TJ"
    with pytest.raises(KeyNotValid):
        directory.log_key("node.kg.serai", NOW)
    with pytest.raises(KeyNotValid):
        directory.log_key("node.tj.serai", NOW - 61)

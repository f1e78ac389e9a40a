"""Founding a federation: its roots, its document, and who comes into it and leaves it."""

from pathlib import Path

import pytest

from crypto.errors import WrongPassphrase
from schemas import invitations
from schemas.directory import Federation, sign_federation
from schemas.invitations import RequestRefused
from serai import founding
from serai.output import CommandError
from tests.federation import UnitKeys, World, profile
from tests.instants import DAY, NOW


def document() -> Federation:
    world = World(NOW)
    charter = founding.Charter("Test", "live", tuple(root.public for root in world.roots), 2)
    return founding.first_document(charter, world.federation().hub, NOW)


def test_a_root_opens_only_with_its_passphrase(tmp_path: Path) -> None:
    made = founding.make_root(tmp_path / "root-1", "three old keys")
    assert founding.open_root(tmp_path / "root-1", "three old keys").public == made.public
    with pytest.raises(WrongPassphrase):
        founding.open_root(tmp_path / "root-1", "four old keys")


def test_the_first_document_has_no_unit_and_its_anchor_is_its_roots() -> None:
    first = document()
    assert (first.version, first.units) == (1, ())
    assert founding.anchor_of(first).roots == first.roots


def test_a_unit_comes_in_with_the_next_version_and_leaves_with_its_agreements() -> None:
    units = [UnitKeys("KG").entry(), UnitKeys("TJ").entry()]
    second = founding.next_document(
        document(), NOW + DAY, units=units, agreements=founding.everybody(["KG", "TJ"], "RESTR")
    )
    third = founding.without_unit(second, "KG", NOW + 2 * DAY)
    assert [unit.unit for unit in second.units] == ["KG", "TJ"]
    assert (third.version, [unit.unit for unit in third.units], third.agreements) == (3, ["TJ"], ())


def test_a_document_keeps_its_agreements_unless_others_are_given() -> None:
    units = [UnitKeys("KG").entry(), UnitKeys("TJ").entry()]
    second = founding.next_document(document(), NOW, units=units, agreements=founding.everybody(["KG", "TJ"], "RESTR"))
    assert founding.next_document(second, NOW).agreements == second.agreements


def test_an_unknown_unit_cannot_be_removed() -> None:
    with pytest.raises(CommandError, match="no unit"):
        founding.without_unit(document(), "KG", NOW)


def test_a_request_whose_statements_do_not_hold_is_refused() -> None:
    made = founding.invitation(document(), profile("KG"), "https://hub.example", (NOW, NOW + DAY))
    keys, thief = UnitKeys("KG"), UnitKeys("KG")
    card = keys.card(NOW)
    assert founding.check_request(invitations.request(made, keys.root, card), document()).card == card
    for statements in (thief.key_statements(NOW), keys.key_statements(NOW)[1:], (b"{}",)):
        bent = card.model_copy(update={"statements": tuple(statements)})
        with pytest.raises(RequestRefused):
            founding.check_request(invitations.request(made, keys.root, bent), document())


def test_a_directory_stands_on_the_signed_document() -> None:
    world = World(NOW).add("KG", "TJ")
    agreed = founding.everybody(world.units, "RESTR")
    second = founding.next_document(world.federation(), NOW, agreements=agreed)
    world.wires[second.to_bytes()] = sign_federation(second, world.roots[:2])
    world.directory(document=second).check_agreement("KG", "TJ", "operational", "RESTR")


@pytest.mark.parametrize(("units", "needed"), [(0, 0), (2, 0), (3, 2), (4, 3), (5, 4), (9, 6), (15, 10), (27, 18)])
def test_the_quorum_leaves_room_for_absence_and_none_for_conspirators(units: int, needed: int) -> None:
    conspirators = (units - 1) // 3
    assert founding.quorum(units) == needed
    assert needed == 0 or 2 * needed - units > conspirators
    assert needed == 0 or units - needed >= conspirators


def test_a_live_federation_of_three_is_witnessed_by_its_units_and_a_smaller_one_says_that_it_is_not() -> None:
    units = [UnitKeys(unit).entry() for unit in ("KG", "KZ", "TJ")]
    second = founding.next_document(document(), NOW, units=units, agreements=[])
    assert (second.witnesses, second.quorum) == (("KG", "KZ", "TJ"), 2)
    assert (founding.without_unit(second, "KZ", NOW).witnesses, founding.without_unit(second, "KZ", NOW).quorum) == (
        (),
        0,
    )


def test_an_exercise_is_not_witnessed() -> None:
    units = [UnitKeys(unit).entry() for unit in ("KG", "KZ", "TJ")]
    first = document().model_copy(update={"env": "exercise"})
    assert founding.next_document(first, NOW, units=units, agreements=[]).quorum == 0

"""Founding a federation: its roots, its document, and who comes into it and leaves it."""

from pathlib import Path

import pytest

from crypto.errors import WrongPassphrase
from exchange.policy import rulebook
from schemas import invitations
from schemas.directory import Federation, sign_federation
from schemas.invitations import RequestRefused
from schemas.signed_policy import RuleSet
from serai import founding
from serai.output import CommandError
from tests.federation import UnitKeys, World, pair, profile, rule_set
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


def decided() -> Federation:
    units = [UnitKeys(unit).entry() for unit in ("KG", "TJ")]
    return founding.next_document(document(), NOW, units=units)


def test_a_new_federation_has_signed_the_rules_of_its_release() -> None:
    (mine,) = document().rules or ()
    assert (mine.version, mine.sha512, mine.not_after) == (1, rulebook.federation().federal, None)
    assert document().rights_pairs is None


def test_the_list_of_pairs_is_replaced_as_a_whole_and_a_unit_leaves_with_its_pairs() -> None:
    listed = [pair("TJ", "KG", not_before=NOW + 1), pair("*", "TJ", not_before=NOW)]
    second = founding.with_rights_pairs(decided(), listed, NOW)
    assert second.rights_pairs == (listed[1], listed[0])
    assert founding.next_document(second, NOW + 1).rights_pairs == second.rights_pairs
    assert founding.without_unit(second, "KG", NOW + 1).rights_pairs == (listed[1],)
    assert founding.with_rights_pairs(second, [], NOW + DAY).rights_pairs == ()


def test_a_pair_never_begins_before_it_was_signed_but_one_that_stands_is_kept() -> None:
    held = founding.with_rights_pairs(decided(), [pair(not_before=NOW)], NOW)
    assert founding.with_rights_pairs(held, [pair(not_before=NOW)], NOW + DAY).version == held.version + 1
    with pytest.raises(CommandError, match="SERAI-PAIRS"):
        founding.with_rights_pairs(held, [pair("KG", "TJ", not_before=NOW)], NOW + DAY)
    with pytest.raises(CommandError, match="SERAI-PAIRS"):
        founding.with_rights_pairs(held, [pair("KG", "TJ", not_before=NOW + DAY)], NOW, NOW + 2 * DAY)
    with pytest.raises(CommandError, match="SERAI-DECISION"):
        founding.with_rights_pairs(held, [pair("UZ", not_before=NOW)], NOW)


def test_rules_of_the_next_release_are_signed_beside_those_before() -> None:
    before = rule_set(NOW - DAY, sha512="0" * 128)
    held = decided().model_copy(update={"rules": (before,)})
    old, new = founding.with_rules(held, NOW + 30 * DAY, NOW).rules or ()
    assert (old.sha512, old.not_after) == (before.sha512, NOW + 30 * DAY)
    assert (new.version, new.not_before, new.not_after) == (2, NOW, None)


def test_signing_the_same_rules_again_only_ends_the_others() -> None:
    once = founding.with_rules(decided(), NOW, NOW)
    assert once.rules == decided().rules
    both = once.model_copy(update={"rules": (rule_set(NOW - DAY, not_after=NOW + DAY), *_next())})
    again = founding.with_rules(both, NOW + 9 * DAY, NOW).rules or ()
    assert [(one.version, one.not_after) for one in again] == [(1, None), (2, NOW + 9 * DAY)]
    assert [one.version for one in founding.with_rules(both, NOW, NOW).rules or ()] == [1]
    late = founding.with_rules(both, NOW + 60 * DAY, NOW + 30 * DAY).rules or ()
    assert [(one.version, one.not_before) for one in late] == [(2, NOW), (3, NOW + 30 * DAY)]


def _next() -> tuple[RuleSet, ...]:
    return (rule_set(NOW, version=2, sha512="0" * 128),)

"""What a keeper is shown about the next document: everything that differs, and nothing that hides."""

import json
from typing import Any

import pytest

from schemas.changes import changes, name_of_key
from schemas.directory import Agreement, Federation, members
from tests.federation import UnitKeys, World, pair
from tests.instants import DAY, NOW

WORLD = World(NOW).add("KG", "TJ")
HELD = WORLD.federation(rights_pairs=(pair(not_before=NOW),), witnesses=("KG", "TJ"), quorum=2)


def shown(after: Federation, before: Federation = HELD) -> list[str]:
    return [str(one) for one in changes(before, after)]


def altered(value: Any) -> list[Any]:
    """Every JSON value that differs from `value` at one leaf, or in the length of one list."""
    if isinstance(value, dict):
        return [{**value, name: other} for name, inner in value.items() for other in altered(inner)]
    if isinstance(value, list):
        inside = [[*value[:at], other, *value[at + 1 :]] for at, one in enumerate(value) for other in altered(one)]
        return [*inside, value[1:]] if value else [["x"]]
    if isinstance(value, int):
        return [value + 1, value - 1]
    other = {"A": "B", "2": "3", "C": "U"}
    return [value[:-1] + other.get(value[-1:], "A"), value.replace("20", "21", 1), "UNCL", "CONF", value + " "]


def documents() -> list[Federation]:
    """Every document of those that is one."""
    found = []
    for one in altered(members(HELD)):
        try:
            found.append(Federation.model_validate_json(json.dumps(one)))
        except ValueError:
            continue
    return [one for one in found if one != HELD]


def test_no_member_of_a_document_changes_unseen() -> None:
    every = documents()
    assert len(every) > 60
    for one in every:
        assert shown(one), one


def test_the_same_document_changes_nothing() -> None:
    assert changes(HELD, HELD) == ()


def test_a_unit_that_comes_in_is_shown_field_by_field() -> None:
    uz = UnitKeys("UZ")
    lines = shown(HELD.model_copy(update={"units": (*HELD.units, uz.entry())}))
    assert "unit UZ, accreditation: new: RESTR" in lines
    assert "unit UZ, name, in English: new: Unit UZ" in lines
    assert f"unit UZ, root {name_of_key(uz.root.public)}: new: stands" in lines


def test_a_unit_that_goes_another_level_and_another_end_are_shown() -> None:
    lower = HELD.units[1].model_copy(update={"accreditation": "UNCL"})
    lines = shown(HELD.model_copy(update={"units": (lower,), "expires": HELD.expires - DAY}))
    assert "unit TJ, accreditation: RESTR → UNCL" in lines
    assert "unit KG, class: gone: MEMBER" in lines
    assert any(line.startswith("expires: ") for line in lines)


def test_a_list_that_nobody_decided_is_not_an_empty_list() -> None:
    nobody, undecided = (HELD.model_copy(update={"rights_pairs": listed}) for listed in ((), None))
    assert shown(nobody, undecided) == ["rights pairs: new: 0"]


def test_two_items_of_one_name_are_both_shown() -> None:
    silent = [Agreement(sender="KG", recipient="TJ", families=(), classification=level) for level in ("UNCL", "CONF")]
    one, both = (HELD.model_copy(update={"agreements": tuple(silent[:count])}) for count in (1, 2))
    assert "agreement KG to TJ about none (2), classification: new: CONF" in shown(both, one)


@pytest.mark.parametrize("sign", ["\n", "\x1b[2K", "\u202e", "\u200b"])
def test_a_name_that_plays_with_the_terminal_is_spelt_out(sign: str) -> None:
    other = HELD.model_copy(update={"name": f"Test{sign}federation"})
    (line,) = shown(other)
    assert line.isprintable()
    assert f"\\u{ord(sign[0]):04x}" in line

"""What the federation signs for all: one form each, lists in one order, and spans that end when they say."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.directory import Federation
from schemas.errors import Malformed
from schemas.signed_policy import RightsPair, RuleSet, may_run, named
from tests.federation import World, pair, rule_set
from tests.instants import DAY, NOW

WORLD = World(NOW).add("KG", "TJ")
PARTIES = st.sampled_from(["*", "KG", "TJ", "CARICC"])
AREAS = st.sets(st.sampled_from(["*", "ORGCRIME", "TERROR", "TERROR.FTF"]), min_size=1).map(sorted).map(tuple)
STARTS = st.integers(0, NOW)
ENDS = st.none() | st.integers(NOW + 1, NOW + 900 * DAY)
PAIRS = st.builds(
    lambda sender, recipient, areas, not_before, not_after: pair(
        sender, recipient, *areas, not_before=not_before, not_after=not_after
    ),
    PARTIES, PARTIES, AREAS, STARTS, ENDS,
)  # fmt: skip


@given(PAIRS)
def test_a_pair_has_one_form(made: RightsPair) -> None:
    assert RightsPair.from_bytes(made.to_bytes()) == made
    assert b"null" not in made.to_bytes()


@settings(max_examples=25)
@given(st.lists(PAIRS, unique_by=lambda one: one.place, max_size=5))
def test_a_list_of_pairs_stands_in_a_document_in_one_order(made: list[RightsPair]) -> None:
    known = [one for one in made if "CARICC" not in (one.sender, one.recipient)]
    ordered = tuple(sorted(known, key=lambda one: one.place))
    document = WORLD.federation(rights_pairs=ordered)
    assert Federation.from_bytes(document.to_bytes()).rights_pairs == ordered
    if len(ordered) > 1:
        with pytest.raises(ValidationError):
            WORLD.federation(rights_pairs=ordered[::-1])


def test_a_document_of_an_older_release_has_its_old_bytes() -> None:
    before = WORLD.federation(rules=None)
    assert not {b"rights_pairs", b"rules"} & set(before.to_bytes().replace(b'"', b" ").split())
    assert Federation.from_bytes(before.to_bytes()) == before


WRONG_PAIRS: dict[str, dict[str, Any]] = {
    "no area": {"areas": ()},
    "areas out of order": {"areas": ("TERROR", "ORGCRIME")},
    "an area twice": {"areas": ("TERROR", "TERROR")},
    "an area in small letters": {"areas": ("terror",)},
    "a unit in small letters": {"sender": "tj"},
    "an end before the beginning": {"not_before": 2, "not_after": 1},
    "no time at all": {"not_before": 2, "not_after": 2},
    "an unknown member": {"note": "x"},
}


@pytest.mark.parametrize("name", WRONG_PAIRS)
def test_what_says_nothing_is_no_pair(name: str) -> None:
    with pytest.raises(ValidationError):
        RightsPair(**(dict(pair()) | WRONG_PAIRS[name]))


WRONG_LISTS: dict[str, dict[str, Any]] = {
    "a unit that is not in the document": {"rights_pairs": (pair("UZ"),)},
    "a pair twice": {"rights_pairs": (pair(), pair())},
    "no set of rules": {"rules": ()},
    "a set of rules twice": {"rules": (rule_set(NOW), rule_set(NOW, version=2))},
    "two sets of one version": {"rules": (rule_set(NOW), rule_set(NOW, sha512="a" * 128))},
    "rules that all end": {"rules": (rule_set(NOW, not_after=NOW + 1),)},
    "rules out of order": {"rules": (rule_set(NOW, version=2), rule_set(NOW, sha512="a" * 128))},
}


@pytest.mark.parametrize("name", WRONG_LISTS)
def test_what_nobody_could_follow_stands_in_no_document(name: str) -> None:
    with pytest.raises(ValidationError):
        WORLD.federation(**WRONG_LISTS[name])


@pytest.mark.parametrize("areas", [("OFFENCE",), ("TERROR", "*", "TERROR")])
def test_bytes_that_are_not_the_form_are_refused(areas: tuple[str, ...]) -> None:
    wire = pair().to_bytes().replace(b'"ORGCRIME","TERROR"', b",".join(f'"{one}"'.encode() for one in areas) + b" ")
    with pytest.raises(Malformed):
        RightsPair.from_bytes(wire)


@pytest.mark.parametrize(
    ("sender", "recipient", "areas", "covered"),
    [
        ("TJ", "KG", {"TERROR"}, True),
        ("TJ", "KG", {"DRUGS", "TERROR.FTF"}, True),
        ("TJ", "KG", {"DRUGS"}, False),
        ("TJ", "KG", set(), False),
        ("KG", "TJ", {"TERROR"}, False),
        ("TJ", "KZ", {"TERROR"}, False),
    ],
)
def test_a_pair_is_about_one_way_and_its_areas_with_all_below_them(
    sender: str, recipient: str, areas: set[str], *, covered: bool
) -> None:
    assert pair().covers(sender, recipient, frozenset(areas)) is covered
    assert pair("*", "*").covers(sender, recipient, frozenset(areas)) is bool(areas - {"DRUGS"})
    assert pair("*", "*", "*").covers(sender, recipient, frozenset(areas))


@given(STARTS, ENDS, st.integers(0, NOW + 1000 * DAY))
def test_it_is_in_force_from_its_first_second_to_the_last_before_its_end(start: int, end: int | None, at: int) -> None:
    made: RuleSet = rule_set(start, not_after=end)
    assert made.holds(at) is (start <= at and (end is None or at < end))


def test_only_signed_rules_may_run_and_any_while_none_are_signed() -> None:
    old, new = rule_set(0, sha512="a" * 128, not_after=NOW), rule_set(NOW - DAY, version=2, sha512="b" * 128)
    assert [may_run((old, new), one.sha512, NOW - 1) for one in (old, new)] == [True, True]
    assert [may_run((old, new), one.sha512, NOW) for one in (old, new)] == [False, True]
    assert not may_run((old, new), "c" * 128, NOW)
    assert may_run(None, "c" * 128, NOW)
    assert named((old, new), "b" * 128) == new

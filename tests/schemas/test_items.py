"""Items, and what a permission in given words lets its holder do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item, covered, named, of_row, rows
from schemas.releases import actions
from tests.messages import wish

ITEMS = st.builds(Item, st.sampled_from(["one", "two"]), st.sampled_from(["", "P1", "V1"]))


@given(st.frozensets(ITEMS))
def test_items_go_into_the_rows_of_a_form_and_come_back(items: frozenset[Item]) -> None:
    assert named({"items": rows(items)}) == items


@given(ITEMS, ITEMS)
def test_only_a_whole_message_covers_another_item(one: Item, other: Item) -> None:
    assert one.covers(other) == (one == other or (one.message == other.message and one.object == ""))
    assert covered([other], [one]) == one.covers(other)


def test_nothing_covers_something_and_anything_covers_nothing() -> None:
    assert not covered([of_row({"message": "one"})], [])
    assert covered([], [])


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({"wanted": "LIFT_H1"}, {"EVIDENCE"}),
        ({"wanted": "CHANGE_PURPOSE"}, {"PURPOSE:INVESTIGATE"}),
        ({"wanted": "DOWNGRADE_CLASS", "class_wanted": "OFFUSE"}, {"DOWNGRADE:OFFUSE"}),
        ({"wanted": "SANITISED_VERSION"}, set()),
    ],
)
def test_a_wish_is_one_action(asked: dict[str, Any], allowed: set[str]) -> None:
    assert actions({**wish(**asked), "recipients_wanted": []}) == allowed


def test_each_recipient_is_an_action_of_its_own() -> None:
    to = [
        {"type": "UNIT", "unit": "KZ"},
        {"type": "AGENCY", "agency": "CUSTOMS"},
        {"type": "COURT", "name": "City court of Osh"},
        {"type": "BODY", "name": "Secretariat"},
    ]
    assert actions(wish(recipients_wanted=to)) == {"FORWARD:KZ", "FORWARD:CUSTOMS", "FORWARD:COURT", "EXPORT"}

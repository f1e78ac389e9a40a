"""When a message must say how human rights are touched: by the signed list alone, and always where none is signed."""

import pytest

from schemas.human_rights import KNOWN_AFTER, UNDECIDED, Sending, asking, withheld
from schemas.kinds import KINDS
from tests.federation import pair
from tests.instants import NOW

REQ, CLQ = KINDS["REQ"], KINDS["CLQ"]
SENDING = Sending("TJ", frozenset({"KG", "KZ"}), frozenset({"TERROR.FTF"}), NOW)


def test_one_listed_recipient_is_enough() -> None:
    assert asking(REQ, (pair(), pair("TJ", "UZ")), SENDING) == (pair(),)
    assert asking(REQ, (pair("TJ", "UZ"),), SENDING) == ()


def test_a_kind_without_the_questions_is_not_asked() -> None:
    assert asking(CLQ, (pair("*", "*", "*"),), SENDING) == ()
    assert asking(CLQ, None, SENDING) == ()


def test_an_empty_list_asks_nobody_and_no_list_asks_everybody() -> None:
    assert asking(REQ, (), SENDING) == ()
    assert asking(REQ, None, Sending("TJ", frozenset({"KG"}), frozenset({"DRUGS"}), NOW)) == (UNDECIDED,)


@pytest.mark.parametrize(("at", "asked"), [(NOW - 1, False), (NOW, True), (NOW + 9, True), (NOW + 10, False)])
def test_a_pair_asks_while_it_is_in_force(at: int, *, asked: bool) -> None:
    listed = (pair(not_before=NOW, not_after=NOW + 10),)
    assert bool(asking(REQ, listed, Sending("TJ", frozenset({"KG"}), frozenset({"TERROR"}), at))) is asked


@pytest.mark.parametrize(("after", "blamed"), [(0, False), (KNOWN_AFTER - 1, False), (KNOWN_AFTER, True)])
def test_a_sender_is_blamed_once_it_must_have_known_of_the_pair(after: int, *, blamed: bool) -> None:
    sending = Sending("TJ", frozenset({"KG"}), frozenset({"TERROR"}), NOW + after)
    assert bool(withheld(REQ, (pair(not_before=NOW),), sending, {})) is blamed
    assert withheld(REQ, (pair(not_before=NOW),), sending, {"human_rights": {}}) == ()
    assert withheld(REQ, None, sending, {}) == ()

"""When a message must say how human rights are touched: by the signed list alone, and always where none is signed."""

from typing import Any

import pytest

from schemas.facts import Facts
from schemas.human_rights import KNOWN_AFTER, UNDECIDED, Sending, asking, withheld
from schemas.kinds import KINDS
from tests.federation import pair
from tests.instants import NOW
from tests.messages import answer, clarification, decision, person, request

REQ, ANS, CLA, CLQ, HCD = (KINDS[code] for code in ("REQ", "ANS", "CLA", "CLQ", "HCD"))
NOTHING_HELD: list[Any] = [{"item_no": 1, "outcome": "NONE_HELD"}, {"item_no": 2, "outcome": "PENDING"}]


def sending(area: str = "TERROR.FTF", at: int = NOW, answered: str = "", **body: Any) -> Sending:
    """TJ to KG and KZ."""
    facts = Facts(body, labels={"crime_areas": [area]}, at=at)
    return Sending("TJ", frozenset({"KG", "KZ"}), facts, frozenset({answered} - {""}))


def gives(code: str, facts: Facts) -> bool:
    """Whether a message of this kind with this in it tells anything."""
    gate = KINDS[code].gate
    assert gate is not None
    return gate.gives(facts)


def test_one_listed_recipient_is_enough() -> None:
    assert asking(REQ, (pair(), pair("TJ", "UZ")), sending()) == (pair(),)
    assert asking(REQ, (pair("TJ", "UZ"),), sending()) == ()


def test_whatever_carries_persons_or_opens_a_use_has_the_questions_and_nothing_else() -> None:
    carriers = {code for code, kind in KINDS.items() if kind.object_types}
    assert {code for code, kind in KINDS.items() if kind.gate is not None} == carriers | {"HCD"}


def test_a_kind_without_the_questions_is_not_asked() -> None:
    assert asking(CLQ, (pair("*", "*", "*"),), sending()) == ()
    assert asking(CLQ, None, sending()) == ()
    assert withheld(CLQ, "1.0", (pair("*", "*", "*"),), sending()) == ()


def test_an_empty_list_asks_nobody_and_no_list_asks_everybody() -> None:
    assert asking(REQ, (), sending()) == ()
    assert asking(REQ, None, sending("DRUGS")) == (UNDECIDED,)


def test_an_answer_is_about_the_areas_of_what_it_answers_besides_its_own() -> None:
    assert asking(ANS, (pair(),), sending("VEHICLE", answered="TERROR.FTF")) == (pair(),)
    assert asking(ANS, (pair(),), sending("TERROR.FTF", answered="VEHICLE")) == (pair(),)
    assert asking(ANS, (pair(),), sending("VEHICLE", answered="DRUGS")) == ()


@pytest.mark.parametrize(
    ("code", "facts", "asked"),
    [
        ("ANS", Facts(answer()), True),
        ("ANS", Facts({}), True),
        ("ANS", Facts({"items": [{}]}), True),
        ("ANS", Facts({**answer(), "items": NOTHING_HELD}), False),
        ("ANS", Facts({"items": NOTHING_HELD}, (person(),)), True),
        ("ANS", Facts({"items": NOTHING_HELD}, labels={"free_text": "He lives in Osh."}), True),
        ("HCD", Facts(decision()), True),
        ("HCD", Facts({}), True),
        ("HCD", Facts(decision(decision="REFUSED")), False),
        ("CLA", Facts(clarification()), True),
        ("REQ", Facts(request()), True),
    ],
)
def test_what_gives_nothing_away_is_not_asked(code: str, facts: Facts, *, asked: bool) -> None:
    assert gives(code, facts) is asked


@pytest.mark.parametrize(("at", "asked"), [(NOW - 1, False), (NOW, True), (NOW + 9, True), (NOW + 10, False)])
def test_a_pair_asks_while_it_is_in_force(at: int, *, asked: bool) -> None:
    listed = (pair(not_before=NOW, not_after=NOW + 10),)
    assert bool(asking(REQ, listed, sending("TERROR", at))) is asked


@pytest.mark.parametrize(("after", "blamed"), [(0, False), (KNOWN_AFTER - 1, False), (KNOWN_AFTER, True)])
def test_a_sender_is_blamed_once_it_must_have_known_of_the_pair(after: int, *, blamed: bool) -> None:
    listed = (pair(not_before=NOW),)
    assert bool(withheld(REQ, "1.0", listed, sending(at=NOW + after))) is blamed
    assert withheld(REQ, "1.0", listed, sending(at=NOW + after, human_rights={})) == ()
    assert withheld(REQ, "1.0", None, sending(at=NOW + after)) == ()


@pytest.mark.parametrize(("version", "blamed"), [("1.0", False), ("1.1", True), ("1.2", True), ("1.10", True)])
def test_a_release_that_had_no_field_for_the_questions_is_not_blamed(version: str, *, blamed: bool) -> None:
    listed = (pair(not_before=0),)
    assert [bool(withheld(kind, version, listed, sending())) for kind in (ANS, CLA, HCD)] == [blamed] * 3

"""Figures are counted right: like a naive recount of any history, and alike by the two units of an exchange."""

from collections.abc import Iterable
from dataclasses import replace
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import figures
from exchange.figures import MEASURES, SUBJECTS, Cell, Ending, Exchange, Subject, Way, is_article_18
from schemas import codes
from schemas.kinds import KINDS

EVENTS = {
    Subject.REQUEST: ("ANSWER_FULL", "ANSWER_PARTIAL", "ANSWER_NONE", "REFUSE", "WITHDRAW"),
    Subject.PERMISSION: ("PERMISSION_GRANTED", "PERMISSION_REFUSED", "PERMISSION_REFERRED"),
    Subject.CORRECTION: ("NOTICE_DONE", "NOTICE_NOT_FOUND", "NOTICE_REFUSED"),
}
GROUNDS = ("A_NOT_HELD", "G1_MINOR_OFFENCE", "R4_DUPLICATE")
UNITS = ("KG", "KZ", "TJ")
ASKED = Exchange(Way.RECEIVED, "KG", Subject.REQUEST, "ROUTINE", reached=True)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    subject = draw(st.sampled_from(Subject))
    late = draw(st.booleans())
    return Exchange(
        way=draw(st.sampled_from(Way)),
        unit=draw(st.sampled_from(UNITS)),
        subject=subject,
        urgency=draw(st.sampled_from(("ROUTINE", "URG_LIFE"))),
        reached=True,
        doubted=draw(st.booleans()),
        events=tuple(draw(st.lists(st.sampled_from(EVENTS[subject]), max_size=2))),
        grounds=draw(st.frozensets(st.sampled_from(GROUNDS), max_size=2)),
        elapsed=draw(st.integers(0, 900_000)),
        late=late,
        overdue=late and draw(st.booleans()),
    )


histories = st.lists(exchanges(), max_size=12)


def counted(found: Iterable[Exchange]) -> dict[tuple[str, str, str, str], int]:
    return {(one.code, one.way.value, one.unit, one.detail): one.value for one in figures.count(found, {})}


def seen_by(the_other: str, one: Exchange) -> Exchange:
    """The same exchange as the other unit has it."""
    way = Way.SENT if one.way is Way.RECEIVED else Way.RECEIVED
    return replace(one, way=way, unit=the_other)


@given(histories)
def test_the_requests_are_those_of_a_naive_recount(found: list[Exchange]) -> None:
    cells = counted(found)
    for way, name in ((Way.SENT, "REQ_SENT"), (Way.RECEIVED, "REQ_RECEIVED")):
        for unit in UNITS:
            asked = [one for one in found if (one.subject, one.way, one.unit) == (Subject.REQUEST, way, unit)]
            place = (way.value, unit)
            assert cells.get((name, *place, ""), 0) == len(asked)
            answered = [one for one in asked if any(event.startswith("ANSWER") for event in one.events)]
            urgent = [one for one in answered if one.urgency == "URG_LIFE"]
            assert cells.get(("ANSWERED", *place, "URGENT"), 0) == len(urgent)
            assert cells.get(("ANSWERED", *place, "NOT_URGENT"), 0) == len(answered) - len(urgent)
            for ground in GROUNDS:
                assert cells.get(("REFUSED", *place, ground), 0) == sum(ground in one.grounds for one in asked)
            lawful = [one for one in asked if one.late and not one.overdue]
            assert cells.get(("OVER_TIME_JUDICIAL", *place, ""), 0) == len(lawful)
            assert cells.get(("OVERDUE", *place, ""), 0) == sum(one.overdue for one in asked)
            allowed = [one for one in found if (one.subject, one.way, one.unit) == (Subject.PERMISSION, way, unit)]
            assert cells.get(("HR_FLAGS", *place, ""), 0) == sum(one.doubted for one in [*asked, *allowed])
            if answered:
                assert cells.get(("MEDIAN_HOURS", *place, "")) == median_low([one.elapsed for one in answered])


@given(histories)
def test_what_was_received_was_answered_refused_withdrawn_or_is_open(found: list[Exchange]) -> None:
    cells = counted(found)
    for unit in UNITS:
        parts = ("REFUSED", ""), ("WITHDRAWN", ""), ("REQ_OPEN", ""), ("ANSWERED", "URGENT"), ("ANSWERED", "NOT_URGENT")
        became = sum(cells.get((code, "RECEIVED", unit, detail), 0) for code, detail in parts)
        assert became == cells.get(("REQ_RECEIVED", "RECEIVED", unit, ""), 0)


@given(histories)
def test_two_units_count_alike_what_they_exchanged(found: list[Exchange]) -> None:
    ours = [replace(one, unit="KG") for one in found]
    mine, theirs = counted(ours), counted([seen_by("TJ", one) for one in ours])
    swapped = {"SENT": "RECEIVED", "RECEIVED": "SENT"}
    names = {"REQ_SENT": "REQ_RECEIVED", "REQ_DELIVERED": "REQ_RECEIVED", "REQ_RECEIVED": "REQ_DELIVERED"}
    for (code, way, unit, detail), value in mine.items():
        assert theirs[names.get(code, code), swapped[way], "TJ" if unit else "", detail] == value


@given(histories, histories)
def test_counts_of_two_periods_add_up(first: list[Exchange], second: list[Exchange]) -> None:
    one, two, both = counted(first), counted(second), counted([*first, *second])
    for place in both:
        if MEASURES[place[0]] is figures.Measure.COUNT:
            assert both[place] == one.get(place, 0) + two.get(place, 0)


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        ((), Ending.OPEN),
        (("REFUSE",), Ending.REFUSED),
        (("WITHDRAW", "ANSWER_NONE"), Ending.ANSWERED),
        (("WITHDRAW",), Ending.WITHDRAWN),
        (("PERMISSION_REFERRED",), Ending.OPEN),
    ],
)
def test_an_answer_stands_beside_what_crossed_it(events: tuple[str, ...], ending: Ending) -> None:
    assert replace(ASKED, events=events).ending is ending


def test_a_request_that_never_arrived_is_sent_and_nothing_else() -> None:
    lost = replace(ASKED, way=Way.SENT, reached=False)
    assert counted([lost]) == {("REQ_SENT", "SENT", "KG", ""): 1}


def test_shares_medians_and_gaps_are_given_where_there_are_any() -> None:
    found = [replace(ASKED, urgency="URG_LIFE", events=("ANSWER_FULL",), elapsed=7200), ASKED, ASKED]
    cells = {(one.code, one.unit, one.detail): one.value for one in figures.count(found, {"KG": 2, "KZ": 0})}
    assert (cells["URG_SHARE", "KG", ""], cells["MEDIAN_HOURS", "", "URG_LIFE"]) == (33, 7200)
    assert (cells["LOG_GAPS", "KG", ""], ("LOG_GAPS", "KZ", "") in cells) == (2, False)


def test_article_18_asks_for_what_was_asked_of_a_unit_and_for_grounds_of_article_6() -> None:
    cell = Cell("REFUSED", Way.RECEIVED, "KG", "A_NOT_HELD", 1)
    assert [is_article_18(one) for one in (cell, replace(cell, detail=""), replace(cell, detail="R4_DUPLICATE"))] == [
        True,
        False,
        False,
    ]
    assert is_article_18(Cell("REQ_SENT", Way.SENT, "KG", "", 1))
    assert not is_article_18(replace(cell, way=Way.SENT))
    assert not is_article_18(Cell("OVERDUE", Way.RECEIVED, "KG", "", 1))


def test_every_figure_is_defined_in_both_languages_and_no_other_is() -> None:
    table = codes.table("statistics")
    assert set(MEASURES) == {code for code, row in table.items() if row.text("counts")}
    assert all(bool(row.text("counts")) == bool(row.text("counts_ru")) for row in table.values())


def test_every_exchange_is_counted_as_what_it_is_about() -> None:
    assert dict(SUBJECTS) == {"REQ": Subject.REQUEST, "HCR": Subject.PERMISSION, "COR": Subject.CORRECTION}
    financial = replace(KINDS["REQ"], family="financial")
    assert figures.subject_of(financial) is None

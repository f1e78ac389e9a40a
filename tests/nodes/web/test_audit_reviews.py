"""Access reviews: each rule shows its occasion and no other, with the entries behind it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from nodes import log
from nodes.oversight_reviews import Event, Rule, crowded, out_of_hours
from nodes.tables import CaseRow, EventRow
from tests.nodes.web.auditing import entries
from tests.nodes.web.house import Browser, House

BISHKEK = ZoneInfo("Asia/Bishkek")


def at(day: int, hour: int, minute: int = 0) -> int:
    """A moment of November 2026 in Bishkek; the 2nd is a Monday."""
    return int(datetime(2026, 11, day, hour, minute, tzinfo=BISHKEK).timestamp())


def events(*moments: int, actor: str = "KG-1") -> list[Event]:
    """One reading of another case at each moment."""
    return [Event(index, moment, actor, f"case-{index}") for index, moment in enumerate(moments)]


@pytest.mark.parametrize(("day", "hour", "shown"), [(2, 7, 0), (2, 19, 0), (2, 20, 1), (3, 6, 1), (7, 12, 1)])
def test_night_and_weekend_are_those_of_the_unit(day: int, hour: int, shown: int) -> None:
    assert len(out_of_hours(events(at(day, hour)), BISHKEK)) == shown


def test_one_night_of_one_person_is_one_occasion() -> None:
    both = [*events(at(2, 21), at(3, 2)), *events(at(2, 22), actor="KG-2")]
    assert sorted(len(one.entries) for one in out_of_hours(both, BISHKEK)) == [1, 2]


def test_many_things_count_within_an_hour_and_for_one_person() -> None:
    def found(some: list[Event]) -> list[tuple[int, ...]]:
        return [one.entries for one in crowded(Rule.MANY_CASES, some, 2, lambda event: event.case_id)]

    assert found(events(at(2, 9), at(2, 9, 20), at(2, 9, 59))) == [(0, 1, 2)]
    assert found(events(at(2, 9), at(2, 9, 20), at(2, 10))) == []
    assert found(events(at(2, 8), at(2, 9, 30), at(2, 9, 40), at(2, 10, 20))) == [(1, 2, 3)]
    assert found([*events(at(2, 9), at(2, 9, 1)), *events(at(2, 9, 2), actor="KG-2")]) == []
    assert found([Event(1, at(2, 9), "KG-1", "same")] * 5) == []
    assert found([Event(1, at(2, 9), "KG-1", None)] * 5) == []


def occasions(desk: Browser, rule: Rule) -> list[dict[str, Any]]:
    return [one for one in desk.get("/reviews.json").json()["occasions"] if one["rule"] == rule]


def test_each_rule_shows_its_occasion_with_the_entries_behind_it(audited: House, auditor: Browser) -> None:
    node = audited.nodes["KG"]
    with node.db.write() as session:
        case = session.scalar(select(CaseRow).limit(1))
        opened = log.record(session, node, log.Act(operation="BREAK_GLASS", actor="KG-77", case=case))
        read = log.record(session, node, log.Act(operation="CONSULT", actor="KG-77", case=case))
        searched = log.record(session, node, log.Act(operation="SEARCH", actor="KG-77", justification="none"))
        for _ in range(6):
            log.record(session, node, log.Act(operation="REFUSE", actor="KG-78", denied=True))
    assert [one["entries"] for one in occasions(auditor, Rule.BREAK_GLASS)] == [[opened, read, searched]]
    assert [read] in [one["entries"] for one in occasions(auditor, Rule.NOT_ASSIGNED)]
    assert [searched] in [one["entries"] for one in occasions(auditor, Rule.NO_CASE)]
    assert [one["actor"] for one in occasions(auditor, Rule.REFUSALS)] == ["KG-78"]
    page = auditor.get("/reviews").text
    assert f'href="/log/{opened}"' in page
    assert "nobody is compared with anybody" in page
    assert entries(auditor)[0]["operation"] == "AUDIT_ACCESS"


def test_an_officer_who_reads_his_own_case_is_not_shown(audited: House, auditor: Browser) -> None:
    with audited.nodes["KG"].db.read() as session:
        own = set(session.scalars(select(EventRow.index).filter_by(operation="CONSULT", actor="KG-1")))
    shown = {index for one in occasions(auditor, Rule.NOT_ASSIGNED) for index in one["entries"]}
    assert own
    assert not own & shown


def test_a_period_without_occasions_says_so(auditor: Browser) -> None:
    page = auditor.get("/reviews?since=2020-01-01&until=2020-01-02").text
    assert page.count("Nothing in this period.") == len(Rule)

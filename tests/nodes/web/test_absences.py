"""Absence and deputies as a page: said for oneself by a form, by whoever assigns for others, ended by one click."""

import re

import pytest

from tests.nodes.web.house import Browser, House

DAYS = {"since": "2026-12-01", "until": "2026-12-07"}


@pytest.fixture(scope="module")
def duty(house: House) -> Browser:
    return house.desk("KG", "KG-2")


def end_all(desk: Browser) -> None:
    for address in re.findall(r'action="(/absences/\w+/end)"', desk.get("/absences").text):
        assert desk.post(address).headers["location"] == "/absences?done=back"


def test_a_person_says_his_own_absence_and_ends_it_by_one_click(house: House, duty: Browser) -> None:
    desk = house.desk("KG", "KG-1")
    assert desk.post("/absences", deputy="KG-2", **DAYS).headers["location"] == "/absences?done=away"
    assert "Officer KG-1" in desk.get("/absences").text
    assert "(you)" in duty.get("/absences").text
    end_all(desk)
    assert "Nobody is absent" in duty.get("/absences").text


def test_whoever_assigns_says_it_for_a_colleague_and_sees_it_on_the_board(house: House, duty: Browser) -> None:
    today = {"since": "2026-11-22", "until": "2026-12-07"}
    assert duty.post("/absences", person="KG-1", deputy="KG-2", **today).status_code == 303
    assert "Officer KG-2 stands in" in duty.get("/board").text
    assert house.desk("KG", "KG-1").post("/absences", person="KG-2", deputy="KG-1", **DAYS).status_code == 403
    end_all(duty)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"deputy": "KG-9", **DAYS}, "This person cannot stand in"),
        ({"deputy": "KG-1"}, "There is a problem"),
        ({"deputy": "KG-1", "since": "2026-12-07", "until": "2026-12-01"}, "There is a problem"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(duty: Browser, form: dict[str, str], said: str) -> None:
    answer = duty.post("/absences", **form)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert "Nobody is absent" in duty.get("/absences").text

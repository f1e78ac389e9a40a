"""Visiting auditors: one mandate, one part of the log, and an end that needs nobody to remember it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from nodes.errors import SignInRefused
from serai.demo import requests
from tests.instants import DAY, HOUR, MINUTE, NOW
from tests.nodes.web.auditing import entries
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.test_people import asked, decide, half
from tests.nodes.web.work import send

MANDATE = "Parliamentary audit 3/2026 of disclosures"
FORM = {"name": "Visiting A.", "mandate": MANDATE, "language": "en", "cases": ""}
ENDS = NOW + DAY + 12 * HOUR
"""The midnight in Bishkek that ends 23 November."""
DAYS = {"ends": "2026-11-30", "since": "2026-11-22", "until": "2026-11-22"}


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with two cases of one day, one of the next, and two administrators."""
    made = build(tmp_path_factory.mktemp("visited"), NOW, ("KG", "TJ"))
    made.add_user("KG", "KG-1", "OFFICER")
    made.add_user("KG", "KG-9", "AUDITOR")
    made.add_user("KG", "KG-8", "NODE_ADMIN")
    made.add_user("KG", "KG-7", "NODE_ADMIN")
    officer = made.desk("KG", "KG-1")
    for _ in range(2):
        send(officer, "REQ", requests.lorry_owner(made.clock.now), "TJ")
    made.clock.now += DAY
    send(made.desk("KG", "KG-1"), "REQ", requests.lorry_owner(made.clock.now), "TJ")
    yield made
    made.close()


def cases(house: House) -> list[str]:
    """The references of the three cases, the oldest first."""
    found = entries(house.desk("KG", "KG-9"), "operation=DISCLOSE")
    return [str(one["case"]) for one in reversed(found)]


def admit(house: House, user: str, **form: str) -> Browser:
    """Let two administrators admit a visitor, who then enrols and signs in."""
    first = house.desk("KG", "KG-8").post("/people/visitor", **{"user": user, **FORM, **DAYS, **form})
    other = house.desk("KG", "KG-7")
    second = decide(other, asked(other.get("/people").text))
    house.enrol("KG", user, half(first.text) + half(second.text))
    return house.desk("KG", user)


def outside(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if not one["at"].startswith("2026-11-22")]


def test_a_visitor_sees_the_entries_of_his_days_alone_in_every_view(visited: House) -> None:
    desk = admit(visited, "VISIT-1")
    found = entries(desk)
    assert found
    assert not outside(found)
    assert not outside(desk.get("/log/export.json").json()["entries"])
    later = outside(entries(visited.desk("KG", "KG-9")))[0]["index"]
    assert [desk.get(f"/log/{later}{rest}").status_code for rest in ("", ".json", "/proof")] == [404, 404, 404]
    assert desk.get(f"/log/{found[0]['index']}/proof").status_code == 200
    facets = re.findall(r'<option value="DISCLOSE">[^(]*\((\d+)\)', desk.get("/log").text)
    assert facets == ["2"]


def test_a_visitor_of_one_case_sees_that_case_and_no_view_of_the_whole_unit(visited: House) -> None:
    first, second, later = cases(visited)
    desk = admit(visited, "VISIT-2", cases=f"{first} {later}")
    assert {one["case"] for one in entries(desk)} == {first}
    for path in (
        f"/reviews/looks?of={second}",
        f"/log/evidence?case={second}",
        f"/log/evidence?case={later}",
        "/mirror",
    ):
        assert desk.get(path).status_code == 403, path
    assert desk.get(f"/reviews/looks?of={first}").status_code == 200
    assert desk.get("/reviews.json").json()["occasions"] == []
    plan = {"since": "2026-11-22", "until": "2026-11-22", "most": "4"}
    assert desk.post("/inspections", **plan).status_code == 403
    assert desk.get("/inspections.json").json()["inspections"] == []


def test_what_reaches_beyond_the_days_of_a_visit_is_refused_and_logged(visited: House) -> None:
    desk = admit(visited, "VISIT-3")
    page = desk.get("/mirror?since=2026-11-01&until=2026-11-22")
    assert (page.status_code, "EX-6030" in page.text, "Your visit does not cover this" in page.text) == (
        403,
        True,
        True,
    )
    assert desk.get("/mirror").status_code == 200
    refused = entries(visited.desk("KG", "KG-9"), "operation=REFUSE")
    assert refused[0]["actor"] == "VISIT-3"


def test_every_page_of_a_visitor_says_until_when_and_on_what_mandate(visited: House) -> None:
    desk = admit(visited, "VISIT-4")
    for path in ("/log", "/checkpoints", "/reviews", "/verify", "/mirror", "/inspections", "/help", "/people"):
        page = desk.get(path).text
        assert ("Your access ends" in page, MANDATE in page, "2026-11-30T18:00:00Z" in page) == (True, True, True), path
    assert "Your access ends" not in visited.desk("KG", "KG-9").get("/log").text


def test_the_mandate_of_a_visit_is_the_reason_on_record_without_asking(visited: House) -> None:
    desk = admit(visited, "VISIT-5")
    assert desk.get("/log/export.csv").status_code == 200
    assert desk.get("/log/looks.json").json()["looks"][0]["reason"] == MANDATE


def test_a_visit_ends_by_itself_while_its_session_is_open_and_nobody_gets_in_again(visited: House) -> None:
    admit(visited, "VISIT-6", ends="2026-11-23")
    visited.clock.now = ENDS - MINUTE
    desk = visited.desk("KG", "VISIT-6")
    assert desk.get("/log").status_code == 200
    visited.clock.now = ENDS
    page = desk.get("/log")
    assert (page.status_code, "EX-6013" in page.text, "Your access has ended" in page.text) == (401, True, True)
    assert desk.get("/log").status_code == 303
    with pytest.raises(SignInRefused):
        visited.desk("KG", "VISIT-6")
    auditor = visited.desk("KG", "KG-9")
    found = entries(auditor, "operation=LOGIN_FAILED")
    assert [one["actor"] for one in found] == ["VISIT-6", "VISIT-6"]
    assert all("ACCESS_ENDED" in auditor.get(f"/log/{one['index']}").text for one in found)
    assert "Access ended" in visited.desk("KG", "KG-8").get("/people").text


@pytest.mark.parametrize(
    "form",
    [
        {"ends": "2026-11-21"},
        {"ends": "soon"},
        {"since": "2026-11-23"},
        {"mandate": "Audit"},
        {"cases": "KG-KG-2026-999999"},
    ],
)
def test_a_visit_that_says_too_little_is_not_admitted_and_what_was_typed_is_kept(
    visited: House, form: dict[str, str]
) -> None:
    answer = visited.desk("KG", "KG-8").post("/people/visitor", **{"user": "VISIT-7", **FORM, **DAYS, **form})
    assert (answer.status_code, "Visiting A." in answer.text) == (422, True)
    assert "VISIT-7" not in visited.desk("KG", "KG-8").get("/people").text


def test_only_an_administrator_admits_and_a_visitor_stays_an_auditor(visited: House) -> None:
    assert visited.desk("KG", "KG-1").get("/people/visitor").status_code == 403
    admit(visited, "VISIT-8")
    admin = visited.desk("KG", "KG-8")
    assert "Admit a visiting auditor" in admin.get("/people/visitor").text
    assert admin.post("/people/VISIT-8", roles=["OFFICER"]).status_code == 422
    assert admin.post("/people/visitor", **{"user": "VISIT-8", **FORM, **DAYS}).status_code == 409

"""A case that one does not work on is read for an hour in an emergency, before the eyes of everybody who watches."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from nodes import alerts, emergencies
from nodes.alerts import Cause
from nodes.tables import AlertRow, EventRow
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.house import Browser, House, build
from tests.nodes.web.work import send

REASON = "The duty officer of Osh has the lorry at the border"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Kyrgyzstan with two officers, a supervisor, a lawyer and two auditors."""
    made = build(tmp_path_factory.mktemp("unit"), NOW, ("KG", "TJ"))
    people = {"KG-1": "OFFICER", "KG-2": "OFFICER", "KG-3": "SUPERVISOR", "KG-4": "LEGAL"}
    for user, role in (people | {"KG-9": "AUDITOR", "KG-10": "AUDITOR"}).items():
        made.add_user("KG", user, role)
    yield made
    made.close()


@pytest.fixture
def case(unit: House) -> str:
    """The number of a case of the first officer."""
    desk = unit.desk("KG", "KG-1")
    message = send(desk, "REQ", requests.lorry_owner(unit.clock.now), "TJ")
    return str(re.findall(r'href="/cases/([A-Z0-9-]+)"', desk.get(message).text)[0])


def opened(unit: House, case: str) -> Browser:
    """The second officer, who has opened the case in an emergency."""
    desk = unit.desk("KG", "KG-2")
    answer = desk.post("/emergency", case=case, reason=REASON)
    assert answer.headers["location"] == f"/cases/{case}?done=emergency", answer.text
    return desk


def message_of(desk: Browser, case: str) -> str:
    return str(re.findall(r'href="(/messages/[0-9a-f-]+)"', desk.get(f"/cases/{case}").text)[0])


def judge(unit: House, decision: str) -> None:
    """The supervisor decides about the newest emergency."""
    desk = unit.desk("KG", "KG-3")
    one = desk.get("/approvals.json").json()["waiting"][-1]
    assert "judge it afterwards" in desk.get(f"/approvals/{one['id']}").text
    answer = desk.post(f"/approvals/{one['id']}", digest=one["digest"], decision=decision)
    assert answer.headers["location"] == "/approvals?done=decided", answer.text


def told(unit: House, cause: Cause) -> list[str]:
    """To whom the alerts of a cause speak."""
    with unit.nodes["KG"].db.read() as session:
        return list(session.scalars(select(AlertRow.audience).where(AlertRow.cause == cause)))


def test_the_page_that_closes_a_case_leads_to_an_hour_of_reading_that_ends_by_itself(unit: House, case: str) -> None:
    desk = unit.desk("KG", "KG-2")
    closed = desk.get(f"/cases/{case}")
    assert (closed.status_code, f'href="/emergency?case={case}"' in closed.text) == (404, True)
    opened(unit, case)
    page = desk.get(f"/cases/{case}").text
    assert "Open to you in an emergency" in page
    assert case in desk.get("/cases").text
    message = message_of(desk, case)
    assert desk.get(message).status_code == 200
    refused = desk.post(f"{message}/reply", kind="WDR")
    assert refused.status_code == 403, refused.text
    unit.clock.now += emergencies.LASTS
    later = unit.desk("KG", "KG-2")
    assert [later.get(path).status_code for path in (f"/cases/{case}", message)] == [404, 404]


def test_every_auditor_and_the_supervisors_are_told_and_the_review_shows_what_was_read(unit: House, case: str) -> None:
    desk = opened(unit, case)
    desk.get(message_of(desk, case))
    assert {alerts.owner("KG-9"), alerts.owner("KG-10")} <= {*told(unit, Cause.BREAK_GLASS)}
    assert alerts.HEAD in told(unit, Cause.BREAK_GLASS_DONE)
    auditor = unit.desk("KG", "KG-9")
    assert 'href="/reviews"' in auditor.get("/reviews").text
    found: list[dict[str, Any]] = auditor.get("/reviews.json").json()["occasions"]
    newest = next(one for one in found if one["rule"] == "BREAK_GLASS")
    with unit.nodes["KG"].db.read() as session:
        acts = [session.get_one(EventRow, index).operation for index in newest["entries"]]
    assert (newest["actor"], acts[0], acts[-1]) == ("KG-2", "BREAK_GLASS", "CONSULT")


def test_a_refusal_ends_it_and_nobody_takes_it_back(unit: House, case: str) -> None:
    desk = opened(unit, case)
    waiting = unit.desk("KG", "KG-3").get("/approvals.json").json()["waiting"][-1]
    assert desk.post(f"/approvals/{waiting['id']}/withdraw").status_code == 409
    again = desk.post("/emergency", case=case, reason=REASON)
    assert again.headers["location"] == f"/cases/{case}"
    judge(unit, "refuse")
    assert desk.get(f"/cases/{case}").status_code == 404


def test_once_it_was_judged_right_it_can_be_opened_again_and_not_before(unit: House, case: str) -> None:
    opened(unit, case)
    unit.clock.now += emergencies.LASTS
    desk = unit.desk("KG", "KG-2")
    assert "was not judged yet" in desk.post("/emergency", case=case, reason=REASON).text
    waiting = len(told(unit, Cause.BREAK_GLASS_DONE))
    judge(unit, "approve")
    assert len(told(unit, Cause.BREAK_GLASS_DONE)) == waiting - 1
    opened(unit, case)


@pytest.mark.parametrize(
    ("user", "number", "reason", "said"),
    [
        ("KG-2", "KG-KG-2026-999999", REASON, "can be opened to you"),
        ("KG-2", "", "urgent", "10 to 300 characters"),
        ("KG-4", "", REASON, "None of your roles"),
    ],
)
def test_no_reason_no_case_or_no_right_opens_nothing(
    unit: House, case: str, user: str, number: str, reason: str, said: str
) -> None:
    desk = unit.desk("KG", user)
    answer = desk.post("/emergency", case=number or case, reason=reason)
    assert answer.status_code in {403, 422}
    assert said in answer.text
    assert desk.get(f"/cases/{case}").status_code == 404

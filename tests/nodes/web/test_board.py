"""The team board as a page: assigning works by its form alone, and only for whoever may assign."""

import pytest

from serai.demo import requests
from tests.nodes.web.house import Browser, House
from tests.nodes.web.work import send


@pytest.fixture(scope="module")
def duty(house: House) -> Browser:
    """The duty officer of Kyrgyzstan, which Tajikistan has asked something."""
    send(house.desk("TJ", "TJ-1"), "REQ", requests.lorry_owner(house.clock.now), "KG")
    house.sync("TJ", "KG")
    return house.desk("KG", "KG-2")


def request(desk: Browser) -> dict[str, str]:
    found: dict[str, str] = desk.get("/board.json").json()["requests"][0]
    return found


def test_a_request_is_assigned_from_the_board_and_back_to_where_one_was(duty: Browser) -> None:
    message = request(duty)["message"]
    page = duty.get(f"/board?person=NOBODY&assign={message}").text
    assert f'value="{message}" checked' in page
    answer = duty.post("/board", messages=[message], to="KG-1", note="call Osh", back="/board?person=NOBODY")
    assert answer.headers["location"] == "/board?person=NOBODY&done=given"
    assert request(duty)["owner"] == "KG-1"
    assert duty.get("/board.json").json()["people"][0] == {"owner": "KG-1", "open": 1, "overdue": 0, "at_risk": 0}
    assert "Nothing is open here" in duty.get("/board?person=NOBODY").text


def test_nothing_chosen_or_nobody_fit_to_own_it_changes_nothing(duty: Browser) -> None:
    before, message = request(duty)["owner"], request(duty)["message"]
    for form in ({"to": "KG-1"}, {"messages": [message]}, {"messages": [message], "to": "KG-9"}):
        assert duty.post("/board?assign=all", **form).status_code == 422
    assert request(duty)["owner"] == before


def test_a_redirect_never_leaves_these_pages(duty: Browser) -> None:
    answer = duty.post("/board", messages=[request(duty)["message"]], to="KG-2", back="//evil.example/board")
    assert answer.headers["location"] == "/board?done=given"


@pytest.mark.parametrize(
    "query", ["show=NONSENSE", "page=-1", "page=99999999999999999999", "urgency=%00", "family='--"]
)
def test_an_address_that_says_nonsense_shows_a_page(duty: Browser, query: str) -> None:
    assert duty.get(f"/board?{query}").status_code == 200


@pytest.mark.parametrize("user", ["KG-1", "KG-8", "KG-9"])
def test_the_board_is_not_for_everybody(house: House, duty: Browser, user: str) -> None:
    assert duty.get("/board").status_code == 200
    assert house.desk("KG", user).get("/board").status_code == 403
    assert house.desk("KG", user).post("/board", messages=["x"], to="KG-1").status_code == 403

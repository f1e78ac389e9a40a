"""The pages on PostgreSQL: after a day's work every page of every role opens, as it does on SQLite."""

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from serai.demo import replies, requests
from tests.instants import NOW
from tests.nodes.web.auditing import MANDATE
from tests.nodes.web.house import House, build
from tests.nodes.web.work import reply, send

pytestmark = pytest.mark.postgresql

STAFF = {
    "KG-1": ("OFFICER",),
    "KG-2": ("SPOC_DUTY",),
    "KG-3": ("SUPERVISOR",),
    "KG-7": ("DPO",),
    "KG-8": ("NODE_ADMIN",),
    "KG-9": ("AUDITOR",),
}
ENDLESS = {"/events"}
MADE = (
    "/messages/{message_id}",
    "/drafts/{draft_id}",
    "/drafts/{draft_id}/check",
    "/cases/{case_ref}",
    "/log/{index}",
    "/log/{index}/proof",
    "/people/{user_id}",
)
PLAIN = ("/inbox", "/sent.csv", "/cases", "/shift", "/alerts", "/people", "/protection", "/log", "/reviews", "/mirror")
"""Other pages may find nothing to show after one day, or ask for more in the address; none may fail."""


def a_day(house: House) -> dict[str, str]:
    """A request is taken, handed over, taken back, asked about and answered; returns what stands in addresses."""
    asked = send(house.desk("TJ", "TJ-1"), "REQ", requests.controlled_delivery(house.clock.now), "KG")
    house.sync("TJ", "KG", "TJ")
    officer, number = house.desk("KG", "KG-1"), asked.rpartition("/")[2]
    assert officer.post(f"{asked}/take").status_code == 303
    given = officer.post("/shift", to="KG-2", messages=[number], note="Night is calm", confirm="yes")
    assert given.headers["location"] == "/shift?done=handed-over"
    assert officer.post("/shift/take-back", messages=[number]).headers["location"] == "/shift?done=taken-back"
    reply(officer, asked, "CLQ", replies.which_crossing(house.clock.now))
    house.sync("KG", "TJ", "KG")
    draft = officer.post(f"{asked}/reply", kind="DLY").headers["location"].rpartition("/")[2]
    case = officer.get(f"{asked}.json").json()["case"]
    assert "Согласие" in officer.post("/search", words="автомобиле MAN", reason="Duty check").text
    return {"message_id": number, "draft_id": draft, "case_ref": case, "user_id": "KG-1", "index": "3", "code": "en"}


def addresses(house: House, known: dict[str, str]) -> list[str]:
    """Every address that can be opened, with what the day left behind, or `nothing`, in the place of its parts."""
    paths = {str(one.path) for one in iter_route_contexts(house.app("KG").routes) if "GET" in (one.methods or ())}
    return sorted(re.sub(r"\{(\w+)\}", lambda part: known.get(part[1], "nothing"), path) for path in paths - ENDLESS)


def test_every_page_opens_on_postgresql_after_a_day_of_work(tmp_path: Path, postgresql_url: str) -> None:
    house = build(tmp_path, NOW, ("KG", "TJ"), KG=postgresql_url)
    house.add_user("TJ", "TJ-1", "OFFICER")
    for user, roles in STAFF.items():
        house.add_user("KG", user, *roles)
    known = a_day(house)
    desks = {user: house.desk("KG", user) for user in STAFF}
    desks["KG-9"].post("/log/mandate", mandate=MANDATE, back="/log")
    pages = {path: {desk.get(path).status_code for desk in desks.values()} for path in addresses(house, known)}
    house.close()
    assert not {path: found for path, found in pages.items() if max(found) >= 500}
    assert {path for path, found in pages.items() if 200 in found} >= {one.format(**known) for one in (*MADE, *PLAIN)}

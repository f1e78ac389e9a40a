"""The administrator's and the auditor's pages: accounts without passwords, a log that cannot be quietly altered."""

import re

from httpx import Response
from sqlalchemy import text

from nodes import signin
from tests.nodes.web.house import Browser, House

REASON = "begins on Monday"


def asked(page: str) -> str:
    """Return the address of the change that waits on the page of people."""
    return str(re.findall(r'href="(/people/changes/\w+)"', page)[-1])


def half(page: str) -> str:
    return str(re.findall(r'id="enrolment-code">([^<]+)<', page)[0])


def decide(desk: Browser, address: str, step: str = "confirm") -> Response:
    """Press the button on the page of a change."""
    digest = re.findall(r'name="digest" value="(\w+)"', desk.get(address).text)[0]
    return desk.post(f"{address}/{step}", digest=digest)


def test_a_person_is_added_by_two_and_each_sees_half_of_the_code_once(house: House) -> None:
    admin, other = house.desk("KG", "KG-8"), house.desk("KG", "KG-7")
    form = {
        "user": "KG-55",
        "name": "Ҷамила <b>",
        "agency": "POLICE",
        "clearance": "RESTR",
        "language": "ru",
        "roles": ["OFFICER"],
    }
    first = half(admin.post("/people/new", **form, reason=REASON).text)
    change = asked(admin.get("/people").text)
    assert "nobody confirms what he asked for" in admin.get(change).text
    assert decide(admin, change).status_code == 409
    assert "Ҷамила &lt;b&gt;" in other.get(change).text
    second = half(decide(other, change).text)
    assert signin.begin_enrolment(house.nodes["KG"], "KG-55", second + first, "127.0.0.1").secret
    listed = admin.get("/people").text
    assert ("Not enrolled yet" in listed, first in listed, second in listed) == (True, False, False)
    assert {"user": "KG-55", "roles": ["OFFICER"], "disabled": False} in admin.get("/people.json").json()["people"]
    assert admin.post("/people/new", **form, reason=REASON).status_code == 409


def test_what_is_missing_is_said_and_the_rest_is_kept(house: House) -> None:
    admin = house.desk("KG", "KG-8")
    assert admin.get("/people/new").status_code == 200
    page = admin.post("/people/new", user="KG-56", name="Kept name", agency="POLICE", language="en", reason=REASON)
    assert (page.status_code, "Kept name" in page.text) == (422, True)
    lost = admin.post("/people/KG-2/enrolment", lost="keys")
    assert (lost.status_code, "Say what was lost" in lost.text) == (422, True)


def test_roles_are_changed_by_two_and_the_history_shows_before_and_after(house: House) -> None:
    admin, other = house.desk("KG", "KG-8"), house.desk("KG", "KG-7")
    assert 'value="OFFICER" checked' in re.sub(r"\s+", " ", admin.get("/people/KG-1").text)
    assert admin.post("/people/KG-1", roles=["OFFICER", "AUDITOR"], reason=REASON).status_code == 422
    answer = admin.post("/people/KG-1", roles=["SUPERVISOR"], reason=REASON)
    assert answer.headers["location"] == "/people?done=change-asked"
    change = asked(other.get("/people").text)
    assert decide(other, change).headers["location"] == "/people?done=change-made"
    past = re.sub(r"\s+", " ", other.get("/people/KG-1").text)
    assert '<td>Officer</td> <td>Supervisor</td> <td class="mono">KG-8</td> <td class="mono">KG-7</td>' in past
    nobody = admin.post("/people/NOBODY", roles=["OFFICER"], reason=REASON)
    assert (nobody.status_code, admin.get("/people/X").status_code) == (404, 404)


def test_what_was_asked_for_is_refused_and_gone(house: House) -> None:
    admin, other = house.desk("KG", "KG-8"), house.desk("KG", "KG-7")
    admin.post("/people/KG-2", roles=["SUPERVISOR"], reason=REASON)
    change = asked(other.get("/people").text)
    assert decide(other, change, "refuse").headers["location"] == "/people?done=change-refused"
    assert change not in other.get("/people").text
    assert re.search(r">\s*Refused\s*</strong>", other.get(change).text)
    assert other.post(f"{change}/confirm", digest="x").status_code == 409


def test_a_disabled_account_is_out_at_once(house: House) -> None:
    admin, officer = house.desk("KG", "KG-8"), house.desk("KG", "KG-1")
    assert admin.post("/people/KG-1/disable").headers["location"] == "/people?done=disabled"
    assert officer.get("/inbox").status_code == 303
    assert "Disabled" in admin.get("/people").text


def test_a_new_code_ends_the_old_password_once_it_is_confirmed(house: House) -> None:
    admin, other, officer = (house.desk("KG", user) for user in ("KG-8", "KG-7", "KG-2"))
    assert "First half" in admin.post("/people/KG-2/enrolment", lost="telephone, seen in person").text
    assert officer.get("/inbox").status_code == 200
    assert "Second half" in decide(other, asked(other.get("/people").text)).text
    assert officer.get("/inbox").status_code == 303


def test_an_altered_entry_turns_the_verdict_of_the_log(house: House) -> None:
    auditor = house.desk("KG", "KG-9")
    assert "Every entry on this page is in the log" in auditor.get("/log").text
    with house.nodes["KG"].db.write() as session:
        session.execute(text("UPDATE log_entry SET entry = x'7b7d' WHERE idx = 2"))
    page = auditor.get("/log?before=5").text
    assert ("The log was altered" in page, "root of the log: 2" in page) == (True, True)
    assert [one["index"] for one in auditor.get("/log.json?before=5").json()["entries"] if not one["proven"]] == [2]

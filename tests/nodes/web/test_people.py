"""The administrator's and the auditor's pages: accounts without passwords, a log that cannot be quietly altered."""

import re

from sqlalchemy import text

from nodes import signin
from tests.nodes.web.house import PASSWORD, House


def test_a_person_is_added_and_the_code_is_shown_once(house: House) -> None:
    admin = house.desk("KG", "KG-8")
    form = {"user": "KG-55", "name": "Ҷамила <b>", "agency": "POLICE", "language": "ru", "roles": ["OFFICER"]}
    page = admin.post("/people/new", **form)
    code = re.findall(r'id="enrolment-code">([^<]+)<', page.text)[0]
    assert "Ҷамила &lt;b&gt;" in page.text
    assert signin.begin_enrolment(house.nodes["KG"], "KG-55", code, "127.0.0.1").secret
    listed = admin.get("/people")
    assert ("Not enrolled yet" in listed.text, code in listed.text) == (True, False)
    assert {"user": "KG-55", "roles": ["OFFICER"], "disabled": False} in admin.get("/people.json").json()["people"]
    assert admin.post("/people/new", **form).status_code == 409


def test_what_is_missing_for_a_new_account_is_said_and_the_rest_is_kept(house: House) -> None:
    admin = house.desk("KG", "KG-8")
    assert admin.get("/people/new").status_code == 200
    page = admin.post("/people/new", user="KG-56", name="Kept name", agency="POLICE", language="en")
    assert (page.status_code, "Kept name" in page.text) == (422, True)


def test_roles_are_changed_but_never_together_with_their_opposite(house: House) -> None:
    admin = house.desk("KG", "KG-8")
    assert 'value="OFFICER" checked' in re.sub(r"\s+", " ", admin.get("/people/KG-1").text)
    assert admin.post("/people/KG-1", roles=["OFFICER", "AUDITOR"]).status_code == 422
    assert admin.post("/people/KG-1", roles=["OFFICER"]).headers["location"] == "/people?done=roles"
    assert admin.post("/people/NOBODY", roles=["OFFICER"]).status_code == 404


def test_a_disabled_account_is_out_at_once(house: House) -> None:
    admin, officer = house.desk("KG", "KG-8"), house.desk("KG", "KG-1")
    assert admin.post("/people/KG-1/disable").headers["location"] == "/people?done=disabled"
    assert officer.get("/inbox").status_code == 303
    assert "Disabled" in admin.get("/people").text


def test_a_new_code_ends_the_old_password(house: House) -> None:
    page = house.desk("KG", "KG-8").post("/people/KG-2/enrolment")
    assert "enrolment-code" in page.text
    house.clock.now += 30
    answer = house.client("KG").get("/sign-in")
    token = re.findall(r'name="csrf" value="(\w+)"', answer.text)[0]
    client = house.client("KG")
    client.cookies.update(answer.cookies)
    form = {"csrf": token, "user": "KG-2", "password": PASSWORD, "code": house.totp("KG-2")}
    assert client.post("/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401


def test_an_altered_entry_turns_the_verdict_of_the_log(house: House) -> None:
    auditor = house.desk("KG", "KG-9")
    assert "Every entry on this page is in the log" in auditor.get("/log").text
    with house.nodes["KG"].db.write() as session:
        session.execute(text("UPDATE log_entry SET entry = x'7b7d' WHERE idx = 2"))
    page = auditor.get("/log?before=5").text
    assert ("The log was altered" in page, "root of the log: 2" in page) == (True, True)
    assert [one["index"] for one in auditor.get("/log.json?before=5").json()["entries"] if not one["proven"]] == [2]

"""Coming in: enrolment, sign-in, sessions, sign-out; and where no redirect may lead."""

import base64
import re
from dataclasses import replace

import pytest
from httpx import Client, Response

from nodes import changes, passwords, signin
from nodes.accounts import NewCode, NewUser
from nodes.errors import SignedOut
from nodes.web.entrance import cookie_name, is_secure
from nodes.web.site import own_path
from tests.nodes.web.house import PASSWORD, House


def post(client: Client, path: str, **form: str) -> Response:
    """Post a form of a page that nobody is signed in to."""
    token = re.findall(r'name="csrf" value="(\w+)"', client.get("/sign-in").text)[0]
    return client.post(path, data={"csrf": token, **form}, headers={"Sec-Fetch-Site": "same-origin"})


def test_a_new_colleague_enrols_with_a_code_and_signs_in(house: House) -> None:
    node, client = house.nodes["KG"], house.client("KG")
    with node.db.write() as session:
        new = NewUser("KG-70", "New", "POLICE", frozenset({"OFFICER"}), "ru")
        code = str(changes.alone(session, node, new, "the administrators are away"))
    page = post(client, "/enrol", user="KG-70", enrolment=code.lower())
    assert page.status_code == 200
    assert "<svg" in page.text
    secret = secret_on(page.text)
    totp = passwords.totp_code(secret, house.clock.now)
    done = post(client, "/enrol/confirm", user="KG-70", enrolment=code, password=PASSWORD, code=totp)
    assert done.headers["location"] == "/sign-in?done=enrolled"
    house.clock.now += 30
    totp = passwords.totp_code(secret, house.clock.now)
    signed_in = post(client, "/sign-in", user="KG-70", password=PASSWORD, code=totp)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/inbox")
    assert client.cookies["serai-language"] == "ru"
    assert client.get("/inbox").status_code == 200


def secret_on(page: str) -> bytes:
    """Return the secret that the enrolment page shows as text."""
    return base64.b32decode(re.findall(r'id="totp-key">(\w+)<', page)[0])


def test_a_wrong_enrolment_code_says_no_more_than_any_other_mistake(house: House) -> None:
    client = house.client("KG")
    known = post(client, "/enrol", user="KG-1", enrolment="AAAA-BBBB-CCCC-DDDD")
    unknown = post(client, "/enrol", user="NOBODY", enrolment="AAAA-BBBB-CCCC-DDDD")
    assert known.status_code == unknown.status_code == 401
    assert "govuk-error-summary" in known.text


@pytest.mark.parametrize(("password", "status"), [("short", 422), (PASSWORD, 401)])
def test_a_mistake_in_the_second_step_shows_it_again(house: House, password: str, status: int) -> None:
    node, client = house.nodes["KG"], house.client("KG")
    with node.db.write() as session:
        code = str(changes.alone(session, node, NewCode("KG-8"), "the key was lost"))
    page = post(client, "/enrol/confirm", user="KG-8", enrolment=code, password=password, code="000000")
    assert page.status_code == status
    assert secret_on(page.text)


def test_a_wrong_password_keeps_the_staff_number_and_nothing_else(house: House) -> None:
    answer = post(house.client("KG"), "/sign-in", user="KG-1", password="wrong wrong wrong", code="123456")
    assert answer.status_code == 401
    assert 'value="KG-1"' in answer.text
    assert "wrong wrong" not in answer.text


def test_the_session_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(house: House) -> None:
    house.clock.now += 30
    answer = post(house.client("KG"), "/sign-in", user="KG-1", password=PASSWORD, code=house.totp("KG-1"))
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("serai-kg="))
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}


def test_over_tls_every_cookie_is_bound_to_this_origin(house: House) -> None:
    settings = house.nodes["KG"].settings.model_copy(update={"public_origin": "https://serai.example"})
    node = replace(house.nodes["KG"], settings=settings)
    assert (is_secure(node), cookie_name(node, "serai")) == (True, "__Host-serai")
    assert (is_secure(house.nodes["KG"]), cookie_name(house.nodes["KG"], "serai")) == (False, "serai-kg")


def test_signing_out_ends_the_session_at_the_server(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    token = desk.client.cookies["serai-kg"]
    assert desk.post("/sign-out").headers["location"] == "/sign-in?done=signed-out"
    with pytest.raises(SignedOut):
        signin.authenticate(house.nodes["KG"], token)


def test_an_idle_session_ends_and_says_that_drafts_are_kept(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    house.clock.now += house.nodes["KG"].settings.idle_timeout
    assert desk.get("/inbox").headers["location"] == "/sign-in?back=/inbox"
    late = desk.post("/help", keys="on")
    assert late.status_code == 401
    assert "Your drafts are kept" in late.text


def test_what_a_page_fetches_by_itself_does_not_keep_a_session_alive(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    house.clock.now += 600
    assert desk.get("/alarm", **{"HX-Request": "true"}).status_code == 200
    house.clock.now += 400
    assert desk.get("/inbox").status_code == 303


def test_staying_keeps_a_session_and_says_for_how_long(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    house.clock.now += 800
    assert desk.post("/session").headers["location"] == "/inbox"
    house.clock.now += 800
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    answer = desk.client.post("/session", data={"csrf": desk.csrf}, headers=headers)
    assert answer.json() == {"schema": "serai/session/1", "seconds": 900}


@pytest.mark.parametrize(
    "path", ["https://evil.test/", "//evil.test", "/\\evil.test", "evil", "", "/a\nb", "javascript:1"]
)
def test_no_redirect_leads_to_another_site(path: str) -> None:
    assert own_path(path, "/inbox") == "/inbox"


def test_the_language_is_kept_and_the_way_back_is_our_own(house: House) -> None:
    answer = house.client("KG").get("/language/ru", params={"back": "/help?x=1"})
    assert (answer.headers["location"], answer.cookies["serai-language"]) == ("/help?x=1", "ru")
    other = house.client("KG").get("/language/xx", params={"back": "//evil.test"})
    assert (other.headers["location"], "serai-language" in other.cookies) == ("/", False)


def test_after_too_many_attempts_the_page_says_to_wait(house: House) -> None:
    client = house.client("TJ")
    answers = [post(client, "/sign-in", user="TJ-1", password="x" * 12, code="1").status_code for _ in range(11)]
    assert (answers[0], answers[-1]) == (401, 429)

"""The page of one's own account, signing in with a passkey, and the page that asks to confirm one exact act."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import delete

from nodes import oidc, passkeys, provider_logout, signin
from nodes.account_tables import PasskeyRow
from nodes.accounts import NewSubject
from nodes.proofs import Shown
from tests.nodes.authenticator import ORIGIN, SecurityKey
from tests.nodes.identity import CLIENT, ISSUER, Provider, logout_token
from tests.nodes.web.house import Browser, House
from tests.nodes.web.test_entrance import post
from tests.nodes.web.test_people import REASON, asked, half


@pytest.fixture(scope="module")
def named(house: House) -> House:
    """The house, where Kyrgyzstan is reached under a name."""
    node = house.nodes["KG"]
    node.settings = node.settings.model_copy(update={"public_origin": ORIGIN.replace("https", "http")})
    return house


@pytest.fixture
def key(named: House) -> Iterator[SecurityKey]:
    """The one passkey of KG-2, added on his page and confirmed with a code of the app; gone again after the test."""
    made = SecurityKey(origin=ORIGIN.replace("https", "http"))
    desk = named.desk("KG", "KG-2")
    page = desk.get("/me").text
    form = {"label": "blue", "ticket": value(page, "ticket"), "passkey": made.make(options(page))}
    assert desk.send("/me/passkeys", **form).status_code == 428
    assert desk.post("/me/passkeys", **form).headers["location"] == "/me?done=passkey-added"
    yield made
    with named.nodes["KG"].db.write() as session:
        session.execute(delete(PasskeyRow))


def value(page: str, name: str) -> str:
    return str(re.findall(rf'name="{name}" value="([^"]*)"', page)[0])


def options(page: str) -> str:
    found = re.findall(r'data-options="([^"]+)"', page)[0]
    return str(found.replace("&#34;", '"'))


def test_a_passkey_signs_in_from_the_page(named: House, key: SecurityKey) -> None:
    client = named.client("KG")
    page = client.get("/sign-in").text
    assert json.loads(options(page))["rpId"] == "tj.serai.example"
    wrong = post(client, "/sign-in/passkey", ticket=value(page, "ticket"), passkey="{}")
    assert (wrong.status_code, "govuk-error-summary" in wrong.text) == (401, True)
    answer = post(client, "/sign-in/passkey", ticket=value(page, "ticket"), passkey=key.use(options(page)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert "Passkey" in client.get("/me").text


def test_the_page_shows_where_one_is_signed_in_and_ends_the_others(named: House) -> None:
    other, desk = named.desk("KG", "KG-1"), named.desk("KG", "KG-1")
    page = desk.get("/me").text
    assert ("this browser" in page, "weaker than a passkey" in page) == (True, True)
    assert desk.post("/me/sessions").headers["location"] == "/me?done=others-ended"
    assert (other.get("/me").status_code, desk.get("/me").status_code) == (303, 200)


def test_printed_codes_are_shown_once_after_a_confirmation(named: House) -> None:
    desk = named.desk("KG", "KG-1")
    page = desk.post("/me/codes").text
    codes = re.findall(r'<li class="mono">([^<]+)<', page)
    assert len(codes) == 10
    assert "Left: 10" in desk.get("/me").text
    assert codes[0] not in desk.get("/me").text


def test_a_passkey_is_removed_only_with_another_factor(named: House, key: SecurityKey) -> None:
    node = named.nodes["KG"]
    ticket, asked_with = signin.passkey_ticket(node, "visit")
    signed_in = signin.sign_in_with_passkey(node, "visit", Shown(ticket, key.use(str(asked_with))), "10.0.0.1")
    desk = browser(named, signed_in.token, signed_in.csrf)
    with node.db.read() as session:
        address = f"/me/passkeys/{passkeys.of(session, 'KG-2')[0].credential_id}/remove"
    page = desk.send(address).text
    assert "data-passkey" not in page  # the one passkey does not confirm its own end
    refused = desk.send(address, **{"proof-ticket": value(page, "proof-ticket"), "proof-code": "000000"})
    assert (refused.status_code, "That did not confirm it" in refused.text) == (428, True)
    assert desk.post(address).headers["location"] == "/me?done=passkey-removed"


def browser(house: House, token: str, csrf: str) -> Browser:
    client = house.client("KG")
    client.cookies.set("serai-kg", token)
    return Browser(client, csrf, lambda: house.next_totp("KG-2"))


def test_a_passkey_that_was_not_made_here_is_not_added(named: House) -> None:
    desk = named.desk("KG", "KG-1")
    page = desk.post("/me/passkeys", label="x", ticket="x", passkey="{}")
    assert (page.status_code, "was not added" in page.text) == (422, True)


def test_a_change_is_confirmed_with_a_factor_for_exactly_this(named: House) -> None:
    admin, other = named.desk("KG", "KG-8"), named.desk("KG", "KG-7")
    first = half(admin.post("/people/KG-1/enrolment", lost="telephone, seen in person").text)
    change = asked(other.get("/people").text)
    digest = value(other.get(change).text, "digest")
    page = other.send(f"{change}/confirm", digest=digest)
    assert (page.status_code, "Approve as the second person" in page.text, digest in page.text) == (428, True, True)
    as_data = other.client.post(
        f"{change}/confirm",
        data={"csrf": other.csrf, "digest": digest},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
    )
    assert (as_data.status_code, as_data.json()["code"]) == (428, "EX-6015")
    proof = {"proof-ticket": value(page.text, "proof-ticket"), "proof-code": other.code()}
    assert other.send("/people/KG-2/disable", **proof).status_code == 428
    admin.post("/people/KG-2", roles=["SUPERVISOR"], reason=REASON)
    named.enrol("KG", "KG-1", first + half(other.post(f"{change}/confirm", digest=digest).text))


def test_a_person_signs_in_through_the_provider_of_the_unit_until_he_leaves_there(named: House) -> None:
    node, provider = named.nodes["KG"], Provider(named.clock)
    changed = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "oidc_private": True}
    node.settings = node.settings.model_copy(update=changed)
    node.surroundings = replace(node.surroundings, identity=provider)
    with node.db.write() as session:
        NewSubject("KG-9", "u-17").apply(session, node)
    client = named.client("KG")
    assert 'href="/sign-in/provider"' in client.get("/sign-in").text
    answer = provider.authorize(client.get("/sign-in/provider").headers["location"])
    assert client.get(oidc.CALLBACK, params={**answer, "state": "x"}).status_code == 401
    assert client.get(oidc.CALLBACK, params=answer).headers["location"] == "/log"
    assert "Identity provider" in client.get("/me").text
    gone = {"logout_token": logout_token(named.clock.now)}
    ends = [client.post(provider_logout.DOOR, data=form) for form in ({}, gone, gone)]
    assert [answer.status_code for answer in ends] == [400, 200, 400]
    assert {answer.headers["cache-control"] for answer in ends} == {"no-store"}
    assert client.get("/me").headers["location"] == "/sign-in?back=/me"

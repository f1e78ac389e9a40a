"""Every route is either on the short list of public ones, or refuses whoever is not signed in."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests.nodes.web.house import House

PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/enrol"),
    ("POST", "/sign-in/passkey"),
    ("GET", "/sign-in/provider"),
    ("GET", "/sign-in/provider/answer"),
    ("POST", "/sign-in/provider/logout"),
    ("POST", "/enrol"),
    ("POST", "/enrol/confirm"),
    ("GET", "/language/{code}"),
    ("POST", "/csp-reports"),
    ("GET", "/health"),
}


def _routes(app: FastAPI) -> list[tuple[str, str]]:
    contexts = [context for context in iter_route_contexts(app.routes) if context.methods]
    return sorted(
        (method, str(context.path)) for context in contexts for method in context.methods or () if method != "HEAD"
    )


def test_there_are_as_many_routes_as_the_pages_need(house: House) -> None:
    assert len(_routes(house.app("KG"))) >= 50


def test_every_route_but_the_public_ones_refuses_a_stranger(house: House) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    for method, path in _routes(house.app("KG")):
        if (method, path) not in PUBLIC:
            address = re.sub(r"\{\w+\}", "x", path)
            form = {"csrf": "x"} if method == "POST" else None
            answer = house.client("KG").request(method, address, headers=headers, data=form)
            assert (answer.status_code, answer.json()["code"]) == (401, "EX-6012"), (method, path)


def test_the_public_routes_are_exactly_those_that_are_listed(house: House) -> None:
    assert set(_routes(house.app("KG"))) >= PUBLIC


@pytest.mark.parametrize("path", ["/inbox", "/drafts/x", "/people", "/log", "/events"])
def test_a_stranger_is_led_to_the_sign_in_page_and_back(house: House, path: str) -> None:
    answer = house.client("KG").get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?back={path}")


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("KG-1", "/people", 403),
        ("KG-1", "/log", 403),
        ("KG-8", "/inbox", 403),
        ("KG-8", "/compose", 403),
        ("KG-8", "/log", 403),
        ("KG-8", "/people", 200),
        ("KG-9", "/inbox", 403),
        ("KG-9", "/cases", 403),
        ("KG-9", "/search", 403),
        ("KG-9", "/people", 403),
        ("KG-9", "/log", 200),
        ("KG-1", "/inbox", 200),
    ],
)
def test_a_role_opens_its_own_pages_and_no_other(house: House, user: str, path: str, status: int) -> None:
    assert house.desk("KG", user).get(path).status_code == status


@pytest.mark.parametrize(("user", "first"), [("KG-1", "/inbox"), ("KG-8", "/people"), ("KG-9", "/log")])
def test_the_first_page_is_that_of_the_role(house: House, user: str, first: str) -> None:
    assert house.desk("KG", user).get("/").headers["location"] == first


def test_a_denial_is_in_the_log(house: House) -> None:
    house.desk("KG", "KG-8").get("/inbox")
    newest = house.desk("KG", "KG-9").get("/log.json").json()["entries"]
    assert ("REFUSE", "KG-8") in [(one["operation"], one["actor"]) for one in newest[:4]]

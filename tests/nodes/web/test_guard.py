"""The outer wall: headers on every answer, and unsafe requests only from our own pages with our own token."""

import re

import pytest
from starlette.datastructures import Headers

from nodes.web.guard import is_foreign
from tests.nodes.web.house import House

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-N'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx; report-uri /csp-reports"
)


@pytest.mark.parametrize("path", ["/sign-in", "/static/serai.js", "/nowhere", "/inbox", "/health"])
def test_every_answer_carries_the_policy(house: House, path: str) -> None:
    headers = house.client("KG").get(path).headers
    assert re.sub(r"nonce-[\w-]{22}", "nonce-N", headers["content-security-policy"]) == POLICY
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_no_page_is_kept_by_a_cache_and_every_page_has_its_own_nonce(house: House) -> None:
    first, second = house.client("KG").get("/sign-in"), house.client("KG").get("/sign-in")
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["content-security-policy"] != second.headers["content-security-policy"]


def test_the_nonce_of_the_header_is_the_nonce_of_the_scripts(house: House) -> None:
    page = house.client("KG").get("/sign-in")
    nonce = re.findall(r"nonce-([\w-]+)'", page.headers["content-security-policy"])[0]
    assert set(re.findall(r'<script[^>]* nonce="([^"]+)"', page.text)) == {nonce}


def test_no_page_has_an_inline_script_or_style(house: House) -> None:
    desk = house.desk("KG", "KG-1")
    for path in ("/inbox", "/compose", "/cases", "/search", "/shift", "/help", "/alerts", "/sent"):
        page = desk.get(path).text
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", page), path


@pytest.mark.parametrize(
    ("method", "headers", "foreign"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("HEAD", {}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "http://serai.test"}, True),
        ("POST", {"sec-fetch-site": "none"}, True),
        ("POST", {"origin": "http://serai.test"}, False),
        ("POST", {"origin": "http://evil.test"}, True),
        ("POST", {"origin": "null"}, True),
        ("POST", {}, True),
        ("DELETE", {}, True),
    ],
)
def test_a_request_that_another_site_caused_is_foreign(method: str, headers: dict[str, str], foreign: bool) -> None:  # noqa: FBT001  (a column of the table)
    assert is_foreign(method, Headers({"host": "serai.test", **headers})) is foreign


@pytest.mark.parametrize("token", ["right", "wrong", "none", "other"])
@pytest.mark.parametrize("site", ["same-origin", "cross-site", "same-site", "none"])
def test_only_our_own_page_with_the_token_of_the_session_may_act(house: House, token: str, site: str) -> None:
    desk, other = house.desk("KG", "KG-1"), house.desk("KG", "KG-2")
    form = {"right": {"csrf": desk.csrf}, "wrong": {"csrf": "x" * 43}, "none": {}, "other": {"csrf": other.csrf}}[token]
    answer = desk.client.post("/help", data={"keys": "on", **form}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == (303 if (token, site) == ("right", "same-origin") else 403)


def test_a_sign_in_form_of_another_browser_is_refused(house: House) -> None:
    mine, theirs = house.client("KG"), house.client("KG")
    token = re.findall(r'name="csrf" value="(\w+)"', theirs.get("/sign-in").text)[0]
    mine.get("/sign-in")
    answer = mine.post("/sign-in", data={"csrf": token, "user": "KG-1"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 401


@pytest.mark.parametrize("length", ["", "1048577", "x"])
def test_a_form_without_a_length_or_with_too_much_of_it_is_refused(house: House, length: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    client = house.client("KG")
    request = client.build_request("POST", "/sign-in", content=b"user=x", headers=headers)
    request.headers["Content-Length"] = length
    assert client.send(request).status_code == 400


def test_reports_of_the_policy_are_counted_and_not_kept(house: House) -> None:
    client = house.client("KG")
    before = house.reports("KG")
    assert client.post("/csp-reports", content=b'{"csp-report": {"document-uri": "secret"}}').status_code == 204
    assert house.reports("KG") == before + 1

"""An auditor's day in a browser, in both languages: find a disclosure, prove it, take its evidence, check it alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from serai.demo import requests
from tests.e2e.browser.conftest import Street, Window, examine, open_window
from tests.nodes.web.auditing import MANDATE
from tests.nodes.web.work import send

pytestmark = pytest.mark.slow

PAGES = (
    "/log",
    "/log/looks",
    "/log/mandate",
    "/checkpoints",
    "/checkpoints/published",
    "/reviews",
    "/reviews/looks",
    "/verify",
    "/mirror",
    "/statistics",
    "/inspections",
    "/queries",
    "/queries/new",
    "/forks",
)


@pytest.fixture(scope="module")
def audited(street: Street) -> Street:
    """The street with a request that Kyrgyzstan sent, and an auditor there."""

    def act() -> None:
        house = street.house
        house.add_user("KG", "KG-9", "AUDITOR")
        send(house.desk("KG", "KG-1"), "REQ", requests.lorry_owner(house.clock.now), "TJ")
        house.sync("KG", "TJ", "KG")
        house.hub.tick()
        house.sync("KG")

    street.worker.submit(act).result()
    return street


@pytest.fixture(scope="module", params=["en", "ru"])
def window(request: pytest.FixtureRequest, audited: Street, browser: Browser) -> Iterator[Window]:
    """A window in which the auditor is signed in; it ends without a single complaint of the browser."""
    made = open_window(browser, request.param)
    audited.sign_in(made, "KG", "KG-9", "**/log")
    yield made
    asked = "status of 428"  # the page that asks to confirm has that status
    assert not [one for one in made.complaints if asked not in one]
    assert audited.house.reports("KG") == 0


def disclosure(street: Street, page: Page) -> None:
    """Go to the entry of the disclosure through the filter form."""
    page.goto(street.addresses["KG"] + "/log")
    page.select_option("#operation", "DISCLOSE")
    page.click("form.filters button")
    page.locator(".grid__title a").first.click()
    page.wait_for_url("**/log/*")


def test_a_disclosure_is_found_proved_taken_out_and_verified_elsewhere(
    audited: Street, window: Window, tmp_path: Path
) -> None:
    page = window.page
    disclosure(audited, page)
    expect(page.locator(".verdict.panel--good")).to_be_visible()
    assert page.locator(".ladder__given").count() + 1 == page.locator(".steps-list li").count()
    examine(page)
    page.locator("a[href^='/log/evidence?message=']").click()
    page.wait_for_url("**/log/mandate**")
    examine(page)
    page.fill("#mandate", MANDATE)
    page.click("main form button")
    page.wait_for_url("**/log/evidence?**")
    examine(page)
    page.click("main form button")
    with page.expect_download() as download:
        audited.prove(page, "KG-9")
    file = tmp_path / "evidence.zip"
    download.value.save_as(file)
    command = [sys.executable, "-m", "serai", "log", "verify", file.name, "--json"]
    surroundings = {"PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env=surroundings)  # noqa: S603  # our own program
    assert (ended.returncode, json.loads(ended.stdout)["ok"]) == (0, True), ended.stderr
    page.goto(audited.addresses["KG"] + "/verify")
    page.set_input_files("#file", file)
    page.click("main form button")
    expect(page.locator(".verdict.panel--good")).to_be_visible()
    examine(page)


def test_every_page_of_an_auditor_is_accessible_and_narrow(audited: Street, window: Window) -> None:
    for path in PAGES:
        window.page.goto(audited.addresses["KG"] + path)
        assert window.page.locator("html").get_attribute("lang") == window.language
        examine(window.page)
    window.page.goto(audited.addresses["KG"] + "/checkpoints")
    window.page.select_option("#log", "hub")
    window.page.fill("#old", "1")
    window.page.fill("#new", "2")
    window.page.click("main form button")
    expect(window.page.locator(".verdict.panel--good")).to_be_visible()
    examine(window.page)


def test_the_next_entry_is_one_key_away_once_keys_are_on(audited: Street, window: Window) -> None:
    page = window.page
    window.context.add_cookies([{"name": "serai-keys", "value": "on", "url": audited.addresses["KG"]}])
    page.goto(audited.addresses["KG"] + "/log/3")
    page.keyboard.press("]")
    page.wait_for_url("**/log/4")
    page.keyboard.press("[")
    page.wait_for_url("**/log/3")


def test_without_scripts_the_same_proof_stands_on_the_page(audited: Street, browser: Browser) -> None:
    plain = open_window(browser, "en", scripts=False)
    audited.sign_in(plain, "KG", "KG-9", "**/log")
    disclosure(audited, plain.page)
    expect(plain.page.locator(".verdict.panel--good")).to_be_visible()
    assert plain.page.locator("svg.ladder").is_visible()

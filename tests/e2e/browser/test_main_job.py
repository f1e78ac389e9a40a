"""The main job in a browser, in both languages: ask, seal, take, ask back, clarify, answer, read the answer."""

import pytest
from playwright.sync_api import Browser, Page, expect

from serai.demo import replies, requests
from serai.demo.writing import Writing, labels
from tests.e2e.browser.conftest import Street, examine, open_window
from tests.e2e.browser.filling import fill
from tests.nodes.web.work import inputs

ANSWER = {
    "items": [
        {"item_no": 1, "outcome": "PROVIDED", "text": "The owner is a company in Osh, registered in 2024."},
        {"item_no": 2, "outcome": "NONE_HELD"},
    ],
    "availability": "DIRECT",
    "data_current_as_of": "2026-11-20",
    "third_party": "NO",
    "evidence_consent": "NO",
}


def seal(page: Page) -> None:
    """Check the form, look at who will read it, confirm and seal."""
    page.click("button[value=check]:not([aria-hidden])")
    page.wait_for_url("**/check")
    examine(page)
    page.check("#confirm")
    page.click("#seal button")
    page.wait_for_url("**/messages/**")
    examine(page)


def answer(page: Page, kind: str, writing: Writing) -> None:
    """Begin the reply of a kind from the page of a message, write it and seal it."""
    page.click(f'form:has(input[value="{kind}"]) button')
    page.wait_for_url("**/drafts/**")
    examine(page)
    fill(page, inputs(kind, writing))
    seal(page)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_request_is_asked_clarified_and_answered(street: Street, browser: Browser, language: str) -> None:
    asking, asked = open_window(browser, language), open_window(browser, language)
    street.sign_in(asking, "TJ", "TJ-1")
    street.sign_in(asked, "KG", "KG-1")
    now = street.house.clock.now
    subject = f"Owner of a lorry, {language}"
    request = requests.lorry_owner(now)
    written = Writing({**request.labels, "subject_line": subject}, request.body, request.objects)

    page = asking.page
    page.click("nav a[href='/compose']")
    examine(page)
    page.click("main form button")
    page.wait_for_url("**/drafts/**")
    examine(page)
    page.check('[name=recipients][value="KG"]')
    fill(page, inputs("REQ", written))
    examine(page)
    seal(page)
    street.sync("TJ", "KG", "TJ")

    other = asked.page
    other.reload()
    examine(other)
    other.click(f"a:has-text('{subject}')")
    examine(other)
    other.click("form[action$='/take'] button")
    expect(other.locator("form[action$='/take']")).to_have_count(0)
    address = other.url.partition("?")[0]
    answer(other, "CLQ", replies.which_crossing(now))
    street.sync("KG", "TJ", "KG")

    page.goto(f"{street.addresses['TJ']}/inbox")
    page.locator(".grid__title a").first.click()
    examine(page)
    page.click("form[action$='/take'] button")
    answer(page, "CLA", replies.kyzyl_art(now))
    street.sync("TJ", "KG", "TJ")

    other.goto(address)
    answer(other, "ANS", Writing(labels(now, f"Answer, {language}", "en", "DRUGS.HEROIN"), ANSWER))
    street.sync("KG", "TJ", "KG")

    page.goto(f"{street.addresses['TJ']}/inbox?kind=ANS")
    page.click(f"a:has-text('Answer, {language}')")
    expect(page.locator("main")).to_contain_text("registered in 2024")
    examine(page)
    assert not asking.complaints + asked.complaints
    assert street.house.reports("TJ") + street.house.reports("KG") == 0

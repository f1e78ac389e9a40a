"""The main job in a browser: ask, seal, take, ask back, clarify, answer, read the answer.

The one who asks works in Russian and the one who is asked in English, so each kind of page is examined in both: what
this leaves out, the inbox and the first form in the other language, is examined in `test_living_pages`.
"""

import pytest
from playwright.sync_api import Browser, Page, expect

from serai.demo import replies, requests
from serai.demo.writing import AT_RISK, Writing, labels
from tests.e2e.browser.conftest import Street, examine, open_window
from tests.e2e.browser.filling import accept, fill
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
    accept(page)
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


def ask(street: Street, page: Page, subject: str) -> None:
    """Write a request to KG in the form of the page and seal it."""
    request = requests.lorry_owner(street.house.clock.now)
    written = Writing({**request.labels, "subject_line": subject}, request.body, request.objects)
    page.click("nav a[href='/compose']")
    examine(page)
    page.click("main form button")
    page.wait_for_url("**/drafts/**")
    examine(page)
    page.check('[name=recipients][value="KG"]')
    fill(page, inputs("REQ", written))
    examine(page)
    seal(page)


def find(page: Page, title: str) -> None:
    """Open an arrival from the inbox."""
    page.reload()
    examine(page)
    page.click(f".grid__title a:has-text('{title}')")
    examine(page)


def take(page: Page, title: str) -> str:
    """Open an arrival from the inbox, take it, and return its address."""
    find(page, title)
    page.click("form[action$='/take'] button")
    expect(page.locator("form[action$='/take']")).to_have_count(0)
    return page.url.partition("?")[0]


@pytest.mark.slow
def test_a_request_is_asked_clarified_and_answered_across_two_languages(street: Street, browser: Browser) -> None:
    asking, asked = open_window(browser, "ru"), open_window(browser, "en")
    street.sign_in(asking, "TJ", "TJ-1")
    street.sign_in(asked, "KG", "KG-1")
    inbox, now = asking.page.url, street.house.clock.now
    question = replies.which_crossing(now)

    ask(street, asking.page, "Owner of a lorry")
    street.sync("TJ", "KG", "TJ")
    address = take(asked.page, "Owner of a lorry")
    answer(asked.page, "CLQ", question)
    street.sync("KG", "TJ", "KG")

    asking.page.goto(f"{inbox}?kind=CLQ")
    find(asking.page, str(question.labels["subject_line"]))
    expect(asking.page.locator("form[action$='/take']")).to_have_count(0)  # whoever asked owns the exchange
    answer(asking.page, "CLA", replies.kyzyl_art(now))
    street.sync("TJ", "KG", "TJ")

    asked.page.goto(address)
    answer(asked.page, "ANS", Writing(labels(now, "Answer", "en", "DRUGS.HEROIN", **AT_RISK), ANSWER))
    street.sync("KG", "TJ", "KG")

    asking.page.goto(f"{inbox}?kind=ANS")
    asking.page.click(".grid__title a:has-text('Answer')")
    expect(asking.page.locator("main")).to_contain_text("registered in 2024")
    examine(asking.page)
    assert not asking.complaints + asked.complaints
    assert street.house.reports("TJ") + street.house.reports("KG") == 0

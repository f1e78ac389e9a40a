"""The pages in the oldest browser that they are for, Chromium 109: the last for Windows 7, and the last for 8.1."""

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browser.conftest import Street, examine, open_window
from tests.e2e.browser.test_living_pages import arrive

pytestmark = pytest.mark.slow

CUT_OFF = "Failed to fetch"
"""What this browser notes when one leaves a page that is listening for news."""


def test_an_officer_sees_an_arrival_come_reads_it_and_begins_the_answer(street: Street, oldest: Browser) -> None:
    assert oldest.version.startswith("109.")
    window = open_window(oldest, "ru")
    page = window.page
    street.sign_in(window, "KG", "KG-1")
    page.goto(f"{street.addresses['KG']}/inbox?view=UNASSIGNED")
    before = page.locator(".grid tbody tr").count()
    arrive(street)
    expect(page.locator(".grid tbody tr")).to_have_count(before + 1)
    examine(page)
    page.locator(".grid__title a").first.click()
    page.click("form[action$='/take'] button")
    examine(page)
    page.click('form:has(input[value="ANS"]) button')
    page.wait_for_url("**/drafts/**")
    examine(page)
    assert not [one for one in window.complaints if CUT_OFF not in one]

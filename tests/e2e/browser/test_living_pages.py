"""What scripts add to pages that work without them: live lists, sound, saved drafts, a warning; and their walls."""

import re

import pytest
from playwright.sync_api import Browser, expect

from serai.demo import requests
from tests.e2e.browser.conftest import Street, examine, open_window
from tests.nodes.web.work import send

pytestmark = pytest.mark.slow

PAGES = (
    "/inbox",
    "/sent",
    "/permissions",
    "/permissions/pace",
    "/notices",
    "/compose",
    "/cases",
    "/tasks",
    "/search",
    "/shift",
    "/alerts",
    "/board",
    "/board?assign=all",
    "/help",
    "/me",
)


def arrive(street: Street, urgent: bool = False) -> None:  # noqa: FBT001, FBT002  (one word says it all)
    """Let TJ send a request to KG, beside the driver's loop."""
    write = requests.controlled_delivery if urgent else requests.lorry_owner

    def act() -> None:
        desk = street.house.desk("TJ", "TJ-1")
        send(desk, "REQ", write(street.house.clock.now), "KG")
        street.house.sync("TJ", "KG", "TJ")

    street.worker.submit(act).result()


def test_every_page_of_an_officer_is_accessible_and_narrow_in_both_languages(street: Street, browser: Browser) -> None:
    arrive(street)
    for language in ("en", "ru"):
        window = open_window(browser, language)
        street.sign_in(window, "KG", "KG-1")
        for path in PAGES:
            window.page.goto(street.addresses["KG"] + path)
            assert window.page.locator("html").get_attribute("lang") == language
            examine(window.page)
        assert not window.complaints


def test_the_pages_before_sign_in_and_the_error_pages_are_accessible(street: Street, browser: Browser) -> None:
    window = open_window(browser, "ru")
    for path in ("/sign-in", "/enrol"):
        window.page.goto(street.addresses["TJ"] + path)
        examine(window.page)
    assert not window.complaints
    window.page.goto(street.addresses["TJ"] + "/nowhere")
    examine(window.page)


def test_a_passkey_of_a_security_key_is_added_and_signs_in(street: Street, browser: Browser) -> None:
    node, window = street.house.nodes["TJ"], open_window(browser, "en")
    address = street.addresses["TJ"].replace("127.0.0.1", "localhost")
    node.settings = node.settings.model_copy(update={"public_origin": address})
    page, driver = window.page, window.context.new_cdp_session(window.page)
    driver.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True}
    driver.send("WebAuthn.addVirtualAuthenticator", {"options": {**key, "isUserVerified": True}})
    street.sign_in(window, "TJ", "TJ-1", address=address)
    page.goto(f"{address}/me")
    page.fill("#label", "blue key")
    page.click("[data-passkey=create]")
    page.wait_for_selector("#proof-code")
    examine(page)
    page.fill("#proof-code", street.totp("TJ-1"))
    page.click("text=Confirm with the code")
    page.wait_for_url("**/me?done=passkey-added")
    page.click("text=Sign out")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/inbox")
    page.goto(f"{address}/me")
    examine(page)
    expect(page.locator("main table").first).to_contain_text("Passkey")
    refused = [one for one in window.complaints if "428" not in one]  # the page that asks to confirm has that status
    assert not refused


def test_an_arrival_appears_by_itself_with_an_alarm_and_a_sound(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    page = window.page
    street.sign_in(window, "KG", "KG-1")
    page.goto(street.addresses["KG"] + "/alerts")
    page.click("[data-sound]")
    page.goto(street.addresses["KG"] + "/inbox")
    before = page.locator(".grid tbody tr").count()
    page.click("h1")
    arrive(street, urgent=True)
    expect(page.locator(".grid tbody tr")).to_have_count(before + 1)
    expect(page.locator("#alarm")).to_contain_text("An urgent message has arrived")
    page.wait_for_function("Number(document.body.dataset.sounded) >= 1")
    page.locator("#alarm button").first.click()
    expect(page.locator(".note")).to_contain_text("you have seen it")
    assert not window.complaints
    assert street.house.reports("KG") == 0


def test_a_draft_saves_itself_and_survives_a_crash_of_the_page(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    page = window.page
    street.sign_in(window, "TJ", "TJ-1")
    page.clock.install()
    page.goto(street.addresses["TJ"] + "/compose")
    page.click("main form button")
    page.wait_for_url("**/drafts/**")
    page.fill("[name='common.subject_line']", "Kept without pressing anything")
    with page.expect_response("**/autosave"):
        page.clock.run_for(21_000)
    address = page.url
    page.close()
    again = window.context.new_page()
    again.goto(address)
    expect(again.locator("[name='common.subject_line']")).to_have_value("Kept without pressing anything")


def test_three_minutes_before_the_end_a_session_can_be_kept(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    page = window.page
    street.sign_in(window, "KG", "KG-1")
    page.clock.install()
    page.goto(street.addresses["KG"] + "/help")
    expect(page.locator("#session")).to_be_hidden()
    page.clock.run_for(12 * 60_000 + 2_000)
    expect(page.locator("#session")).to_be_visible()
    page.click("#session button")
    expect(page.locator("#session")).to_be_hidden()


def test_without_scripts_the_same_rows_and_forms_work(street: Street, browser: Browser) -> None:
    arrive(street)
    plain, rich = open_window(browser, "en", scripts=False), open_window(browser, "en")
    for window in (plain, rich):
        street.sign_in(window, "KG", "KG-1")
    titles = [window.page.locator(".grid__title a").all_inner_texts() for window in (plain, rich)]
    assert titles[0] == titles[1]
    page = plain.page
    page.click("nav a[href='/compose']")
    page.click("main form button")
    page.wait_for_url("**/drafts/**")
    page.fill("[name='body.facts']", "Written without scripts")
    page.click("button[value='add:body.requested_items']")
    page.wait_for_url("**add=**")
    expect(page.locator("[name='body.facts']")).to_have_value("Written without scripts")
    page.click("button[value=check]:not([aria-hidden])")
    page.wait_for_url("**check=1")
    expect(page.locator(".govuk-error-summary")).to_contain_text("There is a problem")


def test_an_error_summary_has_the_focus_and_leads_to_the_field(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    page = window.page
    street.sign_in(window, "TJ", "TJ-1")
    page.click("nav a[href='/compose']")
    page.click("main form button")
    page.wait_for_url("**/drafts/**")
    page.click("button[value=check]:not([aria-hidden])")
    page.wait_for_url("**check=1")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    examine(page)
    page.click("a[href='#f-common-subject_line']")
    expect(page.locator("#f-common-subject_line")).to_be_focused()


def test_the_keyboard_reaches_the_content_first(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    street.sign_in(window, "KG", "KG-1")
    window.page.goto(street.addresses["KG"] + "/inbox")
    window.page.keyboard.press("Tab")
    expect(window.page.locator(".skip")).to_be_focused()
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#main")).to_be_focused()


def test_markup_that_was_smuggled_in_stays_dead(street: Street, browser: Browser) -> None:
    window = open_window(browser, "en")
    page = window.page
    street.sign_in(window, "KG", "KG-1")
    refused = page.evaluate(
        "() => { try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); return false; }"
        " catch { return true; } }"
    )
    assert refused
    page.evaluate(
        "() => { const one = document.createElement('div'); one.id = 'smuggled'; one.setAttribute('hx-get', '/help');"
        " one.setAttribute('hx-trigger', 'load'); document.body.append(one); htmx.process(one); }"
    )
    assert page.locator("#smuggled").get_attribute("hx-get") is None


def test_on_paper_there_is_the_handling_code_and_no_navigation(street: Street, browser: Browser) -> None:
    arrive(street)
    window = open_window(browser, "en")
    street.sign_in(window, "KG", "KG-1")
    window.page.emulate_media(media="print")
    expect(window.page.locator(".nav").filter(visible=True)).to_have_count(0)
    expect(window.page.locator(".banner").first).to_be_visible()
    assert re.search("H[01]", window.page.locator(".banner").first.inner_text())


def test_forced_colours_and_reduced_motion_keep_every_state_a_word(street: Street, browser: Browser) -> None:
    arrive(street)
    window = open_window(browser, "en")
    street.sign_in(window, "KG", "KG-1")
    window.page.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert all(text.strip() for text in window.page.locator(".grid .govuk-tag").all_inner_texts())

"""Pages that are seldom opened, and then in a hurry: asked before, recall, task, absence, keys, the hub's operator."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from exchange.hub import overview
from nodes import passwords, rekeying
from nodes.rekeying import Leave
from serai import control
from serai.demo import requests
from serai.operator.accounts import Accounts, Role
from serai.operator.pages import create_app
from tests.e2e.browser.conftest import Street, Window, examine, open_window, served, serving
from tests.instants import NOW
from tests.nodes.web.house import PASSWORD, House, build
from tests.nodes.web.work import send

pytestmark = pytest.mark.slow

SAYS_NO = ("422", "428")
"""The page with what is missing, and the page that asks to confirm, have these statuses; the browser notes them."""


@dataclass(frozen=True)
class Day:
    """What a day has left behind at Kyrgyzstan, as addresses."""

    street: Street
    twice: str
    task: str
    sent: str


def a_day(house: House) -> tuple[str, str, str]:
    """The same is asked of Kyrgyzstan twice; it splits that, asks something itself, and its key file is gone."""
    tj, kg = house.desk("TJ", "TJ-1"), house.desk("KG", "KG-1")
    for _ in range(2):
        twice = send(tj, "REQ", requests.lorry_owner(house.clock.now), "KG")
    house.sync("TJ", "KG", "TJ")
    kg.post(f"{twice}/take")
    due = re.findall(r'name="due"[^>]*value="([^"]+)"', kg.get(f"{twice}/tasks").text)[0]
    order = {"agency": "CUSTOMS", "items": ["1", "2"], "instructions": "Look it up.", "due": due}
    task = str(kg.post(f"{twice}/tasks", **order).headers["location"]).partition("?")[0]
    sent = send(kg, "REQ", requests.stamps(house.clock.now), "TJ")
    house.sync("KG", "TJ", "KG")
    with house.nodes["KG"].db.write() as session:
        rekeying.missing(session, house.nodes["KG"], "NODE", Leave("the old machine is retired"))
    return twice, task, sent


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Tajikistan and Kyrgyzstan, each with an officer on duty; Kyrgyzstan with a supervisor and two administrators."""
    house = build(tmp_path_factory.mktemp("seldom"), NOW, ("KG", "TJ"))
    house.add_user("TJ", "TJ-1", "OFFICER", "SPOC_DUTY")
    house.add_user("KG", "KG-1", "OFFICER", "SPOC_DUTY")
    house.add_user("KG", "KG-3", "SUPERVISOR")
    for admin in ("KG-7", "KG-8"):  # where there are two, no key is made without one of them
        house.add_user("KG", admin, "NODE_ADMIN")
    left = a_day(house)
    with served(house) as street:
        yield Day(street, *left)


def enter(day: Day, browser: Browser, user: str, first: str = "**/inbox", *, scripts: bool = True) -> Window:
    """Sign a person in, who reads Russian."""
    window = open_window(browser, "ru", scripts=scripts)
    day.street.sign_in(window, user[:2], user, first)
    return window


def walk(day: Day, window: Window, unit: str, *paths: str) -> None:
    """Examine these pages."""
    for path in paths:
        window.page.goto(day.street.addresses[unit] + path)
        assert window.page.locator("html").get_attribute("lang") == window.language
        examine(window.page)


def end(day: Day, window: Window) -> None:
    """No page threw anything or broke the content policy."""
    assert not [one for one in window.complaints if not any(f"status of {status}" in one for status in SAYS_NO)]
    assert sum(map(day.street.house.reports, ("KG", "TJ"))) == 0


def test_an_officer_sees_what_was_asked_before_and_finds_the_next_step_on_a_narrow_screen(
    day: Day, browser: Browser
) -> None:
    window = enter(day, browser, "KG-1")
    page = window.page
    walk(day, window, "KG", day.twice, f"{day.twice}/tasks", day.task)
    page.goto(day.street.addresses["KG"] + day.twice)
    expect(page.locator("main")).to_contain_text("О том же здесь уже запрашивали")
    page.set_viewport_size({"width": 320, "height": 800})
    page.click(".to-steps a")
    expect(page.locator("#beside")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{day.street.addresses['KG']}{day.twice}/court")
    page.fill("#reason", "City court of Osh, case 1-77/2026")
    page.click("form[method=post][action$='/court'] button")
    page.wait_for_selector("#proof-code")
    examine(page)
    end(day, window)


def test_a_recall_names_the_message_and_shows_at_both_ends_what_became_of_it(day: Day, browser: Browser) -> None:
    window = enter(day, browser, "KG-1")
    page = window.page
    walk(day, window, "KG", f"{day.sent}/recall")
    expect(page.locator("main")).to_contain_text("Stamp of three camels")
    page.click("form[action$='/recall'] button")
    page.wait_for_url("**/recalls/**")
    examine(page)
    day.street.sync("KG", "TJ", "KG")
    there = enter(day, browser, "TJ-1")
    walk(day, there, "TJ", page.url.partition("?")[0].removeprefix(day.street.addresses["KG"]))
    end(day, window)
    end(day, there)


def test_a_supervisor_says_who_stands_in_and_sees_it_where_it_counts(day: Day, browser: Browser) -> None:
    window = enter(day, browser, "KG-3")
    page = window.page
    walk(day, window, "KG", "/absences?person=KG-1", "/approvals")
    page.goto(day.street.addresses["KG"] + "/absences?person=KG-1")
    page.fill("#since", "2026-11-22")
    page.fill("#until", "2026-12-07")
    page.click("form[action='/absences'][method=post] button")
    expect(page.locator(".govuk-error-summary")).to_be_visible()  # nobody was chosen to stand in
    examine(page)
    end(day, window)


def test_the_second_person_for_a_key_decides_without_scripts(day: Day, browser: Browser) -> None:
    window = enter(day, browser, "KG-8", "**/people")
    walk(day, window, "KG", "/keys", "/people/KG-1", "/people/new")
    window.page.goto(day.street.addresses["KG"] + "/keys")
    window.page.click("button[value=approve]")
    examine(window.page)
    plain = browser.new_context(storage_state=window.context.storage_state(), java_script_enabled=False)
    page = plain.new_page()
    page.goto(day.street.addresses["KG"] + "/keys")
    page.click("button[value=approve]")
    expect(page.locator("main")).to_contain_text("Подписывает запросы к центру")
    day.street.prove(page, "KG-8")
    expect(page.locator("main")).to_contain_text("Оператор повторяет ту же команду")
    end(day, window)


def test_the_hubs_operator_has_the_same_walls_and_the_same_narrow_pages(day: Day, browser: Browser) -> None:
    hub, clock = day.street.house.hub, day.street.house.clock
    secret = Accounts(hub.settings.home).put("gul", Role.OPERATOR, PASSWORD)
    window = open_window(browser, "ru")
    with (
        control.answering(hub.settings.home, {"look": lambda _: overview.overview(hub)}),
        serving(create_app(hub.settings.home, clock)) as port,
    ):
        operator(window.page, f"http://127.0.0.1:{port}", passwords.totp_code(passwords.totp_secret(secret), clock.now))
        window.context.close()
    assert not window.complaints


def operator(page: Page, address: str, code: str) -> None:
    """Examine the door, and the overview in both languages."""
    page.goto(f"{address}/language/ru")
    examine(page)
    for name, value in (("name", "gul"), ("password", PASSWORD), ("code", code)):
        page.fill(f"[name={name}]", value)
    page.click("main form button")
    for language in ("ru", "en"):
        page.goto(f"{address}/language/{language}")
        assert (page.locator("html").get_attribute("lang"), page.locator("#units").count()) == (language, 1)
        examine(page)

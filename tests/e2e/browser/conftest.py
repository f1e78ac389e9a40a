"""A real browser before a real federation: a hub and two units in this process, their pages on loopback ports."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import browser as chromium
from tests.nodes.web.house import PASSWORD, House, build

OLDEST = Path(__file__).parents[3] / ".cache" / "oldest-browser"
PATIENCE = 20_000
"""Milliseconds that a page may take on a machine that does other things as well."""


@dataclass
class Street:
    """Some units whose pages are served; what the house does runs in a thread of its own, beside the driver's loop."""

    house: House
    worker: ThreadPoolExecutor
    addresses: dict[str, str] = field(default_factory=dict)

    def sync(self, *units: str) -> None:
        """Let each unit send and fetch, in this order."""
        self.worker.submit(self.house.sync, *units).result()

    def totp(self, user: str) -> str:
        """Return the next one-time code of a person."""
        self.house.clock.now += 30
        return self.house.totp(user)

    def prove(self, page: Page, user: str) -> None:
        """Confirm the act that the page asks about with the next code of a person."""
        page.fill("#proof-code", self.totp(user))
        page.click("main form button.govuk-button")

    def sign_in(
        self, window: "Window", unit: str, user: str, first: str = "**/inbox", *, address: str | None = None
    ) -> None:
        """Choose the language of the window and sign in through the form, up to the first page of the person."""
        page = window.page
        page.goto(f"{address or self.addresses[unit]}/language/{window.language}?back=/sign-in")
        page.fill("#user", user)
        page.fill("#password", PASSWORD)
        page.fill("#code", self.totp(user))
        page.click("main form[action='/sign-in'] button.govuk-button[type=submit]")
        page.wait_for_url(first)


@contextmanager
def serving(app: FastAPI, certificate: Path | None = None, key: Path | None = None) -> Iterator[int]:
    """Serve pages on loopback, over TLS if certificate and key are given; gives the port."""
    config = uvicorn.Config(
        app, port=0, log_level="warning", timeout_graceful_shutdown=1, ssl_certfile=certificate, ssl_keyfile=key
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(house: House) -> Iterator[Street]:
    """The pages of every unit of a house on loopback ports, until the test module is done."""
    made = Street(house, ThreadPoolExecutor(1))
    with ExitStack() as stack:
        for unit in house.nodes:
            made.addresses[unit] = f"http://127.0.0.1:{stack.enter_context(serving(house.app(unit)))}"
        yield made
    made.worker.submit(house.close).result()
    made.worker.shutdown()


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Tajikistan with an officer, Kyrgyzstan with an officer who is on duty."""
    house = build(tmp_path_factory.mktemp("street"), int(time.time()), ("KG", "TJ"))
    house.add_user("TJ", "TJ-1", "OFFICER")
    house.add_user("KG", "KG-1", "OFFICER", "SPOC_DUTY", language="ru")
    with served(house) as made:
        yield made


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Run the Chromium at `path`, without a window."""
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=chromium.flags())
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; a machine without one skips these tests and says so."""
    path = chromium.executable()
    if path is None:
        pytest.skip("NO CHROMIUM ON THIS MACHINE: THE PAGES WERE NOT TESTED IN A BROWSER")
    with started(path) as running:
        yield running


@pytest.fixture(scope="module")
def oldest() -> Iterator[Browser]:
    """The oldest Chromium that the pages are for, which the set-up installed; where it could not, this is skipped."""
    if not (OLDEST / "installed").exists():
        pytest.skip("THE OLDEST BROWSER IS NOT ON THIS MACHINE: THE PAGES WERE NOT TESTED IN IT")
    with started(str(OLDEST / "chromium")) as running:
        yield running


@dataclass
class Window:
    """A browser context whose errors and policy violations are remembered."""

    language: str
    context: BrowserContext
    page: Page
    complaints: list[str]


def open_window(browser: Browser, language: str, *, scripts: bool = True, width: int = 1280) -> Window:
    """Return a new window that speaks `language`."""
    context = browser.new_context(
        locale=language, java_script_enabled=scripts, viewport={"width": width, "height": 900}
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return Window(language, context, page, complaints)


def examine(page: Page) -> None:
    """Demand of a page: no finding of axe, one first heading, a title, no sideways scroll at 320 pixels."""
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]
    assert page.locator("h1").count() == 1
    assert re.search(r" – Serai \S+$", page.title()), page.title()
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    page.set_viewport_size(size or {"width": 1280, "height": 900})

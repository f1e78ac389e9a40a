"""Signing in through a certified OpenID provider, in a real browser and over TLS, and leaving there.

The provider is `oidc-provider` on Node.js, which the set-up installs; what one that lies may say is in
`tests/nodes/test_oidc.py`.
"""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from nodes import changes, oidc, provider_logout, signin
from nodes.account_tables import UserRow
from nodes.accounts import NewSubject
from nodes.errors import NotReady
from nodes.node import Node
from nodes.web.app import create_app
from tests.e2e.browser.conftest import PATIENCE, serving
from tests.nodes.test_tls import certificate
from tests.nodes.web.house import House, build
from tests.nodes.web.test_people import REASON, asked, decide

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parents[3]
SOURCES: Final = ROOT / "tests" / "e2e" / "oidc"
INSTALLED: Final = ROOT / ".cache" / "identity-provider"
LOCK: Final = (SOURCES / "package-lock.json").read_text()
CLIENT: Final = "serai-kg"
SECRET: Final = "what the provider and the unit share"
LINKED: Final = "marat"
ELSEWHERE: Final = re.compile("^(?!https://localhost:)")


@dataclass(frozen=True)
class Unit:
    """Kyrgyzstan, whose officer KG-1 two administrators have linked to the provider's LINKED."""

    node: Node
    address: str
    issuer: str


@contextmanager
def running(folder: Path, address: str) -> Iterator[str]:
    """Run the provider, which knows the unit at `address`; gives its issuer."""
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "token_endpoint_auth_method": "client_secret_post",
        "id_token_signed_response_alg": "ES256",
        "redirect_uris": [address + oidc.CALLBACK],
        "backchannel_logout_uri": address + provider_logout.DOOR,
        "backchannel_logout_session_required": True,
    }
    shown = str(folder / "localhost.pem")
    told = json.dumps({"certificate": shown, "key": str(folder / "localhost.key"), "client": client})
    with (SOURCES / "provider.mjs").open() as script, (folder / "provider.log").open("w") as said:
        process = subprocess.Popen(  # noqa: S603  # our own script, by the Node.js that the set-up used
            [str(shutil.which("node")), "--input-type=module", "-", told],
            cwd=INSTALLED,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": shown},
            stdin=script,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
        with process:
            try:
                issuer = process.stdout.readline().strip() if process.stdout else ""
                assert issuer, (folder / "provider.log").read_text()
                yield issuer
            finally:
                process.terminate()


def link(house: House) -> None:
    """One administrator asks to link KG-1 to LINKED, another confirms it on the page of people."""
    node = house.nodes["KG"]
    with node.db.write() as session:
        asker = signin.actor_of(session, node, session.get_one(UserRow, "KG-8"))
        changes.ask(session, node, asker, NewSubject("KG-1", LINKED), REASON)
    other = house.desk("KG", "KG-7")
    assert decide(other, asked(other.get("/people").text)).status_code == 303


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    installed = INSTALLED / "installed"
    if not installed.exists() or installed.read_text() != LOCK or shutil.which("node") is None:
        pytest.skip("NO IDENTITY PROVIDER ON THIS MACHINE: SIGNING IN WAS NOT TESTED WITH A REAL ONE")
    folder = tmp_path_factory.mktemp("provider")
    shown, key = certificate(folder, "localhost")
    (folder / "secret").write_text(SECRET)
    house = build(folder, int(time.time()), ("KG",))
    for user, role in (("KG-1", "OFFICER"), ("KG-8", "NODE_ADMIN"), ("KG-7", "NODE_ADMIN")):
        house.add_user("KG", user, role)
    node = house.nodes["KG"]
    node.settings = node.settings.model_copy(update={"public_origin": "https://localhost", "oidc_client_id": CLIENT})
    with serving(create_app(node), shown, key) as port, running(folder, f"https://localhost:{port}") as issuer:
        told = {"oidc_issuer": issuer, "oidc_ca": shown, "oidc_client_secret_file": folder / "secret"}
        told |= {"public_origin": f"https://localhost:{port}", "oidc_private": True}
        node.settings = node.settings.model_copy(update=told)
        link(house)
        yield Unit(node, str(told["public_origin"]), issuer)
    house.close()


def go_through(unit: Unit, browser: Browser, who: str) -> Page:
    """Follow the link of the sign-in page in a new browser, sign in over there as `who` and agree to what it asks."""
    page = browser.new_context(ignore_https_errors=True).new_page()
    page.route(ELSEWHERE, lambda route: route.abort())  # its pages ask for a font
    page.set_default_timeout(PATIENCE)
    page.goto(unit.address + "/sign-in")
    page.click("a[href='/sign-in/provider']")
    page.fill("[name=login]", who)
    page.fill("[name=password]", "anything")
    page.click("[type=submit]")
    page.click("text=Continue")
    page.wait_for_url(f"{unit.address}/**")
    return page


def test_a_linked_person_comes_to_the_inbox_and_whoever_leaves_there_is_signed_out_here(
    unit: Unit, browser: Browser
) -> None:
    desk, other = go_through(unit, browser, LINKED), go_through(unit, browser, LINKED)
    assert desk.url == other.url == unit.address + "/inbox"
    desk.goto(unit.issuer + "/session/end")
    desk.click("[value=yes]")
    desk.wait_for_url("**/session/end/success")
    desk.goto(unit.address + "/inbox")
    other.goto(unit.address + "/inbox")
    assert (desk.url, other.url) == (f"{unit.address}/sign-in?back=/inbox", f"{unit.address}/inbox")


def test_whom_nobody_linked_is_refused_whatever_the_provider_says(unit: Unit, browser: Browser) -> None:
    page = go_through(unit, browser, "aibek")
    assert page.locator(".govuk-error-summary").count() == 1
    page.goto(unit.address + "/inbox")
    assert page.url == f"{unit.address}/sign-in?back=/inbox"


def test_a_provider_for_whose_certificate_nobody_vouches_is_not_believed(unit: Unit) -> None:
    settings = unit.node.settings
    unit.node.settings = settings.model_copy(update={"oidc_ca": None})
    with pytest.raises(NotReady):
        oidc.begin(unit.node, "a browser")
    unit.node.settings = settings
    assert oidc.begin(unit.node, "a browser")[0].startswith(unit.issuer)

"""The operator's pages: who gets in, what each role is shown, and that nothing of it answers on the relay's port."""

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from exchange.hub import overview
from exchange.hub.overview import certificate_ends, last_backup, note_backup
from nodes import passwords
from serai import control
from serai.inside import Inside
from serai.operator.accounts import ATTEMPTS, FILE, IDLE, LIFETIME, Account, Accounts, Role, Sessions
from serai.operator.pages import create_app
from serai.operator.words import WORDS
from tests.hub.desk import Desk
from tests.instants import DAY, NOW

ORIGIN = "http://127.0.0.1:8441"
PASSWORD = "correct horse battery staple"  # of nobody
TEMPLATES = Path(overview.__file__).parents[2] / "serai" / "operator" / "templates"


class Clock:
    """A settable clock: codes of one step serve once."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A hub whose operations are answered, with an account for each role; hashing passwords is slow by intent."""
    folder = tmp_path_factory.mktemp("pages")
    desk = Desk(folder / "hub", f"sqlite:///{folder / 'hub.db'}")
    accounts = Accounts(desk.folder)
    made: dict[str, str] = {
        role: accounts.put(name, role, PASSWORD) for role, name in ((Role.OPERATOR, "gul"), (Role.AUDITOR, "ota"))
    }
    desk.send()
    note_backup(desk.settings, NOW - DAY, 4096)
    with control.answering(desk.folder, {"look": lambda _: overview.overview(desk.hub)}):
        yield {"home": desk.folder, "desk": desk, **made}
    desk.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def browser(secrets: dict[str, Any], clock: Clock) -> Iterator[httpx.Client]:
    accounts = Accounts(secrets["home"])
    for name, role in (("gul", Role.OPERATOR), ("ota", Role.AUDITOR)):
        with accounts._changing() as held:
            held[name] = Account(name, role, held[name].password, held[name].totp)
    inside = Inside(create_app(secrets["home"], clock))
    with httpx.Client(transport=inside, base_url=ORIGIN) as made:
        yield made
    inside.end()


def enter(browser: httpx.Client, secrets: dict[str, Any], role: Role, **changes: str) -> httpx.Response:
    code = passwords.totp_code(passwords.totp_secret(secrets[role]), NOW)
    given = {"name": {"HUB_OPERATOR": "gul", "HUB_AUDITOR": "ota"}[role], "password": PASSWORD, "code": code}
    headers = {"origin": ORIGIN}
    return browser.post("/sign-in", data=given | changes, headers=headers)


def test_a_stranger_is_sent_to_the_door_and_sees_nothing(browser: httpx.Client) -> None:
    assert browser.get("/").headers["location"] == "/sign-in"
    assert "hub.serai" not in browser.get("/sign-in").text


def test_the_operator_sees_units_queues_keys_and_the_machine(browser: httpx.Client, secrets: dict[str, Any]) -> None:
    assert enter(browser, secrets, Role.OPERATOR).headers["location"] == "/"
    page = browser.get("/").text
    for heading in ("see-to", "units", "log", "keys", "machine"):
        assert f'id="{heading}"' in page
    assert all(unit in page for unit in ("KG", "KZ", "TJ"))


def test_an_auditor_of_the_hub_sees_the_log_and_no_queue(browser: httpx.Client, secrets: dict[str, Any]) -> None:
    enter(browser, secrets, Role.AUDITOR)
    page = browser.get("/").text
    assert 'id="log"' in page
    assert not any(f'id="{heading}"' in page for heading in ("units", "keys", "machine"))


@pytest.mark.parametrize("changes", [{"password": "another password"}, {"code": "000000"}, {"name": "nobody"}])
def test_who_does_not_show_everything_stays_out(
    browser: httpx.Client, secrets: dict[str, Any], changes: dict[str, str]
) -> None:
    answer = enter(browser, secrets, Role.OPERATOR, **changes)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert browser.get("/").status_code == 303


def test_a_code_serves_once_and_a_form_of_another_site_never(browser: httpx.Client, secrets: dict[str, Any]) -> None:
    foreign = browser.post("/sign-in", data={"name": "gul"}, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403
    assert enter(browser, secrets, Role.OPERATOR).status_code == 303
    assert enter(browser, secrets, Role.OPERATOR).status_code == 401


def test_signing_out_needs_the_page_and_ends_the_session(browser: httpx.Client, secrets: dict[str, Any]) -> None:
    enter(browser, secrets, Role.OPERATOR)
    origin = {"origin": ORIGIN}
    browser.post("/sign-out", data={"csrf": "guessed"}, headers=origin)
    token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/").text)
    assert token is not None
    browser.post("/sign-out", data={"csrf": token[1]}, headers=origin)
    assert browser.get("/").status_code == 303


def test_pages_speak_russian_and_carry_the_wall_of_the_officers_pages(browser: httpx.Client) -> None:
    browser.get("/language/ru")
    browser.get("/language/xx")
    answer = browser.get("/sign-in")
    assert "Одноразовый код" in answer.text
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_hub_that_is_not_running_is_said_to_be_away(tmp_path: Path, secrets: dict[str, Any], clock: Clock) -> None:
    (tmp_path / FILE).write_bytes((secrets["home"] / FILE).read_bytes())
    inside = Inside(create_app(tmp_path, clock))
    with httpx.Client(transport=inside, base_url=ORIGIN) as browser:
        clock.now += 60
        code = passwords.totp_code(passwords.totp_secret(secrets[Role.OPERATOR]), clock.now)
        assert enter(browser, secrets, Role.OPERATOR, code=code).status_code == 303
        answer = browser.get("/")
    inside.end()
    assert (answer.status_code, "SERAI-NOT-RUNNING" in answer.text) == (503, True)


def test_the_relay_answers_none_of_the_pages(secrets: dict[str, Any]) -> None:
    for path in ("/", "/sign-in", "/static/shell.css"):
        assert secrets["desk"].client.get(path).status_code == 404


def test_sessions_end_by_idleness_and_age_and_guesses_are_counted() -> None:
    sessions, account = Sessions(), Account("gul", Role.OPERATOR, "", "")
    assert [sessions.attempt("gul", NOW) for _ in range(ATTEMPTS + 1)] == [True] * ATTEMPTS + [False]
    idle, busy = sessions.begin(account, NOW), sessions.begin(account, NOW)
    assert sessions.attempt("gul", NOW)
    assert all(sessions.of(busy, at) for at in range(NOW, NOW + LIFETIME, IDLE - 1))
    assert sessions.of(idle, NOW + IDLE) is None
    assert sessions.of(busy, NOW + LIFETIME) is None
    assert sessions.of("guessed", NOW) is None


def test_accounts_stand_in_a_file_for_the_owner_alone(secrets: dict[str, Any]) -> None:
    path = secrets["home"] / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PASSWORD not in path.read_text()
    assert not Accounts(secrets["home"]).remove("nobody")


def test_every_word_that_a_page_asks_for_is_there_in_both_languages_and_no_other() -> None:
    asked: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        pairs = re.findall(r'say\.(\w+)|say\["(\w+)"\]', template.read_text())
        asked |= {one or other for one, other in pairs}
    told = {"wrong", "too_many", "RECEIPT", "SNAPSHOT", "REQUEST"}
    assert asked - {"text"} | told == set(WORDS)
    assert all(one.en and one.ru for one in WORDS.values())


def test_the_end_of_the_certificate_is_read_from_its_file(secrets: dict[str, Any], tmp_path: Path) -> None:
    settings, path = secrets["desk"].settings, tmp_path / "hub.pem"
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.serai.example")])
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (NOW, NOW + 9 * DAY))
    built = x509.CertificateBuilder(name, name, key.public_key(), 7, begins, ends).sign(key, None)
    path.write_bytes(built.public_bytes(Encoding.PEM))
    assert certificate_ends(settings.model_copy(update={"tls_certificate": path})) == NOW + 9 * DAY


def test_a_certificate_or_backup_that_is_not_there_is_not_invented(secrets: dict[str, Any], tmp_path: Path) -> None:
    settings = secrets["desk"].settings
    assert certificate_ends(settings) == 0
    assert certificate_ends(settings.model_copy(update={"tls_certificate": tmp_path / "gone.pem"})) == 0
    assert last_backup(settings) == {"made": NOW - DAY, "bytes": 4096}
    assert last_backup(settings.model_copy(update={"home": tmp_path})) is None

"""`serai demo` as a person starts it: six processes, pages that answer, people who sign in; it ends, and it resumes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from serai import control
from serai.cli import app
from serai.demo.accounts import FILE, Account, load
from serai.demo.people import PEOPLE, PLACES
from serai.demo.processes import Service
from serai.demo.services import Ports
from serai.doctor import examine
from serai.output import CommandError, Exit
from tests.serai.test_log import run

pytestmark = pytest.mark.slow


@dataclass
class Demo:
    """A demo that runs, and what it printed."""

    folder: Path
    process: subprocess.Popen[str]
    ports: Ports
    printed: dict[str, Any]

    def account(self, user: str) -> Account:
        return next(one for one in load(self.folder) if one.user_id == user)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def ports() -> Ports:
    """Ports that were free a moment ago, below those that the system gives to whoever calls somebody."""
    bases = (12_000 + (os.getpid() * 7 + turn) % 2_000 * 10 for turn in range(2_000))
    return next(found for found in map(Ports, bases) if all(map(is_free, found.every())))


def start(folder: Path, base: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "serai", "demo", "--data", str(folder), "--port-base", str(base), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own interpreter and program


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, chosen = tmp_path_factory.mktemp("demo") / "federation", ports()
    process = start(folder, chosen.base)
    assert process.stdout is not None
    line = process.stdout.readline()
    yield Demo(folder, process, chosen, json.loads(line or "{}"))
    process.kill()
    process.communicate()


def sign_in(account: Account) -> httpx.Response:
    """Sign in through the form, and return the first page."""
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
    with httpx.Client(base_url=account.address, headers=headers, follow_redirects=True, trust_env=False) as browser:
        token = browser.get("/sign-in").text.partition('name="csrf" value="')[2].partition('"')[0]
        form = {"csrf": token, "user": account.user_id, "password": account.password, "code": account.code()}
        return browser.post("/sign-in", data=form)


def test_every_person_is_printed_with_a_way_in(demo: Demo) -> None:
    assert demo.printed["schema"] == "serai/demo-accounts/1"
    assert {one["user_id"] for one in demo.printed["accounts"]} == {person.user_id for person in PEOPLE}
    assert {one["address"] for one in demo.printed["accounts"]} == {demo.ports.origin(one.unit) for one in PLACES}
    assert all(len(one["code"]) == 6 and one["password"] for one in demo.printed["accounts"])
    assert all(httpx.get(f"{demo.ports.origin(one.unit)}/sign-in", trust_env=False).is_success for one in PLACES)


def test_the_duty_officer_finds_the_urgent_arrival_without_an_owner(demo: Demo) -> None:
    page = sign_in(demo.account("TJ-2001"))
    assert (page.status_code, page.url.path) == (200, "/inbox")
    assert "серый УАЗ" in page.text
    assert page.text.count("An urgent message has arrived") == 1
    assert "not assigned" in page.text


def test_the_clocks_of_the_case_are_of_several_kinds(demo: Demo) -> None:
    page = sign_in(demo.account("KG-1107"))
    assert {word for word in ("ответ дан в срок", "Ждёт суда", "Готовится ответ") if word not in page.text} == set()


@pytest.mark.parametrize("home", ["hub", "tj"])
def test_the_doctor_finds_nothing_wrong_at_a_running_service(demo: Demo, home: str) -> None:
    wrong = {finding.check for finding in examine(demo.folder / home, time.time()) if not finding.ok}
    assert wrong <= {"flush", "disk"}  # those are the machine's


def test_codes_are_printed_for_any_moment(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app(["demo", "codes", "--data", str(demo.folder), "--json"])
    assert {len(one["code"]) for one in json.loads(capsys.readouterr().out)["accounts"]} == {6}


def test_ports_that_are_in_use_are_named(demo: Demo, tmp_path: Path) -> None:
    second = start(tmp_path / "second", demo.ports.base)
    said, _ = second.communicate(timeout=60)
    assert (second.returncode, json.loads(said)["code"]) == (Exit.CONFLICT, "SERAI-DEMO-PORT")


def test_ctrl_c_ends_every_process_and_a_newer_release_goes_on_with_the_folder(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    _, said = demo.process.communicate(timeout=60)
    assert demo.process.returncode == Exit.DONE, said
    for service in (demo.ports.hub_url, *(demo.ports.origin(place.unit) for place in PLACES)):
        with pytest.raises(httpx.ConnectError):
            httpx.get(service, trust_env=False)
    assert not control.is_running(demo.folder / "tj")
    older = ("hub", "migrate", "--home", demo.folder / "hub", "--down", "--revision", "0010")
    assert run(*older) == Exit.DONE
    again = start(demo.folder, demo.ports.base)
    assert again.stdout is not None
    resumed = json.loads(again.stdout.readline())["accounts"]
    assert [one["password"] for one in resumed] == [one["password"] for one in demo.printed["accounts"]]
    assert httpx.get(f"{demo.ports.hub_url}/v1/health", trust_env=False).is_success
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert again.returncode == Exit.DONE


def test_no_secret_of_the_demo_is_readable_by_others(demo: Demo) -> None:
    for name in ("passphrase", FILE):
        assert (demo.folder / name).stat().st_mode & 0o077 == 0
    logs = list(demo.folder.glob("*/process.log"))
    assert len(logs) == 1 + len(PLACES)
    assert not any("password" in path.read_text() for path in logs)


def test_a_process_that_cannot_start_is_named_with_its_log(tmp_path: Path) -> None:
    service = Service("a node", ["node", "serve", "--home", str(tmp_path)], "http://127.0.0.1:9", log=tmp_path / "log")
    service.start()
    with pytest.raises(CommandError, match="a node ended"):
        service.wait_ready()
    service.stop()
    assert not service.running

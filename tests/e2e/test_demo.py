"""`serai demo` as people use it: it starts, shows its accounts, serves its pages, ends with Ctrl-C, and resumes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from serai import control
from serai.demo import accounts
from serai.demo.processes import free_port
from serai.doctor import examine
from serai.output import Exit

pytestmark = pytest.mark.slow


@contextmanager
def demo(folder: Path, port: int) -> Iterator[list[dict[str, Any]]]:
    """Run the demo until the block ends, then end it with Ctrl-C; yields the accounts that it printed."""
    command = [sys.executable, "-m", "serai", "demo", "--data", str(folder), "--port-base", str(port), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own program
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read() if process.stderr else ""
            yield json.loads(line)["accounts"]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == Exit.DONE


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[dict[str, Any]]]:
    """A demo that ran, was looked at and has ended."""
    folder, port = tmp_path_factory.mktemp("demo") / "federation", free_port()
    with demo(folder, port) as printed:
        look(folder, printed)
    return folder, port, printed


def look(folder: Path, printed: list[dict[str, Any]]) -> None:
    """Everything that must be there while it runs."""
    for address in {account["address"] for account in printed}:
        assert httpx.get(f"{address}/sign-in").is_success
    officer = next(account for account in accounts.load(folder) if account.user_id == "TJ-2001")
    given = {"user_id": officer.user_id, "password": officer.password, "totp": officer.code()}
    session = control.call(folder / "tj", "sign-in", given)["session"]
    rows = control.call(folder / "tj", "message.list", {"session": session, "box": "ARRIVED", "view": "ALL", "page": 1})
    assert any(row["urgency"] == "URG_LIFE" and row["assignee"] is None for row in rows["rows"])
    for home in ("tj", "hub"):
        wrong = [finding for finding in examine(folder / home, time.time()) if not finding.ok]
        assert [finding.check for finding in wrong if finding.check not in {"flush", "disk"}] == []


def test_the_demo_serves_its_pages_and_its_case(ended: tuple[Path, int, list[dict[str, Any]]]) -> None:
    _, _, printed = ended
    assert {account["unit"] for account in printed} == {"TJ", "KG", "KZ", "UZ", "CARICC"}
    assert all(len(account["code"]) == 6 and account["password"] for account in printed)


def test_nothing_runs_on_after_the_demo(ended: tuple[Path, int, list[dict[str, Any]]]) -> None:
    folder, port, _ = ended
    assert not control.is_running(folder / "tj")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/v1/health")


def test_the_same_folder_resumes_with_the_same_accounts(ended: tuple[Path, int, list[dict[str, Any]]]) -> None:
    folder, port, before = ended
    with demo(folder, port) as again:
        assert [account["password"] for account in again] == [account["password"] for account in before]
        assert httpx.get(f"http://127.0.0.1:{port}/v1/health").is_success


def test_no_secret_is_readable_by_others(ended: tuple[Path, int, list[dict[str, Any]]]) -> None:
    folder, _, _ = ended
    for name in ("passphrase", accounts.FILE):
        assert (folder / name).stat().st_mode & 0o077 == 0
    assert not any("password" in path.read_text() for path in folder.glob("*/process.log"))

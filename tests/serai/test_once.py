"""`serai demo --once` with real processes, and what its offline check says when a byte was changed afterwards."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serai.cli import app
from serai.demo import evidence, once
from serai.demo.evidence import Verdict
from serai.federation import open_federation
from serai.output import Exit
from tests.instants import NOW

pytestmark = pytest.mark.slow


def serai(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own interpreter and program
        [sys.executable, "-m", "serai", *words], capture_output=True, text=True, check=False, timeout=240
    )


def status(*words: str) -> object:
    """How a command ends that runs in this process."""
    with pytest.raises(SystemExit) as ended:
        app(list(words))
    return ended.value.code


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("once") / "federation"
    done = serai("demo", "--once", "--json", "--data", str(folder))
    assert done.returncode == Exit.DONE, done.stderr + done.stdout
    return folder, json.loads(done.stdout)


@pytest.fixture
def copy(played: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(played[0], tmp_path / "copy", ignore=shutil.ignore_patterns("control.sock")))


def examined(folder: Path) -> Verdict:
    return evidence.examine(open_federation(folder, once.UNITS), NOW)


def flip(database: Path, table: str, column: str) -> None:
    """Change one bit in the middle of one stored value, as somebody with the disk in his hands could."""
    with sqlite3.connect(database) as connection:
        (value,) = connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1").fetchone()  # noqa: S608  # names of this file
        changed = bytearray(value)
        changed[len(changed) // 2] ^= 1
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (bytes(changed), value))  # noqa: S608  # names of this file
    connection.close()


def codes(verdict: Verdict) -> set[str]:
    return {fault["code"] for fault in verdict.faults}


def test_the_main_job_is_played_and_proved(played: tuple[Path, dict[str, Any]]) -> None:
    _, report = played
    assert report["schema"] == "serai/demo-once/1"
    assert (report["ok"], report["faults"]) == (True, [])
    assert set(report["messages"]) == set(once.SENDERS)
    assert report["counts"]["envelopes"] == len(once.SENDERS)
    assert report["latencies_ms"]["request_to_offline_unit"] > 0


def test_the_units_cosigned_the_hubs_log_and_a_proof_says_who(
    played: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("log", "prove", "3", "--data", str(played[0] / "hub"), "--json") == Exit.DONE
    said = json.loads(capsys.readouterr().out)
    assert (said["quorum"], said["believed"]) == (2, True)
    assert len(said["cosigned"]) >= 2


def test_what_was_played_verifies_again_and_with_the_auditors_own_command(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = examined(copy)
    assert (verdict.faults, verdict.envelopes) == ([], len(once.SENDERS))
    assert status("log", "verify", str(copy / evidence.BUNDLE)) == Exit.DONE, capsys.readouterr().out
    (copy / evidence.BUNDLE).write_bytes(b"not a bundle")
    assert status("log", "verify", str(copy / evidence.BUNDLE)) == Exit.USAGE


ENVELOPE, RECEIPT, ENTRY = "ENVELOPE_REFUSED", "RECEIPT_REFUSED", "LOG_DAMAGED"


@pytest.mark.parametrize(
    "changed",
    [
        {ENVELOPE: ("hub/hub.sqlite", "message", "envelope"), RECEIPT: ("kg/node.db", "node_receipt", "wire")},
        {ENVELOPE: ("tj/node.db", "node_message", "envelope"), RECEIPT: ("hub/hub.sqlite", "receipt", "statement")},
        {ENVELOPE: ("kz/node.db", "node_message", "envelope"), RECEIPT: ("hub/hub.sqlite", "signatures", "signatures")},
        {ENTRY: ("hub/hub.sqlite", "log_entry", "entry")},
        {ENTRY: ("tj/node.db", "log_entry", "entry")},
    ],
    ids=["hub and kg", "tj and hub", "kz and hub", "log of the hub", "log of tj"],
)
def test_whatever_was_changed_is_found_wherever_it_is_kept(
    copy: Path, changed: dict[str, tuple[str, str, str]]
) -> None:
    for database, table, column in changed.values():
        flip(copy / database, table, column)
    assert codes(examined(copy)) >= set(changed)


def test_a_removed_log_entry_is_found(copy: Path) -> None:
    with sqlite3.connect(copy / "hub" / "hub.sqlite") as connection:
        connection.execute("DELETE FROM log_entry WHERE idx = 7")
    connection.close()
    assert "LOG_DAMAGED" in codes(examined(copy))


def test_tampering_ends_the_command_with_status_one_and_its_reason(copy: Path) -> None:
    flip(copy / "hub" / "hub.sqlite", "message", "envelope")
    done = serai("demo", "--once", "--json", "--data", str(copy))
    assert done.returncode == Exit.WRONG
    assert "ENVELOPE_REFUSED" in {fault["code"] for fault in json.loads(done.stdout)["faults"]}

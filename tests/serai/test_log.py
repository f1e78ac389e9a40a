"""`serai log`: reading a log out of a database, and verifying what came out with nothing but the file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from audit import store
from audit.evidence import archive
from audit.log import Log
from audit.proof import LogProof, verify_proof
from crypto.merkle_hash import leaf_hash
from serai.benches import log as bench
from serai.cli import app
from serai.output import Exit
from tests.audit import trees
from tests.audit.evidence.scenes import delivered
from tests.audit.logs import SIGNER, append, empty_database, new_log, sign
from tests.instants import NOW

ENTRIES = trees.some_entries(300)
BUNDLE = delivered().files()


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        app([str(argument) for argument in arguments])
    code = ended.value.code
    assert isinstance(code, int)
    return code


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """What the last command printed, as its one JSON object."""

    def read() -> dict[str, Any]:
        value = json.loads(capsys.readouterr().out)
        assert isinstance(value, dict)
        return value

    return read


@pytest.fixture
def data(database_url: str) -> str:
    """A log of 300 entries, 256 of them signed: a PostgreSQL URL, or the folder of a node."""
    url = database_url.replace("test.sqlite", "node.db")
    with empty_database(url) as database:
        log = new_log()
        append(database, log, ENTRIES[:256])
        sign(database, log)
        append(database, log, ENTRIES[256:])
    return str(Path(url.removeprefix("sqlite:///")).parent) if url.startswith("sqlite") else url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle as a folder."""
    for name, content in BUNDLE.items():
        path = tmp_path / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "bundle"


def test_the_head_and_the_latest_checkpoint_are_shown(data: str, printed: Any) -> None:
    assert run("log", "head", "--data", data, "--json") == Exit.DONE
    shown = printed()
    assert (shown["schema"], shown["log"], shown["size"]) == ("serai/log-head/1", "hub", 300)
    assert (shown["root"], shown["checkpoint"]["size"]) == (trees.root(ENTRIES).hex(), 256)


def test_a_proof_from_the_command_line_verifies(data: str, tmp_path: Path) -> None:
    file = tmp_path / "17.tlog-proof"
    assert run("log", "prove", 17, "--data", data, "--out", file) == Exit.DONE
    signed = verify_proof(LogProof.parse(file.read_bytes()), leaf_hash(ENTRIES[17]), SIGNER.keys)
    assert signed.checkpoint.size == 256


def test_a_proof_is_printed_when_no_file_is_named(data: str, printed: Any) -> None:
    assert run("log", "prove", 0, "--data", data, "--json") == Exit.DONE
    verify_proof(LogProof.parse(printed()["proof"].encode()), leaf_hash(ENTRIES[0]), SIGNER.keys)


def test_what_is_not_signed_cannot_be_proved(data: str, printed: Any) -> None:
    assert run("log", "prove", 256, "--data", data, "--json") == Exit.USAGE
    assert printed()["code"] == "LOG_NOT_THERE"


def test_an_export_verifies_with_nothing_but_the_file(data: str, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert run("log", "export", file, "--data", data) == Exit.DONE
    vkeys = [part for vkey in SIGNER.keys.vkeys for part in ("--vkey", vkey)]
    assert run("log", "verify", file, *vkeys, "--json") == Exit.DONE


def test_an_altered_export_is_bad(data: str, tmp_path: Path, printed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.jsonl"
    assert run("log", "export", file, "--data", data) == Exit.DONE
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    capsys.readouterr()
    assert run("log", "verify", file, "--json") == Exit.WRONG
    shown = printed()
    assert (shown["schema"], shown["ok"]) == ("serai/log-verify/1", False)
    assert shown["findings"][-1]["code"] == "LOG_ALTERED"


def test_a_changed_row_leaves_no_half_written_export(database_url: str, tmp_path: Path) -> None:
    url = database_url.replace("test.sqlite", "hub.sqlite")
    with empty_database(url) as database:
        append(database, new_log(), ENTRIES)
        sign(database, new_log())
        with database.write() as session:
            session.execute(update(store.ENTRY).where(store.ENTRY.c.idx == 290).values(entry=b"x"))
    data = str(tmp_path) if url.startswith("sqlite") else url
    assert run("log", "export", tmp_path / "log.jsonl", "--data", data) == Exit.WRONG
    assert not (tmp_path / "log.jsonl").exists()


def test_a_file_that_is_there_is_not_overwritten(data: str, tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("mine")
    assert run("log", "export", file, "--data", data) == Exit.USAGE
    assert file.read_text() == "mine"


def test_a_log_that_nobody_signed_yet_cannot_be_exported(tmp_path: Path) -> None:
    with empty_database(f"sqlite:///{tmp_path / 'hub.sqlite'}") as database:
        append(database, new_log(), [b"a"])
    assert run("log", "export", tmp_path / "log.jsonl", "--data", tmp_path) == Exit.WRONG
    assert run("log", "head", "--data", tmp_path) == Exit.DONE


def test_one_of_several_logs_must_be_named(tmp_path: Path) -> None:
    with empty_database(f"sqlite:///{tmp_path / 'hub.sqlite'}") as database:
        append(database, new_log(), [b"a"])
        with database.write() as session:
            Log("other").append(session, [b"b", b"c"], NOW)
    assert run("log", "head", "--data", tmp_path) == Exit.USAGE
    assert run("log", "head", "--data", tmp_path, "--log", "nobody") == Exit.USAGE
    assert run("log", "head", "--data", tmp_path, "--log", "other", "--json") == Exit.DONE


def test_a_folder_without_a_database_is_wrong_use(tmp_path: Path, printed: Any) -> None:
    assert run("log", "head", "--data", tmp_path, "--json") == Exit.USAGE
    assert printed()["code"] == "SERAI-LOG-NO-DATABASE"
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_verifies_as_a_folder_and_as_an_archive(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "bundle.zip"
    with packed.open("wb") as target:
        archive.write(target, BUNDLE.items())
    assert run("log", "verify", folder) == Exit.DONE
    assert run("log", "verify", packed) == Exit.DONE


def test_a_changed_bundle_is_bad_and_every_finding_is_printed(folder: Path, printed: Any) -> None:
    (folder / "log" / "checkpoint").write_text("changed")
    assert run("log", "verify", folder, "--json") == Exit.WRONG
    assert {"FILE_CHANGED", "CHECKPOINT_REFUSED", "ENTRY_REFUSED"} <= {one["code"] for one in printed()["findings"]}


def test_roots_that_did_not_sign_are_bad(folder: Path) -> None:
    assert run("log", "verify", folder, "--root", "0" * 64) == Exit.WRONG


def test_a_link_out_of_a_bundle_is_unreadable(folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    assert run("log", "verify", folder) == Exit.USAGE


@pytest.mark.parametrize("content", [b"", b"not evidence", b"PK\x03\x04broken"])
def test_what_is_no_evidence_is_unreadable(content: bytes, tmp_path: Path, printed: Any) -> None:
    (tmp_path / "file").write_bytes(content)
    assert run("log", "verify", tmp_path / "file", "--json") == Exit.USAGE
    assert printed()["code"] == "LOG_UNREADABLE"


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert run("log", "verify", tmp_path / "nothing") == Exit.USAGE


def test_trust_of_the_wrong_kind_is_wrong_use(folder: Path) -> None:
    assert run("log", "verify", folder, "--vkey", SIGNER.keys.vkeys[0]) == Exit.USAGE


def test_the_benchmark_measures_a_real_log_and_leaves_nothing(sqlite_url: str) -> None:
    figures = bench.run(0, sqlite_url, 300)
    assert figures["size"] == 300 + 1 + 16 + 256
    with empty_database(sqlite_url) as database, database.read() as session:
        assert store.log_ids(session.connection()) == []

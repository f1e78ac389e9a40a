"""`serai log audit`: databases, folders and addresses of tiles, and what the command says and exits with."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from audit.notes import encode_base64
from serai.log import address_of
from serai.output import Exit
from tests.audit import trees
from tests.audit.logs import SIGNER, empty_database
from tests.audit.whole import fill, hub_entries
from tests.instants import NOW
from tests.serai.test_log import run

ENTRIES = hub_entries(300)
VKEYS = [part for vkey in SIGNER.keys.vkeys for part in ("--vkey", vkey)]


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    return lambda: json.loads(capsys.readouterr().out)


@pytest.fixture
def data(database_url: str) -> str:
    """A log of 300 entries, 290 of them signed, in a database."""
    url = database_url.replace("test.sqlite", "node.db")
    with empty_database(url) as database:
        fill(database, ENTRIES, (256, 290))
    return str(Path(url.removeprefix("sqlite:///")).parent) if url.startswith("sqlite") else url


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 300 entries as a folder of tiles."""
    home = tmp_path_factory.mktemp("home")
    with empty_database(f"sqlite:///{home / 'hub.sqlite'}") as database:
        fill(database, ENTRIES, (300,))
    assert run("log", "export", home / "tiles", "--tiles", "--data", home) == Exit.DONE
    return home / "tiles"


@pytest.fixture
def copy(tiles: Path, tmp_path: Path) -> Path:
    for file in tiles.rglob("*"):
        if file.is_file():
            target = tmp_path / "copy" / file.relative_to(tiles)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    return tmp_path / "copy"


@pytest.fixture
def address(tiles: Path) -> Iterator[str]:
    """The same folder behind an address, served by a program that knows nothing of logs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=tiles)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_database_is_audited_with_keys_that_were_named(data: str, printed: Any) -> None:
    assert run("log", "audit", data, *VKEYS, "--json") == Exit.DONE
    shown = printed()
    assert (shown["schema"], shown["size"], shown["signed"]) == ("serai/log-audit/1", 300, 290)
    assert shown["root"] == trees.root(ENTRIES).hex()
    assert {"ENTRIES_COMPLETE", "CHECKPOINTS_HOLD", "LOG_KEYS_PINNED"} <= {one["code"] for one in shown["findings"]}


def test_a_changed_entry_is_named_with_its_place_and_the_status_is_one(data: str, printed: Any) -> None:
    with empty_database(address_of(data)) as database, database.write() as session:
        session.execute(text("UPDATE log_entry SET entry = leaf_hash WHERE idx = 7"))
    assert run("log", "audit", data, "--json") == Exit.WRONG
    (found,) = [one for one in printed()["findings"] if one["code"] == "ENTRY_ALTERED"]
    assert (found["index"], found["expected"]) == (7, trees.leaf(ENTRIES[7]).hex())


def test_people_read_one_line_a_finding(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("log", "audit", data) == Exit.DONE
    verdict, first, *_ = capsys.readouterr().out.splitlines()
    assert verdict.startswith("hub: good, 300 entries")
    assert first.startswith("good   ENTRIES_COMPLETE     the entries give")


def test_a_checkpoint_from_elsewhere_shows_a_fork(data: str, tmp_path: Path, printed: Any) -> None:
    note = tmp_path / "seen"
    note.write_bytes(SIGNER.sign(280, bytes(32), NOW))
    assert run("log", "audit", data, "--held", note, "--json") == Exit.WRONG
    assert "FORK" in {one["code"] for one in printed()["findings"]}


def test_a_folder_of_tiles_is_audited_from_its_entries(tiles: Path, printed: Any) -> None:
    assert run("log", "audit", tiles, "--policy", tiles / "policy", "--json") == Exit.DONE
    codes = {one["code"] for one in printed()["findings"]}
    assert codes == {"ENTRIES_COMPLETE", "CHECKPOINTS_HOLD", "NO_QUORUM", "LOG_KEYS_PINNED"}


def test_an_address_of_tiles_is_audited_as_the_folder_is(address: str, printed: Any) -> None:
    assert run("log", "audit", address, *VKEYS, "--json") == Exit.DONE
    assert printed()["size"] == 300


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tile/entries/000", "ENTRY_NOT_IN_TILE"),
        ("tile/entries/001.p/44", "BUNDLE_UNREADABLE"),
        ("tile/0/000", "ENTRY_NOT_IN_TILE"),
        ("tile/1/000.p/1", "TILE_ALTERED"),
    ],
)
def test_a_changed_file_is_found(copy: Path, name: str, code: str, printed: Any) -> None:
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if "p/44" not in name else whole[:-1])
    assert run("log", "audit", copy, "--json") == Exit.WRONG
    assert code in {one["code"] for one in printed()["findings"]}


def test_files_that_are_gone_and_files_too_many_are_found(copy: Path, printed: Any) -> None:
    (copy / "tile/0/001.p/44").unlink()
    (copy / "tile/0/002").write_bytes(bytes(8192))
    (copy / "notes.txt").write_text("mine")
    assert run("log", "audit", copy, "--json") == Exit.WRONG
    found = [(one["code"], one["subject"]) for one in printed()["findings"] if one["level"] == "bad"]
    assert found == [("TILE_MISSING", "tile/0/001.p/44"), ("TILE_UNKNOWN", "notes.txt"), ("TILE_UNKNOWN", "tile/0/002")]


def test_tiles_without_entries_are_checked_up_to_their_root(copy: Path, printed: Any) -> None:
    for file in (copy / "tile/entries").iterdir():
        for inner in [file] if file.is_file() else file.iterdir():
            inner.unlink()
    assert run("log", "audit", copy, "--json") == Exit.DONE
    assert {"TILES_COMPLETE", "ENTRIES_NOT_HERE"} <= {one["code"] for one in printed()["findings"]}


@pytest.mark.parametrize("arguments", [(), ("--vkey", SIGNER.keys.vkeys[0]), ("--policy", "policy", *VKEYS)])
def test_without_keys_or_with_half_of_them_nothing_is_checked(copy: Path, arguments: Any, printed: Any) -> None:
    (copy / "policy").unlink()
    assert run("log", "audit", copy, *arguments, "--json") == Exit.USAGE
    assert printed()["code"] == "SERAI-LOG-TRUST"


def test_what_is_no_log_is_unreadable(tmp_path: Path, printed: Any) -> None:
    (tmp_path / "checkpoint").write_text(f"a\n1\n{encode_base64(bytes(32))}\n")
    assert run("log", "audit", tmp_path, "--json") == Exit.USAGE
    assert printed()["code"] == "LOG_UNREADABLE"


def test_an_address_that_does_not_answer_is_unreachable(printed: Any) -> None:
    assert run("log", "audit", "http://127.0.0.1:1/", "--json") == Exit.UNREACHABLE
    assert printed()["code"] == "SERAI-UNREACHABLE"


def test_an_address_without_a_checkpoint_is_unreadable(address: str, printed: Any) -> None:
    assert run("log", "audit", f"{address}elsewhere", "--json") == Exit.USAGE
    assert printed()["code"] == "LOG_UNREADABLE"


def test_a_folder_that_is_there_is_not_exported_into(tiles: Path) -> None:
    assert run("log", "export", tiles, "--tiles", "--data", tiles.parent) == Exit.USAGE


def test_a_terminal_sees_how_far_the_work_is(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert run("log", "audit", data) == Exit.DONE

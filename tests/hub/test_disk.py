"""A hub on a disk that fills up: it says so in time, refuses in clear words, and loses nothing."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.audit import Audit
from audit.audit_checkpoints import Trust
from audit.audit_database import DatabaseSource
from audit.audit_findings import Findings
from exchange.disk import Room
from exchange.errors import DiskLow
from exchange.hub import administration, health
from exchange.hub.audit_rows import HubRows
from tests.hub.desk import Desk

SMALL = 12 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of twelve mebibytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, check=False)  # noqa: S603 - our own words, and no shell
    if made.returncode:
        pytest.skip("a file system of its own needs root: a hub whose disk is really full is NOT TESTED")
    yield folder
    subprocess.run(["/bin/umount", "-l", str(folder)], check=True)  # noqa: S603 - our own words, and no shell


@pytest.fixture
def desk(small: Path) -> Iterator[Desk]:
    made = Desk(small, f"sqlite:///{small / 'hub.sqlite'}")
    yield made
    made.close()


def fill(folder: Path, left: int) -> Path:
    """Take the room on the disk but for `left` bytes."""
    filler, found = folder / "filler", os.statvfs(folder)
    filler.write_bytes(bytes(found.f_bavail * found.f_frsize - left))
    return filler


def found_by_an_audit(desk: Desk) -> set[str]:
    with desk.db.read() as session:
        connection, findings = session.connection(), Findings()
        rows = HubRows(connection, findings, desk.now)
        trust = Trust((desk.keys.log.keys,), pinned=True)
        Audit(DatabaseSource(connection, "hub"), trust, (), (rows,), findings).run(lambda _: None)
    return {one.code for one in findings.all() if one.level.value == "bad"}


def test_a_disk_that_is_full_in_the_middle_of_a_commit_loses_nothing_and_goes_on_once_there_is_room(
    desk: Desk, small: Path
) -> None:
    taken = [desk.send()]
    filler = fill(small, 150_000)
    answer = None
    for _ in range(30):
        sealed = desk.seal(content=os.urandom(20_000))
        answer = desk.post(sealed.wire)
        if answer.status_code != 201:
            break
        taken.append(sealed)
        desk.consumed(sealed)
    assert answer is not None
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (507, "EX-5071", "60")
    assert len(taken) > 1
    filler.unlink()
    assert desk.post(sealed.wire).status_code == 201
    desk.consumed(sealed)
    desk.restart()
    desk.now += 5
    desk.hub.tick()
    assert [row[3] for row in desk.inbox("KG")] == [one.wire for one in (*taken, sealed)]
    assert found_by_an_audit(desk) == set()


def test_below_its_reserve_a_hub_begins_nothing_and_still_answers_what_it_knows(desk: Desk, small: Path) -> None:
    sent = desk.send()
    assert desk.inbox("KG")[0][3] == sent.wire
    desk.settings = desk.settings.model_copy(update={"least_free_megabytes": 8})
    desk.restart()
    fill(small, 900_000)
    assert health.look(desk.hub)["disk"] == Room.FULL
    desk.now += 5
    with pytest.raises(DiskLow):
        desk.hub.do(desk.hub.publisher.cosignatures, None)
    assert desk.post(desk.seal().wire).json()["code"] == "EX-5071"
    assert desk.inbox("KG")[0][3] == sent.wire  # handed out before
    assert found_by_an_audit(desk) == set()


@pytest.mark.parametrize(("least", "status"), [(1, "OK"), (8, "DISK_SHORT"), (12, "DISK_LOW")])
def test_the_operator_is_told_before_anything_is_refused(desk: Desk, least: int, status: str) -> None:
    desk.settings = desk.settings.model_copy(update={"least_free_megabytes": least})
    desk.restart()
    desk.hub.tick()
    assert json.loads(desk.client.get("/v1/health").content)["status"] == status
    assert administration.status(desk.hub)["disk"] == health.look(desk.hub)["disk"]

"""A hub on SQLite that dies, or whose disk fails, at some of the calls that `crash` tries one by one."""

from pathlib import Path

import pytest

from tests.audit.crash import STRACE, Fault, Sqlite, counted, faults_of, tried
from tests.audit.crash_scene import MESSAGES_SENT, read_answers

FAULTS = (
    Fault("pwrite64", "signal=KILL", 120),
    Fault("fdatasync", "signal=KILL", 4),
    Fault("fdatasync", "error=EIO", 9),
    Fault("pwrite64", "error=ENOSPC", 250),
    Fault("fdatasync", "error=EIO", 6, on=True),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    if STRACE is None:
        pytest.skip(
            "no strace on this machine: a hub that dies in a system call is NOT TESTED (apt-get install strace)"
        )
    return Sqlite(tmp_path_factory.mktemp("crash"))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_after_a_fault_nothing_that_was_told_is_lost_and_the_log_is_good(
    engine: Sqlite, fault: Fault, tmp_path: Path
) -> None:
    told, wrong = tried(engine, fault, tmp_path)
    assert wrong == []
    assert len(told.indices) < MESSAGES_SENT or fault.how.startswith("error")


def test_every_call_of_the_piece_of_work_is_counted_and_tried(engine: Sqlite, tmp_path: Path) -> None:
    counts = counted(engine, tmp_path)
    assert min(counts["pwrite64"], counts["fdatasync"]) > 10
    faults = faults_of(engine, counts)
    assert len(faults) == 3 * counts["pwrite64"] + 2 * (sum(counts.values()) - counts["pwrite64"]) + counts["fdatasync"]


def test_a_line_that_was_cut_by_the_crash_was_told_to_nobody() -> None:
    answers = read_answers(b"index 0 17\nnote 6162\nindex 1 1")
    assert (answers.indices, answers.notes) == ({0: 17}, [b"ab"])

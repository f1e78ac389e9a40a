"""The benchmarks measure the real thing and say on what disk."""

import json
from pathlib import Path

import pytest

from serai.benches import measure, seal
from serai.cli import app


def test_the_middle_and_the_tail_of_durations() -> None:
    measured = measure.spread([0.001] * 99 + [1.0])
    assert (measured.count, measured.median_ms, measured.p99_ms) == (100, 1.0, 1000.0)


def test_one_duration_is_its_own_middle_and_tail() -> None:
    assert measure.spread([0.002]).members() == {"count": 1, "median_ms": 2.0, "p99_ms": 2.0}


def test_the_first_run_warms_up_and_is_not_counted() -> None:
    runs: list[int] = []
    assert len(measure.timed(lambda: runs.append(1), 3)) == 3
    assert len(runs) == 4


def test_sealing_is_measured_for_every_size_with_all_five_recipients() -> None:
    sizes = seal.run(runs=1)["sizes"]
    assert isinstance(sizes, list)
    assert [size["content_bytes"] for size in sizes] == list(seal.SIZES)
    assert all(size["recipients"] == 5 and size["seal"]["median_ms"] > 0 for size in sizes)


def test_the_command_prints_figures_with_the_flush_time_of_the_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        app(["bench", "seal", "--data", str(tmp_path), "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["schema"] == "serai/bench-seal/1"
    assert printed["fsync"]["median_ms"] > 0

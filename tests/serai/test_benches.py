"""Each benchmark measures the real thing, however briefly, and leaves nothing behind."""

import json
from pathlib import Path

import pytest

from serai.cli import app


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, float]]:
    with pytest.raises(SystemExit) as ended:
        app(["bench", *arguments, "--json"])
    assert ended.value.code in (0, None)
    figures: dict[str, dict[str, float]] = json.loads(capsys.readouterr().out)
    return figures


@pytest.mark.slow
def test_the_hub_is_measured_against_the_ceiling_of_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = printed(capsys, "hub", "--seconds", "0.3", "--data", str(tmp_path))
    assert figures["connections_64"]["rate"] > 0
    assert figures["ceiling"]["rate"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_whole_way_is_measured_from_sealing_to_the_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = printed(capsys, "end-to-end", "--seconds", "3", "--data", str(tmp_path))
    assert figures["sealed_to_delivered"]
    assert list(tmp_path.iterdir()) == []

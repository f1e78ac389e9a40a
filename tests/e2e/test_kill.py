"""Processes that die under load lose nothing and double nothing; the long version is `python -m tests.e2e.kill`."""

from pathlib import Path

import pytest

from tests.e2e.federation import kill_at_random, load, wait_signed

pytestmark = pytest.mark.slow

KILLS = 6


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_whoever_is_killed_nothing_is_lost_and_nothing_comes_twice(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql_url") if engine == "postgresql" else ""
    with load(tmp_path / "f", url) as under:
        killed = kill_at_random(under, KILLS, seed=7)
        under.settle()
        wait_signed(under.federation.hub.home)
        assert under.check()["messages"] > 0
        assert killed.total() == KILLS

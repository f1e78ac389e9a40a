"""A federation of three units; TJ keeps its rows on SQLite or on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes.world import World


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    opened = World(tmp_path, {"TJ": database_url})
    yield opened
    opened.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """The same on SQLite only, for what does not depend on the engine."""
    opened = World(tmp_path)
    yield opened
    opened.close()

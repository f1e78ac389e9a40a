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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that was founded once; making keys and tables anew for every test would take most of its time."""
    founded = World(tmp_path_factory.mktemp("template") / "world")
    founded.close()
    return founded


@pytest.fixture
def small(template: World, tmp_path: Path) -> Iterator[World]:
    """Three units on SQLite, for what does not depend on the engine."""
    opened = World.copied(template, tmp_path / "world")
    yield opened
    opened.close()

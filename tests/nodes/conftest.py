"""A federation of three units; TJ keeps its rows on SQLite or on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes.node import Node, Surroundings, open_node
from tests.nodes.people import Clock, found, settings_in
from tests.nodes.world import PASSPHRASE, World


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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def node(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Node]:
    """A node by itself, on each engine."""
    opened = found(tmp_path, clock, database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node that was made once and is closed."""
    folder = tmp_path_factory.mktemp("ground")
    found(folder, Clock(), "").close()
    return folder / "tj"


@pytest.fixture
def lone(ground: Path, tmp_path: Path, clock: Clock) -> Iterator[Node]:
    """A node by itself on SQLite, for what does not depend on the engine."""
    settings = settings_in(shutil.copytree(ground, tmp_path / "lone"))
    opened = open_node(settings, PASSPHRASE, Surroundings(clock))
    yield opened
    opened.close()

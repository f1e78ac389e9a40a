"""A federation of three units; TJ keeps its rows on SQLite or on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes.node import Node, Surroundings, open_node
from nodes.settings import NodeSettings
from tests.databases import copied, postgresql_database
from tests.nodes.identity import Provider, introduce
from tests.nodes.people import Clock, found, settings_in
from tests.nodes.world import PASSPHRASE, World


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that was founded once; making keys and tables anew for every test would take most of its time."""
    founded = World(tmp_path_factory.mktemp("template") / "world")
    founded.close()
    return founded


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory, postgresql_host: str) -> Iterator[World]:
    """Another such world, in which TJ keeps its rows on PostgreSQL."""
    with postgresql_database(postgresql_host) as url:
        founded = World(tmp_path_factory.mktemp("template") / "world", {"TJ": url})
        founded.close()
        yield founded


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Three units, on each engine."""
    if request.param == "sqlite":
        yield from living(request.getfixturevalue("template"), tmp_path)
        return
    template = request.getfixturevalue("postgresql_template")
    with copied(template.urls["TJ"], tmp_path) as url:
        yield from living(template, tmp_path, {"TJ": url})


@pytest.fixture
def small(template: World, tmp_path: Path) -> Iterator[World]:
    """Three units on SQLite, for what does not depend on the engine."""
    yield from living(template, tmp_path)


def living(template: World, folder: Path, urls: dict[str, str] | None = None) -> Iterator[World]:
    """A copy of a world in `folder`, which ends with its test."""
    opened = World.copied(template, folder / "world", urls)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> NodeSettings:
    """The settings of a node that was made once on SQLite and is closed."""
    return made(tmp_path_factory.mktemp("ground"), "")


@pytest.fixture(scope="session")
def postgresql_ground(tmp_path_factory: pytest.TempPathFactory, postgresql_host: str) -> Iterator[NodeSettings]:
    """The settings of a node that was made once on PostgreSQL and is closed."""
    with postgresql_database(postgresql_host) as url:
        yield made(tmp_path_factory.mktemp("ground"), url)


def made(folder: Path, database_url: str) -> NodeSettings:
    node = found(folder, Clock(), database_url)
    node.close()
    return node.settings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def node(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Node]:
    """A node by itself, on each engine."""
    if request.param == "sqlite":
        yield from again(request.getfixturevalue("ground"), tmp_path, clock)
        return
    ground = request.getfixturevalue("postgresql_ground")
    with copied(ground.database_url, tmp_path) as url:
        yield from again(ground, tmp_path, clock, url)


@pytest.fixture
def lone(ground: NodeSettings, tmp_path: Path, clock: Clock) -> Iterator[Node]:
    """A node by itself on SQLite, for what does not depend on the engine."""
    yield from again(ground, tmp_path, clock)


def again(ground: NodeSettings, folder: Path, clock: Clock, database_url: str = "") -> Iterator[Node]:
    """A copy of a node in `folder`: its key store, and its SQLite database unless another is given."""
    settings = settings_in(shutil.copytree(ground.folder, folder / "tj"), database_url)
    opened = open_node(settings, PASSPHRASE, Surroundings(clock))
    yield opened
    opened.close()


@pytest.fixture
def provider(clock: Clock) -> Provider:
    return Provider(clock)


@pytest.fixture
def unit(lone: Node, provider: Provider) -> Node:
    """A node that knows an identity provider, and an officer who is linked to one of its subjects."""
    return introduce(lone, provider)

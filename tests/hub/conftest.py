"""A hub with three units, on each database: founded once, and a copy for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import copied, postgresql_database
from tests.hub.desk import Desk


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A hub that was founded on SQLite, closed again."""
    folder = tmp_path_factory.mktemp("founded")
    founded = Desk(folder / "hub", f"sqlite:///{folder / 'hub.sqlite'}")
    founded.close()
    return founded


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory: pytest.TempPathFactory, postgresql_host: str) -> Iterator[Desk]:
    """A hub that was founded on PostgreSQL, closed again."""
    with postgresql_database(postgresql_host) as url:
        founded = Desk(tmp_path_factory.mktemp("founded") / "hub", url)
        founded.close()
        yield founded


@contextmanager
def opened(template: Desk, folder: Path) -> Iterator[Desk]:
    """A copy of a hub in `folder`."""
    home = shutil.copytree(template.folder, folder / "hub")
    with copied(template.database_url, folder) as url:
        desk = Desk.copied(template, home, url)
        yield desk
        desk.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with opened(request.getfixturevalue(f"{request.param}_template"), tmp_path) as copy:
        yield copy


@pytest.fixture
def lite(sqlite_template: Desk, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite only, for what does not depend on the engine."""
    with opened(sqlite_template, tmp_path) as copy:
        yield copy

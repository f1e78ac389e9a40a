"""A hub with three units, on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    opened = Desk(tmp_path / "hub", database_url)
    yield opened
    opened.close()


@pytest.fixture
def lite(tmp_path: Path, sqlite_url: str) -> Iterator[Desk]:
    """The same on SQLite only, for what does not depend on the engine."""
    opened = Desk(tmp_path / "hub", sqlite_url)
    yield opened
    opened.close()

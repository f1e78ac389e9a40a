"""Databases that a whole module of tests reads: who changes something in one takes it back."""

from collections.abc import Iterator

import pytest

from tests.databases import postgresql_database


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def whole_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database that lives as long as the module, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('whole') / 'whole.sqlite'}"
        return
    with postgresql_database(request.getfixturevalue("postgresql_host")) as url:
        yield url

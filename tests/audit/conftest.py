"""Databases that a whole module of tests reads: who changes something in one takes it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql


@contextmanager
def postgresql_database(host: str) -> Iterator[str]:
    identifier = sql.Identifier(f"test_{uuid4().hex}")
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        yield f"postgresql+psycopg://postgres@/{identifier.as_string().strip(chr(34))}?host={quote(host)}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def whole_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty database that lives as long as the module, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('whole') / 'whole.sqlite'}"
        return
    with postgresql_database(request.getfixturevalue("postgresql_host")) as url:
        yield url

"""Databases for tests: on the PostgreSQL server of this run, empty or in the state of another; and copies of files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import make_url

EMPTY = "template1"


@contextmanager
def postgresql_database(host: str, template: str = EMPTY) -> Iterator[str]:
    """The SQLAlchemy URL of a new database in the state of `template`, to which nobody is connected; then dropped."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as connection:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        connection.execute(made)
        yield f"postgresql+psycopg://postgres@/{name}?host={quote(host)}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def copied(url: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of the database at `url`, which nobody has open: in `folder`, or on the same server."""
    source = make_url(url)
    assert source.database is not None
    if source.get_backend_name() == "sqlite":
        yield f"sqlite:///{shutil.copy(source.database, folder)}"
        return
    host = source.query["host"]
    assert isinstance(host, str)
    with postgresql_database(host, source.database) as made:
        yield made

"""The store: one commit, nothing half done, and no error of a library leaves it."""

import pytest
from sqlalchemy import text

from exchange.database import Database
from exchange.errors import NotReady, Unavailable


def test_a_block_that_ends_is_kept_and_one_that_raises_is_not(database_url: str) -> None:
    database = Database(database_url)
    database.check()
    with database.write() as session:
        session.connection().execute(text("CREATE TABLE kept (n INTEGER)"))
        session.connection().execute(text("INSERT INTO kept VALUES (1)"))
    with pytest.raises(KeyError), database.write() as session:  # noqa: PT012 - the block is what is rolled back
        session.connection().execute(text("INSERT INTO kept VALUES (2)"))
        raise KeyError
    with database.read() as session:
        assert session.connection().execute(text("SELECT n FROM kept")).scalars().all() == [1]
    database.close()


def test_reading_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    with database.read() as session:
        session.connection().execute(text("CREATE TABLE gone (n INTEGER)"))
    with pytest.raises(Unavailable), database.read() as session:
        session.connection().execute(text("SELECT n FROM gone"))
    database.close()


def test_another_engine_is_refused() -> None:
    with pytest.raises(NotReady):
        Database("mysql://localhost/x")

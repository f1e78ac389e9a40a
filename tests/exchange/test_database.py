"""The store: one commit, nothing half done, and no error of a library leaves it."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from exchange.database import COPY_EVERY, Database
from exchange.errors import NotReady, Unavailable
from tests.statements import listen


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


# --- SQLite's write-ahead log -----------------------------------------------------------------------------------------


@pytest.fixture
def numbers(sqlite_url: str) -> Iterator[Database]:
    """A database with a table of numbers."""
    database = Database(sqlite_url)
    with database.write() as session:
        session.connection().execute(text("CREATE TABLE kept (n INTEGER)"))
    yield database
    database.close()


def add(database: Database, count: int = 1) -> None:
    for number in range(count):
        with database.write() as session:
            session.connection().execute(text("INSERT INTO kept VALUES (:n)"), {"n": number})


def kept(database: Database) -> int:
    with database.read() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM kept")).scalar_one())


def test_what_was_copied_stands_in_the_file_itself(numbers: Database, tmp_path: Path) -> None:
    add(numbers, 3)
    numbers.copy_log()
    shutil.copyfile(make_url(numbers.engine.url).database or "", tmp_path / "alone.sqlite")
    alone = Database(f"sqlite:///{tmp_path / 'alone.sqlite'}")
    assert kept(alone) == kept(numbers) == 3
    alone.close()


def test_a_reader_of_an_old_state_keeps_it_and_hinders_nobody(numbers: Database) -> None:
    with numbers.read() as old:
        before = old.connection().execute(text("SELECT count(*) FROM kept")).scalar_one()
        add(numbers)
        numbers.copy_log()
        assert old.connection().execute(text("SELECT count(*) FROM kept")).scalar_one() == before
    add(numbers)
    assert kept(numbers) == before + 2


def test_the_copier_comes_after_so_many_commits_and_outlives_a_failure(numbers: Database) -> None:
    came = [threading.Event(), threading.Event()]
    left = iter(came)

    def look(statement: str, _parameters: Any) -> None:
        if "wal_checkpoint(PASSIVE)" in statement and (now := next(left, None)):
            now.set()
            if now is came[0]:
                raise OperationalError(statement, None, OSError("the disk is slow"))

    listen(numbers.engine, look)
    numbers.start()
    for one in came:
        add(numbers, COPY_EVERY)
        assert one.wait(30)
    numbers.close()
    assert kept(numbers) == 2 * COPY_EVERY


def test_what_a_transaction_overwrites_leaves_no_byte_once_no_reader_needs_it(numbers: Database) -> None:
    path = Path(numbers.engine.url.database or "")
    with numbers.write() as session:
        session.connection().execute(text("INSERT INTO kept VALUES ('a word of seven letters')"))
    with numbers.read() as old:
        assert old.connection().execute(text("SELECT count(*) FROM kept")).scalar_one() == 1
        with numbers.write() as session:
            numbers.overwrite(session)
            session.connection().execute(text("DELETE FROM kept"))
    assert b"seven letters" in path.with_name(path.name + "-wal").read_bytes()
    numbers.copy_log()
    assert not any(b"seven letters" in one.read_bytes() for one in path.parent.iterdir())


def test_a_copy_that_began_before_such_a_transaction_ended_gives_its_bytes_up(numbers: Database) -> None:
    path = Path(numbers.engine.url.database or "")
    left = iter([True])

    def erase(statement: str, _parameters: Any) -> None:
        if "wal_checkpoint(PASSIVE)" not in statement or not next(left, False):
            return
        with numbers.read() as old:
            assert old.connection().execute(text("SELECT count(*) FROM kept")).scalar_one() == 1
            with numbers.write() as session:
                numbers.overwrite(session)
                session.connection().execute(text("DELETE FROM kept"))

    numbers.copy_log()
    with numbers.write() as session:
        session.connection().execute(text("INSERT INTO kept VALUES ('a word of seven letters')"))
    listen(numbers.engine, erase)
    numbers.copy_log()
    assert not any(b"seven letters" in one.read_bytes() for one in path.parent.iterdir())

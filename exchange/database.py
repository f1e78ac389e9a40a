"""The store of a service: the only place in the project that commits.

`Database(url).write()` is one transaction, committed when its block ends and rolled back when it raises; `read()` is a
transaction that changes nothing. SQLite runs WAL with `synchronous=FULL` always: a power cut must not take back what
was acknowledged. This module must not know any table.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DiskFull
from sqlalchemy import Connection, Engine, create_engine, event, make_url, orm, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from audit import rows
from exchange.errors import DiskLow, NotReady, Unavailable

BUSY_MILLISECONDS = 10_000
POOL = 6
STATEMENTS = 512
"""Compiled statements that an SQLite connection keeps: an insertion of many rows is one for each number of rows."""

COPY_EVERY = 64
"""Commits after which the copier thread of an SQLite service brings the write-ahead log into the file."""

AUTOMATIC_PAGES = 16_000
"""Pages of the log (64 MB) after which a commit copies it itself: without a copier, or behind a slow one."""

_OVERWRITES = "overwrites"
"""What a session is told that overwrites what it deletes."""

_SQLITE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": BUSY_MILLISECONDS}
_POSTGRESQL = {"synchronous_commit": ("on", "remote_apply", "remote_write"), "full_page_writes": ("on",)}


class Connected(Protocol):
    """What a DB-API connection of either engine offers here."""

    def cursor(self) -> Any:
        """Return a cursor."""


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Put a fresh SQLite connection under our own BEGIN and our own durability."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for name, value in _SQLITE.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute(f"PRAGMA wal_autocheckpoint={AUTOMATIC_PAGES}")
    cursor.close()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        given = {"check_same_thread": False, "cached_statements": STATEMENTS}
        engine = create_engine(parsed, pool_size=POOL, max_overflow=0, connect_args=given)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    if parsed.drivername == "postgresql+psycopg":
        return create_engine(parsed, pool_size=POOL, max_overflow=0, pool_pre_ping=True)
    raise NotReady("the database is neither sqlite nor postgresql+psycopg")


class Database:
    """One database of one service, on SQLite or PostgreSQL.

    On SQLite one process writes, one thread at a time; readers never wait. On PostgreSQL writers are ordered by the
    row that they lock. Every error of the store leaves as `Unavailable`: the outcome of the block is then unknown.
    """

    def __init__(self, url: str, engine: Engine | None = None) -> None:
        self.engine = engine or _engine(url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._lock = threading.Lock()
        self._commits = 0
        self._overwrites = True
        self._copy = threading.Event()
        self._copier: threading.Thread | None = None
        self._closed = False
        self._log = structlog.get_logger()
        self.before_write: Callable[[], None] = _always
        """What is asked before a writing transaction begins; raises an `ExchangeError` if none may."""

    def start(self) -> None:
        """Start the thread that copies SQLite's write-ahead log into the file, so that no commit waits for it."""
        if self.sqlite and self._copier is None:
            self._copier = threading.Thread(target=self._run_copier, name="wal", daemon=True)
            self._copier.start()

    def check(self) -> None:
        """Read the durability settings back; raises `NotReady` if acknowledged rows could be lost."""
        with self.read() as session:
            connection = session.connection()
            if self.sqlite:
                found = {name: connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in _SQLITE}
                wrong = [name for name, value in _SQLITE.items() if found[name] != value]
            else:
                shown = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in _POSTGRESQL}
                wrong = [name for name, good in _POSTGRESQL.items() if shown[name] not in good]
        if wrong:
            raise NotReady(f"the database would not keep what it acknowledged: {', '.join(wrong)}")

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One writing transaction: committed at the end of the block, rolled back if it raises.

        Raises `Unavailable` if the store fails, also when only the answer to the commit was lost; `DiskLow` if it has
        no room, and then the block changed nothing.
        """
        self.before_write()
        with _store_errors():
            if not self.sqlite:
                with self._transaction("BEGIN") as session:
                    yield session
                return
            with self._lock, self._transaction("BEGIN IMMEDIATE") as session:
                yield session
            self._commits += 1
            if _OVERWRITES in session.info:
                self._try_copy()
            elif self._commits % COPY_EVERY == 0:
                self._copy.set()

    def overwrite(self, session: orm.Session) -> None:
        """Have what this writing transaction deletes leave no byte in SQLite's files, of the log either.

        A reader of an old state puts the latter off until the log is copied the next time. PostgreSQL keeps old
        versions of rows until its vacuum.
        """
        if self.sqlite:
            session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            session.info[_OVERWRITES] = self._overwrites = True  # before the commit, whose answer may be lost

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that sees one state of the database; closing the session rolls it back, whatever happened."""
        with _store_errors(), Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            if self.sqlite:
                rows.change(session.connection(), "BEGIN")
            yield session

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            try:
                if self.sqlite:
                    rows.change(session.connection(), begin)
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def copy_log(self) -> None:
        """Copy SQLite's write-ahead log into the file, and let the log begin anew.

        Nearly all of it while writers write; they wait only while the rest is copied, so that the log does not grow
        for as long as they are busy. A reader of an old state puts it off until the next time. Raises `Unavailable`.
        After a transaction that overwrites, and at first, as nobody knows what came before, its bytes are given up.
        """
        with _store_errors(), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
            with self._lock:
                end = "TRUNCATE" if self._overwrites else "RESTART"
                connection.exec_driver_sql("PRAGMA busy_timeout=0")
                (busy, *_), *_ = connection.exec_driver_sql(f"PRAGMA wal_checkpoint({end})").all()
                self._overwrites = self._overwrites and bool(busy)
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")

    def _run_copier(self) -> None:
        while self._copy.wait() and not self._closed:
            self._copy.clear()
            self._try_copy()

    def _try_copy(self) -> None:
        try:
            self.copy_log()
        except Unavailable as error:
            self._log.error("write-ahead log not copied", error=str(error))

    def close(self) -> None:
        """Give all connections back; the object may not be used afterwards."""
        self._closed = True
        self._copy.set()
        if self._copier is not None:
            self._copier.join()
        self.engine.dispose()

    def upgrade(self, scripts: Path, revision: str = "head") -> None:
        """Bring the schema to `revision` with the Alembic scripts in `scripts`, in one transaction."""
        self._migrate(scripts, lambda config: command.upgrade(config, revision))

    def downgrade(self, scripts: Path, revision: str) -> None:
        """Take the schema back to `revision` (`base`: no tables of this service), in one transaction."""
        self._migrate(scripts, lambda config: command.downgrade(config, revision))

    def revision(self) -> str | None:
        """Return the revision that the database stands at, or None if it is empty."""
        with self.read() as session:
            return MigrationContext.configure(session.connection()).get_current_revision()

    def check_revision(self, scripts: Path) -> None:
        """Raise `NotReady` unless the database stands at the newest revision in `scripts`."""
        if self.revision() != newest_revision(scripts):
            raise NotReady("the database is of another version: run the upgrade of this service")

    def _migrate(self, scripts: Path, act: Any) -> None:
        with self.write() as session:
            config = Config()
            config.set_main_option("script_location", str(scripts))
            config.attributes["connection"] = session.connection()
            act(config)


@cache
def newest_revision(scripts: Path) -> str | None:
    """Return the newest revision in `scripts`, which are part of the release and do not change while it runs."""
    return ScriptDirectory(str(scripts)).get_current_head()


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        failed = DiskLow if _is_full(error.orig) else Unavailable
        raise failed(type(error.orig).__name__) from error
    except SQLAlchemyError as error:
        raise Unavailable(type(error).__name__) from error


def _is_full(error: BaseException | None) -> bool:
    """Whether the store says that there is no room."""
    code = getattr(error, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or isinstance(error, DiskFull)


def _always() -> None:
    """Every transaction may begin."""


def run_migrations(connection: Connection, configure: Any) -> None:
    """Run what Alembic planned on `connection`, inside the transaction of its caller (for each service's `env.py`)."""
    configure.configure(connection=connection, transactional_ddl=False, render_as_batch=True)
    configure.run_migrations()

"""On PostgreSQL: what one hub process has put into mailboxes wakes the polls that wait in the others (LISTEN, NOTIFY).

A hint leaves with the commit that it is about. It is only a hint: a poll reads its mailbox again every second, so one
that is lost, late or doubled costs a second at most. On SQLite there is one process, and nothing here runs.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from typing import Final

import psycopg
import structlog
from sqlalchemy import Connection

from exchange.database import Database

CHANNEL: Final = "serai_mailbox"
LONGEST: Final = 7_000
"""Bytes of a hint; PostgreSQL takes up to 8,000. What is longer rings for nobody, and a second later for everybody."""

LISTEN_SECONDS: Final = 1.0
"""How long the listener looks in one go before it looks whether it should end, and waits after a lost connection."""


def give(connection: Connection, units: Collection[str]) -> None:
    """Let the other processes know, once this transaction is committed, whose mailboxes it changed."""
    payload = ",".join(sorted(units))
    if connection.dialect.name == "postgresql" and len(payload) <= LONGEST:
        connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (CHANNEL, payload))


class Listener:
    """A thread and a connection of its own that ring for what other processes have done."""

    def __init__(self, database: Database, ring: Callable[[Iterable[str]], None]) -> None:
        self._database = database
        self._ring = ring
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.listening: Final = threading.Event()
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Start listening, on PostgreSQL."""
        if not self._database.sqlite:
            self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                self.listening.clear()
                self._log.error("hints are lost for a moment", error=type(error).__name__)
                self._stop.wait(LISTEN_SECONDS)

    def _listen(self) -> None:
        engine = self._database.engine
        positional, named = engine.dialect.create_connect_args(engine.url)
        with psycopg.connect(*positional, **named, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            while not self._stop.is_set():
                for hint in connection.notifies(timeout=LISTEN_SECONDS):
                    self._ring(hint.payload.split(","))

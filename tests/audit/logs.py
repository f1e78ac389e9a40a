"""A log in a real database, as a service holds it."""

from collections.abc import Iterator
from contextlib import contextmanager

from audit import store
from audit.checkpoints import LogSigner
from audit.log import Appended, Log
from audit.store import StoredCheckpoint
from exchange.database import Database
from tests.instants import NOW

ORIGIN = "hub.serai.example/live/log"
SIGNER = LogSigner.from_seeds(ORIGIN, bytes(range(64)))


@contextmanager
def empty_database(url: str) -> Iterator[Database]:
    """The tables of logs and nothing in them."""
    database = Database(url)
    store.metadata.create_all(database.engine)
    yield database
    database.close()


def new_log(signer: LogSigner | None = SIGNER) -> Log:
    return Log("hub", signer)


def append(database: Database, log: Log, entries: list[bytes], now: int = NOW) -> Appended:
    with database.write() as session:
        return log.append(session, entries, now)


def sign(database: Database, log: Log, now: int = NOW) -> StoredCheckpoint:
    with database.write() as session:
        return log.sign_checkpoint(session, now)

"""Whole logs for their audit: entries as a hub makes them, and what the audit finds in a database or in tiles."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha512
from typing import Any

from sqlalchemy import Connection

from audit.audit import Audit, Observer
from audit.audit_checkpoints import Trust
from audit.audit_database import DatabaseSource
from audit.audit_findings import Findings
from audit.audit_tiles import TilesSource
from exchange.database import Database
from schemas import entries
from schemas.entries import Entry, MessageEntry, ReceiptEntry
from tests.audit.logs import SIGNER, append, new_log, sign
from tests.instants import NOW

remembered = lru_cache(maxsize=None)(entries.parse)
"""What was parsed before is not parsed again: a module audits one log many times."""

TRUST = Trust((SIGNER.keys,), pinned=True)


def hub_entries(count: int, seed: int = 1, start: int = NOW) -> list[bytes]:
    """Messages and what became of them, one a second."""
    rng = random.Random(seed)
    made: list[Entry] = []
    eid = ""
    for at in range(count):
        stamp: dict[str, Any] = {"time": start + at, "nonce": rng.randbytes(16).hex()}
        if at % 2 == 0:
            eid = rng.randbytes(32).hex()
            digest = sha512(eid.encode()).hexdigest()
            made.append(MessageEntry(**stamp, eid=eid, sender="TJ", to=("KG",), sha512=digest))
        else:
            digest = rng.randbytes(64).hex()
            made.append(ReceiptEntry(**stamp, eid=eid, unit="KG", receipt="RELAYED", digest=digest))
    return [entry.to_bytes() for entry in made]


def fill(database: Database, entries: Sequence[bytes], sizes: Sequence[int], start: int = NOW) -> None:
    """A log of `entries`, signed at each of `sizes`."""
    log = new_log()
    before = 0
    for size in (*sizes, len(entries)):
        if size > before:
            append(database, log, list(entries[before:size]), start + size - 1)
        before = max(before, size)
        if size in sizes:
            sign(database, log, start + size)


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A writing transaction that is taken back at the end of the block."""
    with database.engine.connect() as connection:
        if database.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.rollback()


def audited(
    connection: Connection, trust: Trust = TRUST, held: Sequence[bytes] = (), observers: Sequence[Observer] = ()
) -> Findings:
    """What the audit of the log in a database finds, as `connection` sees it."""
    return Audit(DatabaseSource(connection, "hub"), trust, held, observers, read=remembered).run(lambda _done: None)


def audited_tiles(files: dict[str, bytes], trust: Trust = TRUST) -> Findings:
    """What the audit of a log in the tlog-tiles layout finds."""
    return Audit(TilesSource(files.get, sorted(files)), trust).run(lambda _done: None)

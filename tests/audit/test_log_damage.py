"""What happens to a log when writes fail and when somebody changes its rows."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Update, delete, func, insert, select, update
from sqlalchemy.sql.dml import Delete

from audit import store
from audit.errors import LogDamaged
from audit.log import Log
from exchange.database import Database
from tests.audit import trees
from tests.audit.logs import SIGNER, append, empty_database, new_log, sign
from tests.instants import NOW
from tests.statements import heard

ENTRIES = trees.some_entries(600)
ZERO = bytes(32)

Change = Update | Delete


class PowerCut(Exception):
    """The store failed under us."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with empty_database(database_url) as opened:
        yield opened


@contextmanager
def failing_at(database: Database, wanted: int) -> Iterator[None]:
    """Let the `wanted`-th statement of the block fail before it runs."""
    seen = 0

    def fail(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == wanted:
            raise PowerCut

    with heard(database.engine, fail):
        yield


def append_then_fail(database: Database, log: Log, entries: list[bytes]) -> None:
    with database.write() as session:
        log.append(session, entries, NOW)
        raise PowerCut


@pytest.mark.parametrize("statement", range(1, 5))
def test_an_append_whose_write_is_lost_leaves_no_trace(database: Database, statement: int) -> None:
    log = new_log()  # statements of an append: lock the head, entries, tiles, swap the head; SQLite begins with BEGIN
    append(database, log, ENTRIES[:255])
    with pytest.raises(PowerCut), failing_at(database, statement):
        append(database, log, ENTRIES[255:600])
    appended = append(database, log, ENTRIES[255:600])
    assert (appended.first_index, appended.root) == (255, trees.root(ENTRIES))
    with database.read() as session:
        assert new_log().verify(session, SIGNER.keys).size == 600


@pytest.mark.parametrize("statement", [1, 2, 3, 4])
def test_a_checkpoint_whose_write_is_lost_is_signed_the_next_time(database: Database, statement: int) -> None:
    log = new_log()
    append(database, log, ENTRIES)
    with pytest.raises(PowerCut), failing_at(database, statement):
        sign(database, log)
    assert sign(database, log).root == trees.root(ENTRIES)


def test_a_commit_that_is_lost_is_found_by_the_next_append(database: Database) -> None:
    log = new_log()
    append(database, log, ENTRIES[:10])
    with pytest.raises(PowerCut):
        append_then_fail(database, log, ENTRIES[10:300])
    assert append(database, log, [b"after"]).root == trees.root([*ENTRIES[:10], b"after"])


@pytest.mark.parametrize("reported", ["and the caller forgets", "and the caller goes on"])
def test_a_commit_that_was_done_but_reported_lost_is_found(database: Database, reported: str) -> None:
    log = new_log()
    append(database, log, ENTRIES[:300])
    if "forgets" in reported:
        log.forget()
    assert append(database, log, [b"after"]).first_index == 300
    sign(database, log)
    with database.read() as session:
        assert new_log().verify(session, SIGNER.keys).root == trees.root([*ENTRIES[:300], b"after"])


TAMPERED: dict[str, Change] = {
    "an entry changed": update(store.ENTRY).where(store.ENTRY.c.idx == 17).values(entry=b"x"),
    "an entry and its leaf hash changed": update(store.ENTRY)
    .where(store.ENTRY.c.idx == 17)
    .values(entry=b"x", leaf_hash=trees.leaf(b"x")),
    "a leaf hash changed": update(store.ENTRY).where(store.ENTRY.c.idx == 599).values(leaf_hash=ZERO),
    "an entry removed": delete(store.ENTRY).where(store.ENTRY.c.idx == 300),
    "the last entry removed": delete(store.ENTRY).where(store.ENTRY.c.idx == 599),
    "an entry moved behind the end": update(store.ENTRY).where(store.ENTRY.c.idx == 5).values(idx=700),
    "a tile changed": update(store.TILE).where(store.TILE.c.n == 1).values(data=bytes(8192)),
    "a tile cut": update(store.TILE).where(store.TILE.c.n == 1).values(data=bytes(31)),
    "a tile's root changed": update(store.TILE).where(store.TILE.c.n == 0).values(root=ZERO),
    "a tile removed": delete(store.TILE).where(store.TILE.c.n == 0),
    "a tile moved": update(store.TILE).where(store.TILE.c.n == 1).values(n=9),
    "the head's root changed": update(store.HEAD).values(root=ZERO),
    "the head put back": update(store.HEAD).values(size=599, root=trees.root(ENTRIES[:599])),
    "the checkpoint's root changed": update(store.CHECKPOINT).values(root=ZERO),
    "the checkpoint's note changed": update(store.CHECKPOINT).values(note=b"x"),
    "the checkpoint's time changed": update(store.CHECKPOINT).values(time=NOW + 1),
    "the checkpoint moved": update(store.CHECKPOINT).values(size=599),
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED.keys())
def test_any_row_changed_in_the_database_is_found(database: Database, change: Change) -> None:
    append(database, new_log(), ENTRIES)
    sign(database, new_log())
    with database.read() as session:
        assert new_log().verify(session, SIGNER.keys).size == 600
    with database.write() as session:
        assert session.connection().execute(change).rowcount > 0
    with database.read() as session, pytest.raises(LogDamaged):
        new_log().verify(session, SIGNER.keys)


def test_a_row_added_behind_the_head_is_found(database: Database) -> None:
    append(database, new_log(), ENTRIES)
    row = {"log_id": "hub", "idx": 600, "leaf_hash": trees.leaf(b"x"), "entry": b"x"}
    with database.write() as session:
        session.execute(insert(store.ENTRY).values(row))
    with database.read() as session, pytest.raises(LogDamaged, match="outside"):
        new_log().verify(session, SIGNER.keys)


def test_a_tile_that_the_log_does_not_have_is_found(database: Database) -> None:
    append(database, new_log(), ENTRIES)
    row = {"log_id": "hub", "level": 3, "n": 0, "data": bytes(8192), "root": ZERO}
    with database.write() as session:
        session.execute(insert(store.TILE).values(row))
    with database.read() as session, pytest.raises(LogDamaged, match="tiles"):
        new_log().verify(session, SIGNER.keys)


@pytest.mark.parametrize("name", [name for name in TAMPERED if "checkpoint" not in name and "behind" not in name])
def test_nothing_is_signed_over_changed_rows(database: Database, name: str) -> None:
    log = new_log()
    append(database, log, ENTRIES)
    with database.write() as session:
        session.execute(TAMPERED[name])
    with pytest.raises(LogDamaged):
        sign(database, log)
    with database.read() as session:
        assert session.execute(select(func.count()).select_from(store.CHECKPOINT)).scalar_one() == 0


def test_an_entry_changed_after_it_was_signed_is_refused_when_read(database: Database) -> None:
    log = new_log()
    append(database, log, ENTRIES)
    with database.write() as session:
        session.execute(TAMPERED["an entry changed"])
    with database.read() as session, pytest.raises(LogDamaged, match="entry 17"):
        log.entry(session, 17)


def test_a_damaged_edge_stops_the_next_append_of_a_new_process(database: Database) -> None:
    append(database, new_log(), ENTRIES)
    with database.write() as session:
        session.execute(TAMPERED["a leaf hash changed"])
    with pytest.raises(LogDamaged):
        append(database, new_log(), [b"after"])

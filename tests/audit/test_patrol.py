"""The check of a log in use: what is damaged is named at its tile, nothing is signed meanwhile, and then again."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update

from audit import damages, patrol
from audit.audit_entries import Parsed
from audit.audit_findings import Finding, Findings
from audit.damages import Damage
from audit.errors import LogDamaged
from audit.log import Log
from audit.patrol import Look, Patrol, Round
from audit.store import CHECKPOINT, ENTRY, HEAD, TILE
from exchange.database import Database
from tests.audit.logs import append, empty_database, new_log, sign
from tests.audit.whole import hub_entries
from tests.instants import NOW

ENTRIES = hub_entries(600)
SIGNED = (300, 599)

ACTS: dict[str, tuple[Any, int, str]] = {
    "an entry": (update(ENTRY).where(ENTRY.c.idx == 5).values(entry=ENTRIES[6]), 0, "ENTRY_ALTERED"),
    "a leaf hash": (update(ENTRY).where(ENTRY.c.idx == 300).values(leaf_hash=bytes(32)), 256, "LEAF_ALTERED"),
    "a row": (delete(ENTRY).where(ENTRY.c.idx == 300), 256, "ENTRY_MISSING"),
    "a tile": (update(TILE).where(TILE.c.n == 1).values(data=bytes(8192)), 256, "ENTRY_NOT_IN_TILE"),
    "a lost tile": (delete(TILE).where(TILE.c.n == 1), 256, "TILE_MISSING"),
    "a tile's root": (update(TILE).where(TILE.c.n == 1).values(root=bytes(32)), 256, "CHECKPOINT_ROOT"),
    "a checkpoint": (update(CHECKPOINT).where(CHECKPOINT.c.size == 300).values(time=7), 256, "CHECKPOINT_ROW"),
    "the head": (update(HEAD).values(size=598), 512, "CHECKPOINT_AHEAD"),
}


def no_rows(_connection: Connection, _findings: Findings, _parsed: Sequence[Parsed]) -> None:
    """This log stands alone."""


@pytest.fixture
def log() -> Log:
    return new_log()


@pytest.fixture
def database(database_url: str, log: Log) -> Iterator[Database]:
    with empty_database(database_url) as opened:
        for start, end in ((0, 300), (300, 599), (599, 600)):
            append(opened, log, ENTRIES[start:end], NOW + end)
            if end < 600:
                sign(opened, log, NOW + end)
        yield opened


def look(database: Database, log: Log, start: int) -> Look | None:
    with database.read() as session:
        return Patrol(log, no_rows).look(session.connection(), start)


def walk(database: Database, log: Log, tiles: int = 16) -> Round:
    """A round as a service does it, stored."""
    with database.read() as session:
        begin = damages.read_patrol(session.connection(), "hub").next
        known = [one.start for one in damages.read_damage(session.connection(), "hub")]
    done = patrol.walk(lambda start: look(database, log, start), begin, known, tiles)
    with database.write() as session:
        patrol.keep(session.connection(), "hub", done, NOW)
    return done


def damage(database: Database) -> list[Damage]:
    with database.read() as session:
        return damages.read_damage(session.connection(), "hub")


def test_a_log_that_nobody_touched_is_walked_to_its_signed_end_and_again(database: Database, log: Log) -> None:
    steps = [(done.next, done.came_round) for done in (walk(database, log, 2) for _ in range(3))]
    assert steps == [(512, False), (0, True), (512, False)]
    assert damage(database) == []
    with database.read() as session:
        assert damages.read_patrol(session.connection(), "hub") == damages.Patrolled(512, NOW, NOW)


@pytest.mark.parametrize("act", ACTS)
def test_what_was_changed_is_named_and_not_signed_over_until_it_is_whole_again(
    database: Database, log: Log, act: str
) -> None:
    change, start, code = ACTS[act]
    with database.engine.connect() as connection:  # a change that is taken back is repaired
        if database.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(change)
        seen = Patrol(log, no_rows).look(connection, start)
        assert seen is not None
        assert seen.damage is not None
        assert (seen.damage.code, seen.damage.of_tree, seen.damage.start) == (code, True, start)
        connection.rollback()
    found = patrol.Round(0, came_round=True, looks=(seen,))
    with database.write() as session:
        assert patrol.keep(session.connection(), "hub", found, NOW) == [seen.damage]
        assert patrol.keep(session.connection(), "hub", found, NOW) == []
    with pytest.raises(LogDamaged, match="hub: "):
        sign(database, log, NOW + 700)
    walk(database, log)
    assert damage(database) == []
    assert sign(database, log, NOW + 700).size == 600


def test_a_row_that_differs_is_named_and_hinders_no_signature(database: Database, log: Log) -> None:
    def differs(_: Connection, findings: Findings, parsed: Sequence[Parsed]) -> None:
        findings.add(Finding("ROW_ALTERED", "message", parsed[0][0]))

    with database.read() as session:
        seen = Patrol(log, differs).look(session.connection(), 256)
    assert seen is not None
    with database.write() as session:
        patrol.keep(session.connection(), "hub", patrol.Round(0, came_round=True, looks=(seen,)), NOW)
    assert [(one.start, one.code, one.of_tree) for one in damage(database)] == [(256, "ROW_ALTERED", False)]
    assert sign(database, log, NOW + 700).size == 600


def test_a_log_without_a_signature_is_not_looked_at(database_url: str) -> None:
    with empty_database(database_url) as database:
        append(database, new_log(), ENTRIES[:3])
        assert walk(database, new_log()) == Round(0, came_round=False, looks=())


def test_a_log_shorter_than_where_the_check_goes_on_is_looked_at_from_its_beginning(
    database: Database, log: Log
) -> None:
    seen = look(database, log, 1024)
    assert seen == Look(0, 256, 599, None)


def test_the_damage_of_many_places_is_looked_at_again_a_few_at_a_time() -> None:
    asked: list[int] = []

    def good(start: int) -> Look:
        asked.append(start)
        return Look(start, start + 256, 10**6, None)

    patrol.walk(good, 0, range(10_000, 20_000, 256), tiles=1)
    assert len(asked) == patrol.MOST + 1

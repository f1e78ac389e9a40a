"""A hub that has grown: no question of its work reads through a table that grows with every message."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.hub.desk import Desk
from tests.instants import DAY
from tests.statements import heard

SMALL = ("hub", "federation", "snapshot", "statement", "suspension", "sender", "nonce", "denial")
"""Tables that the number of messages does not make longer."""

SCAN = re.compile(rf"SCAN (?!CONSTANT ROW|\w+ VIRTUAL TABLE|({'|'.join(SMALL)})\b)")


@contextmanager
def asked(engine: Engine) -> Iterator[dict[str, Any]]:
    """Every statement that the block runs, with the parameters it had last."""
    found: dict[str, Any] = {}

    def look(statement: str, parameters: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            found[statement] = parameters

    with heard(engine, look):
        yield found


def scans(desk: Desk, statements: dict[str, Any]) -> list[str]:
    """What SQLite's planner would read through from end to end."""
    with desk.db.read() as session:
        connection = session.connection()
        plans = {
            statement: connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for statement, parameters in statements.items()
        }
    return [f"{row.detail}: {one}" for one, plan in plans.items() for row in plan if SCAN.match(row.detail)]


@pytest.fixture
def used(tmp_path: Any, sqlite_url: str) -> Iterator[Desk]:
    """A hub on SQLite with some messages, receipts and checkpoints in it."""
    desk = Desk(tmp_path / "hub", sqlite_url)
    for sealed in [desk.send("TJ", ("KG", "KZ")) for _ in range(3)]:
        desk.inbox("KG")
        desk.report(desk.receipt("KG", "DELIVERED", sealed.eid))
    desk.hub.tick()
    yield desk
    desk.close()


def test_accepting_repeating_and_refusing_read_through_nothing(used: Desk) -> None:
    with asked(used.db.engine) as statements:
        sealed = used.send()
        used.restart()
        assert used.post(sealed.wire).status_code == 200
        assert used.post(used.seal(seq=1).wire).status_code == 409
        assert used.post(used.seal(classification="CONF").wire).status_code == 422
    assert len(statements) > 8
    assert scans(used, statements) == []


def test_collecting_and_reporting_read_through_nothing(used: Desk) -> None:
    sealed = used.send()
    with asked(used.db.engine) as statements:
        used.inbox("KG")
        used.report(used.receipt("KG", "DELIVERED", sealed.eid))
    assert scans(used, statements) == []


def test_what_time_does_reads_through_nothing(used: Desk) -> None:
    used.now += 10 * DAY
    with asked(used.db.engine) as statements:
        used.hub.tick()
    assert scans(used, statements) == []

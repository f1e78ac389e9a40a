"""Many rows in one statement: the same rows as one by one, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from audit import rows
from audit.rows import MOST_ROWS
from exchange.database import Database
from exchange.errors import Unavailable
from exchange.hub import tables
from exchange.hub.tables import DELIVERY, MAILBOX, SENDER


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    with opened.write() as session:
        tables.metadata.create_all(session.connection())
    yield opened
    opened.close()


def delivery(number: int) -> dict[str, object]:
    return {
        "eid": f"{number:064x}",
        "unit": "KG",
        "sender": "TJ",
        "state": "QUEUED",
        "queued_at": 2**40 + number,
        "handed_at": None if number % 2 else number,
        "expires": number,
    }


@pytest.mark.parametrize("count", [0, 1, MOST_ROWS, 2 * MOST_ROWS + 3])
def test_every_row_is_stored_once_and_whole(database: Database, count: int) -> None:
    wanted = [delivery(number) for number in range(count)]
    with database.write() as session:
        rows.insert(session.connection(), DELIVERY, wanted)
    with database.read() as session:
        found = session.connection().execute(select(DELIVERY).order_by(DELIVERY.c.eid)).mappings().all()
    assert [dict(row) for row in found] == wanted


def test_a_row_that_is_there_already_follows_the_clause_for_it(database: Database) -> None:
    for seq in (1, 2):
        with database.write() as session:
            row = {"unit": "TJ", "seq": seq, "eid": f"{seq:064x}"}
            rows.insert(session.connection(), SENDER, [row], "ON CONFLICT (unit) DO UPDATE SET seq = excluded.seq")
    with database.read() as session:
        assert session.connection().execute(select(SENDER.c.seq, SENDER.c.eid)).one() == (2, f"{1:064x}")


def test_a_row_that_is_there_already_takes_none_of_the_others_in(database: Database) -> None:
    box = {"unit": "KG", "idx": 1, "kind": 1, "eid": "", "about": "", "type": ""}
    with pytest.raises(Unavailable), database.write() as session:
        rows.insert(session.connection(), MAILBOX, [box | {"idx": 2}, box, box])
    with database.read() as session:
        assert session.connection().execute(select(MAILBOX)).all() == []

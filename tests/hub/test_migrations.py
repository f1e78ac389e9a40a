"""The schema of the hub: the newest revision is the models, and data survives the way up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from audit import store
from exchange.database import Database
from exchange.errors import NotReady
from exchange.hub import lookup, tables
from exchange.hub.hub import MIGRATIONS
from tests.hub.desk import Desk


def models() -> MetaData:
    every = MetaData()
    for metadata in (store.metadata, tables.metadata):
        for table in metadata.tables.values():
            table.to_metadata(every)
    return every


def test_the_newest_revision_is_exactly_the_models(database_url: str) -> None:
    database = Database(database_url)
    database.upgrade(MIGRATIONS)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, models()) == []
    database.close()


def test_data_goes_up_and_the_way_down_leaves_nothing(desk: Desk) -> None:
    desk.send()
    desk.db.check_revision(MIGRATIONS)
    desk.db.downgrade(MIGRATIONS, "base")
    with desk.db.read() as session:
        assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}
    desk.db.upgrade(MIGRATIONS)
    assert set(desk.rows().values()) == {0}


def whole_receipts(desk: Desk) -> set[bytes]:
    """Every receipt as revision 0004 kept it: whole, in each row."""
    with desk.db.read() as session:
        query = "SELECT receipt FROM message UNION ALL SELECT wire FROM receipt"
        return {bytes(wire) for (wire,) in session.connection().exec_driver_sql(query)}


def test_receipts_are_the_same_bytes_whether_their_signatures_are_stored_once_or_with_each(desk: Desk) -> None:
    sealed = [desk.send(), desk.send("KZ", ("KG", "TJ"))]
    for unit in desk.units:
        desk.inbox(unit)
    desk.report(desk.receipt("KG", "DELIVERED", sealed[0].eid))
    answers, boxes = [desk.post(one.wire).content for one in sealed], [desk.inbox(unit) for unit in desk.units]
    with desk.db.read() as session:
        stored = {wire for _, wire in lookup.every_receipt(session.connection())}
    desk.db.downgrade(MIGRATIONS, "0004")
    assert whole_receipts(desk) == stored >= set(answers)
    desk.db.upgrade(MIGRATIONS)
    desk.restart()
    assert [desk.post(one.wire).content for one in sealed] == answers
    assert [desk.inbox(unit) for unit in desk.units] == boxes


def test_an_old_schema_refuses_the_start(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(NotReady):
        database.check_revision(MIGRATIONS)
    database.close()

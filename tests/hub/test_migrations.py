"""The schema of the hub: the newest revision is the models, and data survives the way up and down."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect

from audit import store
from exchange.database import Database
from exchange.errors import NotReady
from exchange.hub import tables
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


def test_an_old_schema_refuses_the_start(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(NotReady):
        database.check_revision(MIGRATIONS)
    database.close()

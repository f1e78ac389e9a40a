"""The schema of a node: the newest revision is the models, and what the index repeats of the leaves comes back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, inspect, select, text

from audit import store
from exchange.database import Database
from nodes import log
from nodes.account_tables import UserRow
from nodes.drafts import NewDraft
from nodes.inspection_tables import InspectionRow
from nodes.node import MIGRATIONS
from nodes.tables import EventRow, MessageRow
from tests.nodes.world import World, send, someone


def models() -> MetaData:
    every = MetaData()
    for metadata in {store.metadata, UserRow.metadata, InspectionRow.metadata}:
        for table in metadata.tables.values():
            table.to_metadata(every)
    return every


def test_the_newest_revision_is_exactly_the_models(database_url: str) -> None:
    database = Database(database_url)
    database.upgrade(MIGRATIONS)
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": False})
        assert compare_metadata(context, models()) == []
    database.downgrade(MIGRATIONS, "base")
    with database.read() as session:
        assert set(inspect(session.connection()).get_table_names()) <= {"alembic_version"}
    database.close()


def test_a_message_of_an_older_node_is_of_the_environment_whose_roots_it_pinned(world: World) -> None:
    node = world.node("TJ")
    message = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    node.db.downgrade(MIGRATIONS, "0036")
    node.db.upgrade(MIGRATIONS)
    with node.db.read() as session:
        assert session.get_one(MessageRow, message).env == "live"


def test_the_index_of_an_older_log_is_filled_from_its_leaves(world: World) -> None:
    node = world.node("TJ")
    with node.db.write() as session:
        log.record(session, node, log.Act(operation="SEND", role="OFFICER", unit="KG", eid="a" * 64, denied=True))
    query = select(EventRow.role, EventRow.unit, EventRow.eid, EventRow.denied, EventRow.leaf).order_by(EventRow.index)
    with node.db.read() as session:
        before = session.execute(query).all()
    node.db.downgrade(MIGRATIONS, "0003")
    node.db.upgrade(MIGRATIONS)
    with node.db.read() as session:
        assert session.execute(query).all() == before
        assert session.execute(text("SELECT mandate FROM node_session")).all() == []
    assert before[-1][:4] == ("OFFICER", "KG", "a" * 64, 1)

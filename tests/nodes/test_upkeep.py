"""Keys turn every week and are erased, the directory never goes back, the schema goes up and down with rows in it."""

import pytest
from sqlalchemy import delete, inspect, select

from audit import store as log_store
from crypto.custody import SEEDS
from crypto.keystore import SIGNING
from exchange.database import Database
from nodes import checking, drafts, enrolment, keys, rotation, trust, upkeep
from nodes.drafts import NewDraft, Saved
from nodes.enrolment import Secrets
from nodes.enrolment_errors import OtherFingerprint
from nodes.errors import AnswerRefused, BadInput, DraftChanged, NotFound, NotReady
from nodes.hub_client import HubClient
from nodes.node import MIGRATIONS
from nodes.rotation import Withdrawal
from nodes.row import Row
from nodes.tables import AlertRow, DirectoryRow, DraftRow, KeyRow, MessageRow
from nodes.views import DraftForm
from schemas.errors import SchemaError
from schemas.invitations import fingerprint
from tests.federation import profile
from tests.hub.desk import CHEAP
from tests.instants import DAY, HOUR
from tests.nodes.world import PASSPHRASE, World, canary, new_signing_key, send, someone, withdraw


def encryption_files(world: World, unit: str) -> int:
    return len([name for name in world.node(unit).store.names() if name.startswith("encryption-")])


def test_an_encryption_key_turns_every_week_and_is_erased_after_four(small: World) -> None:
    first = next(iter(small.node("TJ").keys.encryption))
    counts = []
    for _ in range(6):
        small.pass_time(7 * DAY)
        small.sync()
        counts.append(encryption_files(small, "TJ"))
    assert counts == [2, 3, 4, 4, 4, 4]
    assert first not in small.node("TJ").keys.encryption
    with small.node("KG").db.read():
        known = small.node("KG").directory().encryption_key("TJ", small.now)
    assert known.kid in small.node("TJ").keys.encryption


def test_what_was_sealed_to_the_last_key_still_opens_after_a_turn(small: World) -> None:
    small.units["KG"].wire.cut = True
    send(small.node("TJ"), someone(small.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync("TJ")
    small.pass_time(10 * DAY)
    small.units["KG"].wire.cut = False
    small.sync()
    with small.node("KG").db.read() as session:
        assert len(session.scalars(select(MessageRow)).all()) == 1


def test_a_private_key_is_never_in_the_database(small: World) -> None:
    node = small.node("TJ")
    signing = node.store.load(SEEDS.kind, SIGNING + node.keys.signing.kid)
    seeds = [signing, *(key.seed for key in node.keys.encryption.values())]
    for path in (small.folder / "TJ").rglob("node.db*"):
        assert not any(seed in path.read_bytes() for seed in seeds)


def test_the_next_signing_key_needs_the_root_and_is_used_once_published(small: World) -> None:
    node = small.node("TJ")
    before = node.keys.signing.kid
    small.pass_time(60)
    new_signing_key(node)
    assert node.keys.signing.kid == before
    with pytest.raises(NotReady):
        new_signing_key(node)
    small.sync("TJ")
    assert node.keys.signing.kid != before
    send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    small.sync()
    with small.node("KG").db.read() as session:
        assert len(session.scalars(select(MessageRow)).all()) == 1


def test_the_request_key_turns_without_the_root_and_the_old_one_is_withdrawn(small: World) -> None:
    node = small.node("TJ")
    before = node.keys.request_keyid.rpartition("/")[2]
    small.pass_time(60)
    kid = rotation.turn(node, "NODE")
    with pytest.raises(NotReady):
        rotation.turn(node, "NODE")
    small.pass_time(HOUR)  # the statement is made again by the time at which it is published
    small.sync("TJ")
    assert node.keys.request_keyid == f"TJ/node-1/{kid}"
    with pytest.raises(NotReady):
        withdraw(node, Withdrawal(kid))
    withdraw(node, Withdrawal(before))
    with pytest.raises(SchemaError):
        node.directory().node_key(f"TJ/node-1/{before}", small.now)
    small.sync()


def test_an_administrator_hears_in_time_that_the_signing_key_ends(small: World) -> None:
    with small.node("TJ").db.write() as session:
        session.get_one(KeyRow, small.node("TJ").keys.signing.kid).not_after = small.now + 20 * DAY
    upkeep.turn_keys(small.node("TJ"))
    with small.node("TJ").db.read() as session:
        assert "KEYS_ENDING" in session.scalars(select(AlertRow.cause)).all()


def test_a_directory_that_goes_back_is_refused_with_an_alarm(small: World) -> None:
    node = small.node("TJ")
    with HubClient(node) as client:
        old = client.directory()
        small.pass_time(DAY)
        upkeep.refresh(node, client)
        newer = node.directory().snapshot.version
        client.directory = lambda: old  # type: ignore[method-assign]  # a lying hub
        with pytest.raises(AnswerRefused):
            upkeep.refresh(node, client)
    assert node.directory().snapshot.version == newer
    with node.db.read() as session:
        assert "DIRECTORY_REFUSED" in session.scalars(select(AlertRow.cause)).all()
    small.units["TJ"].restart()
    assert small.node("TJ").directory().snapshot.version == newer


def test_roots_are_pinned_once_and_only_after_comparison(small: World) -> None:
    anchor = small.desk.world.anchor().to_bytes()
    node = small.node("TJ")
    refused = (anchor, "0000", OtherFingerprint), (anchor, fingerprint(anchor), BadInput)
    for wire, compared, error in (*refused, (b"{}", fingerprint(b"{}"), BadInput)):
        with pytest.raises(error):
            enrolment.join(node, wire, compared)


def test_a_stored_directory_that_was_altered_keeps_the_node_from_starting(small: World) -> None:
    node = small.node("TJ")
    with node.db.write() as session:
        row = session.get_one(DirectoryRow, trust.SNAPSHOT)
        row.wire = row.wire.replace(b'"version":', b'"versian":', 1)
    with pytest.raises(NotReady):
        small.units["TJ"].restart()


def test_a_node_without_keys_or_directory_says_what_is_missing(small: World) -> None:
    settings = small.units["TJ"].settings.model_copy(update={"folder": small.folder / "new", "unit": "UZ"})
    settings.folder.mkdir()
    enrolment.init(settings, profile("UZ"), Secrets(PASSPHRASE, PASSPHRASE, CHEAP), small.now)
    small.units["UZ"] = type(small.units["TJ"])(settings, small.units["TJ"].wire, lambda: small.now)
    node = small.units["UZ"].open()
    with pytest.raises(NotReady):
        node.directory()
    with node.db.read() as session:
        session.execute(delete(KeyRow))
        with pytest.raises(NotReady):
            keys.load(session, node.store, settings)


def test_the_schema_goes_up_and_down_and_equals_the_tables(database_url: str) -> None:
    database = Database(database_url)
    tables = {**Row.metadata.tables, **log_store.metadata.tables}
    for revision in ("0001", "0002", "head"):
        database.upgrade(MIGRATIONS, revision)
    database.check_revision(MIGRATIONS)
    found = inspect(database.engine)
    assert set(found.get_table_names()) - {"alembic_version"} == set(tables)
    for name, table in tables.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert columns == {column.name: column.nullable for column in table.columns}, name
        assert {index["name"] for index in found.get_indexes(name)} >= {index.name for index in table.indexes}, name
    for revision in ("0002", "0001", "base"):
        database.downgrade(MIGRATIONS, revision)
    assert set(inspect(database.engine).get_table_names()) == {"alembic_version"}
    database.close()


def test_rows_survive_a_step_down_and_up(world: World) -> None:
    node = world.node("TJ")
    request = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    node.db.downgrade(MIGRATIONS, "0002")
    node.db.upgrade(MIGRATIONS)
    with node.db.read() as session:
        assert session.get(MessageRow, request) is not None


def test_a_draft_survives_a_crash_and_a_second_window_cannot_overwrite_it(world: World) -> None:
    node, word = world.node("TJ"), canary()
    rustam, aibek = someone(node, "rustam"), someone(node, "aibek")
    with node.db.write() as session:
        draft = drafts.create(session, node, rustam, NewDraft("REQ"))
        form = DraftForm(("KG",), {"subject_line": word}, {"facts": "not yet"})
        saved = drafts.save(session, node, rustam, Saved(draft.draft_id, draft.revision, form))
    node = world.units["TJ"].restart()
    with node.db.read() as session:
        assert drafts.get(session, node, rustam, draft.draft_id) == saved
        assert drafts.own(session, node, rustam) == (saved,)
        row = session.get_one(DraftRow, draft.draft_id)
        assert word.encode() not in row.sealed
    with pytest.raises(DraftChanged), node.db.write() as session:
        drafts.save(session, node, rustam, Saved(draft.draft_id, draft.revision, form))
    for act in (drafts.get, drafts.discard):
        with pytest.raises(NotFound), node.db.write() as session:
            act(session, node, aibek, draft.draft_id)
    with node.db.write() as session:
        drafts.discard(session, node, rustam, draft.draft_id)
        assert drafts.own(session, node, rustam) == ()


def test_the_check_says_what_is_wrong_and_who_will_read_it(small: World) -> None:
    node = small.node("TJ")
    rustam = someone(node, "rustam")
    with node.db.write() as session:
        draft = drafts.create(session, node, rustam, NewDraft("REQ", recipients=("KG", "XX")))
    with node.db.read() as session:
        check = checking.shown(node, checking.own(session, node, rustam, draft.draft_id))
    fields = {fault.field for fault in check.faults}
    assert {"common.subject_line", "body.facts", "recipients"} <= fields
    assert all(set(fault.message) == {"en", "ru"} for fault in check.faults)
    assert [(reader.unit, reader.own, reader.ekid is not None) for reader in check.readers] == [
        ("KG", False, True),
        ("XX", False, False),
        ("TJ", True, True),
    ]


@pytest.mark.parametrize(
    "new",
    [NewDraft("XYZ"), NewDraft("ANS"), NewDraft("REQ", in_reply_to="x"), NewDraft("REQ", case_ref="TJ-TJ-2026-9")],
)
def test_a_draft_of_nothing_sensible_is_not_begun(small: World, new: NewDraft) -> None:
    node = small.node("TJ")
    rustam = someone(node, "rustam")
    with pytest.raises((BadInput, NotFound)), node.db.write() as session:
        drafts.create(session, node, rustam, new)

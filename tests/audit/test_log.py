import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, update

from audit import store
from audit.checkpoints import verify_checkpoint
from audit.errors import CheckpointRefused, EntryTooLong, HeadMoved, LogDamaged, NotInLog
from audit.log import Log
from audit.merkle import verify_consistency, verify_inclusion
from audit.store import Head
from audit.tiles import ENTRIES, TileAddress, split_tile, unpack_bundle
from exchange.database import Database
from tests.audit import trees
from tests.audit.logs import SIGNER, append, empty_database, new_log, sign
from tests.instants import NOW

MANY = 66_000


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with empty_database(database_url) as opened:
        yield opened


def test_entries_get_their_indices_in_the_order_given(database: Database) -> None:
    log, entries = new_log(), trees.some_entries(600)
    appended = [append(database, log, entries[start:end]) for start, end in ((0, 1), (1, 300), (300, 600))]
    assert [one.first_index for one in appended] == [0, 1, 300]
    assert [leaf for one in appended for leaf in one.leaf_hashes] == list(map(trees.leaf, entries))
    assert (appended[-1].size, appended[-1].root) == (600, trees.root(entries))
    with database.read() as session:
        assert list(log.entries(session, 0, 600)) == entries
        assert log.head(session) == Head(600, trees.root(entries), NOW)


def test_a_log_is_reloaded_after_every_entry_up_to_two_past_a_tile(database: Database) -> None:
    entries = trees.some_entries(258)
    for size, entry in enumerate(entries, start=1):
        appended = append(database, new_log(), [entry])
        assert appended.size == size
    assert appended.root == trees.root(entries)


def test_an_append_of_nothing_writes_nothing(database: Database) -> None:
    log = new_log()
    append(database, log, [b"a"])
    assert append(database, log, [], NOW + 1).size == 1
    with database.read() as session:
        assert log.head(session).time == NOW


def test_an_entry_that_does_not_fit_a_bundle_changes_nothing(database: Database) -> None:
    log = new_log()
    with pytest.raises(EntryTooLong):
        append(database, log, [b"fits", bytes(65_536)])
    assert append(database, log, [bytes(65_535)]).size == 1


def test_logs_of_one_database_do_not_touch_each_other(database: Database) -> None:
    hub, node = new_log(), Log("node.tj.serai")
    append(database, hub, [b"hub"] * 300)
    append(database, node, [b"node"])
    with database.read() as session:
        assert store.log_ids(session.connection()) == ["hub", "node.tj.serai"]
        assert (hub.head(session).size, node.head(session).size) == (300, 1)


def test_every_proof_of_a_large_log_is_that_of_the_recursion_however_many_tiles_are_kept(database: Database) -> None:
    entries = trees.some_entries(MANY)
    recursion = trees.Recursion(entries)
    logs = [Log("hub", SIGNER, cached_tiles=cached_tiles) for cached_tiles in (1, 4096)]
    for log, part in zip(logs, (entries[: MANY // 2], entries[MANY // 2 :]), strict=True):
        append(database, log, part)
    signed = sign(database, logs[0])
    with database.read() as session:
        for index in (0, 255, 256, 65_535, 65_536, MANY - 1):
            path = recursion.path(index, MANY)
            assert [log.inclusion(session, index, MANY) for log in logs] == [path, path]
            verify_inclusion(logs[0].leaf_hash(session, index), index, MANY, path, signed.root)
        for old in (1, 256, 65_536, 65_537):
            proof = recursion.proof(old, MANY)
            assert [log.consistency(session, old, MANY) for log in logs] == [proof, proof]
            verify_consistency(old, recursion.root(old), MANY, signed.root, proof)


def test_proofs_for_an_earlier_size_stay_what_they_were(database: Database) -> None:
    log, entries = new_log(), trees.some_entries(700)
    append(database, log, entries)
    with database.read() as session:
        for size in (1, 255, 256, 300, 513):
            assert log.inclusion(session, size - 1, size) == trees.path(size - 1, entries[:size])
            assert log.consistency(session, 1, size) == trees.proof(1, entries[:size])


def test_what_a_log_does_not_have_is_refused(database: Database) -> None:
    log = new_log()
    append(database, log, [b"a", b"b"])
    with database.read() as session:
        for ask in (
            lambda: log.entry(session, 2),
            lambda: log.entry(session, -1),
            lambda: log.leaf_hash(session, 2),
            lambda: log.inclusion(session, 0, 3),
            lambda: log.consistency(session, 1, 3),
            lambda: log.tile(session, TileAddress(0, 0, 1)),
        ):
            with pytest.raises(NotInLog):
                ask()
        assert log.entry(session, 1) == b"b"


def test_published_tiles_and_bundles_hold_what_was_signed(database: Database) -> None:
    log, entries = new_log(), trees.some_entries(600)
    append(database, log, entries)
    sign(database, log)
    append(database, log, [b"not signed yet"] * 100)
    leaves = list(map(trees.leaf, entries))
    with database.read() as session:
        assert split_tile(log.tile(session, TileAddress(0, 1))) == leaves[256:512]
        assert split_tile(log.tile(session, TileAddress(0, 2, 88))) == leaves[512:]
        assert split_tile(log.tile(session, TileAddress(1, 0, 2))) == [
            trees.root(entries[:256]),
            trees.root(entries[256:512]),
        ]
        assert unpack_bundle(log.tile(session, TileAddress(ENTRIES, 2, 88))) == entries[512:]
        with pytest.raises(NotInLog, match="not signed"):
            log.tile(session, TileAddress(0, 2, 89))


def test_a_checkpoint_is_signed_from_the_committed_head(database: Database) -> None:
    log, entries = new_log(), trees.some_entries(300)
    append(database, log, entries)
    stored = sign(database, log)
    signed = verify_checkpoint(stored.note, SIGNER.keys)
    assert (signed.checkpoint.size, signed.checkpoint.root, signed.time) == (300, trees.root(entries), NOW)
    with database.read() as session:
        assert log.checkpoint(session) == stored
        assert stored.vkeys == SIGNER.keys.vkeys


def test_an_empty_log_can_be_signed(database: Database) -> None:
    assert sign(database, new_log()).size == 0


def test_a_checkpoint_of_the_same_size_is_signed_again_with_a_fresh_time(database: Database) -> None:
    log = new_log()
    append(database, log, [b"a"])
    first, second = sign(database, log), sign(database, log, NOW + 60)
    assert (second.size, second.root, second.time) == (first.size, first.root, NOW + 60)
    with database.read() as session:
        assert log.verify(session, SIGNER.keys).size == 1


def test_nothing_uncommitted_is_signed(database: Database) -> None:
    log = new_log()
    with database.write() as session:
        log.append(session, [b"a"], NOW)
        with pytest.raises(CheckpointRefused, match="committed"):
            log.sign_checkpoint(session, NOW)


def test_a_log_without_keys_signs_nothing(database: Database) -> None:
    with pytest.raises(CheckpointRefused, match="no signing keys"):
        sign(database, new_log(signer=None))


def test_a_clock_that_went_back_signs_nothing(database: Database) -> None:
    log = new_log()
    append(database, log, [b"a"])
    sign(database, log)
    with pytest.raises(CheckpointRefused, match="clock"):
        sign(database, log, NOW - 1)


@pytest.mark.parametrize("restored", [[b"a"], [b"a", b"other"]])
def test_a_log_restored_from_a_backup_is_not_signed_smaller_or_different(
    database: Database, restored: list[bytes]
) -> None:
    append(database, new_log(), [b"a", b"b"])
    sign(database, new_log())
    with database.write() as session:
        session.execute(delete(store.ENTRY))
        session.execute(delete(store.HEAD))
    append(database, new_log(), restored)
    with pytest.raises(CheckpointRefused, match="denies"):
        sign(database, new_log())


def test_a_log_that_was_rewritten_and_grew_again_is_not_signed(database: Database) -> None:
    append(database, new_log(), [b"a", b"b"])
    sign(database, new_log())
    with database.write() as session:
        session.execute(delete(store.ENTRY))
        session.execute(delete(store.HEAD))
    append(database, new_log(), [b"a", b"other", b"c"])
    with pytest.raises(LogDamaged):
        sign(database, new_log())


def test_a_head_that_moved_stops_the_append(database: Database) -> None:
    append(database, new_log(), [b"a"])
    with database.write() as session, pytest.raises(HeadMoved):
        store.swap_head(session.connection(), "hub", Head(), Head(1, trees.root([b"b"]), NOW))


def test_a_connection_serves_as_well_as_a_session(database: Database) -> None:
    log = new_log()
    with database.write() as session:
        assert log.append(session.connection(), [b"a"], NOW).size == 1


def test_an_edge_of_another_history_is_not_used(database: Database) -> None:
    log = new_log()
    append(database, log, [b"a"])
    with database.write() as session:
        session.execute(delete(store.ENTRY))
        session.execute(update(store.HEAD).values(size=0, root=trees.root([])))
    assert append(database, log, [b"b"]).root == trees.root([b"b"])


@pytest.mark.postgresql
def test_two_appenders_advance_one_at_a_time_and_never_fork(postgresql_url: str) -> None:
    with empty_database(postgresql_url) as database:
        append(database, new_log(), [b"first"])
        begun = threading.Barrier(2)
        taken: list[range] = []

        def work(name: bytes) -> None:
            log = new_log()
            begun.wait()
            for number in range(40):
                one = append(database, log, [name + bytes([number, at]) for at in range(number % 5 + 1)])
                taken.append(range(one.first_index, one.size))

        threads = [threading.Thread(target=work, args=(name,)) for name in (b"one", b"two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(index for indices in taken for index in indices) == list(range(1, 241))
        sign(database, new_log())
        with database.read() as session:
            assert new_log().verify(session, SIGNER.keys).size == 241

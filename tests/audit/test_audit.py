"""The audit of a whole log in a database: what holds is said, every change is named with its place and both values."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import delete, insert, text, update

from audit import store
from audit.audit_checkpoints import Trust
from audit.audit_findings import Finding, Findings
from audit.checkpoints import LogSigner
from crypto.merkle_hash import leaf_hash
from exchange.database import Database
from tests.audit import trees
from tests.audit.logs import ORIGIN, SIGNER, empty_database
from tests.audit.whole import TRUST, audited, fill, hub_entries, undone
from tests.audit.witnesses import policy
from tests.instants import NOW

ENTRIES = hub_entries(700)
SIZES = (1, 256, 300, 600, 690)
ZERO = bytes(32)
OTHER = LogSigner.from_seeds(ORIGIN, bytes(64))


@pytest.fixture(scope="module")
def database(whole_database_url: str) -> Iterator[Database]:
    with empty_database(whole_database_url) as opened:
        fill(opened, ENTRIES, SIZES)
        yield opened


def bad(found: Findings) -> dict[str, Finding]:
    """The bad findings, the first of each code."""
    kept: dict[str, Finding] = {}
    for one in found.all():
        if one.level == "bad":
            kept.setdefault(one.code, one)
    return kept


def changed(database: Database, *changes: Any) -> dict[str, Finding]:
    with undone(database) as connection:
        for change in changes:
            assert connection.execute(change).rowcount
        return bad(audited(connection))


def unchanged(database: Database, trust: Trust = TRUST, held: Sequence[bytes] = ()) -> Findings:
    with undone(database) as connection:
        return audited(connection, trust, held)


def entry(index: int) -> Any:
    return update(store.ENTRY).where(store.ENTRY.c.idx == index)


def test_a_log_that_nobody_touched_is_good(database: Database) -> None:
    found = unchanged(database)
    assert not found.bad
    assert {"ENTRIES_COMPLETE", "CHECKPOINTS_HOLD", "LOG_KEYS_PINNED", "TAIL_NOT_SIGNED"} == set(found.counts)
    assert [one.text for one in found.all() if one.code == "TAIL_NOT_SIGNED"] == [
        "690 to 699: entries stand behind the last checkpoint"
    ]


def test_a_changed_entry_is_named_with_both_hashes_and_the_tiles_are_as_signed(database: Database) -> None:
    with undone(database) as connection:
        connection.execute(entry(17).values(entry=ENTRIES[17] + b" "))
        everything = audited(connection)
    found = bad(everything)
    assert found["ENTRY_ALTERED"].index == 17
    assert found["ENTRY_ALTERED"].expected == leaf_hash(ENTRIES[17]).hex()
    assert found["ENTRY_ALTERED"].found == leaf_hash(ENTRIES[17] + b" ").hex()
    assert set(found) == {"ENTRY_ALTERED", "ENTRY_FORM"}
    assert "TILES_AS_SIGNED" in everything.counts


def test_an_entry_changed_together_with_its_leaf_hash_is_not_in_its_tile(database: Database) -> None:
    other = hub_entries(1, 9, NOW + 17)[0]
    found = changed(database, entry(17).values(entry=other, leaf_hash=leaf_hash(other)))
    assert (found["ENTRY_NOT_IN_TILE"].index, found["ENTRY_NOT_IN_TILE"].found) == (17, leaf_hash(other).hex())


def test_an_entry_changed_behind_the_last_full_tile_breaks_every_root_that_covers_it(database: Database) -> None:
    other = hub_entries(1, 9, NOW + 650)[0]
    found = changed(database, entry(650).values(entry=other, leaf_hash=leaf_hash(other)))
    assert set(found) == {"CHECKPOINT_ROOT", "HEAD_ROOT"}
    assert found["CHECKPOINT_ROOT"].index == 690
    assert found["HEAD_ROOT"].expected == trees.root(ENTRIES).hex()


def test_neighbours_are_one_finding_with_a_count(database: Database) -> None:
    moved = text("UPDATE log_entry SET idx = -idx - 1000 WHERE idx BETWEEN 20 AND 39")
    found = changed(database, moved)
    assert (found["ENTRY_MISSING"].index, found["ENTRY_MISSING"].count) == (20, 20)
    assert found["ENTRY_BEYOND_HEAD"].count == 20


CHANGES: dict[str, tuple[Any, set[str]]] = {
    "a leaf hash": (entry(3).values(leaf_hash=ZERO), {"LEAF_ALTERED"}),
    "a leaf hash in the tail": (entry(699).values(leaf_hash=ZERO), {"ENTRY_ALTERED"}),
    "an entry gone": (delete(store.ENTRY).where(store.ENTRY.c.idx == 300), {"ENTRY_MISSING"}),
    "a hash in a tile": (
        update(store.TILE).where(store.TILE.c.n == 1).values(data=bytes(8192)),
        {"ENTRY_NOT_IN_TILE"},
    ),
    "a tile cut": (update(store.TILE).where(store.TILE.c.n == 1).values(data=bytes(31)), {"TILE_ALTERED"}),
    "a tile's root": (update(store.TILE).where(store.TILE.c.n == 0).values(root=ZERO), {"TILE_ROOT_ALTERED"}),
    "a tile gone": (delete(store.TILE).where(store.TILE.c.n == 0), {"TILE_MISSING"}),
    "a tile moved": (update(store.TILE).where(store.TILE.c.n == 1).values(n=9), {"TILE_MISSING", "TILE_UNKNOWN"}),
    "a tile of no level": (update(store.TILE).where(store.TILE.c.n == 1).values(level=-3), {"TILE_UNKNOWN"}),
    "the head's root": (update(store.HEAD).values(root=ZERO), {"HEAD_ROOT"}),
    "the head's time": (update(store.HEAD).values(time=NOW), {"HEAD_TIME"}),
    "the head put back": (
        update(store.HEAD).values(size=650, root=trees.root(ENTRIES[:650]), time=NOW + 649),
        {"ENTRY_BEYOND_HEAD", "CHECKPOINT_AHEAD"},
    ),
    "a checkpoint's root": (update(store.CHECKPOINT).values(root=ZERO), {"CHECKPOINT_ROW"}),
    "a checkpoint's time": (update(store.CHECKPOINT).values(time=NOW + 1), {"CHECKPOINT_ROW"}),
    "a checkpoint's size": (
        update(store.CHECKPOINT).where(store.CHECKPOINT.c.size == 300).values(size=301),
        {"CHECKPOINT_ROW"},
    ),
    "a checkpoint's note": (update(store.CHECKPOINT).values(note=b"x"), {"CHECKPOINT_REFUSED"}),
    "a checkpoint's keys": (update(store.CHECKPOINT).values(vkeys="\n".join(OTHER.keys.vkeys)), {"CHECKPOINT_KEYS"}),
}


@pytest.mark.parametrize(("change", "codes"), CHANGES.values(), ids=CHANGES.keys())
def test_whatever_an_administrator_changes_is_found(database: Database, change: Any, codes: set[str]) -> None:
    assert codes <= set(changed(database, change))


def test_a_checkpoint_of_another_history_is_a_fork_of_the_signer(database: Database) -> None:
    note = SIGNER.sign(300, ZERO, NOW + 300)
    found = changed(
        database, update(store.CHECKPOINT).where(store.CHECKPOINT.c.size == 300).values(note=note, root=ZERO)
    )
    assert (found["CHECKPOINT_ROOT"].index, found["CHECKPOINT_ROOT"].expected) == (300, ZERO.hex())
    assert found["CHECKPOINT_ROOT"].found == trees.root(ENTRIES[:300]).hex()


def test_a_checkpoint_that_was_dated_back_is_found(database: Database) -> None:
    note = SIGNER.sign(600, trees.root(ENTRIES[:600]), NOW)
    change = update(store.CHECKPOINT).where(store.CHECKPOINT.c.size == 600).values(note=note, time=NOW)
    assert set(changed(database, change)) == {"CHECKPOINT_TIME"}


def test_a_checkpoint_held_from_elsewhere_must_be_of_this_tree(database: Database) -> None:
    good = SIGNER.sign(299, trees.root(ENTRIES[:299]), NOW)
    forked, ahead = SIGNER.sign(299, ZERO, NOW), SIGNER.sign(900, ZERO, NOW)
    assert "HELD_CHECKPOINT" in unchanged(database, held=[good, SIGNER.sign(0, trees.root([]), NOW)]).counts
    assert bad(unchanged(database, held=[good, forked]))["FORK"].index == 299
    assert bad(unchanged(database, held=[ahead]))["CHECKPOINT_AHEAD"].subject == "held"
    assert "HELD_REFUSED" in bad(unchanged(database, held=[OTHER.sign(299, ZERO, NOW), b"x"]))


def test_what_is_logged_twice_or_earlier_than_before_or_in_no_form_is_named(database_url: str) -> None:
    late = hub_entries(2, 5, NOW - 100)
    with empty_database(database_url) as database:
        fill(database, [*ENTRIES[:6], ENTRIES[2], *late, b"{}"], (6,))
        found = bad(unchanged(database))
    assert (found["ENTRY_AGAIN"].index, found["ENTRY_AGAIN"].expected) == (6, "only at 2")
    assert (found["TIME_WENT_BACK"].index, found["TIME_WENT_BACK"].count) == (7, 2)
    assert found["ENTRY_FORM"].index == 9


def test_without_keys_nothing_that_was_signed_counts(database: Database) -> None:
    found = unchanged(database, Trust((), pinned=False), held=[SIGNER.sign(1, ZERO, NOW)])
    assert {"CHECKPOINT_KEYS", "HELD_REFUSED", "LOG_KEYS_NOT_PINNED"} <= set(found.counts)


def test_a_policy_is_not_broken_by_a_log_that_published_nothing_yet(database: Database) -> None:
    found = unchanged(database, Trust((SIGNER.keys,), pinned=True, policy=policy(3)))
    assert not found.bad
    assert "QUORUM_MET" not in found.counts


def test_a_row_behind_the_head_is_named(database: Database) -> None:
    row = {"log_id": "hub", "idx": 700, "leaf_hash": trees.leaf(b"x"), "entry": b"x"}
    assert changed(database, insert(store.ENTRY).values(row))["ENTRY_BEYOND_HEAD"].index == 700


def test_columns_that_hold_no_bytes_and_no_numbers_are_found(tmp_path: Any) -> None:
    with empty_database(f"sqlite:///{tmp_path / 'x.sqlite'}") as database:
        fill(database, ENTRIES, SIZES)
        statements = ("UPDATE log_entry SET entry = 'text' WHERE idx = 5", "UPDATE log_checkpoint SET time = 'noon'")
        assert {"ENTRY_ALTERED", "CHECKPOINT_ROW"} <= set(changed(database, *map(text, statements)))


def test_trust_in_other_keys_refuses_every_checkpoint(database: Database) -> None:
    assert set(bad(unchanged(database, Trust((OTHER.keys,), pinned=True)))) == {"CHECKPOINT_KEYS"}
    assert not unchanged(database, Trust((OTHER.keys, SIGNER.keys), pinned=True)).bad

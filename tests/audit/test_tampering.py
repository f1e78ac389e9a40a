"""A few of the acts of `tampering`, each alone, on a small log; and the one that no audit of the log alone can find."""

import random
from collections.abc import Iterator

import pytest

from audit.audit_findings import Finding
from tests.audit.admin import Admin, Expected
from tests.audit.hublog import hub_with_log
from tests.audit.tampering import ACTS, Bench, groups
from tests.audit.whole import undone

SOME = random.Random(20).sample(sorted(ACTS), 30)


@pytest.fixture(scope="module")
def bench(whole_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with hub_with_log(tmp_path_factory.mktemp("hub"), whole_database_url, 800) as desk:
        yield Bench(desk)


def test_the_rows_and_the_log_of_a_hub_that_nobody_touched_say_the_same(bench: Bench) -> None:
    with undone(bench.desk.db) as connection:
        found = bench.findings(connection)
    assert [one.text for one in found.all() if one.level == "bad"] == []
    assert {"ROWS_MATCH", "ENTRIES_COMPLETE", "CHECKPOINTS_HOLD", "QUORUM_MET", "COSIGNED"} <= set(found.counts)


@pytest.mark.parametrize("act", SOME)
def test_an_act_of_an_administrator_is_named(bench: Bench, act: str) -> None:
    assert bench.missed([act], random.Random(act)) == []


def test_whoever_holds_the_signing_keys_can_tell_another_history_but_not_to_who_saw_the_first(bench: Bench) -> None:
    with undone(bench.desk.db) as connection:
        admin = Admin(connection, random.Random(5), bench.desk.keys.log)
        (seen,) = admin.run("SELECT note FROM log_checkpoint ORDER BY size LIMIT 1 OFFSET 3").one()
        at = admin.one("SELECT max(idx) FROM mailbox WHERE idx < :size", size=admin.signed[2])
        admin.rewrite(at, admin.other_time(admin.entry(at), 1))
        admin.sign_again(0)
        alone, remembered = (bench.findings(connection, held).counts for held in ((), [seen]))
    tree = {"CHECKPOINT_ROOT", "HEAD_ROOT", "ENTRY_ALTERED", "ENTRY_NOT_IN_TILE"}
    assert not tree & set(alone)
    assert "FORK" in remembered


def test_what_witnesses_cosigned_shows_the_second_history_of_whoever_holds_the_keys(bench: Bench) -> None:
    with undone(bench.desk.db) as connection:
        admin = Admin(connection, random.Random(5), bench.desk.keys.log)
        admin.rewrite(5, admin.other_time(admin.entry(5), 1))
        admin.sign_again(0)
        found = bench.findings(connection).all()
    codes = {(one.code, one.subject) for one in found}
    assert {("FORK", "published"), ("COSIGNATURE_REFUSED", "KG")} <= codes


def test_an_act_that_nobody_names_would_be_missed() -> None:
    finding = Finding("ENTRY_ALTERED", "", 3, count=2)
    named = [Expected(code, index).is_named_by(finding) for code, index in (("ENTRY_ALTERED", 4), ("FORK", 3))]
    assert named == [True, False]
    assert not Expected("ENTRY_ALTERED", 5).is_named_by(finding)


def test_acts_upon_the_whole_log_are_tried_alone_and_all_kinds_have_their_turn() -> None:
    tried = list(groups(1000, random.Random(1)))
    assert sum(map(len, tried)) == 1000
    assert {name for group in tried for name in group} == set(ACTS)
    assert all(len(group) == 1 or not any(ACTS[name].whole for name in group) for group in tried)

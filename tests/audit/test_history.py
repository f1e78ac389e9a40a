"""The history of published checkpoints: one an hour, the newest first."""

from dataclasses import replace

from audit import history
from audit.history import EVERY, Publication
from tests.audit.logs import empty_database
from tests.instants import NOW


def test_one_checkpoint_an_hour_is_kept_for_each_log_and_found_from_the_newest_on(database_url: str) -> None:
    made = [Publication(size, NOW + at, b"note") for size, at in ((5, 0), (9, EVERY - 1), (9, EVERY), (12, 3 * EVERY))]
    with empty_database(database_url) as database, database.write() as session:
        connection = session.connection()
        assert [history.keep(connection, "hub", one) for one in made] == [True, False, True, True]
        assert not history.keep(connection, "hub", made[0])
        assert history.keep(connection, "other", made[0])
        assert history.kept(connection, "hub") == [made[3], made[2], made[0]]
        assert history.kept(connection, "hub", below=12, most=1) == [made[2]]


def test_whoever_follows_a_log_keeps_one_an_hour_and_the_newest(database_url: str) -> None:
    made = [Publication(size, NOW + EVERY * size // 4, b"note %d" % size) for size in range(1, 11)]
    with empty_database(database_url) as database, database.write() as session:
        connection = session.connection()
        for number, one in enumerate(made, 1):
            history.follow(connection, "hub", one)
            history.follow(connection, "hub", replace(one, time=one.time + 1))
            assert history.kept(connection, "hub")[0] == made[number - 1]
        assert [one.size for one in history.kept(connection, "hub")] == [10, 9, 5, 1]

"""How much room a disk has, and what that allows."""

from pathlib import Path

import pytest

from exchange.database import Database
from exchange.disk import Disk, Room
from exchange.errors import DiskLow, Unavailable


class Given(Disk):
    """A disk with so many free bytes."""

    def free(self) -> int:
        return 1000


@pytest.mark.parametrize(
    ("floor", "promised", "room"),
    [
        (0, 0, Room.ENOUGH),
        (0, 1000, Room.ENOUGH),
        (500, 0, Room.ENOUGH),
        (501, 0, Room.SHORT),
        (1000, 0, Room.SHORT),
        (1001, 0, Room.LOW),
        (500, 501, Room.LOW),
        (8000, 0, Room.LOW),
        (8008, 0, Room.FULL),
        (80, 991, Room.FULL),
    ],
)
def test_the_room_on_a_disk_goes_by_its_floor_and_by_what_was_taken(
    tmp_path: Path, floor: int, promised: int, room: Room
) -> None:
    assert Given(tmp_path, floor).room(promised) is room


def test_nothing_new_is_taken_below_the_floor_and_nothing_written_below_an_eighth_of_it(tmp_path: Path) -> None:
    low, full = Given(tmp_path, 1001), Given(tmp_path, 9000)
    low.check_write()
    for refused in (low.check_new, full.check_new, full.check_write):
        with pytest.raises(DiskLow):
            refused()
    Given(tmp_path, 1000).check_new()


def test_the_free_bytes_are_those_of_the_folder(tmp_path: Path) -> None:
    assert Disk(tmp_path, 0).free() > 0


def test_no_transaction_begins_on_a_full_disk_and_reading_goes_on(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    database.before_write = Given(tmp_path, 9000).check_write
    with pytest.raises(DiskLow), database.write():
        pytest.fail("it began")
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT 1").scalar_one() == 1
    database.close()


def test_a_store_that_has_no_room_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'small.sqlite'}")
    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE kept (value BLOB)")
        session.connection().exec_driver_sql("INSERT INTO kept VALUES ('here')")
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    with database.read() as session:
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(DiskLow) as refused, database.write() as session:
        session.connection().exec_driver_sql("INSERT INTO kept VALUES (zeroblob(1000000))")
    assert isinstance(refused.value, Unavailable)
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT value FROM kept").scalars().all() == ["here"]
    database.close()

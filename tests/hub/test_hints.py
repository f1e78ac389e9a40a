"""What one hub process has accepted wakes the polls that wait in another (PostgreSQL)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.database import Database
from exchange.hub import hints
from exchange.hub.bell import Bell
from exchange.hub.hints import CHANNEL, LONGEST, Listener
from tests.hub.desk import Desk

SECONDS = 30


@pytest.fixture
def shared(tmp_path: Path, postgresql_url: str) -> Iterator[Desk]:
    desk = Desk(tmp_path / "hub", postgresql_url)
    yield desk
    desk.close()


async def rung(bell: Bell, act: object, unit: str = "KG") -> bool:
    """Whether somebody who waits for `unit` is woken by `act`, which another process does meanwhile."""
    ticket = bell.ticket(unit)
    await asyncio.to_thread(act)  # type: ignore[arg-type]  # a function without arguments
    await asyncio.wait_for(ticket.wait(), SECONDS)
    return ticket.is_set()


def test_a_message_accepted_in_one_process_wakes_the_poll_in_another(shared: Desk) -> None:
    bell, other = Bell(), Database(shared.database_url)
    listener = Listener(other, bell.ring)
    listener.start()
    try:
        assert listener.listening.wait(SECONDS)
        assert asyncio.run(rung(bell, shared.send))
    finally:
        listener.stop()
        other.close()


def test_a_listener_whose_connection_is_cut_listens_again(shared: Desk) -> None:
    bell = Bell()
    listener = Listener(shared.db, bell.ring)
    listener.start()
    try:
        assert listener.listening.wait(SECONDS)
        with shared.db.write() as session:
            session.connection().exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = %s", (f"LISTEN {CHANNEL}",)
            )
        while listener.listening.is_set():
            asyncio.run(asyncio.sleep(0.01))
        assert listener.listening.wait(SECONDS)
        assert asyncio.run(rung(bell, shared.send))
    finally:
        listener.stop()


def test_a_hint_that_is_too_long_is_left_out_and_the_batch_is_committed(shared: Desk) -> None:
    with shared.db.write() as session:
        hints.give(session.connection(), {f"U{number:010}" for number in range(LONGEST)})
        session.connection().exec_driver_sql("UPDATE sender SET seq = seq")


def test_on_sqlite_nothing_is_given_and_nobody_listens(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "hub", f"sqlite:///{tmp_path / 'one.sqlite'}")
    listener = Listener(desk.db, desk.hub.bell.ring)
    listener.start()
    desk.send()
    listener.stop()
    assert not listener.listening.is_set()
    desk.close()

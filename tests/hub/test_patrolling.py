"""The hub's own check of its log: what it finds is told everywhere, and traffic goes on whatever that is."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import literal, select, update

from audit.errors import LogDamaged
from audit.store import ENTRY
from exchange.errors import DiskLow
from exchange.hub import administration, health
from exchange.hub.patrolling import Pace, Patroller
from exchange.hub.sequencer import Kind
from exchange.hub.tables import DELIVERY, MAILBOX, MESSAGE, RECEIPT
from tests.hub.desk import Desk


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, database_url)
    made.send()
    made.send("KZ", ("KG", "TJ"))
    made.hub.tick()
    yield made
    made.close()


def status(desk: Desk) -> str:
    return str(json.loads(desk.client.get("/v1/health").content)["status"])


def change(desk: Desk, statement: object) -> None:
    with desk.db.write() as session:
        assert session.connection().execute(statement).rowcount != 0  # type: ignore[call-overload]  # an update


def damage(desk: Desk) -> list[str]:
    desk.hub.patroller.round()
    return [one.split(":")[0] for one in health.look(desk.hub)["log_damage"]]


def test_a_hub_whose_rows_and_log_agree_comes_round_without_a_word(desk: Desk) -> None:
    assert damage(desk) == []
    seen = health.look(desk.hub)
    assert (seen["log_damaged"], seen["log_checked_at"], seen["log_looked_at"]) == (0, desk.now, desk.now)
    assert status(desk) == "OK"


def test_a_damaged_log_is_told_and_not_signed_and_messages_are_taken_all_the_same(desk: Desk) -> None:
    before = desk.hub.publisher
    with desk.db.read() as session:
        held = session.connection().execute(select(ENTRY.c.entry).where(ENTRY.c.idx == 3)).scalar_one()
    change(desk, update(ENTRY).where(ENTRY.c.idx == 3).values(entry=held + b" "))
    assert damage(desk) == ["ENTRY_ALTERED"]
    assert (status(desk), administration.status(desk.hub)["log_damaged"]) == ("LOG_DAMAGED", 1)
    assert b"serai_hub_log_damaged 1.0" in desk.hub.metrics.of_all(health.look(desk.hub))
    desk.send()
    desk.now += 5
    with pytest.raises(LogDamaged):
        desk.hub.tick()
    assert before.damage
    change(desk, update(ENTRY).where(ENTRY.c.idx == 3).values(entry=held))
    assert damage(desk) == []
    desk.now += 5
    desk.hub.tick()
    assert (before.damage, status(desk), health.look(desk.hub)["unsigned_entries"]) == ("", "OK", 0)


def test_a_signature_that_finds_the_damage_first_is_told_too(desk: Desk) -> None:
    desk.send()
    with desk.db.read() as session:
        size = desk.hub.log.head(session).size
    change(desk, update(ENTRY).where(ENTRY.c.idx == size - 1).values(leaf_hash=bytes(32)))
    desk.hub.log.forget()
    desk.now += 5
    with pytest.raises(LogDamaged):
        desk.hub.tick()
    assert status(desk) == "LOG_DAMAGED"


STRAY = {"eid": literal("ab" * 32), "id": literal("cd" * 16), "seq": MESSAGE.c.seq + 1000}
"""What makes a second row of one that belongs to an entry, which then belongs to none."""


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (update(MESSAGE).where(MESSAGE.c.sender == "KZ").values(sender="UZ"), "ROW_ALTERED"),
        (update(MESSAGE).values(envelope=b"other"), "ENVELOPE_ALTERED"),
        (update(MESSAGE).values(statement=b"other"), "RECEIPT_ALTERED"),
        (MAILBOX.delete(), "ROW_MISSING"),
        (
            MESSAGE.insert().from_select(
                list(MESSAGE.c.keys()), select(*(STRAY.get(one.name, one) for one in MESSAGE.c)).limit(1)
            ),
            "ROW_NOT_LOGGED",
        ),
    ],
)
def test_a_row_that_differs_from_its_entry_is_told_and_the_log_is_signed_on(
    desk: Desk, statement: object, code: str
) -> None:
    change(desk, statement)
    assert damage(desk) == [code]
    desk.send()
    desk.now += 5
    desk.hub.tick()
    assert health.look(desk.hub)["unsigned_entries"] == 0
    assert status(desk) == "LOG_DAMAGED"


def test_receipts_of_an_earlier_message_find_their_box_and_a_deleted_one_is_missed(desk: Desk) -> None:
    desk.client.get("/v1/inbox")
    with desk.db.read() as session:
        assert session.connection().execute(select(DELIVERY.c.sender)).first() is not None
    desk.now += 15 * 86_400  # what nobody collected expires
    desk.hub.tick()
    desk.now += 60
    desk.hub.tick()
    with desk.db.read() as session:
        assert session.connection().execute(select(RECEIPT.c.type)).first() is not None
    assert damage(desk) == []
    change(desk, RECEIPT.delete())
    assert damage(desk) == ["ROW_MISSING"]


def patroller(desk: Desk, do: Callable[[Kind, Any], Any]) -> Patroller:
    return Patroller(desk.db, desk.hub.log, desk.hub.register, do, Pace(times=0, least=0.0, between=0.001))


def test_the_thread_of_a_running_hub_goes_round_and_round_and_ends(desk: Desk) -> None:
    kept = threading.Semaphore(0)

    def do(_kind: Kind, payload: Any) -> Any:
        kept.release()
        if payload.looks:
            raise DiskLow
        return []

    running = patroller(desk, do)
    running.start()
    assert all(kept.acquire(timeout=20) for _ in range(3))
    running.stop()
    assert health.look(desk.hub)["log_looked_at"] == 0


def test_a_check_that_was_stopped_in_a_round_stores_nothing(desk: Desk) -> None:
    stopped = patroller(desk, desk.hub.do)
    stopped.stop()
    assert stopped.round().looks
    assert health.look(desk.hub)["log_looked_at"] == 0

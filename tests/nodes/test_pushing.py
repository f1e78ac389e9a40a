"""Every durable step of sending fails twice: lost, and done but reported lost. Nothing is lost, nothing is doubled."""

import itertools

import httpx
import pytest
from sqlalchemy import func, select

from exchange.courier import Alarm
from nodes import courier
from nodes.drafts import NewDraft
from nodes.row import Row
from nodes.tables import AlertRow, DeliveryRow, MessageRow, OutboxRow, ReceiptRow
from tests.instants import HOUR
from tests.nodes.world import World, copy_database, send, someone


def ask(world: World, unit: str = "TJ", to: tuple[str, ...] = ("KG",)) -> str:
    return send(world.node(unit), someone(world.node(unit), "rustam"), NewDraft("REQ", recipients=to))


def count(world: World, unit: str, what: type[Row]) -> int:
    with world.node(unit).db.read() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def states(world: World, unit: str) -> list[str]:
    with world.node(unit).db.read() as session:
        return list(session.scalars(select(OutboxRow.state).order_by(OutboxRow.seq)))


def fail(request: httpx.Request) -> None:
    raise httpx.ConnectError("lost", request=request)


def fail_after(request: httpx.Request, _answer: httpx.Response) -> httpx.Response:
    raise httpx.ReadTimeout("done, but reported lost", request=request)


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/inbox", "/v1/receipts", "/v1/directory"])
@pytest.mark.parametrize("fate", ["lost", "done"])
def test_a_call_that_fails_is_made_good_by_the_next_pass(small: World, path: str, fate: str) -> None:
    ask(small)
    for name in ("TJ", "KG"):
        wire = small.units[name].wire
        if fate == "lost":
            wire.before = lambda request: fail(request) if request.url.path == path else None
        else:
            wire.after = lambda request, answer: fail_after(request, answer) if request.url.path == path else answer
        courier.sync_once(small.node(name))
        wire.before, wire.after = None, None
    small.sync()
    assert states(small, "TJ") == ["FINAL"]
    assert count(small, "KG", MessageRow) == 1
    assert count(small, "KG", ReceiptRow) == 2


def test_a_node_that_dies_between_any_two_steps_goes_on_where_it_was(small: World) -> None:
    request = ask(small)
    for step in range(6):
        for name in ("TJ", "KG"):
            calls = itertools.count()
            small.units[name].wire.before = lambda request, calls=calls, step=step: (
                fail(request) if next(calls) >= step else None
            )
            courier.sync_once(small.node(name))
            small.units[name].restart()
            small.units[name].wire.before = None
    small.sync()
    with small.node("TJ").db.read() as session:
        assert session.get_one(DeliveryRow, (request, "KG")).state == "DELIVERED"
    assert count(small, "KG", MessageRow) == 1


def test_messages_sealed_during_an_outage_leave_in_order_when_it_ends(small: World) -> None:
    small.units["TJ"].wire.cut = True
    sent = [ask(small) for _ in range(4)]
    assert courier.sync_once(small.node("TJ")).pushed == 0
    small.pass_time(72 * HOUR)
    small.units["TJ"].wire.cut = False
    small.sync()
    with small.node("KG").db.read() as session:
        arrived = list(session.scalars(select(MessageRow.message_id).order_by(MessageRow.hub_index)))
        assert arrived == sent
        assert set(session.scalars(select(MessageRow.gap))) == {0}


def test_an_answer_that_proves_nothing_is_not_believed(small: World) -> None:
    ask(small)

    def page(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(200, html="<h1>hotel network</h1>", request=request) if request.method else answer

    small.units["TJ"].wire.after = page
    report = courier.sync_once(small.node("TJ"))
    assert report.pushed == 0
    assert len(report.failed) == 4
    small.units["TJ"].wire.after = None
    small.sync()
    assert states(small, "TJ") == ["FINAL"]


def test_a_flipped_bit_in_a_receipt_is_not_believed(small: World) -> None:
    ask(small)

    def flip(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != "/v1/messages":
            return answer
        body = bytearray(answer.content)
        body[len(body) // 2] ^= 1
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(body), request=request)

    small.units["TJ"].wire.after = flip
    assert courier.sync_once(small.node("TJ")).pushed == 0
    assert states(small, "TJ") == ["QUEUED"]


def test_an_envelope_is_kept_until_every_recipient_is_final(small: World) -> None:
    ask(small, to=("KG", "KZ"))
    small.sync("TJ", "KG")
    assert states(small, "TJ") == ["ACCEPTED"]
    small.sync()
    assert states(small, "TJ") == ["FINAL"]


def test_a_refusal_for_good_reaches_the_author_and_consumes_the_number(small: World) -> None:
    ask(small)
    small.pass_time(15 * 24 * HOUR)
    courier.sync_once(small.node("TJ"))
    assert states(small, "TJ") == ["REFUSED"]
    with small.node("TJ").db.read() as session:
        assert session.scalars(select(DeliveryRow.state)).all() == ["REFUSED"]
        assert "REJECTED" in session.scalars(select(AlertRow.cause)).all()
    small.sync()
    ask(small)
    small.sync()
    assert states(small, "TJ") == ["REFUSED", "FINAL", "QUEUED"]  # and a void for the number that was refused


def test_a_second_copy_of_a_node_is_stopped_by_an_alarm(small: World) -> None:
    copy = small.folder / "copy.db"
    copy_database(small.node("TJ").db, copy)
    ask(small)
    small.sync()
    settings = small.units["TJ"].settings
    small.node("TJ").close()
    small.units["TJ"].settings = settings.model_copy(update={"database_url": f"sqlite:///{copy}"})
    twin = small.units["TJ"].open()
    ask(small)
    report = courier.sync_once(twin)
    assert any(one.startswith("push") for one in report.failed)
    with twin.db.read() as session:
        assert Alarm.SEQUENCE_FORKED in session.scalars(select(AlertRow.cause)).all()
    assert count(small, "KG", MessageRow) == 1


def test_the_threads_of_a_courier_deliver_without_being_asked(small: World) -> None:
    tj = courier.Courier(small.node("TJ"))
    ask(small)
    tj.start()
    try:
        for _ in range(100):
            if "ACCEPTED" in states(small, "TJ"):
                break
            small.node("TJ").changed.wait_after(small.node("TJ").changed.number, 0.2)
        assert states(small, "TJ") == ["ACCEPTED"]
    finally:
        tj.stop()

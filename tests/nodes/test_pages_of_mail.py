"""Many items in one transaction: it is lost, or done but reported lost, and no item is lost, doubled or disordered."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from crypto import envelope as cme
from exchange.courier import Line
from exchange.errors import Unavailable
from nodes import collecting, courier, inbox, outbox, pushing, reading
from nodes.drafts import NewDraft
from nodes.errors import Incomplete
from nodes.hub_client import BODY_SENT, HubClient
from nodes.node import Node
from nodes.outbox import Order
from nodes.row import Row
from nodes.tables import CaseRow, EventRow, MessageRow, OutboxRow, ReceiptRow
from nodes.views import Actor, DraftForm, InboxQuery
from tests.failing import Failing
from tests.messages import BODIES, form_labels, nobody
from tests.nodes.world import World, send, someone
from tests.statements import heard

WINDOW = Line(window=8)


def ask(world: World, times: int = 3) -> list[str]:
    rustam = someone(world.node("TJ"), "rustam")
    return [send(world.node("TJ"), rustam, NewDraft("REQ", recipients=("KG",))) for _ in range(times)]


def count(node: Node, what: type[Row], *conditions: Any) -> int:
    with node.db.read() as session:
        return session.scalar(select(func.count()).select_from(what).where(*conditions)) or 0


def leaves(node: Node, operation: str) -> int:
    return count(node, EventRow, EventRow.operation == operation)


def push_window(node: Node) -> int:
    with HubClient(node) as client, ThreadPoolExecutor(8) as pool:
        return pushing.step(node, client, WINDOW, pool)


@pytest.fixture
def posted(small: World) -> World:
    """Three messages of TJ wait for KG at the hub."""
    ask(small)
    courier.sync_once(small.node("TJ"))
    return small


def check_everything_came_once(world: World) -> None:
    world.sync("KG", "TJ")
    kg, tj = world.node("KG"), world.node("TJ")
    assert (count(kg, MessageRow), leaves(kg, "RECEIVE")) == (3, 3)
    assert count(kg, ReceiptRow, ReceiptRow.origin == "OWN", ReceiptRow.posted.is_not(None)) == 3
    assert (count(tj, OutboxRow, OutboxRow.state == "FINAL"), leaves(tj, "SEND")) == (3, 3)


@pytest.mark.parametrize("fate", ["lost", "done"])
def test_a_page_whose_commit_got_no_answer_comes_again_and_is_stored_once(posted: World, fate: str) -> None:
    kg = posted.node("KG")
    with HubClient(kg) as client, Failing(kg.db.engine).commit(done=fate == "done"), pytest.raises(Unavailable):
        collecting.step(kg, client, 0)
    assert count(kg, MessageRow) == (3 if fate == "done" else 0)
    check_everything_came_once(posted)


def test_a_page_that_fails_at_any_of_its_statements_leaves_nothing_behind(posted: World) -> None:
    kg = posted.node("KG")
    failing, step = Failing(kg.db.engine), 0
    with HubClient(kg) as client:
        while len(failing.seen) >= step:
            step, failing.seen = step + 1, []
            with failing.at(step):
                if not _fails(lambda: collecting.step(kg, client, 0)):
                    break
            assert (count(kg, MessageRow), count(kg, CaseRow), leaves(kg, "RECEIVE")) == (0, 0, 0)
    assert step > 8
    check_everything_came_once(posted)


def _fails(act: Any) -> bool:
    try:
        act()
    except Unavailable:
        return True
    return False


@pytest.mark.parametrize("fate", ["lost", "done"])
def test_a_window_whose_answers_could_not_be_stored_is_offered_again_and_answered_the_same(
    small: World, fate: str
) -> None:
    tj = small.node("TJ")
    ask(small)
    with Failing(tj.db.engine).commit(done=fate == "done"), pytest.raises(Unavailable):
        push_window(tj)
    assert count(tj, OutboxRow, OutboxRow.state == "ACCEPTED") == (3 if fate == "done" else 0)
    check_everything_came_once(small)


@pytest.mark.parametrize("fate", ["lost", "done"])
@pytest.mark.parametrize("which", ["signed", "posted"])
def test_receipts_whose_commit_got_no_answer_are_handed_over_once(posted: World, which: str, fate: str) -> None:
    kg = posted.node("KG")
    with HubClient(kg) as client:
        collecting.step(kg, client, 0)
        if which == "posted":
            posted.units["KG"].wire.cut = True
            assert courier.sync_once(kg).receipts == 0
            posted.units["KG"].wire.cut = False
        with Failing(kg.db.engine).commit(done=fate == "done"), pytest.raises(Unavailable):
            collecting.hand_over(kg, client)
    check_everything_came_once(posted)


@pytest.mark.parametrize("fate", ["lost", "done"])
def test_a_sealing_whose_commit_got_no_answer_is_whole_or_not_there(small: World, fate: str) -> None:
    tj = small.node("TJ")
    order = request_of(someone(tj, "rustam"))
    with Failing(tj.db.engine).commit(done=fate == "done"), pytest.raises(Unavailable):
        outbox.send(tj, order)
    expected = int(fate == "done")
    assert (count(tj, MessageRow), count(tj, OutboxRow), leaves(tj, "DISCLOSE")) == (expected, expected, expected)
    ask(small, 3 - expected)
    check_everything_came_once(small)


def request_of(actor: Actor, **labels_of: str) -> Order:
    form = DraftForm(("KG",), form_labels() | labels_of, {**BODIES["REQ"], "objects": nobody()})
    return Order(actor, NewDraft("REQ", recipients=("KG",)), form)


def test_messages_sealed_at_the_same_moment_are_one_transaction_and_ones_fault_is_nobody_elses(small: World) -> None:
    tj = small.node("TJ")
    good, bad = request_of(someone(tj, "rustam")), request_of(someone(tj, "rustam"), urgency="AT ONCE")
    with ThreadPoolExecutor(4) as pool:
        with tj.db.write():
            sending = [pool.submit(outbox.send, tj, order) for order in (good, good, bad, good)]
            while len(tj.sealing._waiting) < 3:
                pass
        assert sum(isinstance(one.exception(), Incomplete) for one in sending) == 1
    assert (count(tj, MessageRow), count(tj, CaseRow), leaves(tj, "DISCLOSE")) == (3, 3, 3)
    with tj.db.write() as session:
        outbox.send_all(session, tj, [good, good])
    with tj.db.read() as session:
        assert sorted(session.scalars(select(OutboxRow.seq))) == [1, 2, 3, 4, 5]
        assert len(set(session.scalars(select(CaseRow.case_ref)))) == 5


def test_a_window_leaves_in_the_order_of_its_numbers_though_many_threads_send_it(small: World) -> None:
    seen: list[int] = []

    def on_its_way(request: httpx.Request) -> None:
        seen.append(cme.parse(request.content).header.seq)
        request.extensions["trace"](BODY_SENT, {})

    tj = small.node("TJ")
    ask(small, 6)
    small.units["TJ"].wire.before = on_its_way
    push_window(tj)
    assert seen == [1, 2, 3, 4, 5, 6]


def test_what_was_accepted_in_a_window_is_not_sent_again_because_another_of_it_was_early(small: World) -> None:
    tj, second_is_answered = small.node("TJ"), threading.Event()
    ask(small, 3)

    def first_is_slow(request: httpx.Request) -> None:
        request.extensions["trace"](BODY_SENT, {})
        if cme.parse(request.content).header.seq == 1:
            assert second_is_answered.wait(10)

    def answered(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if cme.parse(request.content).header.seq == 2:
            second_is_answered.set()
        return answer

    small.units["TJ"].wire.before, small.units["TJ"].wire.after = first_is_slow, answered
    push_window(tj)
    small.units["TJ"].wire.before, small.units["TJ"].wire.after = None, None
    with tj.db.read() as session:
        states = session.scalars(select(OutboxRow.state).order_by(OutboxRow.seq)).all()
    assert states[:2] == ["ACCEPTED", "QUEUED"]
    check_everything_came_once(small)


@contextmanager
def statements(node: Node) -> Iterator[list[str]]:
    found: list[str] = []

    with heard(node.db.engine, lambda statement, _: found.append(statement)):
        yield found


def asked(node: Node, list_it: Any) -> int:
    with node.db.read() as session, statements(node) as found:
        assert list_it(session)
    return len(found)


def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one(posted: World) -> None:
    kg = posted.node("KG")
    dilnoza, farida = someone(kg, "dilnoza"), someone(kg, "farida")
    lists = (
        lambda session: inbox.page(session, kg, dilnoza, InboxQuery()).rows,
        lambda session: inbox.page(session, kg, farida, InboxQuery()).rows,
        lambda session: reading.cases(session, kg, farida),
    )
    posted.sync("KG")
    before = [asked(kg, one) for one in lists]
    ask(posted, 2)
    posted.sync("TJ", "KG")
    assert [asked(kg, one) for one in lists] == before

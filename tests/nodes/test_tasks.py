"""Domestic tasks: given inside the unit, bound by the handling rules when they leave it, sealed, logged, erased."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import alerts, approvals, cases, duty, erasure, restrictions, task_reading, tasks, timers
from nodes.approvals import Step as Decision
from nodes.drafts import NewDraft
from nodes.erasure import Plan as ErasurePlan
from nodes.errors import BadInput, NotFound, OutOfStep, Refused, RestrictionUnread
from nodes.node import Node
from nodes.retention_errors import Erased
from nodes.tables import EventRow, MessageRow
from nodes.task_errors import TooLate
from nodes.task_tables import TaskReplyRow, TaskRow
from nodes.task_words import ItemReply, Order, Reply
from nodes.tasks import NEXT, Plan, State, Step
from nodes.views import Actor
from tests.instants import DAY, HOUR
from tests.messages import AT_RISK, lorry, person
from tests.nodes.permits import ask, decide
from tests.nodes.world import World, canary, send, someone

WORDS = canary()
H3 = {"handling": ["H3"], "handling_reason": "Few know of it.", "handling_text": "For the team in Osh alone."}
DPO = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO"}))
SUPERVISOR = Actor("SUPER-1", "S", "en", "POLICE", frozenset({"SUPERVISOR"}))


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for all tests of this file: each sends a request of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("tasks") / "world")
    yield opened
    opened.close()


def request(world: World, labels: dict[str, Any] | None = None, **body: Any) -> str:
    """A request of TJ to KG, which AIBEK-1 took there."""
    rustam = someone(world.node("TJ"), "rustam")
    message = send(world.node("TJ"), rustam, NewDraft("REQ", recipients=("KG",)), labels, **body)
    world.sync("TJ", "KG", "TJ", rounds=1)
    kg = world.node("KG")
    aibek = someone(kg, "aibek")
    with kg.db.write() as session:
        duty.take(session, kg, aibek, message)
        if labels is H3:
            restrictions.confirm(session, kg, aibek, message)
    return message


def make(world: World, message: str, agency: str = "CUSTOMS", due: int = DAY, **order: Any) -> str:
    kg = world.node("KG")
    words = Order(**{"items": (1,), "instructions": f"Look into your register {WORDS}.", **order})
    aibek = someone(kg, "aibek")
    with kg.db.write() as session:
        return tasks.make(session, kg, aibek, Plan(message, agency, world.now + due, words))


def sent(world: World, task: str, *, confirmed: bool = False) -> None:
    kg = world.node("KG")
    aibek = someone(kg, "aibek")
    with kg.db.write() as session:
        tasks.send(session, kg, aibek, task, confirmed=confirmed)


def reply(world: World, task: str, **changes: Any) -> None:
    kg = world.node("KG")
    told = {"source": f"Register {WORDS}", "person": f"A. Usenov {WORDS}", "rank": "Major", "given": world.now}
    entered = Reply(**{"answers": (ItemReply(item=1, text=f"Nothing {WORDS}"),), **told, **changes})
    aibek = someone(kg, "aibek")
    with kg.db.write() as session:
        tasks.answer(session, kg, aibek, task, entered)


def shown(node: Node, actor: Actor, task: str) -> task_reading.Task:
    with node.db.write() as session:
        return task_reading.read(session, node, actor, task).task


def test_a_task_is_made_sent_and_answered_and_each_act_is_logged_without_a_word_of_it(world: World) -> None:
    node, message = world.node("KG"), request(world)
    task = make(world, message, items=(2, 1), office=f"Osh {WORDS}")
    sent(world, task)
    reply(world, task)
    found = shown(node, someone(node, "farida"), task)
    assert (found.state, found.order.items, found.replies[0].reply.rank) == ("ANSWERED", (2, 1), "Major")
    assert found.reference.endswith("/T1")
    assert not found.steps, "a supervisor reads tasks and works on none"
    with node.db.read() as session:
        acts = session.scalars(select(EventRow).where(EventRow.message_id == message).order_by(EventRow.index)).all()
        assert [one.operation for one in acts[-4:]] == ["ASSIGN", "DISCLOSE", "COLLECT", "CONSULT"]
        assert WORDS.encode() not in b"".join(node.log.entry(session, one.index) for one in acts)


def test_nothing_of_a_task_is_in_a_database_or_an_envelope(units: World) -> None:
    task = make(units, request(units), office=f"Osh {WORDS}")
    sent(units, task)
    reply(units, task)
    units.sync()
    files = [path for path in units.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not [path for path in files if WORDS.encode() in path.read_bytes()]


def test_the_deadline_lies_before_the_legal_one_and_two_thirds_are_proposed(units: World) -> None:
    node, message = units.node("KG"), request(units)
    aibek = someone(node, "aibek")
    with node.db.read() as session:
        proposal = tasks.propose(session, node, aibek, message)
    assert proposal.legal == units.now + 7 * DAY
    assert proposal.due == units.now + 7 * DAY * 2 // 3
    with pytest.raises(TooLate):
        make(units, message, due=7 * DAY)
    make(units, message, due=7 * DAY - 1)


@pytest.mark.parametrize(
    ("wrong", "order"),
    [
        ("due", {"due": 0}),
        ("agency", {"agency": "PIRATES"}),
        ("items", {"items": ()}),
        ("items", {"items": (1, 1)}),
        ("items", {"items": (9,)}),
        ("instructions", {"instructions": ""}),
        ("office", {"office": "x" * 201}),
    ],
)
def test_a_task_that_is_not_as_it_must_be_is_not_made(
    units: World, one: str, wrong: str, order: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=wrong):
        make(units, one, **order)


@pytest.fixture(scope="module")
def one(units: World) -> str:
    """A request for the tests that change nothing of it."""
    return request(units)


@pytest.fixture(scope="module")
def waiting(units: World, one: str) -> str:
    """A task of it that was sent."""
    task = make(units, one)
    sent(units, task)
    return task


@pytest.mark.parametrize(
    ("wrong", "changes"),
    [
        ("answers", {"answers": ()}),
        ("items", {"answers": (ItemReply(item=2, text="no question of this task"),)}),
        ("source", {"source": ""}),
        ("person", {"person": ""}),
        ("rank", {"rank": "x" * 201}),
        ("given", {"given": 1 << 33}),
    ],
)
def test_a_reply_names_its_source_and_whoever_answers_for_it(
    units: World, waiting: str, wrong: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=wrong):
        reply(units, waiting, **changes)


def test_the_automaton_refuses_what_it_does_not_name() -> None:
    assert {pair for pair in product(State, Step) if pair not in NEXT} == {
        (State.OPEN, Step.ANSWER),
        (State.SENT, Step.SEND),
        (State.ANSWERED, Step.SEND),
        (State.ANSWERED, Step.CANCEL),
        *((State.CANCELLED, step) for step in Step),
    }


def test_what_is_not_sent_is_neither_printed_nor_answered(units: World, one: str) -> None:
    node, task = units.node("KG"), make(units, one)
    for act in (lambda: reply(units, task), lambda: letter(node, "aibek", task)):
        with pytest.raises(OutOfStep):
            act()


def test_a_task_is_taken_back_with_a_reason(units: World, one: str) -> None:
    node, task = units.node("KG"), make(units, one)
    aibek = someone(node, "aibek")
    for reason, refusal in (("short", BadInput), ("The request was withdrawn.", None), ("Once is enough.", OutOfStep)):
        with node.db.write() as session, nullcontext() if refusal is None else pytest.raises(refusal):
            tasks.cancel(session, node, aibek, task, reason)
    assert shown(node, aibek, task).reason == "The request was withdrawn."


def letter(node: Node, who: str, task: str) -> task_reading.Letter:
    actor = someone(node, who)
    with node.db.write() as session:
        return task_reading.letter(session, node, actor, task)


def test_a_letter_holds_the_chosen_questions_and_what_they_are_about(units: World, waiting: str) -> None:
    found = letter(units.node("KG"), "aibek", waiting)
    assert found.shown.task.order.items == (1,)
    assert [one["object_id"] for one in found.objects] == ["P1"]
    assert found.withheld == ()


def test_what_carries_stricter_codes_of_its_own_is_left_out_of_the_letter(units: World) -> None:
    about = {"question": "Who drives it?", "info_category": "VEHICLE_REG", "about": ["P1", "V1"]}
    link = {"to": "P1", "relation": "USES", "confidence": "HIGH"}
    objects = [person(handling=["H2"]), lorry(links=[link])]
    task = make(units, request(units, objects=objects, requested_items=[about]))
    sent(units, task)
    found = letter(units.node("KG"), "aibek", task)
    assert (found.withheld, [one["object_id"] for one in found.objects]) == (("P1",), ["V1"])
    assert "links" not in found.objects[0]


def test_h2_keeps_a_task_in_the_unit_until_the_sender_permits_that_agency(units: World) -> None:
    node = units.node("KG")
    message = request(units, {**AT_RISK, "handling": ["H2"]})
    task = make(units, message)
    assert [rule.name for rule in shown(node, someone(node, "aibek"), task).refused] == ["H2-ONWARD"]
    with pytest.raises(Refused) as refused:
        sent(units, task)
    assert [rule.remedy for rule in refused.value.rules] == ["ASK_PERMISSION"]
    scope = {"items": [{"message": message}], "recipients_wanted": [{"type": "AGENCY", "agency": "CUSTOMS"}]}
    wish = {"wanted": "LIFT_H2", **scope}
    decide(units, ask(units, message, **wish), message, **wish)
    sent(units, task)
    assert letter(node, "aibek", task).withheld == ()
    with pytest.raises(Refused):
        sent(units, make(units, message, agency="BORDER"))


def test_to_make_a_task_of_a_request_is_to_use_it_as_a_lead(units: World, one: str) -> None:
    node = units.node("KG")
    no_leads = '@id("KG-NO-LEADS") @law("order 9") @en("No leads.") @ru("Не проверять.") forbid (principal, action == '
    book = Rulebook(federation_texts(), {"own.cedar": no_leads + 'Serai::Action::"USE_AS_LEAD", resource);'})
    aibek = replace(someone(node, "aibek"), rules=book)
    with node.db.read() as session, pytest.raises(Refused) as refused:
        tasks.propose(session, node, aibek, one)
    assert [rule.name for rule in refused.value.rules] == ["KG-NO-LEADS"]


def test_a_police_request_is_no_task_for_financial_intelligence(units: World, one: str) -> None:
    with pytest.raises(Refused) as refused:
        sent(units, make(units, one, agency="FIU"))
    assert [rule.name for rule in refused.value.rules] == ["AGENCY-ONWARD"]


def test_under_h3_the_letter_leaves_once_it_is_confirmed_to_keep_to_the_restriction(units: World) -> None:
    task = make(units, request(units, H3))
    with pytest.raises(RestrictionUnread):
        sent(units, task)
    sent(units, task, confirmed=True)
    assert letter(units.node("KG"), "aibek", task).recorded


def test_whoever_does_not_work_on_the_case_learns_nothing_of_its_tasks(units: World, waiting: str) -> None:
    node = units.node("KG")
    stranger = someone(node, "rustam")
    ways: tuple[Callable[[], object], ...] = (
        lambda: shown(node, stranger, waiting),
        lambda: letter(node, "rustam", waiting),
        lambda: shown(node, stranger, "none"),
        lambda: sent(units, "none"),
    )
    for way in ways:
        with pytest.raises(NotFound):
            way()
    farida = someone(node, "farida")
    with node.db.read() as session:
        assert waiting not in {line.task_id for line in task_reading.listed(session, node, stranger)}
        assert waiting in {line.task_id for line in task_reading.listed(session, node, farida)}


def test_a_task_that_is_late_is_told_once_to_the_owner_of_the_request(small: World) -> None:
    node, task = small.node("KG"), make(small, request(small), due=HOUR)
    small.pass_time(HOUR)
    timers.run(node)
    timers.run(node)
    aibek = someone(node, "aibek")
    assert shown(node, aibek, task).state == "OVERDUE"
    with node.db.read() as session:
        assert [one.subject for one in alerts.open_alerts(session, aibek) if one.cause == "TASK_OVERDUE"] == [task]


def test_an_answered_request_is_split_no_more_and_one_of_ours_never(units: World) -> None:
    message = request(units)
    send(units.node("KG"), someone(units.node("KG"), "aibek"), NewDraft("REF", in_reply_to=message))
    with pytest.raises(OutOfStep):
        make(units, message)
    node = units.node("TJ")
    rustam = someone(node, "rustam")
    with node.db.read() as session, pytest.raises(OutOfStep):
        tasks.propose(session, node, rustam, message)


def test_after_the_legal_deadline_a_task_may_still_be_made(small: World) -> None:
    node, message = small.node("KG"), request(small)
    small.pass_time(8 * DAY)
    aibek = someone(node, "aibek")
    with node.db.read() as session:
        proposal = tasks.propose(session, node, aibek, message)
    assert (proposal.legal, proposal.due) == (None, small.now + DAY)
    make(small, message, due=30 * DAY)


def test_with_its_request_a_task_is_erased(units: World) -> None:
    node, message = units.node("KG"), request(units)
    task = make(units, message)
    sent(units, task)
    reply(units, task)
    with node.db.write() as session:
        ref = cases.of(session, session.get_one(MessageRow, message).case_id).case_ref
        asked = erasure.ask(session, node, DPO, ErasurePlan(ref, "UNLAWFUL", message), "It was never lawful")
        pair = asked, approvals.get(session, node, DPO, asked).digest
    with node.db.write() as session:
        done = approvals.decide(session, node, SUPERVISOR, pair, Decision.APPROVE)
        erasure.carry_out(session, node, SUPERVISOR, done)
    farida = someone(node, "farida")
    with pytest.raises(Erased):
        shown(node, farida, task)
    with node.db.read() as session:
        assert session.get_one(TaskRow, task).sealed == session.get_one(TaskReplyRow, (task, 0)).sealed == b""
        assert task not in {line.task_id for line in task_reading.listed(session, node, farida)}

"""What continues an exchange belongs at once to whoever owns it, is shown to him, and is on record with the reason."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from nodes import alerts, cases, duty, inbox
from nodes.account_tables import UserRow
from nodes.drafts import NewDraft
from nodes.duty import Assign, How
from nodes.node import Node
from nodes.tables import EventRow, MessageRow
from nodes.views import InboxQuery, View
from tests.nodes.world import World, send, someone


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for all tests of this file: each sends a request of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("following") / "world")
    yield opened
    opened.close()


def say(world: World, unit: str, who: str, new: NewDraft) -> str:
    message = send(world.node(unit), someone(world.node(unit), who), new)
    world.sync("TJ", "KG", "TJ", rounds=1)
    return message


def owner(node: Node, message: str) -> str | None:
    with node.db.read() as session:
        return session.get_one(MessageRow, message).assignee


def exchange(world: World) -> tuple[str, str]:
    """A request of rustam's at TJ, and a question back by KG's duty officer, that has arrived."""
    asked = say(world, "TJ", "rustam", NewDraft("REQ", recipients=("KG",)))
    return asked, say(world, "KG", "dilnoza", NewDraft("CLQ", in_reply_to=asked))


def test_a_question_back_belongs_to_the_author_of_the_request_and_nobody_assigns_it(world: World) -> None:
    tj, (_, question) = world.node("TJ"), exchange(world)
    assert owner(tj, question) == "RUSTAM-1"
    rustam, dilnoza = someone(tj, "rustam"), someone(tj, "dilnoza")
    with tj.db.read() as session:
        (hand,) = duty.assignments(session, tj, rustam, question)
        assert (hand.how, hand.by_user, hand.to_name) == (How.FOLLOWS, "NODE", "Rustam")
        assert question in {one.message_id for one in alerts.open_alerts(session, rustam) if one.cause == "FOLLOWS"}
        unassigned = inbox.page(session, tj, dilnoza, InboxQuery(view=View.UNASSIGNED)).rows
        assert question not in {one.message_id for one in unassigned}
        acts = select(EventRow).where(EventRow.message_id == question, EventRow.operation == "ASSIGN")
        assert [act.actor for act in session.scalars(acts)] == ["NODE"]


def test_a_clarification_belongs_to_the_owner_of_the_request(units: World) -> None:
    kg, (asked, question) = units.node("KG"), exchange(units)
    dilnoza, aibek = someone(kg, "dilnoza"), someone(kg, "aibek")
    with kg.db.write() as session:
        duty.assign(session, kg, dilnoza, Assign(asked, aibek.user_id))
    answer = say(units, "TJ", "rustam", NewDraft("CLA", in_reply_to=question))
    units.sync("KG", rounds=1)
    assert owner(kg, answer) == "AIBEK-1"


def test_after_a_colleague_was_given_a_part_the_rest_follows_to_him(units: World) -> None:
    tj, (asked, question) = units.node("TJ"), exchange(units)
    farida, aibek = someone(tj, "farida"), someone(tj, "aibek")
    with tj.db.write() as session:
        duty.assign(session, tj, farida, Assign(question, aibek.user_id))
    units.now += 1
    say(units, "TJ", "rustam", NewDraft("CLA", in_reply_to=question))
    refusal = say(units, "KG", "dilnoza", NewDraft("REF", in_reply_to=asked))
    assert owner(tj, refusal) == aibek.user_id
    with tj.db.read() as session:
        assert aibek.user_id in cases.members(session, session.get_one(MessageRow, refusal).case_id)


def test_what_opens_an_exchange_or_continues_one_of_nobody_waits_to_be_taken(units: World) -> None:
    kg, (asked, question) = units.node("KG"), exchange(units)
    answer = say(units, "TJ", "rustam", NewDraft("CLA", in_reply_to=question))
    units.sync("KG", rounds=1)
    assert (owner(kg, asked), owner(kg, answer)) == (None, None)


@pytest.mark.parametrize("ended", ["disabled_at", "ends_at"])
def test_whoever_is_not_there_any_more_gets_nothing(units: World, ended: str) -> None:
    tj = units.node("TJ")
    asked = say(units, "TJ", "rustam", NewDraft("REQ", recipients=("KG",)))
    with tj.db.write() as session:
        setattr(session.get_one(UserRow, "RUSTAM-1"), ended, units.now)
    question = say(units, "KG", "dilnoza", NewDraft("CLQ", in_reply_to=asked))
    assert owner(tj, question) is None
    with tj.db.write() as session:
        setattr(session.get_one(UserRow, "RUSTAM-1"), ended, None)

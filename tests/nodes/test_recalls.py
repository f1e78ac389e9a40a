"""Sent by mistake: closed wherever it came, at once and whichever came first, until two persons there destroy it."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nodes import approvals, checking, drafts, erasure, messages, outbox, reading, recalls, rows
from nodes.alerts import Cause
from nodes.approvals import Step
from nodes.drafts import NewDraft, Saved
from nodes.errors import Incomplete, Refused
from nodes.node import Node
from nodes.outbox import Checked
from nodes.recalls import Holder, Mistake, Recall
from nodes.tables import AlertRow, MessageRow
from nodes.views import DraftForm
from tests.instants import HOUR
from tests.messages import BODIES, form_labels
from tests.nodes.permits import arrived, ask, decide, gave, lie, passed_on, refused, say
from tests.nodes.world import World, send, someone

Way = Callable[[Session], object]
WRONG = Mistake("WRONG_RECIPIENT", "The lorry is not of your concern.")


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for the tests of this file: each sends a message of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("recalls") / "world")
    yield opened
    opened.close()


def asked(world: World, to: str = "KG") -> str:
    """A request of TJ that has arrived."""
    sent = send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=(to,)))
    world.sync("TJ", to, rounds=1)
    return sent


def recall(world: World, message: str, who: str = "rustam", unit: str = "TJ") -> str:
    node = world.node(unit)
    made = recalls.send(node, someone(node, who), message, WRONG)
    world.sync()
    return made


def closed(node: Node, message: str, who: str = "dilnoza") -> list[str]:
    """By which rules a message is closed to somebody; none if he reads it."""
    actor = someone(node, who)
    try:
        with node.db.write() as session:
            messages.read(session, node, actor, message)
    except Refused as error:
        return [rule.name for rule in error.rules]
    return []


def shown(world: World, unit: str, recall_id: str, who: str = "dilshod") -> Recall:
    node = world.node(unit)
    actor = someone(node, who)
    with node.db.write() as session:
        return recalls.show(session, node, actor, recall_id)


def destroy(world: World, unit: str, recall_id: str) -> None:
    """The data-protection officer asks, the supervisor decides, and the node tells the sender."""
    node = world.node(unit)
    dpo, farida = someone(node, "dilshod"), someone(node, "farida")
    with node.db.write() as session:
        made = recalls.ask(session, node, dpo, recall_id, "The sender recalled it on 22 November")
    for approval_id in made:
        with node.db.write() as session:
            shown = approval_id, approvals.get(session, node, farida, approval_id).digest
            approved = approvals.decide(session, node, farida, shown, Step.APPROVE)
            erasure.carry_out(session, node, farida, approved)
    world.sync(unit, "KG", "TJ", rounds=2)


def holders(world: World, recall_id: str, unit: str = "TJ") -> dict[str, Holder]:
    return {one.unit: one for one in shown(world, unit, recall_id).holders}


def state(holder: Holder) -> str:
    assert holder.recall is not None
    return holder.recall.state


def test_a_recall_closes_the_message_in_every_way_until_it_is_destroyed_and_the_sender_is_told(units: World) -> None:
    message, kg = asked(units), units.node("KG")
    dilnoza = someone(kg, "dilnoza")
    assert closed(kg, message) == []
    units.sync()
    with kg.db.write() as session:
        begun = drafts.create(session, kg, dilnoza, NewDraft("REF", in_reply_to=message)).draft_id
        drafts.save(session, kg, dilnoza, Saved(begun, 1, DraftForm(("TJ",), form_labels(), BODIES["REF"])))
        assert checking.own(session, kg, dilnoza, begun).faults == ()
    made = recall(units, message)
    assert closed(kg, message) == closed(kg, message, "farida") == ["SENT-BY-MISTAKE"]
    ways: tuple[Way, ...] = (
        lambda session: drafts.create(session, kg, dilnoza, NewDraft("REF", in_reply_to=message)),
        lambda session: drafts.create(session, kg, dilnoza, NewDraft("HCR", about=message)),
        lambda session: outbox.seal(session, kg, dilnoza, Checked(begun, 2)),
    )
    for way in ways:
        with pytest.raises((Refused, Incomplete)), kg.db.write() as session:
            way(session)
    with kg.db.write() as session:
        assert message not in {row.message_id for row in reading.search(session, kg, dilnoza, "Khorugh", "to find it")}
        assert rows.view(session, kg, dilnoza, session.get_one(MessageRow, message)).subject is None
        assert [fault.code for fault in checking.own(session, kg, dilnoza, begun).faults] == ["RECALLED"]
    assert closed(units.node("TJ"), message) == []
    told = holders(units, made)["KG"]
    assert (told.opened, state(told)) == (units.now, "DELIVERED")
    destroy(units, "KG", made)
    told = holders(units, made)["KG"]
    assert state(told) == "DONE"
    assert told.answer is not None
    assert (told.answer["outcome"], told.answer["readers"], told.answer["files"]) == ("DESTROYED", 1, 0)
    assert shown(units, "KG", made).places[0].erased


def test_an_answer_is_recalled_like_anything_else_on_each_engine(world: World) -> None:
    request, kg = asked(world), world.node("KG")
    aibek = someone(kg, "dilnoza")
    answer = send(kg, aibek, NewDraft("ANS", in_reply_to=request))
    world.sync()
    tj = world.node("TJ")
    assert closed(tj, answer, "rustam") == []
    made = recall(world, answer, "dilnoza", "KG")
    assert closed(tj, answer, "rustam") == ["SENT-BY-MISTAKE"]
    assert closed(tj, request, "rustam") == []
    destroy(world, "TJ", made)
    assert state(holders(world, made, "KG")["TJ"]) == "DONE"


def test_a_message_that_comes_after_its_recall_is_closed_as_it_comes(units: World) -> None:
    later = drafts.message_id(units.now)
    lie(units, "TJ", NewDraft("RCL"), "KG", items=[{"message": later}])
    lie(units, "TJ", NewDraft("REQ", about=later), "KG")
    assert later in arrived(units, "KG", "REQ")
    assert closed(units.node("KG"), later) == ["SENT-BY-MISTAKE"]


def test_what_waits_in_the_outbox_or_at_the_hub_is_closed_before_anybody_there_sees_it(units: World) -> None:
    tj, rustam = units.node("TJ"), someone(units.node("TJ"), "rustam")
    message = send(tj, rustam, NewDraft("REQ", recipients=("KG",)))
    made = recalls.send(tj, rustam, message, WRONG)
    assert state(holders(units, made)["KG"]) == "QUEUED"
    units.sync("TJ", "KG", rounds=1)
    assert closed(units.node("KG"), message) == ["SENT-BY-MISTAKE"]


def test_nobody_recalls_what_he_did_not_send(units: World) -> None:
    message, kg = asked(units), units.node("KG")
    lie(units, "KZ", NewDraft("RCL"), "KG", items=[{"message": message}])
    assert "OUT_OF_STEP" in refused(units, "KG")
    assert closed(kg, message) == []
    with pytest.raises(Refused):
        recalls.send(kg, someone(kg, "farida"), message, WRONG)
    tj = units.node("TJ")
    with pytest.raises(Refused):
        recalls.send(tj, someone(tj, "dilnoza"), message, WRONG)


def test_a_recall_of_what_never_came_closes_nothing_of_another_unit(units: World) -> None:
    later = drafts.message_id(units.now)
    lie(units, "KZ", NewDraft("RCL"), "KG", items=[{"message": later}])
    lie(units, "TJ", NewDraft("REQ", about=later), "KG")
    assert closed(units.node("KG"), later) == []


def test_a_supervisor_recalls_for_the_author_once_and_both_protection_officers_are_told(units: World) -> None:
    message = asked(units)
    made = recall(units, message, "farida")
    with pytest.raises(Refused):
        recall(units, message)
    for unit, cause in (("TJ", Cause.RECALL_SENT), ("KG", Cause.RECALLED)):
        with units.node(unit).db.read() as session:
            told = select(AlertRow.message_id).where(AlertRow.cause == cause, AlertRow.audience == "role:DPO")
            assert made in session.scalars(told).all()


def test_a_recall_follows_what_was_passed_on_and_closes_what_carries_it(units: World) -> None:
    item, kg = gave(units), units.node("KG")
    decide(units, ask(units, item), item)
    carrying = send(kg, someone(kg, "dilnoza"), NewDraft("REQ", recipients=("KZ",)), passed_on(item))
    units.sync()
    assert closed(units.node("KZ"), carrying) == []
    made = recall(units, item)
    units.sync()
    assert closed(units.node("KZ"), carrying) == closed(kg, carrying) == closed(kg, item) == ["SENT-BY-MISTAKE"]
    assert {one.message_id for one in shown(units, "KG", made).places} == {item, carrying}
    (copy,) = arrived(units, "KZ", "RCL")
    destroy(units, "KZ", copy)
    destroy(units, "KG", made)
    assert state(holders(units, made, "KG")["KZ"]) == state(holders(units, made)["KG"]) == "DONE"


def test_who_cannot_be_reached_is_named_and_told_later(units: World) -> None:
    message = asked(units)
    units.units["KG"].wire.cut = True
    made = recall(units, message)
    units.pass_time(2 * HOUR)
    assert state(holders(units, made)["KG"]) in {"SUBMITTED", "RELAYED"}
    units.units["KG"].wire.cut = False
    units.sync()
    assert state(holders(units, made)["KG"]) == "DELIVERED"


def test_only_a_refusal_opens_it_again_and_untruth_is_not_sealed(units: World) -> None:
    message, kg = asked(units), units.node("KG")
    made, farida = recall(units, message), someone(kg, "farida")
    for untruth in ("DESTROYED", "NOT_FOUND"):
        with pytest.raises(AssertionError, match=r"NOT_DESTROYED|HELD_HERE"):
            say(units, "KG", "farida", NewDraft("RCA", in_reply_to=made), outcome=untruth)
    say(units, "KG", "farida", NewDraft("RCA", in_reply_to=made), outcome="REFUSED", reason="A court has asked for it.")
    assert state(holders(units, made)["KG"]) == "REFUSED"
    assert closed(kg, message, farida.user_id.partition("-")[0].lower()) == []


def test_what_a_hold_keeps_stays_closed_and_is_destroyed_after_it(units: World) -> None:
    message, kg = asked(units), units.node("KG")
    made = recall(units, message)
    kept = {"outcome": "KEPT_SEALED", "exception": "LEGAL_HOLD"}
    say(units, "KG", "farida", NewDraft("RCA", in_reply_to=made), **kept)
    assert (state(holders(units, made)["KG"]), closed(kg, message)) == ("EXCEPTED", ["SENT-BY-MISTAKE"])
    destroy(units, "KG", made)
    assert state(holders(units, made)["KG"]) == "DONE"

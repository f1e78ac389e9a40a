"""A copy is for information: its reader owes nothing, it moves nothing, and everybody sees who got one."""

from typing import Any

import pytest
from sqlalchemy import select

from nodes import checking, drafts, inbox, messages, outbox
from nodes.drafts import NewDraft
from nodes.node import Node
from nodes.outbox import Order
from nodes.tables import MessageRow, ThreadRow
from nodes.views import DraftForm, MessageDetail
from nodes.work import Work
from tests.messages import AT_RISK, BODIES, form_labels, lorry, person
from tests.nodes.world import World, someone

URGENT = {"urgency": "URG_LIFE", "urgency_reason": "A child was taken over the border this morning."}


def sent(node: Node, new: NewDraft, *copies: str, **common: Any) -> str:
    """Seal a good message of a kind with copies; returns its id."""
    actor = someone(node, "dilnoza")
    body = {**BODIES[new.kind], **({"objects": [person(), lorry()]} if new.kind == "REQ" else {})}
    form = DraftForm(new.recipients, form_labels(**common), body, copies)
    return outbox.send(node, Order(actor, new, form))


def opened(node: Node, message: str) -> MessageDetail:
    dilnoza = someone(node, "dilnoza")
    with node.db.write() as session:
        return messages.read(session, node, dilnoza, message)


def counted(node: Node) -> tuple[int, int, int, int]:
    """How many arrivals there are, how many without an owner, how many urgent ones, and how many alerts."""
    dilnoza = someone(node, "dilnoza")
    with node.db.read() as session:
        found = inbox.counters(session, node, dilnoza)
    return found.arrived, found.unassigned, found.urgent, found.alerts


def states(node: Node) -> dict[str, str]:
    with node.db.read() as session:
        return {row.unit: row.state for row in session.scalars(select(ThreadRow))}


@pytest.fixture
def asked(small: World) -> str:
    """An urgent request of TJ to KG, with a copy to KZ, delivered to both."""
    message = sent(small.node("TJ"), NewDraft("REQ", recipients=("KG",)), "KZ", "KG", **URGENT)
    small.sync()
    return message


def test_a_copy_is_read_whole_and_asks_nothing(small: World, asked: str) -> None:
    found = opened(small.node("KZ"), asked)
    assert (found.to, found.copies, found.replies) == (("KG",), ("KZ",), ())
    assert (found.row.copied, found.row.clock, found.body["facts"]) == (True, None, BODIES["REQ"]["facts"])
    assert (states(small.node("KZ")), counted(small.node("KZ"))) == ({}, (1, 0, 0, 0))
    assert (states(small.node("KG")), counted(small.node("KG"))) == ({"KG": "RECEIVED"}, (1, 1, 1, 1))
    assert states(small.node("TJ")) == {"KG": "DELIVERED"}


def test_an_answer_is_copied_to_who_got_the_request_as_a_copy_or_as_its_addressee(small: World) -> None:
    tj, kg, kz = (small.node(unit) for unit in ("TJ", "KG", "KZ"))
    asked = sent(tj, NewDraft("REQ", recipients=("KG", "KZ")))
    small.sync()
    answer = sent(kg, NewDraft("ANS", in_reply_to=asked), "KZ")
    small.sync()
    assert opened(kz, answer).row.copied
    assert opened(kz, answer).replies == ()
    assert states(kz) == {"KZ": "RECEIVED"}
    assert states(tj) == {"KG": "ANSWERED_PARTIAL", "KZ": "DELIVERED"}


def test_a_follow_up_copied_to_another_addressee_moves_only_whom_it_is_addressed_to(small: World) -> None:
    tj = small.node("TJ")
    asked = sent(tj, NewDraft("REQ", recipients=("KG", "KZ")))
    small.sync()
    sent(tj, NewDraft("WDR", in_reply_to=asked, recipients=("KG",)), "KZ")
    small.sync()
    assert states(tj) == {"KG": "WITHDRAWN", "KZ": "DELIVERED"}
    assert [states(small.node(unit)) for unit in ("KG", "KZ")] == [{"KG": "WITHDRAWN"}, {"KZ": "RECEIVED"}]


def test_a_message_goes_to_nobody_as_a_copy_alone(small: World) -> None:
    tj = small.node("TJ")
    rustam = someone(tj, "rustam")
    with tj.db.read() as session:
        form = DraftForm((), form_labels(), BODIES["REQ"], ("KG", "ZZ"))
        written = drafts.write(session, tj, rustam, NewDraft("REQ"), form)
        found = checking.shown(tj, checking.judge(Work(session, tj), rustam, written))
    assert {"NO_RECIPIENT", "UNIT_UNKNOWN"} <= {fault.code for fault in found.faults}
    assert [(reader.unit, reader.copied) for reader in found.readers] == [("KG", True), ("ZZ", True), ("TJ", False)]


def test_why_a_message_has_its_codes_stays_in_the_unit_that_wrote_it(small: World) -> None:
    tj = small.node("TJ")
    message = sent(tj, NewDraft("REQ", recipients=("KG",)), **AT_RISK)
    small.sync()
    with tj.db.read() as session:
        assert b"who spoke" not in (session.get_one(MessageRow, message).reason_sealed or b"")
    assert opened(tj, message).reason == AT_RISK["handling_reason"]
    theirs = opened(small.node("KG"), message)
    assert (theirs.reason, {"handling_reason", "source_at_risk"} & theirs.common.keys()) == ("", set())


@pytest.mark.parametrize("answer", ["NO", "YES"])
@pytest.mark.parametrize("code", ["H1", "H2", "H3"])
def test_h1_and_h2_ask_whether_the_source_is_at_risk_and_every_code_asks_why(
    small: World, code: str, answer: str
) -> None:
    tj = small.node("TJ")
    rustam, new = someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",))
    marks = form_labels(handling=[code], source_at_risk=answer, handling_text="For Osh only.")
    marks = {name: value for name, value in marks.items() if code == "H3" or name != "handling_text"}
    with tj.db.read() as session:
        written = drafts.write(session, tj, rustam, new, DraftForm(("KG",), marks, BODIES["REQ"]))
        found = {(one.field, one.code) for one in checking.judge(Work(session, tj), rustam, written).faults}
    assert ("common.handling_reason", "REQUIRED") in found
    assert (("common.handling", "SOURCE_NOT_AT_RISK") in found) == (code != "H3" and answer == "NO")


def test_a_form_proposes_h0_and_that_no_source_is_at_risk(small: World) -> None:
    tj = small.node("TJ")
    rustam = someone(tj, "rustam")
    with tj.db.write() as session:
        draft = drafts.create(session, tj, rustam, NewDraft("REQ"))
    assert draft.common == {"handling": ["H0"], "source_at_risk": "NO"}

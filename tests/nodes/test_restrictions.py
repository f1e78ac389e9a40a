"""Under H3 each person reads the sender's own restriction and confirms it, once, before the message is shown."""

import pytest
from sqlalchemy import select

from nodes import drafts, duty, inbox, messages, oversight, restrictions
from nodes.drafts import NewDraft
from nodes.errors import NotFound, RestrictionUnread
from nodes.node import Node
from nodes.tables import EventRow, MessageRow
from nodes.views import InboxQuery
from tests.nodes.world import World, canary, send, someone

TEXT = f"Only for the team of Osh. {canary()}"
RESTRICTED = {"handling": ["H3"], "handling_text": TEXT, "handling_reason": "Nobody else knows of it."}


@pytest.fixture
def kg(small: World) -> Node:
    """KG with a request from TJ under H3, which Aibek has taken."""
    tj = small.node("TJ")
    send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)), RESTRICTED)
    small.sync()
    node = small.node("KG")
    aibek, message = someone(node, "aibek"), request(node)
    with node.db.write() as session:
        duty.take(session, node, aibek, message)
    return node


def request(node: Node) -> str:
    with node.db.read() as session:
        return session.scalars(select(MessageRow.message_id)).one()


def looks(node: Node, actor: str) -> list[tuple[str, ...]]:
    """The codes of every consultation of an officer, as the log has them."""
    with node.db.read() as session:
        rows = session.scalars(select(EventRow).where(EventRow.operation == "CONSULT", EventRow.actor == actor)).all()
        return [one.codes for one in oversight.examined(session, node, node.log.head(session), rows)]


def test_nothing_is_shown_receipted_or_answered_before_the_confirmation(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    for attempt in (
        lambda session: messages.read(session, kg, aibek, message),
        lambda session: drafts.create(session, kg, aibek, NewDraft("ANS", in_reply_to=message)),
    ):
        with pytest.raises(RestrictionUnread), kg.db.write() as session:
            attempt(session)
    with kg.db.read() as session:
        assert session.get_one(MessageRow, message).opened_at is None


def test_the_text_comes_first_and_one_confirmation_is_enough(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with kg.db.write() as session:
        assert restrictions.show(session, kg, aibek, message).text == TEXT
    with kg.db.write() as session:
        restrictions.confirm(session, kg, aibek, message)
        restrictions.confirm(session, kg, aibek, message)
        assert messages.read(session, kg, aibek, message).common["handling_text"] == TEXT
        assert messages.read(session, kg, aibek, message).row.handling == ("H3",)
    assert looks(kg, "AIBEK-1") == [("RESTRICTION",), ("RESTRICTION_CONFIRMED",), (), ()]


def test_what_is_under_a_restriction_leaves_in_no_file_and_on_no_paper_before_it_was_read(kg: Node) -> None:
    aibek, message = someone(kg, "aibek"), request(kg)
    with pytest.raises(RestrictionUnread), kg.db.write() as session:
        messages.printed(session, kg, aibek, message)
    for confirmed in (False, True):
        with kg.db.write() as session:
            (line,) = inbox.taken_out(session, kg, aibek, InboxQuery()).rows
            left = select(EventRow.message_id).where(EventRow.operation == "EXPORT")
            assert (line.subject is not None, session.scalars(left).all()) == (confirmed, [message] * confirmed)
            restrictions.confirm(session, kg, aibek, message)
    with kg.db.write() as session:
        found, recorded = messages.printed(session, kg, aibek, message)
        assert (found.leaves, session.get_one(EventRow, recorded).operation) == (True, "PRINT")


def test_one_person_does_not_confirm_for_another(kg: Node) -> None:
    aibek, farida, message = someone(kg, "aibek"), someone(kg, "farida"), request(kg)
    with kg.db.write() as session:
        restrictions.confirm(session, kg, aibek, message)
    with pytest.raises(RestrictionUnread), kg.db.write() as session:
        messages.read(session, kg, farida, message)


def test_the_unit_that_laid_it_down_reads_its_own_message_freely(kg: Node, small: World) -> None:
    tj, message = small.node("TJ"), request(kg)
    rustam = someone(tj, "rustam")
    with tj.db.write() as session:
        restrictions.confirm(session, tj, rustam, message)
        assert messages.read(session, tj, rustam, message).common["handling_text"] == TEXT
    with pytest.raises(NotFound), tj.db.write() as session:
        restrictions.show(session, tj, rustam, message)


def test_a_restriction_is_shown_to_nobody_outside_the_case(kg: Node) -> None:
    for who, message in (("outsider", request(kg)), ("aibek", "no such message")):
        actor = someone(kg, who)
        with pytest.raises(NotFound), kg.db.write() as session:
            restrictions.show(session, kg, actor, message)

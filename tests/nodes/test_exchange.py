"""The main job between real nodes and the real hub: asked, clarified, answered; receipts, states and clocks alike."""

import pytest
from sqlalchemy import select

from nodes import clocks, inbox, messages, reading
from nodes.drafts import NewDraft
from nodes.errors import DirectoryTooOld, NotFound
from nodes.tables import DeliveryRow, EventRow, MessageRow, ReceiptRow, ThreadRow
from nodes.views import Box, InboxQuery, Sort, View
from nodes.work import Work
from tests.instants import DAY, HOUR
from tests.nodes.world import World, canary, send, someone


def state(world: World, unit: str, message_id: str, of: str) -> str:
    with world.node(unit).db.read() as session:
        return session.get_one(DeliveryRow, (message_id, of)).state


def thread(world: World, unit: str, of: str) -> str:
    with world.node(unit).db.read() as session:
        return session.scalars(select(ThreadRow.state).where(ThreadRow.unit == of)).one()


def arrived(world: World, unit: str, kind: str) -> str:
    with world.node(unit).db.read() as session:
        found = select(MessageRow.message_id).where(MessageRow.direction == "IN", MessageRow.kind == kind)
        return session.scalars(found).one()


def ask(world: World, to: tuple[str, ...] = ("KG",), **common: object) -> str:
    return send(world.node("TJ"), someone(world.node("TJ"), "rustam"), NewDraft("REQ", recipients=to), dict(common))


def reply(world: World, unit: str, kind: str, to: str, **body: object) -> str:
    message_id = send(
        world.node(unit), someone(world.node(unit), "dilnoza"), NewDraft(kind, in_reply_to=to), None, **body
    )
    world.sync()
    return message_id


def test_a_request_is_asked_clarified_and_answered(world: World) -> None:
    request = ask(world, ("KG", "KZ"))
    world.sync()
    assert state(world, "TJ", request, "KG") == "DELIVERED"
    assert arrived(world, "KG", "REQ") == request
    reply(world, "KG", "CLQ", request)
    assert thread(world, "TJ", "KG") == thread(world, "KG", "KG") == "CLARIFICATION"
    reply(world, "TJ", "CLA", arrived(world, "TJ", "CLQ"))
    reply(world, "KG", "ANS", request)
    assert thread(world, "TJ", "KG") == thread(world, "KG", "KG") == "ANSWERED_PARTIAL"
    assert thread(world, "TJ", "KZ") == "DELIVERED"
    reply(world, "TJ", "FBK", arrived(world, "TJ", "ANS"))
    assert thread(world, "TJ", "KG") == thread(world, "KG", "KG") == "FEEDBACK_GIVEN"


def test_both_units_read_the_same_clock(small: World) -> None:
    request = ask(small, urgency="URG_LIFE", urgency_reason="A child was taken over the border this morning.")
    small.sync()
    small.pass_time(2 * HOUR)
    reply(small, "KG", "CLQ", request)
    small.pass_time(5 * HOUR)
    reply(small, "TJ", "CLA", arrived(small, "TJ", "CLQ"))
    small.pass_time(HOUR)
    small.sync()
    read = []
    for unit in ("TJ", "KG"):
        with small.node(unit).db.read() as session:
            row = session.scalars(select(ThreadRow).where(ThreadRow.unit == "KG")).one()
            read.append(clocks.read(Work(session, small.node(unit)), row))
    assert read[0] == read[1]
    assert read[0] is not None
    assert read[0].elapsed == 3 * HOUR
    assert read[0].due_at == read[0].started_at + 13 * HOUR


def test_a_refusal_a_delay_and_a_withdrawal_end_alike_on_both_sides(small: World) -> None:
    first, second = ask(small, ("KG", "KZ")), ""
    small.sync()
    reply(small, "KG", "DLY", first)
    assert thread(small, "TJ", "KG") == thread(small, "KG", "KG") == "AWAITING_JUDICIAL"
    reply(small, "KZ", "REF", first)
    assert thread(small, "TJ", "KZ") == thread(small, "KZ", "KZ") == "REFUSED"
    second = send(small.node("TJ"), someone(small.node("TJ"), "dilnoza"), NewDraft("WDR", in_reply_to=first))
    small.sync()
    assert second
    assert thread(small, "TJ", "KG") == thread(small, "KG", "KG") == "WITHDRAWN"


def test_the_first_officer_who_reads_makes_opened_and_every_reading_is_logged(small: World) -> None:
    request = ask(small)
    small.sync()
    node = small.node("KG")
    for name in ("farida", "dilnoza", "dilnoza"):
        actor = someone(node, name)
        with node.db.write() as session:
            found = messages.read(session, node, actor, request)
            opened = session.get(ReceiptRow, (found.eid, "KG", "OPENED"))
            assert (opened is None) == (name == "farida")
    small.sync()
    assert state(small, "TJ", request, "KG") == "OPENED"
    with node.db.read() as session:
        looks = select(EventRow.actor).where(EventRow.operation == "CONSULT")
        assert sorted(session.scalars(looks)) == ["DILNOZA-1", "DILNOZA-1", "FARIDA-1"]  # type: ignore[type-var]  # every look has an actor


def test_what_may_follow_is_offered_to_the_right_side_only(small: World) -> None:
    request = ask(small)
    small.sync()
    offered = {}
    for unit in ("TJ", "KG"):
        node, actor = small.node(unit), someone(small.node(unit), "dilnoza")
        with node.db.write() as session:
            offered[unit] = set(messages.read(session, node, actor, request).replies)
    assert offered == {"TJ": {"WDR"}, "KG": {"ANS", "REF", "CLQ", "DLY"}}


def test_an_officer_sees_that_something_came_but_not_what_it_says(small: World) -> None:
    request = ask(small)
    small.sync()
    node, aibek = small.node("KG"), someone(small.node("KG"), "aibek")
    with node.db.read() as session:
        row = inbox.page(session, node, aibek, InboxQuery()).rows[0]
    assert (row.message_id, row.subject, row.case_ref, row.sender) == (request, None, None, "TJ")
    with pytest.raises(NotFound), node.db.write() as session:
        messages.read(session, node, aibek, request)


def test_lists_are_filtered_sorted_and_counted(small: World) -> None:
    urgent = ask(small, urgency="URG_LIFE", urgency_reason="A child was taken over the border this morning.")
    small.pass_time(60)
    routine = ask(small)
    small.sync()
    node, dilnoza = small.node("KG"), someone(small.node("KG"), "dilnoza")

    def listed(**query: object) -> list[str]:
        with node.db.read() as session:
            page = inbox.page(session, node, dilnoza, InboxQuery(**query))  # type: ignore[arg-type]  # members of the query
        return [row.message_id for row in page.rows]

    assert listed() == listed(sort=Sort.OLDEST) == listed(sort=Sort.SENDER, kind="REQ")[::-1] == [urgent, routine]
    assert listed(view=View.URGENT) == [urgent]
    assert listed(view=View.UNREAD, sort=Sort.NEWEST) == [routine, urgent]
    assert listed(view=View.MINE) == listed(kind="ANS") == listed(unit="KZ") == listed(box=Box.SENT) == []
    assert listed(size=1, page=2) == [routine]
    small.pass_time(9 * HOUR)
    assert listed(view=View.OVERDUE) == [urgent]
    with node.db.read() as session:
        counters = inbox.counters(session, node, dilnoza)
    assert (counters.arrived, counters.unassigned, counters.urgent, counters.overdue) == (2, 2, 1, 1)


def test_a_case_tells_its_story_from_the_log_and_the_receipts(small: World) -> None:
    ask(small)
    small.sync()
    node, rustam = small.node("TJ"), someone(small.node("TJ"), "rustam")
    with node.db.read() as session:
        line = reading.cases(session, node, rustam)[0]
    with node.db.write() as session:
        case = reading.case(session, node, rustam, line.case_ref)
    assert line.units == ("KG",)
    assert {"DISCLOSE", "SEND", "SUBMITTED", "RELAYED", "DELIVERED", "CONSULT"} <= {one.what for one in case.timeline}
    assert [one.at for one in case.timeline] == sorted(one.at for one in case.timeline)


def test_a_search_finds_content_of_ones_own_and_is_logged_without_its_words(small: World) -> None:
    word = canary()
    ask(small, subject_line=f"About {word}")
    node = small.node("TJ")
    found = {}
    for name in ("rustam", "aibek"):
        actor = someone(node, name)
        with node.db.write() as session:
            found[name] = len(reading.search(session, node, actor, word.lower(), "checking a claim"))
    assert found == {"rustam": 1, "aibek": 0}
    with node.db.read() as session:
        entries = b"".join(node.log.entries(session, 0, node.log.head(session).size))
    assert word.encode() not in entries
    assert b"SEARCH" in entries


def test_sealing_is_refused_with_its_reason_once_the_directory_is_past_its_grace(small: World) -> None:
    small.now += 4 * DAY
    assert ask(small)
    small.now += 2 * DAY
    with pytest.raises(DirectoryTooOld):
        ask(small)

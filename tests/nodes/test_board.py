"""The team board: every open request once, with its owner and how it presses; what lies on whom, and no ranking."""

import pytest

from nodes import board, duty, timers
from nodes.account_tables import UserRow
from nodes.board import NOBODY, Board, BoardQuery, Show
from nodes.drafts import NewDraft
from nodes.duty import Assign
from nodes.errors import Denied
from nodes.node import Node
from tests.instants import HOUR
from tests.nodes.world import World, send, someone

URGENT = {"urgency": "URG_LIFE", "urgency_reason": "A child was taken over the border this morning."}


def asked(world: World) -> Node:
    """TJ with an urgent request and two at leisure from KG, and two people to work on them."""
    node = world.node("KG")
    for common in (URGENT, {}, {}):
        send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("TJ",)), dict(common))
    world.sync("KG", "TJ", rounds=1)
    for name in ("aibek", "dilnoza"):
        someone(world.node("TJ"), name)
    return world.node("TJ")


def look(node: Node, who: str = "farida", **query: object) -> Board:
    actor = someone(node, who)
    with node.db.read() as session:
        return board.read(session, node, actor, BoardQuery(**query))  # type: ignore[arg-type]  # tests name any filter


def give(node: Node, message_id: str, to_user: str) -> None:
    farida = someone(node, "farida")
    with node.db.write() as session:
        duty.assign(session, node, farida, Assign(message_id, to_user))


def test_what_presses_stands_first_and_people_stand_in_the_order_of_their_names(world: World) -> None:
    node = asked(world)
    seen = look(node)
    assert [line.row.urgency for line in seen.lines] == ["URG_LIFE", "ROUTINE", "ROUTINE"]
    assert seen.counts == {Show.OPEN: 3, Show.OVERDUE: 0, Show.AT_RISK: 0, Show.UNASSIGNED: 3, Show.ESCALATED: 0}
    for line in seen.lines[1:]:
        give(node, line.row.message_id, "DILNOZA-1")
    assert [(load.user_id, load.open) for load in look(node).loads] == [("AIBEK-1", 0), ("DILNOZA-1", 2), (NOBODY, 1)]


def test_what_runs_out_of_time_is_at_risk_then_overdue_and_its_last_step_is_named(small: World) -> None:
    node = asked(small)
    first = look(node).lines[0].row.message_id
    give(node, first, "AIBEK-1")
    small.now += 7 * HOUR
    timers.run(node)
    seen = look(node, show=Show.AT_RISK)
    assert [(line.row.message_id, line.step) for line in seen.lines] == [(first, "DESK_HEAD")]
    small.now += 2 * HOUR
    timers.run(node)
    seen = look(node, show=Show.OVERDUE)
    assert [(line.row.message_id, line.step) for line in seen.lines] == [(first, "COORDINATORS")]
    assert (seen.counts[Show.AT_RISK], seen.counts[Show.ESCALATED], seen.total) == (0, 1, 1)
    assert [(load.user_id, load.overdue) for load in seen.loads][:1] == [("AIBEK-1", 1)]


def test_filters_narrow_the_lines_and_leave_the_counts_and_an_ended_account_is_shown_for_what_it_owns(
    small: World,
) -> None:
    node = asked(small)
    give(node, look(node).lines[0].row.message_id, "AIBEK-1")
    assert look(node, person="AIBEK-1").total == 1
    assert look(node, person=NOBODY).total == look(node, urgency="ROUTINE").total == 2
    assert (look(node, family="financial").total, look(node, family="operational").total) == (0, 3)
    assert look(node, family="financial").counts[Show.OPEN] == 3
    assert look(node, page=2).lines == ()
    disable(node, "AIBEK-1")
    assert [(load.working, load.open) for load in look(node).loads if load.user_id == "AIBEK-1"] == [(False, 1)]


def disable(node: Node, user_id: str) -> None:
    with node.db.write() as session:
        session.get_one(UserRow, user_id).disabled_at = node.now()


@pytest.mark.parametrize("name", ["aibek", "anora", "otabek"])
def test_the_board_is_for_whoever_assigns(small: World, name: str) -> None:
    with pytest.raises(Denied):
        look(small.node("KG"), name)
    assert look(small.node("KG"), "dilnoza").total == 0

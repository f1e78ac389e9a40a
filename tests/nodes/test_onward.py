"""Corrections and erasures reach the last holder: they follow the onward list by themselves and are acknowledged."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.hub import administration
from nodes import register
from nodes.alerts import Cause
from nodes.drafts import NewDraft
from nodes.grant_tables import PassingRow
from nodes.tables import AlertRow, ThreadRow
from schemas.items import Item
from tests.instants import DAY, HOUR
from tests.messages import held
from tests.nodes.permits import arrived, ask, decide, gave, lie, passed_on, refused, say
from tests.nodes.world import World, send, someone


def passed_to_kazakhstan(world: World) -> str:
    """TJ gave KG an item, which KG passed on to KZ with its permission."""
    item = gave(world)
    decide(world, ask(world, item), item)
    node = world.node("KG")
    send(node, someone(node, "dilnoza"), NewDraft("REQ", recipients=("KZ",)), passed_on(item))
    world.sync()
    return item


def owed(world: World, unit: str) -> list[tuple[str, bool]]:
    with world.node(unit).db.read() as session:
        return [(row.unit, row.passed is not None) for row in session.scalars(select(PassingRow))]


def state(world: World, unit: str, of: str, kind: str) -> str:
    with world.node(unit).db.read() as session:
        return session.scalars(select(ThreadRow.state).where(ThreadRow.unit == of, ThreadRow.kind == kind)).one()


def erasable(world: World, unit: str) -> set[Item]:
    with world.node(unit).db.read() as session:
        return {one.item for one in register.to_be_erased(session)}


def reached(world: World, unit: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """How far the last notice of a unit came: by unit its state, and whom that unit told."""
    node = world.node(unit)
    actor = someone(node, "dilnoza")
    with node.db.read() as session:
        newest = register.notices(session, node, actor)[0]
    return [(one.unit, one.state, one.told) for one in newest.reached]


def told_of_silence(session: Session) -> list[str]:
    return list(session.scalars(select(AlertRow.audience).where(AlertRow.cause == Cause.OVERDUE)))


def test_an_erasure_reaches_the_last_holder_when_it_can_be_reached(world: World) -> None:
    item = passed_to_kazakhstan(world)
    world.units["KZ"].wire.cut = True
    notice = say(world, "TJ", "dilnoza", NewDraft("ERA", about=item), items=[held(item)])
    assert owed(world, "KG") == [("KZ", True)]
    assert (arrived(world, "KG", "ERA"), arrived(world, "KZ", "ERA")) == ([notice], [])
    world.pass_time(2 * HOUR)
    assert state(world, "KG", "KZ", "ERA") == "SENT"
    world.units["KZ"].wire.cut = False
    world.sync()
    copy = arrived(world, "KZ", "ERA")[0]
    assert erasable(world, "KZ") == erasable(world, "KG") == {Item(item, "P1")}
    say(world, "KZ", "dilnoza", NewDraft("ACK", in_reply_to=copy))
    say(world, "KG", "dilnoza", NewDraft("ACK", in_reply_to=notice))
    assert state(world, "KG", "KZ", "ERA") == state(world, "TJ", "KG", "ERA") == "DONE"
    assert erasable(world, "KZ") == set()


def test_a_correction_goes_no_further_when_it_need_not_and_its_silence_alarms_the_auditors(small: World) -> None:
    item = passed_to_kazakhstan(small)
    rows = [held(item, field="Plate", new_value="01KG 745 ABC")]
    say(small, "TJ", "rustam", NewDraft("COR", about=item), items=rows, must_tell_onward="NO")
    assert owed(small, "KG") == []
    small.pass_time(3 * DAY + HOUR)
    small.sync()
    for unit in ("TJ", "KG"):
        with small.node(unit).db.read() as session:
            row = session.scalars(select(ThreadRow).where(ThreadRow.kind == "COR")).one()
            assert row.due is not None
            assert row.due < small.now
            assert told_of_silence(session) == ["role:AUDITOR"]


def test_a_notice_comes_only_the_way_that_the_item_came(small: World) -> None:
    item = gave(small)
    lie(small, "KZ", NewDraft("ERA"), "KG", items=[held(item)])
    assert (refused(small, "KG"), erasable(small, "KG")) == (["OUT_OF_STEP"], set())


def test_whoever_cannot_be_told_now_is_told_later_and_named_until_then(small: World) -> None:
    item = passed_to_kazakhstan(small)
    small.units["KZ"].wire.cut = True
    administration.suspend(small.desk.hub, "KZ", "TEST")
    notice = say(small, "TJ", "dilnoza", NewDraft("ERA", about=item), items=[held(item)])
    assert owed(small, "KG") == [("KZ", False)]
    assert reached(small, "KG") == [("KG", "RECEIVED", ()), ("KZ", "NOT_SENT", ())]
    say(small, "KG", "dilnoza", NewDraft("ACK", in_reply_to=notice))
    assert reached(small, "TJ") == [("KG", "DONE", ("KZ",))]
    administration.reinstate(small.desk.hub, "KZ")
    small.units["KZ"].wire.cut = False
    small.sync()
    assert owed(small, "KG") == [("KZ", True)]
    assert len(arrived(small, "KZ", "ERA")) == 1

"""Statistics of real exchanges: both units count them alike, whatever was erased since, and nobody else sees them."""

import pytest
from sqlalchemy import text

from nodes import days, figures
from nodes.drafts import NewDraft
from nodes.errors import Denied
from nodes.node import MIGRATIONS, Node
from tests.instants import DAY, HOUR, NOW
from tests.messages import BODIES
from tests.nodes.world import World, send, someone

YEAR = (NOW - 300 * DAY, NOW + 60 * DAY)
URGENT = {"urgency": "URG_LIFE", "urgency_reason": "A child was taken over the border this morning."}


def ask(world: World, *units: str, **common: str) -> str:
    node = world.node("TJ")
    sent = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=units), common)
    world.sync()
    return sent


def reply(world: World, unit: str, kind: str, to: str, **body: object) -> None:
    node = world.node(unit)
    send(node, someone(node, "dilnoza"), NewDraft(kind, in_reply_to=to), {}, **body)
    world.sync()


def counted(world: World, unit: str, ends: tuple[int, int] = YEAR) -> dict[tuple[str, str, str, str], int]:
    node = world.node(unit)
    farida = someone(node, "farida")
    with node.db.read() as session:
        cells = figures.counted(session, node, farida, ends)
    return {(one.code, one.way.value, one.unit, one.detail): one.value for one in cells}


def tell(world: World) -> None:
    """TJ asked KG urgently and KG and KZ at leisure: one late and lawful, one answer in part, one refusal."""
    urgent = ask(world, "KG", **URGENT)
    at_leisure = ask(world, "KG", "KZ")
    world.pass_time(2 * HOUR)
    reply(world, "KG", "ANS", at_leisure)
    reply(world, "KZ", "REF", at_leisure)
    reply(world, "KG", "DLY", urgent, cause="JUDICIAL_AUTHORISATION")
    world.now += 7 * HOUR


def test_both_units_count_alike_what_they_exchanged(world: World) -> None:
    tell(world)
    sent = counted(world, "TJ")
    assert (sent["REQ_SENT", "SENT", "KG", ""], sent["REQ_SENT", "SENT", "KZ", ""]) == (2, 1)
    for unit in ("KG", "KZ"):
        theirs = {(code, detail): value for (code, _, by, detail), value in counted(world, unit).items() if by == "TJ"}
        ours = {(code, detail): value for (code, _, by, detail), value in sent.items() if by == unit}
        assert ours.pop(("REQ_SENT", "")) == ours.pop(("REQ_DELIVERED", "")) == theirs.pop(("REQ_RECEIVED", ""))
        assert ours == theirs
    erase_everything(world.node("TJ"))
    assert counted(world, "TJ") == sent
    assert counted(world, "TJ", (NOW - 300 * DAY, NOW - DAY)) == {}


def test_a_doubt_about_human_rights_is_counted_at_both_ends_and_outlives_the_content(small: World) -> None:
    tj, unsure = small.node("TJ"), {**BODIES["REQ"]["human_rights"], "torture": "UNKNOWN"}
    send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG", "KZ")), human_rights=unsure)
    ask(small, "KG")
    erase_everything(tj)
    assert [counted(small, "TJ").get(("HR_FLAGS", "SENT", unit, "")) for unit in ("KG", "KZ")] == [1, 1]
    assert counted(small, "KG")["HR_FLAGS", "RECEIVED", "TJ", ""] == 1


def erase_everything(node: Node) -> None:
    with node.db.write() as session:
        session.execute(text("UPDATE node_case SET wrapped_key = NULL"))
        session.execute(text("UPDATE node_message SET sealed = :none"), {"none": b""})


def test_the_figures_say_what_became_of_requests_and_an_older_database_tells_all_but_the_grounds(small: World) -> None:
    tell(small)
    here = {(code, detail): value for (code, _, by, detail), value in counted(small, "KG").items() if by == "TJ"}
    assert (here["ANSWERED", "NOT_URGENT"], here["PARTIAL", ""], here["MEDIAN_HOURS", ""]) == (1, 1, 2 * HOUR)
    assert (here["REQ_OPEN", ""], here["OVER_TIME_JUDICIAL", ""], here["URG_SHARE", ""]) == (1, 1, 50)
    assert ("OVERDUE", "") not in here
    node, before = small.node("KZ"), counted(small, "KZ")
    node.db.downgrade(MIGRATIONS, "0030")
    node.db.upgrade(MIGRATIONS)
    after = counted(small, "KZ")
    assert {place[0::3] for place in before.keys() - after.keys()} == {("REFUSED", "F2_INVESTIGATION")}
    assert after["REFUSED", "RECEIVED", "TJ", ""] == 1


@pytest.mark.parametrize("name", ["rustam", "dilnoza", "anora", "dilshod", "outsider"])
def test_the_figures_are_for_those_who_direct_or_watch(small: World, name: str) -> None:
    node = small.node("TJ")
    actor = someone(node, name)
    with node.db.read() as session, pytest.raises(Denied):
        figures.counted(session, node, actor, YEAR)


@pytest.mark.parametrize(
    ("named", "days_of_it"),
    [
        ("2026", ("2026-01-01", "2026-12-31")),
        ("2028-Q1", ("2028-01-01", "2028-03-31")),
        ("2026-Q4", ("2026-10-01", "2026-12-31")),
        ("2028-02", ("2028-02-01", "2028-02-29")),
    ],
)
def test_a_period_is_named_by_year_quarter_or_month(named: str, days_of_it: tuple[str, str]) -> None:
    first_last = days.read_period(named)
    assert first_last is not None
    assert tuple(map(str, first_last)) == days_of_it


@pytest.mark.parametrize("named", ["", "26", "2026-Q5", "2026-13", "2026-00", "1999", "2026-Q4x", "٢٠٢٦"])
def test_nothing_else_is_a_period(named: str) -> None:
    assert days.read_period(named) is None

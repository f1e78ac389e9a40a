"""How long a case is kept: reviewed in time, readable to the last second and not one longer, held for a court."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from nodes import cases, judging, messages, reading, retention, timers
from nodes.drafts import NewDraft
from nodes.errors import BadInput, Denied, NotFound, OutOfStep
from nodes.fates import Fate
from nodes.node import Node
from nodes.protection_tables import ReviewRow
from nodes.retention import DAY, Order, rule_for, times
from nodes.retention_errors import Expired
from nodes.tables import AlertRow, EventRow, MessageRow, ThreadRow
from nodes.views import Actor
from schemas.codes import table
from tests.nodes.world import World, send, someone

DPO = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO"}))
OFFICER = Actor("OFFICER-1", "O", "en", "POLICE", frozenset({"OFFICER"}))
HALF_YEAR, THREE_YEARS = 183 * DAY, 1096 * DAY
REASON = "The appeal is not decided yet"


@pytest.mark.parametrize(
    ("env", "families", "code"),
    [
        ("live", ["operational"], "CASE_EXCHANGE"),
        ("live", [], "CASE_EXCHANGE"),
        ("live", ["strategic"], "STRATEGIC"),
        ("live", ["strategic", "operational"], "CASE_EXCHANGE"),
        ("live", ["operational", "financial"], "FIU"),
        ("exercise", ["financial"], "EXERCISE"),
    ],
)
def test_the_longest_rule_of_a_case_applies(env: str, families: list[str], code: str) -> None:
    assert rule_for(env, families) == code
    assert code in table("retention")


def test_a_case_is_reviewed_after_half_a_year_and_expires_after_three_years() -> None:
    assert times("CASE_EXCHANGE", 1000, None) == (1000 + HALF_YEAR, 1000 + THREE_YEARS)
    assert times("CASE_EXCHANGE", 1000, 1000 + 2 * HALF_YEAR) == (1000 + 2 * HALF_YEAR, 1000 + THREE_YEARS)
    assert times("CASE_EXCHANGE", 1000, 1 << 60) == (1000 + THREE_YEARS, 1000 + THREE_YEARS)
    assert times("CASE_EXCHANGE", None, None) == times("STRATEGIC", 1000, None) == (None, None)


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for all tests of this file: each sends a request of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("retention") / "world")
    yield opened
    opened.close()


@pytest.fixture
def node(units: World) -> Node:
    return units.node("TJ")


@pytest.fixture
def closed(node: Node) -> str:
    """A request whose exchange has ended now, and whose times the timer has set."""
    message = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    with node.db.write() as session:
        session.get_one(ThreadRow, (message, "KG")).state = "CLOSED"
        session.get_one(ThreadRow, (message, "KG")).closed = node.now()
    return message


def hour(units: World, seconds: int = retention.EVERY) -> None:
    """Let time pass and the timers run."""
    units.now += seconds
    timers.run(units.node("TJ"))


@dataclass(frozen=True)
class Times:
    case_id: str
    case_ref: str
    review: int | None
    expires: int | None


def case_row(node: Node, message_id: str) -> Times:
    with node.db.read() as session:
        row = cases.of(session, session.get_one(MessageRow, message_id).case_id)
        return Times(row.case_id, row.case_ref, row.review, row.expires)


def test_an_open_exchange_has_no_time_and_an_ended_one_has_both(units: World, node: Node) -> None:
    running = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    hour(units)
    assert (case_row(node, running).review, case_row(node, running).expires) == (None, None)
    with node.db.write() as session:
        thread = session.get_one(ThreadRow, (running, "KG"))
        thread.state, thread.closed = "CLOSED", units.now
    ended = units.now
    hour(units)
    assert (case_row(node, running).review, case_row(node, running).expires) == (ended + HALF_YEAR, ended + THREE_YEARS)
    with node.db.write() as session:
        thread = session.get_one(ThreadRow, (running, "KG"))
        thread.state, thread.updated = "DELIVERED", units.now
    hour(units)
    assert case_row(node, running).expires is None


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_content_is_read_to_the_last_second_and_not_one_longer(
    units: World, node: Node, closed: str, late: int
) -> None:
    farida, ref = someone(node, "farida"), case_row(node, closed).case_ref
    with node.db.write() as session:
        cases.by_ref(session, ref).expires = units.now - late
        retention.hold(session, node, DPO, Order(ref, "City court", "1-77/26", units.now + DAY))
    with node.db.write() as session:
        found = {row.message_id for row in reading.search(session, node, farida, "heroin", "review")}
    assert (closed in found) is (late < 0)
    with node.db.read() as session:
        fate = judging.standing(session, node, farida, case_row(node, closed).case_id).fate
    assert fate == Fate(held=True, expired=late >= 0)
    if late < 0:
        with node.db.write() as session:
            assert messages.read(session, node, farida, closed).row.subject
        return
    with pytest.raises(Expired), node.db.write() as session:
        messages.read(session, node, farida, closed)
    with pytest.raises(Expired), node.db.write() as session:
        reading.case(session, node, farida, ref)


def test_a_review_that_is_due_is_listed_told_and_kept_with_a_reason(units: World, node: Node, closed: str) -> None:
    hour(units)
    ref = case_row(node, closed).case_ref
    with pytest.raises(OutOfStep), node.db.write() as session:
        retention.keep(session, node, DPO, ref, (units.now + DAY, REASON))
    with node.db.write() as session:
        cases.by_ref(session, ref).review = units.now
    hour(units)
    with node.db.read() as session:
        assert ref in {one.case_ref for one in retention.due(session, node, DPO)}
        assert "REVIEWS_DUE" in session.scalars(select(AlertRow.cause)).all()
    for wrong in ((units.now, REASON), (units.now + 2 * THREE_YEARS, REASON), (units.now + DAY, "later")):
        with pytest.raises(BadInput), node.db.write() as session:
            retention.keep(session, node, DPO, ref, wrong)
    with node.db.write() as session:
        retention.keep(session, node, DPO, ref, (units.now + HALF_YEAR, REASON))
        assert ref not in {one.case_ref for one in retention.due(session, node, DPO)}
        assert session.scalar(select(func.count()).select_from(ReviewRow)) == 1
    assert case_row(node, closed).review == units.now + HALF_YEAR


def test_a_hold_stands_until_its_day_or_until_it_is_lifted(units: World, node: Node, closed: str) -> None:
    row = case_row(node, closed)
    order = Order(row.case_ref, "City court", "1-77/26", units.now + DAY)
    for wrong in (Order(row.case_ref, "", "1", units.now + DAY), Order(row.case_ref, "Court", "1", units.now)):
        with pytest.raises(BadInput), node.db.write() as session:
            retention.hold(session, node, DPO, wrong)
    with node.db.write() as session:
        hold = retention.hold(session, node, DPO, order)
    for late, held in ((-1, True), (0, False), (1, False)):
        units.now = order.until + late
        with node.db.read() as session:
            assert judging.standing(session, node, DPO, row.case_id).fate.held is held
    with pytest.raises(OutOfStep), node.db.write() as session:
        retention.lift(session, node, DPO, hold)
    with pytest.raises(NotFound), node.db.write() as session:
        retention.lift(session, node, DPO, "f" * 32)
    with node.db.read() as session:
        assert next(one for one in retention.holds(session, node, DPO) if one.hold_id == hold).order == order


def test_only_the_data_protection_officer_reviews_and_holds(node: Node, closed: str) -> None:
    ref = case_row(node, closed).case_ref
    for act in (
        lambda session: retention.due(session, node, OFFICER),
        lambda session: retention.holds(session, node, OFFICER),
        lambda session: retention.lift(session, node, OFFICER, "x"),
        lambda session: retention.keep(session, node, OFFICER, ref, (1, REASON)),
        lambda session: retention.hold(session, node, OFFICER, Order(ref, "Court", "1", 1)),
    ):
        with pytest.raises(Denied), node.db.write() as session:
            act(session)


def test_the_standing_holds_are_listed_once_a_month(units: World, node: Node, closed: str) -> None:
    ref = case_row(node, closed).case_ref
    with node.db.write() as session:
        retention.hold(session, node, DPO, Order(ref, "City court", "1-77/26", units.now + 100 * DAY))
    hour(units)
    before = listed(node)
    hour(units, 32 * DAY)
    hour(units)
    hour(units, DAY // 2)
    assert listed(node) == before + 1


def listed(node: Node) -> int:
    with node.db.read() as session:
        query = select(func.count()).select_from(EventRow)
        return session.scalar(query.where(EventRow.operation == "LEGAL_HOLD", EventRow.case_id.is_(None))) or 0

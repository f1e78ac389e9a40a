"""Absence: what comes meanwhile goes to the deputy if he may have it himself; it begins, ends, and widens nothing."""

import pytest
from sqlalchemy import select

from exchange.policy.facts import Action
from nodes import absences, alerts, duty, judging, signin, timers
from nodes.absence_errors import AlreadyAbsent, DeputyUnfit
from nodes.absences import Away
from nodes.account_tables import RoleRow, UserRow
from nodes.drafts import NewDraft
from nodes.duty import Assign
from nodes.errors import BadInput, Denied, NotFound
from nodes.node import Node
from nodes.permissions import allowed
from nodes.tables import AlertRow, EventRow, MessageRow
from nodes.views import Actor
from tests.instants import DAY, HOUR, NOW
from tests.nodes.people import Clock
from tests.nodes.world import World, send, someone

WEEK = (NOW - HOUR, NOW + 7 * DAY)
URGENT = {"urgency": "URG_LIFE", "urgency_reason": "A child was taken over the border this morning."}


def add(node: Node, user_id: str, *roles: str, **changes: str) -> None:
    with node.db.write() as session:
        like = session.get_one(UserRow, "FARIDA-1")
        columns = {one.key: getattr(like, one.key) for one in UserRow.__table__.columns}
        session.add(UserRow(**{**columns, "user_id": user_id, "display_name": user_id.title(), **changes}))
        session.flush()
        session.add_all(RoleRow(user_id=user_id, role=role) for role in roles)


def folk(node: Node) -> Node:
    """The people of a unit: an officer and his colleagues, one of them with no clearance, and two supervisors."""
    for name in ("rustam", "farida", "anora", "dilnoza"):
        someone(node, name)
    add(node, "SAIDA-1", "OFFICER")
    add(node, "LOW-1", "OFFICER", clearance="UNCL")
    add(node, "FIU-1", "OFFICER", agency="FIU")
    add(node, "NODIR-1", "SUPERVISOR")
    return node


def account(node: Node, user_id: str) -> Actor:
    with node.db.read() as session:
        return signin.actor_of(session, node, session.get_one(UserRow, user_id))


def ask(world: World, **common: str) -> str:
    node = world.node("TJ")
    sent = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)), dict(common))
    world.sync()
    return sent


def answer(world: World, request: str) -> tuple[str, str, str | None]:
    """KG answers; returns the message at TJ, its case and its owner."""
    node = world.node("KG")
    sent = send(node, someone(node, "dilnoza"), NewDraft("ANS", in_reply_to=request), {"classification": "RESTR"})
    world.sync()
    with world.node("TJ").db.read() as session:
        columns = select(MessageRow.message_id, MessageRow.case_id, MessageRow.assignee)
        message_id, case_id, owner = session.execute(columns.where(MessageRow.message_id == sent)).one()
    return message_id, case_id, owner


def away(node: Node, who: str, deputy: str, ends: tuple[int, int] = WEEK, by: str = "farida") -> str:
    actor = someone(node, by)
    with node.db.write() as session:
        return absences.say(session, node, actor, Away(who, deputy, *ends))


def deputy_of(node: Node, user_id: str) -> str | None:
    with node.db.read() as session:
        found = absences.stands_in(session, node, user_id)
    return found.user_id if found is not None else None


def test_what_comes_meanwhile_goes_to_the_deputy_who_sees_why_and_may_read_it(world: World) -> None:
    tj, request = folk(world.node("TJ")), ask(world)
    away(tj, "RUSTAM-1", "SAIDA-1")
    (message_id, case_id, owner), saida = answer(world, request), account(tj, "SAIDA-1")
    assert owner == "SAIDA-1"
    with tj.db.read() as session:
        (hand,) = duty.assignments(session, tj, saida, message_id)
        assert (hand.how, hand.to_user, hand.from_user) == ("STAND_IN", "SAIDA-1", "RUSTAM-1")
        assert judging.standing(session, tj, saida, case_id).on_team
        logged = select(EventRow.operation).where(EventRow.message_id == message_id)
        assert "ASSIGN" in session.scalars(logged).all()


def test_what_the_deputy_may_not_read_waits_for_the_duty_officer_and_reminders_reach_him(small: World) -> None:
    tj, request = folk(small.node("TJ")), ask(small, classification="RESTR")
    kg = small.node("KG")
    urgent = send(kg, someone(kg, "aibek"), NewDraft("REQ", recipients=("TJ",)), URGENT)
    small.sync()
    with tj.db.write() as session:
        duty.assign(session, tj, account(tj, "FARIDA-1"), Assign(urgent, "RUSTAM-1"))
    away(tj, "RUSTAM-1", "LOW-1")
    _, case_id, owner = answer(small, request)
    small.now += 4 * HOUR + 60
    timers.run(tj)
    with tj.db.read() as session:
        half = session.scalars(select(AlertRow.audience).where(AlertRow.cause == alerts.Cause.ESCALATION_50)).all()
        assert (owner, half) == (None, [alerts.owner("LOW-1")])
        assert not judging.standing(session, tj, account(tj, "LOW-1"), case_id).on_team


def test_it_begins_and_ends_by_itself_or_by_one_click(node: Node, clock: Clock) -> None:
    folk(node)
    began = clock.now
    absence = away(node, "RUSTAM-1", "SAIDA-1", (began + DAY, began + 2 * DAY))
    found = []
    for at in (began, began + DAY, began + 2 * DAY):
        clock.now = at
        found.append(deputy_of(node, "RUSTAM-1"))
    assert found == [None, "SAIDA-1", None]
    clock.now = began + DAY
    rustam = account(node, "RUSTAM-1")
    with node.db.write() as session:
        assert [one.now for one in absences.listed(session, node, rustam)] == [True]
        absences.end(session, node, rustam, absence)
        absences.end(session, node, rustam, absence)
        assert absences.listed(session, node, rustam) == ()
        events = session.scalars(select(EventRow.operation).where(EventRow.actor == "RUSTAM-1")).all()
    assert (deputy_of(node, "RUSTAM-1"), events) == (None, ["ASSIGN"])


def test_a_deputy_gets_no_role_and_no_right(lone: Node) -> None:
    folk(lone)
    before = [account(lone, user) for user in ("SAIDA-1", "NODIR-1")]
    may = [{act for act in Action if allowed(actor, act)} for actor in before]
    away(lone, "RUSTAM-1", "SAIDA-1")
    away(lone, "FARIDA-1", "NODIR-1")
    after = [account(lone, user) for user in ("SAIDA-1", "NODIR-1")]
    assert after == before
    assert [{act for act in Action if allowed(actor, act)} for actor in after] == may


def test_only_who_can_do_it_himself_stands_in(lone: Node) -> None:
    folk(lone)
    unfit = {"FARIDA-1": ("SAIDA-1", "DILNOZA-1"), "RUSTAM-1": ("NODIR-1", "RUSTAM-1", "ANORA-1", "FIU-1", "NOBODY")}
    for who, deputies in unfit.items():
        for deputy in deputies:
            with pytest.raises(DeputyUnfit):
                away(lone, who, deputy)
    with lone.db.read() as session:
        fit = [one.user_id for one in absences.deputies(session, lone, "FARIDA-1")]
    assert fit == ["NODIR-1"]


def test_a_deputy_who_is_absent_is_replaced_in_turn_and_a_circle_leads_to_nobody(lone: Node) -> None:
    folk(lone)
    away(lone, "RUSTAM-1", "SAIDA-1")
    circle = away(lone, "SAIDA-1", "RUSTAM-1")
    assert deputy_of(lone, "RUSTAM-1") is None
    with lone.db.write() as session:
        absences.end(session, lone, account(lone, "FARIDA-1"), circle)
    away(lone, "SAIDA-1", "DILNOZA-1")
    assert deputy_of(lone, "RUSTAM-1") == "DILNOZA-1"
    with lone.db.write() as session:
        session.get_one(UserRow, "DILNOZA-1").disabled_at = lone.now()
    assert deputy_of(lone, "RUSTAM-1") is None


def test_what_is_no_absence_changes_nothing(lone: Node) -> None:
    folk(lone)
    now = lone.now()
    away(lone, "RUSTAM-1", "SAIDA-1")
    with pytest.raises(AlreadyAbsent):
        away(lone, "RUSTAM-1", "DILNOZA-1")
    for ends in ((now + 2, now + 1), (now - 9, now), (now, now + 400 * DAY)):
        with pytest.raises(BadInput):
            away(lone, "SAIDA-1", "DILNOZA-1", ends)
    with pytest.raises(BadInput):
        away(lone, "ANORA-1", "SAIDA-1")
    for by, who in (("rustam", "SAIDA-1"), ("anora", "RUSTAM-1"), ("anora", "ANORA-1")):
        with pytest.raises(Denied):
            away(lone, who, "DILNOZA-1", by=by)
    with pytest.raises(NotFound), lone.db.write() as session:
        absences.end(session, lone, account(lone, "RUSTAM-1"), "x")


def test_a_person_sees_his_own_absence_and_those_in_which_he_stands_in(lone: Node) -> None:
    folk(lone)
    away(lone, "RUSTAM-1", "SAIDA-1")
    away(lone, "FARIDA-1", "NODIR-1")
    seen = {}
    for user in ("RUSTAM-1", "SAIDA-1", "LOW-1", "DILNOZA-1"):
        with lone.db.read() as session:
            seen[user] = [one.user_id for one in absences.listed(session, lone, account(lone, user))]
            speaks_for = [one.user_id for one in absences.people(session, lone, account(lone, user))]
        assert speaks_for == [user] or user == "DILNOZA-1"
    assert seen == {
        "RUSTAM-1": ["RUSTAM-1"],
        "SAIDA-1": ["RUSTAM-1"],
        "LOW-1": [],
        "DILNOZA-1": seen["DILNOZA-1"],
    }
    assert sorted(seen["DILNOZA-1"]) == ["FARIDA-1", "RUSTAM-1"]

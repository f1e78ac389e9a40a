"""Two persons: whoever asks never decides, what was approved is what is done, once and in time; the log has it all."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import insert, select, update

from exchange.database import Database
from exchange.errors import Unavailable
from nodes import approvals, timers
from nodes.approvals import DAY, NEXT, RULES, Approval, State, Step, Wanted
from nodes.errors import BadInput, Denied, NotApproved, NotFound, OutOfStep, SecondPersonNeeded
from nodes.node import MIGRATIONS, Node
from nodes.protection_tables import ApprovalRow
from nodes.tables import EventRow
from nodes.views import Actor
from schemas.codes import table
from tests.nodes.world import World

REASON = "The court acquitted him on 3 November"
_numbers = count(1)


def person(user: str, role: str) -> Actor:
    return Actor(user, user, "en", "POLICE", frozenset({role}))


DPO, SUPERVISOR, OFFICER = person("DPO-1", "DPO"), person("SUPER-1", "SUPERVISOR"), person("OFFICER-1", "OFFICER")


@pytest.fixture(scope="module")
def unit(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One unit for all tests of this file: each asks about another case."""
    opened = World.copied(template, tmp_path_factory.mktemp("approvals") / "world")
    yield opened
    opened.close()


@pytest.fixture
def node(unit: World) -> Node:
    return unit.node("TJ")


@pytest.fixture
def wanted() -> Wanted:
    return Wanted("ERASURE", f"TJ-TJ-2026-{next(_numbers):06d}", {"scope": "CASE", "cause": "ACQUITTAL"})


def ask(node: Node, wanted: Wanted) -> tuple[str, str]:
    """Ask for `wanted`; returns the id and the digest that a decider is shown."""
    with node.db.write() as session:
        approval_id = approvals.ask(session, node, DPO, wanted, REASON)
        return approval_id, approvals.get(session, node, DPO, approval_id).digest


def decide(node: Node, shown: tuple[str, str], step: Step = Step.APPROVE, who: Actor = SUPERVISOR) -> Approval:
    with node.db.write() as session:
        return approvals.decide(session, node, who, shown, step)


def take(node: Node, wanted: Wanted, who: Actor = DPO) -> Approval:
    with node.db.write() as session:
        return approvals.take(session, node, who, wanted)


def states(node: Node, wanted: Wanted) -> list[str]:
    with node.db.read() as session:
        return list(session.scalars(select(ApprovalRow.state).where(ApprovalRow.target == wanted.target)))


def test_what_a_second_person_approved_is_done_once(node: Node, wanted: Wanted) -> None:
    assert decide(node, ask(node, wanted)).state is State.APPROVED
    done = take(node, wanted, SUPERVISOR)
    assert (done.state, done.reason, done.wanted) == (State.DONE, REASON, wanted)
    with pytest.raises(NotApproved):
        take(node, wanted)


def test_nothing_is_done_before_it_is_approved_or_by_a_third_person(node: Node, wanted: Wanted) -> None:
    shown = ask(node, wanted)
    with pytest.raises(NotApproved):
        take(node, wanted)
    decide(node, shown)
    with pytest.raises(NotApproved):
        take(node, wanted, person("DPO-2", "DPO"))


def test_one_byte_changed_after_the_approval_voids_it(node: Node, wanted: Wanted) -> None:
    decide(node, ask(node, wanted))
    changes = (
        {"parameters": {"scope": "CASE", "cause": "ACQUITTAM"}},
        {"parameters": {**wanted.parameters, "more": ""}},
        {"author": "RUSTAM-1"},
        {"target": wanted.target + "1"},
    )
    for change in changes:
        with pytest.raises(NotApproved):
            take(node, replace(wanted, **change))
    assert take(node, wanted).state is State.DONE


def test_a_decider_decides_exactly_what_he_was_shown(node: Node, wanted: Wanted) -> None:
    approval_id, digest = ask(node, wanted)
    with pytest.raises(NotApproved):
        decide(node, (approval_id, ("1" if digest[0] == "0" else "0") + digest[1:]))
    with pytest.raises(NotFound):
        decide(node, ("f" * 32, digest))
    assert states(node, wanted) == ["ASKED"]


@pytest.mark.parametrize("who", ["DPO-1", "RUSTAM-1"])
def test_neither_the_asker_nor_the_author_decides_even_with_the_role(node: Node, wanted: Wanted, who: str) -> None:
    shown, one = ask(node, replace(wanted, author="RUSTAM-1")), person(who, "SUPERVISOR")
    with pytest.raises(SecondPersonNeeded):
        decide(node, shown, who=one)
    with node.db.read() as session:
        assert shown[0] not in {found.approval_id for found in approvals.pending(session, node, one)}
        assert shown[0] in {found.approval_id for found in approvals.pending(session, node, SUPERVISOR)}


@pytest.mark.parametrize("column", ["asked_by", "author"])
def test_the_database_itself_refuses_one_person_in_two_parts(database_url: str, column: str) -> None:
    database = Database(database_url)
    database.upgrade(MIGRATIONS)
    row = {"approval_id": "x", "what": "ERASURE", "target": "x", "digest": "x", "sealed": b"", "asked_by": "DPO-1"}
    with database.write() as session:
        session.execute(insert(ApprovalRow).values(**row, author="EVE-2", asked_at=0, expires=1, state="ASKED"))
    one = {"asked_by": "EVE-1", "author": "EVE-2", column: "EVE-1", "decided_by": "EVE-1", "state": "APPROVED"}
    for values in (one if column == "asked_by" else {**one, "asked_by": "DPO-1"}, {"state": "DONE"}):
        with pytest.raises(Unavailable), database.write() as session:
            session.execute(update(ApprovalRow).values(values))
    database.close()


def test_of_two_decisions_the_second_finds_it_decided(node: Node, wanted: Wanted) -> None:
    shown = ask(node, wanted)
    decide(node, shown)
    for step in (Step.APPROVE, Step.REFUSE):
        with pytest.raises(OutOfStep):
            decide(node, shown, step, person("SUPER-2", "SUPERVISOR"))


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_an_approval_ends_in_the_very_second_whether_the_timer_ran_or_not(
    unit: World, node: Node, wanted: Wanted, late: int
) -> None:
    decide(node, ask(node, wanted))
    unit.now += RULES["ERASURE"].lifetime + late
    if late < 0:
        assert take(node, wanted).state is State.DONE
        return
    with pytest.raises(NotApproved):
        take(node, wanted)
    timers.run(node)
    assert states(node, wanted) == ["EXPIRED"]


def test_what_is_refused_or_withdrawn_can_be_asked_for_again_and_nothing_twice_at_once(
    unit: World, node: Node, wanted: Wanted
) -> None:
    shown = ask(node, wanted)
    with pytest.raises(OutOfStep):
        ask(node, wanted)
    decide(node, shown, Step.REFUSE)
    unit.now += 1
    again, _ = ask(node, wanted)
    with pytest.raises(NotFound), node.db.write() as session:
        approvals.withdraw(session, node, SUPERVISOR, again)
    with node.db.write() as session:
        approvals.withdraw(session, node, DPO, again)
    with pytest.raises(OutOfStep), node.db.write() as session:
        approvals.withdraw(session, node, DPO, again)
    with node.db.read() as session:
        assert [one.state for one in approvals.asked(session, node, DPO)][:2] == [State.WITHDRAWN, State.REFUSED]


def test_who_may_not_ask_or_decide_is_denied_and_sees_nothing(node: Node, wanted: Wanted) -> None:
    shown = ask(node, wanted)
    with pytest.raises(Denied), node.db.write() as session:
        approvals.ask(session, node, OFFICER, replace(wanted, target="x"), REASON)
    with pytest.raises(Denied):
        decide(node, shown, who=OFFICER)
    with pytest.raises(NotFound), node.db.read() as session:
        approvals.get(session, node, OFFICER, shown[0])
    with pytest.raises(NotFound), node.db.read() as session:
        approvals.get(session, node, DPO, "f" * 32)
    with pytest.raises(BadInput), node.db.write() as session:
        approvals.ask(session, node, DPO, replace(wanted, target="x"), "why not")


def test_every_step_is_in_the_log_with_the_digest_and_without_a_word_of_it(node: Node, wanted: Wanted) -> None:
    shown = ask(node, wanted)
    decide(node, shown)
    take(node, wanted)
    with node.db.read() as session:
        newest = session.execute(
            select(EventRow.index, EventRow.operation).order_by(EventRow.index.desc()).limit(3)
        ).all()
        leaves = b"".join(node.log.entry(session, index) for index, _ in newest)
    assert [operation for _, operation in newest] == ["PERMISSION_GRANT", "APPROVE", "PERMISSION_ASK"]
    assert leaves.count(shown[1].encode()) == 3
    assert b"acquitted" not in leaves
    assert wanted.target.encode() not in leaves


def test_every_state_is_reached_or_final_and_every_rule_is_a_code() -> None:
    assert {state for state, _ in NEXT} == {State.ASKED, State.APPROVED}
    assert {*NEXT.values(), State.ASKED} == set(State)
    assert set(RULES) <= set(table("four_eyes"))
    assert all(rule.lifetime >= DAY for rule in RULES.values())

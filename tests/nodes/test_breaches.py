"""A breach is told within 72 hours, in phases if need be, and later only with the reason for the delay."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from nodes import breaches, timers
from nodes.breaches import FIRST, HOUR, TIME, WARNING, Account
from nodes.errors import BadInput, Denied, NotFound, OutOfStep
from nodes.node import Node
from nodes.tables import AlertRow, EventRow
from nodes.views import Actor
from tests.nodes.world import World

DPO = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO"}))
OFFICER = Actor("OFFICER-1", "O", "en", "POLICE", frozenset({"OFFICER"}))
KNOWN = Account(**dict.fromkeys(FIRST, "A laptop with printed answers was lost"))


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    opened = World.copied(template, tmp_path_factory.mktemp("breaches") / "world")
    yield opened
    opened.close()


@pytest.fixture
def node(units: World) -> Node:
    return units.node("TJ")


def recorded(node: Node, ago: int = 0) -> str:
    with node.db.write() as session:
        return breaches.record(session, node, DPO, node.now() - ago, KNOWN)


def told(node: Node, breach_id: str, late: str = "") -> None:
    with node.db.write() as session:
        breaches.tell_authority(session, node, DPO, breach_id, late)


def shown(node: Node, breach_id: str) -> breaches.Breach:
    with node.db.read() as session:
        return next(one for one in breaches.breaches(session, node, DPO) if one.breach_id == breach_id)


@pytest.mark.parametrize("name", FIRST)
def test_the_first_report_says_something_of_every_point(node: Node, name: str) -> None:
    with pytest.raises(BadInput, match=name), node.db.write() as session:
        breaches.record(session, node, DPO, node.now(), KNOWN.model_copy(update={name: " "}))


def test_a_breach_is_not_of_the_future_and_nobody_elses_business(node: Node) -> None:
    with pytest.raises(BadInput, match="detected"), node.db.write() as session:
        breaches.record(session, node, DPO, node.now() + 1, KNOWN)
    with pytest.raises(Denied), node.db.write() as session:
        breaches.record(session, node, OFFICER, node.now(), KNOWN)
    with pytest.raises(Denied), node.db.read() as session:
        breaches.breaches(session, node, OFFICER)
    with pytest.raises(NotFound), node.db.write() as session:
        breaches.tell_partners(session, node, DPO, "f" * 32)


@pytest.mark.parametrize("over", [-1, 0])
def test_until_the_last_second_of_the_72_hours_no_reason_is_asked_for(node: Node, over: int) -> None:
    breach = recorded(node, TIME + over)
    told(node, breach)
    assert shown(node, breach).authority_at == node.now()
    with pytest.raises(OutOfStep):
        told(node, breach)


def test_after_72_hours_the_reason_for_the_delay_is_written_down(node: Node) -> None:
    breach = recorded(node, TIME + 1)
    with pytest.raises(BadInput, match="late"):
        told(node, breach)
    told(node, breach, "It was found on a holiday")
    assert shown(node, breach).phases[-1].account.late == "It was found on a holiday"


def test_what_is_learned_later_is_another_phase_and_the_first_stays(node: Node) -> None:
    breach = recorded(node)
    with node.db.write() as session:
        breaches.add(session, node, DPO, breach, Account(nature="It was found again"))
        breaches.tell_partners(session, node, DPO, breach)
    with pytest.raises(BadInput), node.db.write() as session:
        breaches.add(session, node, DPO, breach, Account(nature=" "))
    with pytest.raises(OutOfStep), node.db.write() as session:
        breaches.tell_partners(session, node, DPO, breach)
    found = shown(node, breach)
    assert [phase.account.nature for phase in found.phases] == [KNOWN.nature, "It was found again"]
    assert found.partners_at == node.now()


@pytest.mark.parametrize(("ago", "causes"), [(WARNING - HOUR, []), (WARNING, [48]), (TIME, [48, 72])])
def test_the_officer_is_alarmed_after_two_thirds_of_the_time_and_at_its_end(
    node: Node, ago: int, causes: list[int]
) -> None:
    breach = recorded(node, ago)
    timers.run(node)
    with node.db.read() as session:
        found = session.scalars(select(AlertRow.cause).where(AlertRow.subject == breach)).all()
    assert sorted(found) == sorted({48: "BREACH_DUE", 72: "BREACH_OVERDUE"}[hours] for hours in causes)


def test_the_log_says_that_and_when_but_no_word_of_it(node: Node) -> None:
    recorded(node)
    with node.db.read() as session:
        newest = session.scalars(select(EventRow.index).where(EventRow.operation == "BREACH")).all()[-1]
        assert b"laptop" not in node.log.entry(session, newest)

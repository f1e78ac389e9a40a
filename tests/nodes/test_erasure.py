"""Erasure by destruction of the key: two persons, nothing readable anywhere afterwards, and every proof still holds."""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.audit_findings import Findings
from crypto import envelope as cme
from exchange.policy.rulebook import Rulebook, federation_texts
from nodes import approvals, cases, drafts, erasure, evidence, messages, reading, retention, storing
from nodes.approvals import Step
from nodes.audit_rows import NodeRows
from nodes.drafts import NewDraft
from nodes.erasure import Plan
from nodes.errors import BadInput, NotApproved, NotFound, OutOfStep, Refused
from nodes.fingerprint_tables import FingerprintRow
from nodes.node import Node
from nodes.protection_tables import ErasureRow
from nodes.retention import Order
from nodes.retention_errors import Erased
from nodes.tables import CaseRow, DraftRow, EventRow, KeyRow, MessageRow
from nodes.views import Actor
from schemas import entries
from tests.instants import DAY
from tests.nodes.world import World, send, someone

REASON = "The court acquitted him on 3 November"
DPO = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO"}))
SUPERVISOR = Actor("SUPER-1", "S", "en", "POLICE", frozenset({"SUPERVISOR"}))


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for all tests of this file: each sends a request of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("erasure") / "world")
    yield opened
    opened.close()


@pytest.fixture
def asked(units: World) -> str:
    """A request from Tajikistan that Kyrgyzstan has, and that is on its way no more."""
    message = send(units.node("TJ"), someone(units.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    units.sync("TJ", "KG", "TJ", rounds=1)
    return message


def case_of(node: Node, message_id: str) -> str:
    with node.db.read() as session:
        return cases.of(session, session.get_one(MessageRow, message_id).case_id).case_ref


def erase(node: Node, plan: Plan) -> None:
    with node.db.write() as session:
        approval_id = erasure.ask(session, node, DPO, plan, REASON)
        shown = approval_id, approvals.get(session, node, DPO, approval_id).digest
    with node.db.write() as session:
        approved = approvals.decide(session, node, SUPERVISOR, shown, Step.APPROVE)
        erasure.carry_out(session, node, SUPERVISOR, approved)


def whole(node: Node, message_id: str) -> Plan:
    return Plan(case_of(node, message_id), "ACQUITTAL")


def test_nobody_reads_an_erased_case_in_any_way(units: World, asked: str) -> None:
    node, farida = units.node("TJ"), someone(units.node("TJ"), "farida")
    plan, prints = whole(node, asked), select(FingerprintRow).where(FingerprintRow.message_id == asked)
    with node.db.read() as session:
        assert session.scalars(prints).all()
    erase(node, plan)
    ways: tuple[Callable[[Session], object], ...] = (
        lambda session: messages.read(session, node, farida, asked),
        lambda session: reading.case(session, node, farida, plan.case_ref),
        lambda session: plain(node, session, asked),
        lambda session: drafts.create(session, node, someone_duty(), NewDraft("WDR", in_reply_to=asked)),
    )
    for way in ways:
        with pytest.raises(Erased), node.db.write() as session:
            way(session)
    with node.db.write() as session:
        assert asked not in {row.message_id for row in reading.search(session, node, farida, "heroin", "review")}
        assert plan.case_ref not in {line.case_ref for line in reading.cases(session, node, farida)}
        assert not session.scalars(prints).all()


def plain(node: Node, session: Session, message_id: str) -> bytes:
    row = session.get_one(MessageRow, message_id)
    return storing.plain_of(node, cases.of(session, row.case_id), row)


def someone_duty() -> Actor:
    return Actor("DILNOZA-1", "D", "en", "POLICE", frozenset({"SPOC_DUTY"}))


def test_who_when_and_why_stands_in_place_of_the_content(units: World, asked: str) -> None:
    node = units.node("TJ")
    erase(node, whole(node, asked))
    with node.db.read() as session:
        row = session.get_one(MessageRow, asked)
        found = erasure.of(session, node, row.case_id, asked)
        assert found.case_ref in {one.case_ref for one in erasure.done(session, node)}
        with pytest.raises(NotFound):
            erasure.of(session, node, "no case", None)
    assert (found.cause, found.reason, found.asked_by, found.approved_by) == ("ACQUITTAL", REASON, "DPO-1", "SUPER-1")


def test_one_message_is_erased_and_the_rest_of_its_case_stays(units: World, asked: str) -> None:
    node, dilnoza = units.node("TJ"), someone(units.node("TJ"), "dilnoza")
    ref = case_of(node, asked)
    other = send(node, dilnoza, NewDraft("WDR", in_reply_to=asked))
    units.sync("TJ", "KG", "TJ", rounds=1)
    with node.db.write() as session:
        draft = drafts.create(session, node, dilnoza, NewDraft("REQ", recipients=("KG",), case_ref=ref)).draft_id
    erase(node, Plan(ref, "UNLAWFUL", asked))
    with node.db.write() as session:
        assert messages.read(session, node, dilnoza, other).row.case_ref == ref
        assert session.get(DraftRow, draft) is not None
    with pytest.raises(Erased, match="erased"), node.db.write() as session:
        messages.read(session, node, dilnoza, asked)
    with pytest.raises(Refused) as again, node.db.write() as session:
        erasure.ask(session, node, DPO, Plan(ref, "UNLAWFUL", asked), REASON)
    assert rules(again.value) == ["ERASED"]


def rules(refused: Refused) -> list[str]:
    return [rule.name for rule in refused.rules]


def test_an_arrival_as_it_travelled_goes_while_one_of_our_keys_opens_it(units: World, asked: str) -> None:
    node = units.node("KG")
    erase(node, whole(node, asked))
    with node.db.read() as session:
        assert session.get_one(MessageRow, asked).envelope == b""
    ours = units.node("TJ")
    erase(ours, whole(ours, asked))
    with ours.db.read() as session:
        assert cme.parse(session.get_one(MessageRow, asked).envelope).eid == session.get_one(MessageRow, asked).eid


def test_an_arrival_under_a_key_that_is_gone_keeps_its_proof(units: World, asked: str) -> None:
    node = units.node("KG")
    with node.db.write() as session:
        living = session.scalars(select(KeyRow).where(KeyRow.purpose == "ENCRYPTION", KeyRow.erased_at.is_(None))).all()
        for key in living:
            key.erased_at = units.now
    erase(node, whole(node, asked))
    with node.db.write() as session:
        assert session.get_one(MessageRow, asked).envelope
        for key in living:
            session.merge(key).erased_at = None


def test_the_log_still_verifies_and_says_no_word_of_what_was_erased(units: World, asked: str) -> None:
    node = units.node("TJ")
    plan = whole(node, asked)
    erase(node, plan)
    with node.db.read() as session:
        keys = node.log.keys
        assert keys is not None
        assert node.log.verify(session, keys).size > 0
        eid = session.get_one(MessageRow, asked).eid
        one = select(EventRow.index).where(EventRow.operation == "ERASE", EventRow.eid == eid)
        leaf = node.log.entry(session, session.scalars(one).one())
        case_id = session.get_one(MessageRow, asked).case_id
        assert set(session.scalars(select(EventRow.sealed).where(EventRow.case_id == case_id))) == {None}
        assert session.get_one(CaseRow, case_id).wrapped_key is None
    assert b'"CASE","ACQUITTAL"' in leaf
    assert plan.case_ref.encode() not in leaf
    assert b"court" not in leaf


def test_the_rows_still_agree_with_the_log_unless_the_log_says_nothing_of_the_erasure(units: World, asked: str) -> None:
    node = units.node("KG")
    assert counts(node)["ROWS_MATCH"] == 1
    erase(node, whole(node, asked))
    assert counts(node)["ROWS_MATCH"] == 1
    other = send(units.node("TJ"), someone(units.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    units.sync("TJ", "KG", rounds=1)
    with node.db.write() as session:
        wire, session.get_one(MessageRow, other).envelope = session.get_one(MessageRow, other).envelope, b""
    assert counts(node)["ENVELOPE_ALTERED"] == 1
    with node.db.write() as session:
        session.get_one(MessageRow, other).envelope = wire


def counts(node: Node) -> Counter[str]:
    """Hold every row against the log, as the node itself and an audit do."""
    found = Findings()
    with node.db.read() as session:
        rows = NodeRows(session, found, node.log, node.store.kek)
        rows.take([(at, entries.parse(wire)) for at, wire in enumerate(node.log.entries(session, 0, size(node)))])
        rows.finish()
    return found.counts


def size(node: Node) -> int:
    with node.db.read() as session:
        return node.log.head(session).size


def test_the_evidence_of_an_erased_message_is_its_envelope_alone_or_nothing(units: World, asked: str) -> None:
    node = units.node("KG")
    erase(node, whole(node, asked))
    with pytest.raises(NotFound):
        evidence.export(node, someone(node, "otabek"), evidence.Wanted(message_id=asked), io.BytesIO())


def test_a_hold_forbids_the_erasure_when_asked_for_and_when_carried_out(units: World, asked: str) -> None:
    node = units.node("TJ")
    plan = whole(node, asked)
    with node.db.write() as session:
        approval_id = erasure.ask(session, node, DPO, plan, REASON)
        shown = approval_id, approvals.get(session, node, DPO, approval_id).digest
        hold = retention.hold(session, node, DPO, Order(plan.case_ref, "City court", "1-77/26", units.now + DAY))
    with pytest.raises(Refused) as done, node.db.write() as session:
        erasure.carry_out(session, node, SUPERVISOR, approvals.decide(session, node, SUPERVISOR, shown, Step.APPROVE))
    with pytest.raises(Refused) as wanted, node.db.write() as session:
        erasure.ask(session, node, DPO, Plan(plan.case_ref, "UNLAWFUL", asked), REASON)
    assert rules(done.value) == rules(wanted.value) == ["LEGAL-HOLD"]
    with node.db.write() as session:
        retention.lift(session, node, DPO, hold)
        erasure.carry_out(session, node, SUPERVISOR, approvals.decide(session, node, SUPERVISOR, shown, Step.APPROVE))


OWN_RULE = """
@id("TJ-KEEPS-REQUESTS") @law("order 7") @en("Nothing restricted is erased.") @ru("Ограниченное не уничтожается.")
forbid (principal, action in [Serai::Action::"ERASE", Serai::Action::"HOLD"], resource is Serai::Item)
when { resource.family == "operational" && resource.handling.contains("H0") };
"""


def test_the_rules_are_asked_for_every_message_of_a_case(units: World, asked: str) -> None:
    node, plan = units.node("TJ"), whole(units.node("TJ"), asked)
    bound = replace(DPO, rules=Rulebook(federation_texts(), {"own.cedar": OWN_RULE}))
    order = Order(plan.case_ref, "City court", "1-77/26", units.now + DAY)
    ways: tuple[Callable[[Session], object], ...] = (
        lambda session: erasure.ask(session, node, bound, plan, REASON),
        lambda session: erasure.ask(session, node, bound, replace(plan, message_id=asked), REASON),
        lambda session: retention.hold(session, node, bound, order),
        lambda session: retention.lift(session, node, bound, retention.hold(session, node, DPO, order)),
    )
    for way in ways:
        with pytest.raises(Refused) as refused, node.db.write() as session:
            way(session)
        assert rules(refused.value) == ["TJ-KEEPS-REQUESTS"]


def test_what_was_erased_is_neither_held_nor_erased_again(units: World, asked: str) -> None:
    node, plan = units.node("TJ"), whole(units.node("TJ"), asked)
    erase(node, plan)
    order = Order(plan.case_ref, "City court", "1-77/26", units.now + DAY)
    ways: tuple[Callable[[Session], object], ...] = (
        lambda session: retention.hold(session, node, DPO, order),
        lambda session: erasure.ask(session, node, DPO, plan, REASON),
    )
    for again in ways:
        with pytest.raises(Refused) as refused, node.db.write() as session:
            again(session)
        assert rules(refused.value) == ["ERASED"]


def test_nothing_is_erased_without_a_second_person_or_with_other_parameters(units: World, asked: str) -> None:
    node = units.node("TJ")
    plan = whole(node, asked)
    with node.db.write() as session:
        approval_id = erasure.ask(session, node, DPO, plan, REASON)
        asked_for = approvals.get(session, node, DPO, approval_id)
    with pytest.raises(NotApproved), node.db.write() as session:
        erasure.carry_out(session, node, DPO, asked_for)
    with node.db.read() as session:
        assert session.scalars(select(ErasureRow).where(ErasureRow.message_id == asked)).all() == []
        assert cases.by_ref(session, plan.case_ref).wrapped_key is not None


def test_what_is_on_its_way_unknown_or_without_a_cause_is_not_erased(units: World) -> None:
    node = units.node("TJ")
    sent = send(node, someone(node, "rustam"), NewDraft("REQ", recipients=("KG",)))
    ref = case_of(node, sent)
    faults: tuple[tuple[Plan, type[Exception]], ...] = (
        (Plan(ref, "ACQUITTAL"), OutOfStep),
        (Plan(ref, "BECAUSE"), BadInput),
        (Plan(ref, "ACQUITTAL", "no message"), NotFound),
        (Plan("TJ-TJ-1999-000001", "ACQUITTAL"), NotFound),
    )
    for plan, fault in faults:
        with pytest.raises(fault), node.db.write() as session:
            erasure.ask(session, node, DPO, plan, REASON)

"""The same asked before: warned of before sealing and at the receiver, as far as the rules let the reader see it."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from exchange.policy.facts import Act
from nodes import asking, cases, checking, drafts, messages, outbox, restrictions
from nodes.account_tables import UserRow
from nodes.asking import FIRST_TIME, Again, Asked, Channel, Closed
from nodes.asking_errors import AskedBefore
from nodes.audit_rows import words_of
from nodes.drafts import NewDraft, Saved
from nodes.fingerprint_tables import FingerprintRow
from nodes.node import Node
from nodes.outbox import Checked, Order
from nodes.tables import CaseRow, EventRow, MessageRow
from nodes.views import Actor, Draft, DraftForm
from tests.messages import AT_RISK, BODIES, form_labels, graded, request
from tests.nodes.world import World, officer, send, someone

REASON = "The court asks for the border crossings of this year"
SIENA = {"channel": "SIENA", "reference": "1234-5", "date": "2026-11-02"}


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for the tests of this file on SQLite: each asks about a person of its own."""
    opened = World.copied(template, tmp_path_factory.mktemp("asking") / "world")
    yield opened
    opened.close()


def passport(number: str, **changes: Any) -> dict[str, Any]:
    """A person known by a passport alone."""
    name = {"name_type": "MAIN", "family": "Назаров", "given": "Фирдавс", "script": "CYRL"}
    papers = [{"type": "PASSPORT", "number": number, "issuer": "TJ"}]
    return graded(object_type="PERSON", object_id="P1", category="SUSPECT", names=[name], identity=papers, **changes)


def body(number: str, crime_area: str = "DRUGS.HEROIN") -> dict[str, Any]:
    items = [{**request()["requested_items"][0], "about": ["P1"]}]
    offence = {**request()["offence"], "crime_area": crime_area}
    return {"requested_items": items, "objects": [passport(number)], "offence": offence}


def ask(node: Node, actor: Actor, number: str, **labels: Any) -> str:
    return send(node, actor, NewDraft("REQ", recipients=("KG",)), labels, **body(number))


def write(node: Node, actor: Actor, number: str, crime_area: str = "DRUGS.HEROIN", unit: str = "KZ") -> Draft:
    """A draft of a request about the holder of a passport."""
    form = DraftForm((unit,), form_labels(), {**BODIES["REQ"], **body(number, crime_area)})
    with node.db.write() as session:
        draft = drafts.create(session, node, actor, NewDraft("REQ", recipients=(unit,)))
        return drafts.save(session, node, actor, Saved(draft.draft_id, draft.revision, form))


def asked(node: Node, actor: Actor, draft: Draft) -> Asked:
    with node.db.write() as session:
        return asking.by_us(session, node, actor, checking.own(session, node, actor, draft.draft_id))


def seal(node: Node, actor: Actor, draft: Draft, again: Again = FIRST_TIME) -> str:
    with node.db.write() as session:
        return outbox.seal(session, node, actor, Checked(draft.draft_id, draft.revision, again))


def arrived(node: Node, actor: Actor, message_id: str) -> Asked:
    with node.db.write() as session:
        return asking.by_others(session, node, actor, messages.opened(session, node, actor, message_id, Act.READ))


def logged(node: Node, message_id: str) -> list[str]:
    """The reasons of all that the log says was brought together with a message; a look has none."""
    chosen = select(EventRow, CaseRow).outerjoin(CaseRow, CaseRow.case_id == EventRow.case_id)
    with node.db.read() as session:
        rows = session.execute(chosen.where(EventRow.operation == "COMBINE", EventRow.message_id == message_id))
        return [(words_of(node.store.kek, row, case) or {})["justification"] for row, case in rows]


def test_the_same_is_asked_again_only_after_the_warning_and_for_a_reason_on_each_engine(world: World) -> None:
    tj = world.node("TJ")
    rustam = someone(tj, "rustam")
    first = ask(tj, rustam, "A 100-0001", other_channel_refs=[SIENA])
    draft = write(tj, rustam, "А1000001")
    warned = asked(tj, rustam, draft)
    (one,) = warned.earlier
    assert (one.message_id, one.unit, one.agency, one.recipients) == (first, "TJ", "POLICE", ("KG",))
    assert (one.reference, one.channels) == ("TJ-TJ-2026-000001", (Channel("SIENA", "1234-5", "2026-11-02"),))
    for again in (FIRST_TIME, Again(warned.warning, "too short"), Again("0" * 64, REASON)):
        with pytest.raises(AskedBefore):
            seal(tj, rustam, draft, again)
    second = seal(tj, rustam, draft, Again(warned.warning, REASON))
    assert logged(tj, first) == [""]
    assert logged(tj, second) == ["", REASON]


def test_the_warning_holds_for_exactly_the_text_that_it_was_given_for(units: World) -> None:
    tj = units.node("TJ")
    rustam = someone(tj, "rustam")
    for number in ("A1000002", "A1000003"):
        ask(tj, rustam, number)
    draft = write(tj, rustam, "A1000002")
    warned = asked(tj, rustam, draft).warning
    form = DraftForm(draft.recipients, draft.common, {**draft.body, **body("A1000003")})
    with tj.db.write() as session:
        changed = drafts.save(session, tj, rustam, Saved(draft.draft_id, draft.revision, form))
    with pytest.raises(AskedBefore):
        seal(tj, rustam, changed, Again(warned, REASON))
    assert seal(tj, rustam, changed, Again(asked(tj, rustam, changed).warning, REASON))


@pytest.mark.parametrize(
    ("first", "number", "crime_area", "expected"),
    [
        ("A2000001", "A2000001", "DRUGS.HEROIN", 1),
        ("A2000002", "A2000002", "DRUGS.OPIUM", 1),
        ("A2000003", "A2000003", "DRUGS", 1),
        ("A2000004", "A2000004", "MURDER", 0),
        ("A2000005", "A2000006", "DRUGS.HEROIN", 0),
    ],
)
def test_a_request_is_the_same_by_its_subject_and_the_kind_of_its_offence(
    units: World, first: str, number: str, crime_area: str, expected: int
) -> None:
    tj = units.node("TJ")
    rustam = someone(tj, "rustam")
    ask(tj, rustam, first)
    assert len(asked(tj, rustam, write(tj, rustam, number, crime_area)).earlier) == expected


def test_two_of_the_same_sealed_at_one_moment_do_not_pass_each_other_unseen(units: World) -> None:
    tj = units.node("TJ")
    form = DraftForm(("KG",), form_labels(), {**BODIES["REQ"], **body("A3000001")})
    order = Order(someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)), form)
    with pytest.raises(AskedBefore), tj.db.write() as session:
        outbox.send_all(session, tj, [order, order])


def test_behind_an_agency_wall_one_learns_that_another_agency_asked_and_who_may_look(units: World) -> None:
    tj = units.node("TJ")
    with tj.db.write() as session:
        customs = officer(session, "aibek", "CUSTOMS")
    someone(tj, "farida")
    first = ask(tj, someone(tj, "rustam"), "A4000001", other_channel_refs=[SIENA])
    warned = asked(tj, customs, write(tj, customs, "A4000001"))
    assert warned == Asked(warned.warning, closed=(Closed(own_agency=False, supervisors=("Farida",)),))
    with tj.db.read() as session:
        case = cases.of(session, session.get_one(MessageRow, first).case_id).case_ref
    assert not [one for one in (first, case, "KG", "1234-5", "Rustam", "POLICE") if one in repr(warned)]


def test_a_colleague_of_another_case_learns_that_his_agency_asked_and_no_more(units: World) -> None:
    kz = units.node("KZ")
    ask(kz, someone(kz, "rustam"), "A4000002")
    aibek, farida = someone(kz, "aibek"), someone(kz, "farida")
    draft = write(kz, aibek, "A4000002", unit="KG")
    assert asked(kz, aibek, draft).closed == (Closed(own_agency=True, supervisors=("Farida",)),)
    with kz.db.write() as session:
        session.get_one(UserRow, farida.user_id).clearance = "UNCL"
    warned = asked(kz, aibek, draft)
    assert (warned.earlier, warned.closed) == ((), (Closed(own_agency=True, supervisors=()),))


def test_what_may_not_be_kept_any_longer_is_found_no_more(units: World) -> None:
    tj = units.node("TJ")
    rustam = someone(tj, "rustam")
    first = ask(tj, rustam, "A5000001")
    with tj.db.write() as session:
        cases.of(session, session.get_one(MessageRow, first).case_id).expires = units.now
    assert asked(tj, rustam, write(tj, rustam, "A5000001")) == Asked()


def test_the_receiver_sees_who_asked_before_and_of_an_unread_restriction_only_that_it_is_there(units: World) -> None:
    tj, kz, kg = units.node("TJ"), units.node("KZ"), units.node("KG")
    text = {"handling_text": "Only the team of the case may read it.", "other_channel_refs": [SIENA]}
    first = ask(kz, someone(kz, "rustam"), "A6000001", **{**AT_RISK, **text, "handling": ["H3"]})
    units.sync("KZ", "KG", rounds=1)
    second = ask(tj, someone(tj, "rustam"), "A6000001")
    units.sync("TJ", "KG", rounds=1)
    duty = someone(kg, "dilnoza")
    assert arrived(kg, duty, second) == Asked(unread=(first,))
    with kg.db.write() as session:
        restrictions.confirm(session, kg, duty, first)
    (one,) = arrived(kg, duty, second).earlier
    assert (one.agency, one.channels) == ("POLICE", (Channel("SIENA", "1234-5", "2026-11-02"),))
    assert logged(kg, first) == ["", ""]
    assert arrived(kg, someone(kg, "farida"), second) == Asked(), "who may read it and not work on it compares nothing"
    assert arrived(tj, someone(tj, "rustam"), second) == Asked()


def test_a_row_tells_nothing_of_the_subject_and_another_unit_has_other_fingerprints(units: World) -> None:
    tj, kg = units.node("TJ"), units.node("KG")
    message = ask(tj, someone(tj, "rustam"), "A7000001")
    units.sync("TJ", "KG", rounds=1)
    found = []
    for node in (tj, kg):
        with node.db.read() as session:
            rows = session.scalars(select(FingerprintRow).where(FingerprintRow.message_id == message))
            found.append({row.fingerprint for row in rows})
    assert [len(one) for one in found] == [1, 1]
    assert found[0].isdisjoint(found[1])
    assert all(len(one) == 64 and set(one) <= set("0123456789abcdef") for one in found[0] | found[1])
    named = hashlib.sha256(b"DOCUMENT.number:A7000001").hexdigest()
    assert named not in found[0]

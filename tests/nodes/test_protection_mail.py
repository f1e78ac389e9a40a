"""What data-protection officers say to each other: breaches told, owners consulted, and nobody else reads it."""

from collections.abc import Iterator

import pytest

from nodes import breaches, data_subjects, drafts, inbox, messages, register
from nodes.breaches import Account
from nodes.data_subjects import Consent, Person
from nodes.drafts import NewDraft
from nodes.errors import BadInput, Denied, NotFound
from nodes.tables import DeliveryRow
from nodes.views import InboxQuery
from schemas.items import Item
from tests.instants import HOUR
from tests.messages import held
from tests.nodes.permits import arrived, lie, refused
from tests.nodes.world import World, send, someone

HIM = Person("Karimov Rustam")
ACCOUNT = Account(
    nature="A laptop was lost.",
    categories="Names",
    subjects="3",
    records="about ten",
    consequences="None known",
    measures="Keys changed",
    contact="DPO",
)


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Units for the tests of this file."""
    opened = World.copied(template, tmp_path_factory.mktemp("protection") / "world")
    yield opened
    opened.close()


def told(world: World, unit: str) -> list[tuple[str, str, str | None]]:
    """The list of a data-protection officer: kind, state and subject, the last first."""
    node = world.node(unit)
    actor = someone(node, "dilshod")
    with node.db.read() as session:
        return [(row.kind, row.state, row.subject) for row in register.protection(session, node, actor)]


def test_a_breach_is_told_with_what_is_on_record_and_acknowledged(units: World) -> None:
    tj, dpo = units.node("TJ"), someone(units.node("TJ"), "dilshod")
    with tj.db.write() as session:
        breach = breaches.record(session, tj, dpo, units.now - HOUR, ACCOUNT)
        breaches.add(session, tj, dpo, breach, Account(nature="It was stolen.", records="12"))
        draft_id = breaches.begin_notice(session, tj, dpo, breach)
        draft = drafts.get(session, tj, dpo, draft_id)
    assert (draft.body["nature"], draft.body["subjects"], draft.body["records"]) == ("It was stolen.", 3, 12)
    sent = send(tj, dpo, NewDraft("BRN", recipients=("KG",)))
    units.sync("TJ", "KG", "TJ", rounds=1)
    assert told(units, "KG")[0][:2] == ("BRN", "RECEIVED")
    kg = units.node("KG")
    send(kg, someone(kg, "dilshod"), NewDraft("BRA", in_reply_to=sent))
    units.sync("KG", "TJ", rounds=1)
    assert ("BRN", "DONE") in {line[:2] for line in told(units, "TJ")}


def test_nobody_but_the_protection_officer_reads_writes_or_sees_them(units: World) -> None:
    tj, kg = units.node("TJ"), units.node("KG")
    sent = send(tj, someone(tj, "dilshod"), NewDraft("BRN", recipients=("KG",)))
    units.sync("TJ", "KG", rounds=1)
    for who in ("dilnoza", "farida"):
        actor = someone(kg, who)
        with pytest.raises(NotFound), kg.db.write() as session:
            messages.read(session, kg, actor, sent)
        with kg.db.read() as session:
            listed = inbox.page(session, kg, actor, InboxQuery(size=200)).rows
        assert sent not in {row.message_id for row in listed}
        with pytest.raises(Denied), kg.db.write() as session:
            drafts.create(session, kg, actor, NewDraft("BRN"))
    dpo = someone(kg, "dilshod")
    with kg.db.write() as session:
        assert messages.read(session, kg, dpo, sent).row.kind == "BRN"
    units.sync("KG", "TJ", rounds=1)
    with tj.db.read() as session:
        assert session.get_one(DeliveryRow, (sent, "KG")).opened is not None


def test_the_owner_is_consulted_and_its_answer_decides_what_is_told(units: World) -> None:
    tj, kg = units.node("TJ"), units.node("KG")
    given = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    units.sync("TJ", "KG", rounds=1)
    dpo = someone(kg, "dilshod")
    found = data_subjects.look_up(kg, dpo, HIM, "Request 14/2026 of a person")
    assert Item(given, "P1") in data_subjects.items(found, "TJ")
    with kg.db.write() as session:
        assert data_subjects.consents(session, found, "KG") == {"TJ": Consent.WAITING}
        with pytest.raises(BadInput):
            data_subjects.consult(session, kg, dpo, "TJ", ())
        begun = data_subjects.consult(session, kg, dpo, "TJ", data_subjects.items(found, "TJ"))
        draft = drafts.get(session, kg, dpo, begun)
    asked = send(kg, dpo, NewDraft("DSQ", recipients=("TJ",)), items=draft.body["items"])
    units.sync("KG", "TJ", rounds=1)
    send(tj, someone(tj, "dilshod"), NewDraft("DSA", in_reply_to=asked))
    units.sync("TJ", "KG", rounds=1)
    with kg.db.read() as session:
        answered = data_subjects.consents(session, found, "KG")
    assert answered == {"TJ": Consent.REFUSE}
    draft_answer = data_subjects.draft(found, answered, "KG")
    assert draft_answer.withheld
    assert all(one.owner != "TJ" for one in draft_answer.full)


def test_only_the_unit_that_gave_it_is_consulted(units: World) -> None:
    tj = units.node("TJ")
    given = send(tj, someone(tj, "rustam"), NewDraft("REQ", recipients=("KG",)))
    units.sync("TJ", "KG", "KZ", rounds=1)
    lie(units, "KG", NewDraft("DSQ"), "KZ", items=[held(given)])
    assert "OUT_OF_STEP" in refused(units, "KZ")
    assert arrived(units, "KZ", "DSQ") == []

"""Has anyone looked me up: every act on what names the person is found, told as far as the owner lets, and logged."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from nodes import cases, data_subjects, messages, reading
from nodes.data_subjects import Consent, Entry, Found, Held, Person, draft, matches
from nodes.drafts import NewDraft
from nodes.errors import BadInput, Denied
from nodes.tables import EventRow, MessageRow
from nodes.views import Actor
from tests.messages import lorry, person
from tests.nodes.world import World, send, someone

DPO = Actor("DPO-1", "D", "en", "POLICE", frozenset({"DPO"}))
REASON = "Request 14/2026 of a person"
KARIMOV = Person("Karimov Rustam", "1987-03-14")
PASSPORT = {"identity": [{"type": "PASSPORT", "number": "A1234567", "issuer": "TJ"}]}


@pytest.mark.parametrize(
    ("sought", "changes", "number"),
    [
        (Person("Каримов Рустам"), {}, 1),
        (Person("рустам КАРИМОВ саидович"), {}, 1),
        (Person("Karimov"), {}, 1),
        (Person("Karimov Aibek"), {}, 0),
        (Person("Kari"), {}, 0),
        (Person("Karimov", "1987"), {}, 1),
        (Person("Karimov", "1987-03-14"), {}, 1),
        (Person("Karimov", "1986"), {}, 0),
        (Person("Karimov", "1986"), {"birth": {"country": "TJ"}}, 1),
        (Person("", "", "a 123-4567"), PASSPORT, 1),
        (Person("", "", "A1234568"), PASSPORT, 0),
        (Person("Somebody Else", "1900", "A1234567"), PASSPORT, 1),
        (Person("", "1987"), {}, 0),
    ],
)
def test_a_person_is_known_by_the_document_or_by_all_names_and_no_other_birth_date(
    sought: Person, changes: dict[str, Any], number: int
) -> None:
    assert [matches({**person(), **changes}, sought)].count(True) == number


def test_a_lorry_is_nobody() -> None:
    assert not matches(lorry(), Person("Karimov", "", "01KG744ABC"))


def found_of(*owners: str) -> Found:
    held = tuple(Held(f"m{at}", frozenset({"P1"}), "c", owner, "INVESTIGATE", at) for at, owner in enumerate(owners))
    acts = [Entry(at, at, "CONSULT", "TJ-1", "KG", "INVESTIGATE", one.owner) for at, one in enumerate(held)]
    search = Entry(99, 99, "SEARCH", "TJ-2", "", "he lives next door", "")
    return Found(held, (*acts, search), len(held), 0)


def test_ones_own_acts_are_told_and_those_of_others_wait_for_their_answer() -> None:
    told = draft(found_of("TJ", "KG"), {}, "TJ")
    assert [one.owner for one in told.full] == ["TJ", ""]
    assert (told.short, told.withheld, told.silent) == ((), True, False)


def test_an_officers_own_words_are_never_told_to_the_person() -> None:
    assert [one.purpose for one in draft(found_of("TJ"), {}, "TJ").full] == ["INVESTIGATE", ""]


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        (Consent.DISCLOSE, (2, 0, False, False)),
        (Consent.PARTIAL, (1, 1, True, False)),
        (Consent.REFUSE, (1, 0, True, False)),
        (Consent.NEITHER, (1, 0, False, True)),
        (Consent.WAITING, (1, 0, True, False)),
    ],
)
def test_the_draft_says_what_the_owner_lets_it_say(consent: Consent, expected: tuple[int, int, bool, bool]) -> None:
    told = draft(found_of("KG"), {"KG": consent}, "TJ")
    assert (len(told.full), len(told.short), told.withheld, told.silent) == expected
    assert all((one.unit, one.actor) == ("", "") for one in told.short)


@pytest.fixture(scope="module")
def units(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Kyrgyzstan with a request of Tajikistan that was read and searched for there."""
    opened = World.copied(template, tmp_path_factory.mktemp("subjects") / "world")
    send(opened.node("TJ"), someone(opened.node("TJ"), "rustam"), NewDraft("REQ", recipients=("KG",)))
    opened.sync()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def request_(units: World) -> str:
    node, farida = units.node("KG"), someone(units.node("KG"), "farida")
    with node.db.read() as session:
        message = session.scalars(select(MessageRow.message_id)).one()
    with node.db.write() as session:
        messages.read(session, node, farida, message)
        reading.search(session, node, farida, "karimov", "asked by the desk")
        reading.search(session, node, farida, "heroin", "asked by the desk")
    return message


def test_every_consultation_search_and_recipient_is_found_and_the_look_up_is_logged(
    units: World, request_: str
) -> None:
    node, ours = units.node("KG"), units.node("TJ")
    found = data_subjects.look_up(node, DPO, KARIMOV, REASON)
    assert [(one.message_id, one.owner) for one in found.held] == [(request_, "TJ")]
    assert sorted(one.operation for one in found.entries) == ["CONSULT", "RECEIVE", "SEARCH"]
    assert [(one.operation, one.unit) for one in data_subjects.look_up(ours, DPO, KARIMOV, REASON).entries] == [
        ("DISCLOSE", "KG")
    ]
    with node.db.read() as session:
        newest = session.scalars(select(EventRow).order_by(EventRow.index.desc()).limit(1)).one()
        assert (newest.operation, newest.actor) == ("SEARCH", "DPO-1")
        assert b"arimov" not in node.log.entry(session, newest.index)


@pytest.mark.usefixtures("request_")
def test_somebody_of_whom_nothing_is_known_is_not_found(units: World) -> None:
    found = data_subjects.look_up(units.node("KG"), DPO, Person("Nazarova Malika", "", "B7654321"), REASON)
    assert (found.held, found.entries, found.searched) == ((), (), 1)


def test_what_was_erased_is_counted_and_not_found(units: World, request_: str) -> None:
    node = units.node("KG")
    with node.db.write() as session:
        case = cases.of(session, session.get_one(MessageRow, request_).case_id)
        kept, case.wrapped_key = case.wrapped_key, None
    found = data_subjects.look_up(node, DPO, KARIMOV, REASON)
    assert (found.held, found.searched, found.closed) == ((), 0, 1)
    assert {one.operation for one in found.entries} == {"SEARCH"}
    with node.db.write() as session:
        cases.of(session, session.get_one(MessageRow, request_).case_id).wrapped_key = kept


@pytest.mark.parametrize(
    ("sought", "reason"), [(Person("", "1987"), REASON), (Person("K"), REASON), (KARIMOV, "why not")]
)
def test_a_look_up_needs_a_name_or_a_document_and_a_reason(units: World, sought: Person, reason: str) -> None:
    with pytest.raises(BadInput):
        data_subjects.look_up(units.node("KG"), DPO, sought, reason)


def test_an_officer_may_not_look(units: World) -> None:
    with pytest.raises(Denied):
        data_subjects.look_up(units.node("KG"), someone(units.node("KG"), "farida"), KARIMOV, REASON)

"""Persons and things: the category limits the data, names keep their script, rules point at what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codes, fields, objects
from schemas.facts import records
from schemas.fields import walk
from schemas.objects import broken_rules, latin_form, objects_section, person_names, with_latin
from tests.instants import NOW
from tests.messages import graded, lorry, person

FORM = objects_section(tuple(codes.table("object_types"))).fields


def found(*things: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in fields.validate(FORM, {"objects": list(things)})}


EVERY_PERSON_FIELD: dict[str, Any] = {
    "sex": "M",
    "description": "Tall.",
    "biometrics": "DNA-1",
    "occupation": "Driver",
    "economic": "Owns two houses.",
    "behaviour": "Careful.",
    "contacts": "Meets a trader.",
    "transport": "Lorry",
    "conduct": "Carried heroin in May.",
    "other_systems": "I-24/7 2026/1",
    "companies": "A trading house.",
}


def test_a_suspect_may_be_described_in_full() -> None:
    assert found(person(**EVERY_PERSON_FIELD)) == set()


@pytest.mark.parametrize("name", ["biometrics", "occupation", "economic", "conduct", "phones", "contacts"])
@pytest.mark.parametrize("category", ["WITNESS", "VICTIM", "INFORMANT", "MISSING"])
def test_what_the_category_does_not_allow_is_refused(category: str, name: str) -> None:
    others = {key: value for key, value in EVERY_PERSON_FIELD.items() if key == name}
    thing = {**person(**others), "category": category}
    assert ("objects.0." + name, "D_DATA_CATEGORY") in found(thing)


def test_when_the_category_changes_the_form_drops_what_is_no_longer_allowed() -> None:
    raw = fields.spread(FORM, {"objects": [person(**EVERY_PERSON_FIELD)]})
    values, faults = fields.parse(FORM, {**raw, "objects.0.category": ["WITNESS"]})
    assert faults == []
    [left] = records(values["objects"])
    assert {"conduct", "economic", "phones"}.isdisjoint(left)
    assert left["description"] == "Tall."


@given(st.sampled_from(list(codes.table("person_categories"))), st.sampled_from(objects.FIELDS["PERSON"]))
def test_a_field_applies_exactly_when_its_group_is_allowed(category: str, item: fields.Field) -> None:
    allowed = {"NONE", "PERSONAL", *codes.table("person_categories")[category].listed("groups")}
    refused = item.blocked({"category": category}) is not None
    assert refused == (item.data_group not in allowed and item.name not in {"links", "category"})


def test_a_name_without_a_latin_form_gets_one_by_rule() -> None:
    name: Any = {"name_type": "MAIN", "family": "Ёқубов", "given": "Шерзод", "script": "CYRL"}
    latinised = with_latin([{"names": [name]}, lorry()])
    assert isinstance(latinised, list)
    assert latinised[0] == {"names": [{**name, "latin": latin_form("Ёқубов Шерзод"), "latin_source": "RULE"}]}
    assert latinised[1] == lorry()
    assert latin_form("Ёқубов").isascii()


def test_a_printed_or_latin_name_is_left_as_it_is() -> None:
    latin = {"name_type": "MAIN", "family": "Smith", "script": "LATN"}
    given_names = [person()["names"][0], latin]
    assert with_latin([{"names": given_names}]) == [{"names": given_names}]
    assert with_latin("") == ""


def test_every_part_of_a_name_is_known_to_the_subject_check() -> None:
    assert set(person_names([person(), lorry()])) == {"Каримов", "Рустам", "Саидович", "KARIMOV RUSTAM"}


def event(**changes: Any) -> dict[str, Any]:
    times = {"start": "2026-11-18T10:00:00Z", "end": "2026-11-18T11:00:00Z"}
    fixed = {"object_type": "EVENT", "object_id": "E1", "event_type": "MEETING", "description": "They met."}
    return graded(**{**fixed, **times, **changes})


def phone(**changes: Any) -> dict[str, Any]:
    return graded(object_type="PHONE", object_id="T1", **changes)


def account(**changes: Any) -> dict[str, Any]:
    return graded(object_type="ACCOUNT", object_id="A1", **changes)


GOOD = [person(), lorry(), event(), phone(number="+992372210000"), account(iban="KZ86125KZT5004100100")]
BROKEN: list[tuple[str, Callable[[], list[dict[str, Any]]]]] = [
    ("OBJECT_ID_TWICE", lambda: [person(), lorry(object_id="P1")]),
    ("LINK_TO_NOTHING", lambda: [lorry(links=[{"to": "P9", "relation": "OWNS", "confidence": "LOW"}])]),
    ("BORN_LATER", lambda: [{**person(), "birth": {"date": "2027"}}]),
    ("TOO_OLD", lambda: [{**person(), "birth": {"date": "1906"}}]),
    ("PHONE_WITHOUT_NUMBER", lambda: [phone(device="Nokia")]),
    ("ACCOUNT_WITHOUT_NUMBER", lambda: [account(bank="Bank of Osh")]),
    ("VEHICLE_WITHOUT_MARK", lambda: [graded(object_type="VEHICLE", object_id="V1", vehicle_type="CAR")]),
    ("EVENT_ENDS_EARLY", lambda: [event(end="2026-11-18T09:59:59Z")]),
]


def test_good_objects_break_no_rule() -> None:
    assert found(*GOOD) == set()
    assert list(broken_rules(GOOD, NOW)) == []


@pytest.mark.parametrize(("code", "things"), BROKEN)
def test_a_broken_rule_is_found(code: str, things: Callable[[], list[dict[str, Any]]]) -> None:
    made = things()
    assert found(*made) == set()
    assert code in {fault.code for fault in broken_rules(made, NOW)}


def test_every_rule_is_tried() -> None:
    assert {rule.code for rule in objects.RULES} == {code for code, _ in BROKEN}


def test_a_person_without_birth_or_with_a_place_only_is_no_fault() -> None:
    bare = {key: value for key, value in person().items() if key != "birth"}
    assert list(broken_rules([bare, {**person(), "object_id": "P2", "birth": {"place": "Osh"}}], NOW)) == []


def test_a_link_to_another_entry_is_good() -> None:
    link = {"to": "V1", "relation": "DRIVES", "confidence": "HIGH"}
    assert list(broken_rules([person(links=[link]), lorry()], NOW)) == []


def test_a_wagon_number_belongs_to_a_wagon() -> None:
    assert ("objects.0.wagon_number", "NOT_APPLICABLE") in found(lorry(wagon_number="218124712173"))
    assert found(lorry(vehicle_type="RAIL_WAGON", wagon_number="218124712173")) == set()


@pytest.mark.parametrize("object_type", objects.FIELDS)
def test_every_field_of_an_object_names_its_group_of_data(object_type: str) -> None:
    groups = {item.data_group for _, item in walk(objects.FIELDS[object_type])}
    assert groups <= set(codes.table("data_groups"))

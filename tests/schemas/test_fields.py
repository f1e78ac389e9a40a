"""The machinery of declared fields: one set of rules behind the form and the wire."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import fields
from schemas.faults import FAULTS, Fault
from schemas.field_types import LongText, OneCode, Several, ShortText, WholeNumber, yes_no
from schemas.fields import Condition, Field, when
from schemas.groups import Record, Rows, Variants
from schemas.words import LANGUAGES, Words

LABEL = Words("Label", "Метка")


def field(name: str, kind: fields.FieldType, **options: Any) -> Field:
    return Field(name, Words(name, f"поле {name}"), LABEL, kind, **options)


ROW = (field("no", WholeNumber(1, 9)), field("text", ShortText(20), required=False))
SHAPES = Variants(
    field("shape", OneCode("object_types", ("PERSON", "PHONE"))),
    {"PERSON": (field("name", ShortText(20)),), "PHONE": (field("number", WholeNumber(1, 99)),)},
    high=2,
)
FORM = (
    field("known", yes_no()),
    field("why", LongText(50), when=when("known", "NO")),
    field("codes", Several(OneCode("handling")), required=False),
    field(
        "group", Record((field("amount", WholeNumber()), field("note", ShortText(), required=False))), required=False
    ),
    field("rows", Rows(ROW, high=3), required=False),
    field("things", SHAPES, required=False),
)
RAW = {
    "known": ["NO"],
    "why": ["because\r\nof that"],
    "codes": ["H2", "H1"],
    "group.amount": [" 12 "],
    "rows.0.no": ["1"],
    "rows.1.no": [""],
    "rows.2.no": ["2"],
    "rows.2.text": ["two"],
    "things.0.shape": ["PHONE"],
    "things.0.number": ["7"],
    "things.1.shape": [""],
}
VALUES: dict[str, Any] = {
    "known": "NO",
    "why": "because\nof that",
    "codes": ["H1", "H2"],
    "group": {"amount": 12},
    "rows": [{"no": 1}, {"no": 2, "text": "two"}],
    "things": [{"shape": "PHONE", "number": 7}],
}


def found(values: Any) -> set[tuple[str, str]]:
    return {(fault.path, fault.code) for fault in fields.validate(FORM, values)}


def test_a_form_becomes_canonical_values_that_the_wire_accepts() -> None:
    values, faults = fields.parse(FORM, RAW)
    assert values == VALUES
    assert faults == []
    assert fields.validate(FORM, values) == []


def test_values_become_a_form_and_come_back() -> None:
    assert fields.parse(FORM, fields.spread(FORM, VALUES)) == (VALUES, [])


def test_a_fault_names_the_row_that_the_page_shows() -> None:
    _, faults = fields.parse(FORM, {**RAW, "rows.2.no": ["x"]})
    assert [(fault.path, fault.code) for fault in faults] == [("rows.2.no", "BAD_WHOLE")]


def test_a_hidden_field_is_dropped_from_a_form_and_refused_on_the_wire() -> None:
    values, faults = fields.parse(FORM, {"known": ["YES"], "why": ["left over"]})
    assert (values, faults) == ({"known": "YES"}, [])
    assert found({"known": "YES", "why": "left over"}) == {("why", "NOT_APPLICABLE")}


def test_what_is_required_must_be_there() -> None:
    assert {(fault.path, fault.code) for fault in fields.parse(FORM, {})[1]} == {("known", "CHOOSE")}
    assert found({"known": "NO"}) == {("why", "REQUIRED")}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"known": "MAYBE"}, ("known", "UNKNOWN_CODE")),
        ({"known": ["NO"]}, ("known", "NOT_A_TEXT")),
        ({"known": 1}, ("known", "UNKNOWN_CODE")),
        ({"why": " padded"}, ("why", "NOT_CANONICAL")),
        ({"why": ""}, ("why", "TOO_SHORT")),
        ({"codes": "H1"}, ("codes", "NOT_A_LIST")),
        ({"codes": ["H2", "H1"]}, ("codes", "NOT_CANONICAL")),
        ({"codes": ["H1", "H1"]}, ("codes", "REPEATED")),
        ({"codes": []}, ("codes", "TOO_FEW")),
        ({"codes": ["H0"] * 21}, ("codes", "TOO_MANY")),
        ({"codes": [{}]}, ("codes", "NOT_A_TEXT")),
        ({"group": []}, ("group", "NOT_A_RECORD")),
        ({"group": {"amount": "12"}}, ("group.amount", "NOT_CANONICAL")),
        ({"group": {"amount": 12, "x": "y"}}, ("group.?", "UNKNOWN_MEMBER")),
        ({"rows": {}}, ("rows", "NOT_A_LIST")),
        ({"rows": []}, ("rows", "TOO_FEW")),
        ({"rows": [""]}, ("rows.0", "NOT_A_RECORD")),
        ({"rows": [{"no": 1}] * 4}, ("rows", "TOO_MANY")),
        ({"rows": [{"no": 10}]}, ("rows.0.no", "OUT_OF_RANGE")),
        ({"things": [{"shape": "EVENT"}]}, ("things.0.shape", "UNKNOWN_CODE")),
        ({"things": [{"number": 7}]}, ("things.0.shape", "CHOOSE")),
        ({"things": [{"shape": "PERSON", "number": 7}]}, ("things.0.name", "REQUIRED")),
        ({"more": "x"}, ("?", "UNKNOWN_MEMBER")),
    ],
)
def test_the_wire_refuses_what_is_not_canonical(changes: Any, fault: tuple[str, str]) -> None:
    assert fault in found({**VALUES, **changes})


@given(
    st.recursive(
        st.text(max_size=8) | st.integers(-9, 99),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from([*VALUES, "no", "shape", "amount"]), x),
    )
)
def test_any_json_is_judged_without_another_error(value: Any) -> None:
    assert isinstance(
        fields.validate(FORM, value if isinstance(value, dict) else {"rows": value, "known": value}), list
    )


@given(
    st.dictionaries(st.sampled_from([*RAW, "rows.7.no", "rows.x", "things"]), st.lists(st.text(max_size=9), max_size=2))
)
def test_what_a_form_yields_without_fault_the_wire_accepts(raw: dict[str, list[str]]) -> None:
    values, faults = fields.parse(FORM, raw)
    assert faults or fields.validate(FORM, values) == []
    assert faults or fields.parse(FORM, fields.spread(FORM, values))[0] == values


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_its_field_and_fills_its_marks(code: str, language: str) -> None:
    fault = Fault("x", code, FAULTS[code], {"limit": 3, "low": 1, "high": 9, "example": "P1"}, LABEL)
    said = fault.say(language)
    assert LABEL.say(language) in said
    assert "{" not in said


def test_a_message_without_marks_is_said_as_it_stands() -> None:
    assert Fault("x", "OWN", Words("Do it.", "Сделайте.")).say("ru") == "Сделайте."


def test_a_page_reads_labels_and_texts_in_the_order_of_the_form() -> None:
    lines = fields.reading(FORM, VALUES, "ru")
    assert [line.label.en for line in lines] == list(VALUES)
    assert lines[0].text == "Нет"
    assert [below.path for below in lines[4].below] == ["rows.0", "rows.1"]
    assert lines[4].text == "1\n2, two"
    assert lines[5].below[0].below[0].text == "Телефон или устройство"
    assert lines[3].text == "12"


def test_the_map_of_fields_reaches_into_groups_rows_and_shapes() -> None:
    paths = [path for path, _ in fields.walk(FORM)]
    assert {"group.amount", "rows[].text", "things[PHONE].number"} <= set(paths)


def test_the_json_schema_says_what_is_required_and_forbids_the_rest() -> None:
    schema = fields.json_schema(FORM)
    assert schema["required"] == ["known"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["rows"]["maxItems"] == 3
    assert schema["properties"]["group"]["required"] == ["amount"]
    shapes = schema["properties"]["things"]["items"]["oneOf"]
    assert [shape["properties"]["shape"] for shape in shapes] == [{"const": "PERSON"}, {"const": "PHONE"}]


def test_a_condition_also_looks_into_a_list() -> None:
    condition = Condition("codes", frozenset({"H3"}))
    assert condition.holds({"codes": ["H1", "H3"]})
    assert not condition.holds({"codes": ["H1"]})
    assert not condition.holds({})

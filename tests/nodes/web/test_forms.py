"""Forms drawn from declarations: every field is there, and what a browser posts back is what was meant."""

import re

import pytest

from nodes.web import forms, sheets
from nodes.web.forms import FormState, controls, flatten
from nodes.web.languages import speaking
from nodes.web.rendering import render
from nodes.web.sheets import from_raw
from schemas import labels
from schemas.kinds import KINDS
from schemas.words import LANGUAGES
from serai.demo import requests
from tests.instants import NOW
from tests.nodes.web.work import inputs


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_drawn_whole_in_every_language(kind: str, language: str) -> None:
    with speaking(language):
        sheet = from_raw(KINDS[kind], {})
        drawn = [
            control for part in sheets.parts(sheet, show_errors=True, adding=frozenset()) for control in part.controls
        ]
    tops = {control.name for control in drawn}
    assert tops == {f"body.{item.name}" for item in KINDS[kind].fields} | {f"common.{one.name}" for one in labels.FORM}
    assert all(control.label and control.widget for control in flatten(drawn))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_input_has_one_label_and_one_id(kind: str) -> None:
    parts = sheets.parts(from_raw(KINDS[kind], {}), show_errors=True, adding=frozenset())
    page = render("form_parts.html", {"parts": parts, "asked": {}})
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'\bfor="([^"]+)"', page)) <= set(ids)
    assert {part for found in re.findall(r'aria-describedby="([^"]+)"', page) for part in found.split()} <= set(ids)


def test_a_complete_message_survives_its_form() -> None:
    writing = requests.controlled_delivery(NOW)
    raw = {
        name: [str(one) for one in given] for name, given in inputs("REQ", writing).items() if isinstance(given, list)
    }
    sheet = from_raw(KINDS["REQ"], raw)
    assert sheet.whole, sheet.errors
    assert sheet.marks.values == writing.labels
    assert {name: sheet.body.values[name] for name in writing.body} == writing.body


def test_what_the_law_forbids_for_a_category_of_person_is_not_offered() -> None:
    def names(category: str) -> set[str]:
        raw = {"body.objects.0.object_type": ["PERSON"], "body.objects.0.category": [category]}
        drawn = [
            one
            for part in sheets.parts(from_raw(KINDS["REQ"], raw), show_errors=False, adding=frozenset())
            for one in part.controls
        ]
        return {control.name.rpartition(".")[2] for control in flatten(drawn)}

    assert "behaviour" in names("SUSPECT") - names("WITNESS")
    assert names("") < names("WITNESS")


def test_a_field_that_depends_on_an_answer_says_on_which() -> None:
    drawn = controls(labels.FORM, FormState({}, {}, "en"), "common")
    reason = next(control for control in drawn if control.name == "common.urgency_reason")
    assert (reason.when_name, "URG_LIFE" in reason.when_values.split()) == ("common.urgency", True)
    assert reason.when_text.startswith("How urgent: Urgent")


def test_each_handling_code_says_what_it_costs() -> None:
    with speaking("en"):
        parts = sheets.parts(from_raw(KINDS["REQ"], {}), show_errors=False, adding=frozenset())
    handling = next(one for part in parts for one in part.controls if one.name == "common.handling")
    assert len({option.note for option in handling.options}) == 4
    assert all(option.note for option in handling.options)


def test_rows_grow_by_one_and_never_beyond_their_limit() -> None:
    def count(filled: int, *, add: bool) -> int:
        raw = {f"body.requested_items.{n}.question": ["?"] for n in range(filled)}
        adding = frozenset({"body.requested_items"}) if add else frozenset()
        parts = sheets.parts(from_raw(KINDS["REQ"], raw), show_errors=False, adding=adding)
        found = next(one for part in parts for one in part.controls if one.name == "body.requested_items")
        return len(found.rows)

    assert [count(0, add=False), count(1, add=False), count(1, add=True), count(20, add=True)] == [1, 1, 2, 20]


def test_a_row_is_taken_out_with_everything_in_it() -> None:
    raw = {"body.a.0.x": ["1"], "body.a.10.x": ["2"], "body.a.1.x": ["3"]}
    assert forms.without_row(raw, "body.a.1") == {"body.a.0.x": ["1"], "body.a.10.x": ["2"]}

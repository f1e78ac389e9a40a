"""Every kind: complete in both languages, its rules reachable, and a new kind is one new file."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.lifecycle import EVENTS
from schemas import codes, fields, labels
from schemas.errors import SchemaUnknown
from schemas.facts import Facts, records
from schemas.field_types import OneCode, Several
from schemas.fields import Field, FieldType, Section
from schemas.kind import ALWAYS_ASKED, Kind
from schemas.kinds import KINDS, discover, kind_of
from schemas.words import LANGUAGES, Words
from tests.messages import BODIES, content, held, lorry, person, questions, request, wish

ALL = sorted(KINDS)


def declared(kind: Kind) -> Iterator[Words]:
    yield from (kind.label, kind.hint)
    for section in (*kind.form, *labels.SECTIONS):
        yield from (section.label, section.hint)
        for _, item in fields.walk(section.fields):
            yield from (item.label, item.hint)
    yield from (rule.words for rule in kind.rules)
    yield from (point.words for point in kind.completeness)
    yield from (approval.words for approval in kind.approvals)


@pytest.mark.parametrize("code", ALL)
def test_a_kind_speaks_both_languages(code: str) -> None:
    for words in declared(KINDS[code]):
        assert all(words.say(language).strip() for language in LANGUAGES)
        assert words.ru != words.en or words.en.isupper()


@pytest.mark.parametrize("code", ALL)
def test_a_kind_uses_only_codes_that_exist(code: str) -> None:
    kind = KINDS[code]
    assert kind.code in codes.table("message_kinds")
    assert kind.senders | kind.receivers <= set(codes.table("agency_types"))
    assert set(kind.answers) <= set(KINDS)
    assert set(kind.object_types) <= set(codes.table("object_types"))
    for approval in (*ALWAYS_ASKED, *kind.approvals):
        assert approval.code in codes.table("four_eyes")
        assert approval.role in codes.table("roles")
    for _, item in fields.walk((*kind.fields, *labels.FIELDS)):
        assert item.data_group in codes.table("data_groups")
        assert tables(item.type) <= set(codes.names())


def tables(kind: FieldType) -> set[str]:
    inner = kind.each if isinstance(kind, Several) else kind
    return {inner.table} if isinstance(inner, OneCode) else set()


@pytest.mark.parametrize("code", ALL)
def test_a_kind_causes_events_that_the_lifecycle_knows(code: str) -> None:
    causes = KINDS[code].causes
    caused = set(causes.by_value.values()) or {causes.event}
    assert all(EVENTS[event].origin == "MESSAGE" for event in caused)
    assert set(KINDS[code].clock_by_event) <= caused


def test_the_kinds_cause_every_message_event_between_them() -> None:
    caused = {event for kind in KINDS.values() for event in (*kind.causes.by_value.values(), kind.causes.event)} - {""}
    assert caused == {event.code for event in EVENTS.values() if event.origin == "MESSAGE"}


@pytest.mark.parametrize("code", ALL)
def test_a_body_goes_into_the_form_and_comes_back(code: str) -> None:
    kind, message = KINDS[code], content(code)
    values = {**message.body, **({"objects": list(message.objects)} if message.objects else {})}
    assert kind.parse(kind.spread(values)) == (values, [])


@pytest.mark.parametrize("code", ALL)
def test_a_body_is_read_in_both_languages(code: str) -> None:
    message = content(code)
    for language in LANGUAGES:
        sections = message.declared.reading(message.body, language)
        assert sections
        assert all(line.text for _, lines in sections for line in lines)


@pytest.mark.parametrize("code", ALL)
def test_the_json_schema_is_plain_json_and_knows_every_member_of_a_body(code: str) -> None:
    kind = KINDS[code]
    schema = json.loads(json.dumps(kind.json_schema()))
    given = set(BODIES[code]) - set(kind.computed)
    assert set(schema["required"]) <= given <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_the_field_map_shows_where_personal_data_are() -> None:
    groups = {path: item.data_group for path, item in KINDS["REQ"].field_map()}
    assert groups["objects[PERSON].names[].family"] == "PERSONAL"
    assert groups["facts"] == "CONDUCT"
    assert groups["stage"] == "NONE"


def test_names_without_latin_form_get_one_when_the_form_is_read() -> None:
    name = {key: value for key, value in person()["names"][0].items() if not key.startswith("latin")}
    values = {**request(), "objects": [{**person(), "names": [name]}, lorry()]}
    made, faults = KINDS["REQ"].parse(KINDS["REQ"].spread(values))
    assert faults == []
    assert records(records(made["objects"])[0]["names"])[0]["latin_source"] == "RULE"


def test_a_form_with_a_fault_gives_what_was_right() -> None:
    values, faults = KINDS["DLY"].parse({"cause": ["STAFF"], "expected_by": ["soon"]})
    assert values == {"cause": "STAFF"}
    assert {fault.code for fault in faults} == {"BAD_INSTANT", "REQUIRED"}


def court(hearing: str) -> dict[str, Any]:
    proceedings = {"court": "City court", "case_no": "1-17", "stage": "TRIAL", "defence_disclosure": "YES"}
    return {"wanted": "LIFT_H1", "proceedings": {**proceedings, "next_hearing": hearing}}


ONE_BAD_PART: dict[str, Any] = {"extent": "PART", "item_nos": [1], "severable": "YES"}
BREAKS: list[tuple[str, str, dict[str, Any]]] = [
    ("REQ", "COERCION", {"body": {"coercive_needed": "YES"}}),
    ("REQ", "WANTED_TOO_EARLY", {"body": {"answer_wanted_by": "2026-11-29T05:59:59Z"}}),
    ("REQ", "ABOUT_UNKNOWN", {"objects": (person(),)}),
    ("REQ", "LINK_MISSING", {"drop": "links"}),
    ("REQ", "D_DATA_CATEGORY", {"category": "WITNESS"}),
    ("ANS", "ITEMS_NOT_EACH_ONCE", {"items": [("NONE_HELD", 1), ("NONE_HELD", 1)]}),
    ("ANS", "ALL_REFUSED", {"items": [("REFUSED", 1), ("REFUSED", 2)]}),
    ("ANS", "NOTHING_ANSWERED", {"items": [("PENDING", 1), ("PENDING", 2)]}),
    ("ANS", "PROVIDED_WITHOUT_CONTENT", {"body": {"items": [{"item_no": 1, "outcome": "PROVIDED"}]}}),
    ("ANS", "ABOUT_UNKNOWN", {"body": {"items": [{"item_no": 1, "outcome": "PROVIDED", "about": ["P1"]}]}}),
    ("ANS", "CONSENT_AGAINST_HANDLING", {"body": {"evidence_consent": "NO"}}),
    ("ANS", "COMPUTED_WRONG", {"body": {"outcome": "FULL"}}),
    (
        "ANS",
        "THIRD_PARTY_WITHOUT_CONSENT",
        {"body": {"third_party": "YES", "third_party_origin": "Interpol", "third_party_consent": "NO"}},
    ),
    ("REF", "REASON_MISSING", {"drop": "reason_text"}),
    ("REF", "ITEM_UNKNOWN", {"body": {**ONE_BAD_PART, "item_nos": [3]}, "drop": "inseverable_reason"}),
    ("REF", "PART_IS_WHOLE", {"body": {**ONE_BAD_PART, "item_nos": [1, 2]}, "drop": "inseverable_reason"}),
    ("REF", "WHOLE_BUT_SEVERABLE", {"body": {"severable": "YES"}, "drop": "inseverable_reason"}),
    ("CLQ", "ITEM_UNKNOWN", {"body": {"questions": [{**questions()["questions"][0], "item_no": 3}]}}),
    ("CLA", "QUESTIONS_NOT_EACH_ONCE", {"body": {"answers": [{"question_no": 2, "answer": "Osh."}]}}),
    ("DLY", "EXPECTED_PAST", {"body": {"expected_by": "2026-11-22T06:00:00Z"}}),
    ("DLY", "UPDATE_NOT_WITHIN_7_DAYS", {"body": {"next_update_by": "2026-11-29T06:00:01Z"}}),
    ("HCR", "NEEDED_IN_THE_PAST", {"body": {"needed_by": "2026-11-22T06:00:00Z"}}),
    ("HCR", "HEARING_PAST", {"body": court("2026-11-21"), "drop": "recipients_wanted"}),
    ("HCD", "WIDER_THAN_ASKED", {"body": {"items": [held(object="P2")]}}),
    ("HCD", "WIDER_THAN_ASKED", {"body": {"items": [{"message": held()["message"]}]}}),
    ("HCD", "WIDER_THAN_ASKED", {"body": {"purpose_wanted": "PROSECUTE"}}),
    ("HCD", "WIDER_THAN_ASKED", {"body": {"recipients_wanted": [{"type": "UNIT", "unit": "UZ"}]}}),
    ("HCD", "UNTIL_WRONG", {"body": {"valid_until": "2026-11-22T06:00:00Z"}}),
    ("HCD", "UNTIL_WRONG", {"body": {"valid_until": "2029-11-22T06:00:00Z"}}),
    ("HCD", "DECIDED_LATER", {"body": {"decided_at": "2026-11-22T06:00:01Z"}}),
    ("BRN", "LATE_WITHOUT_REASON", {"body": {"detected": "2026-11-19T05:59:59Z"}}),
    ("ERA", "RECALL_IT", {"body": {"cause": "SENT_BY_MISTAKE"}}),
]
MORE = {"REFUSED": {"ground": "E_INACCURATE"}, "PENDING": {"expected_by": "2026-12-01T00:00:00Z"}, "NONE_HELD": {}}


def facts(code: str, change: dict[str, Any]) -> Facts:
    message = content(code)
    body = {**message.body, **change.get("body", {})}
    if "items" in change:
        body["items"] = [{"item_no": no, "outcome": outcome, **MORE[outcome]} for outcome, no in change["items"]]
    body.pop(change.get("drop", ""), None)
    things = change.get("objects", message.objects)
    if "category" in change:
        kept = ("object_type", "object_id", "names", "source_grade", "information_grade", "statement", "valid_as_of")
        things = ({**{key: person()[key] for key in kept}, "category": "WITNESS"}, lorry())
        body["requested_items"] = [{"info_category": "POLICE_RECORD", "question": "Known?", "about": ["P1"]}]
    parent = {"CLA": questions(), "HCD": wish()}.get(code, request())
    return Facts(body, things, message.labels, parent if KINDS[code].answers else None, message.sent_at)


@pytest.mark.parametrize(("code", "rule", "change"), BREAKS)
def test_a_broken_rule_is_found(code: str, rule: str, change: dict[str, Any]) -> None:
    found = KINDS[code].validate(facts(code, change))
    assert rule in {fault.code for fault in found}
    assert all(fault.say(language) for fault in found for language in LANGUAGES)


@pytest.mark.parametrize("code", ALL)
def test_every_rule_of_a_kind_is_tried(code: str) -> None:
    assert {rule.code for rule in KINDS[code].rules} <= {rule for kind, rule, _ in BREAKS if kind == code}


@pytest.mark.parametrize("code", ALL)
def test_a_good_body_breaks_no_rule_with_and_without_its_parent(code: str) -> None:
    made = facts(code, {})
    assert KINDS[code].validate(made) == []
    assert KINDS[code].validate(Facts(made.body, made.objects, made.labels, None, made.at)) == []


def test_a_repeated_item_is_found_even_without_the_request() -> None:
    bad = facts("CLA", {"body": {"answers": [{"question_no": 1, "answer": "Osh."}] * 2}})
    lone = Facts(bad.body, (), bad.labels, None, bad.at)
    assert {fault.code for fault in KINDS["CLA"].validate(lone)} == {"QUESTIONS_NOT_EACH_ONCE"}
    again = facts("ANS", {"items": [("NONE_HELD", 1), ("NONE_HELD", 1)]}).body
    alone = Facts({**again, "outcome": "NONE"}, (), bad.labels, None, bad.at)
    assert {fault.code for fault in KINDS["ANS"].validate(alone)} == {"ITEMS_NOT_EACH_ONCE"}


def test_national_security_may_stay_without_reasons() -> None:
    change = {"body": {"grounds": ["F1_NATIONAL_SECURITY"]}, "drop": "reason_text"}
    assert KINDS["REF"].validate(facts("REF", change)) == []


def test_a_wanted_time_after_the_deadline_is_good() -> None:
    assert KINDS["REQ"].validate(facts("REQ", {"body": {"answer_wanted_by": "2026-11-29T06:00:00Z"}})) == []


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [(["PROVIDED"], "FULL"), (["NONE_HELD"], "NONE"), (["PROVIDED", "PENDING"], "PARTIAL"), (["REFUSED"], "PARTIAL")],
)
def test_the_outcome_of_an_answer_follows_from_its_items(outcomes: list[str], whole: str) -> None:
    items: list[Any] = [{"item_no": number, "outcome": outcome} for number, outcome in enumerate(outcomes, 1)]
    assert KINDS["ANS"].complete({"items": items})["outcome"] == whole


def test_a_partial_refusal_leaves_the_clock_running() -> None:
    refusal = KINDS["REF"]
    assert refusal.effect_on_clock({"extent": "WHOLE"}) == "ENDS"
    assert refusal.effect_on_clock({"extent": "PART"}) == "NONE"
    assert KINDS["CLQ"].effect_on_clock({}) == "STOPS"


def test_a_kind_that_opens_an_exchange_declares_its_life_and_with_a_clock_its_term() -> None:
    for kind in KINDS.values():
        assert (kind.life is not None) == (not kind.answers)
        assert (kind.term is not None) == (kind.clock == "STARTS")
        assert kind.authors <= set(codes.table("roles"))
        assert kind.term is None or kind.term.silence in codes.table("roles")
        assert kind.concern is None or kind.concern.of_kind in {"", *KINDS}


def test_a_complete_request_scores_a_hundred_and_needs_nobody() -> None:
    full = facts("REQ", {"body": {"purpose_statement": "To plan the next steps of the investigation. " * 3 + "End."}})
    assert KINDS["REQ"].score(full).points == 100
    assert KINDS["REQ"].approvals_needed(full) == ()


def test_a_bare_request_scores_nothing_names_what_is_missing_and_needs_a_supervisor() -> None:
    items: list[Any] = [{"info_category": "OTHER", "question": "Anything?"}]
    bare = Facts({"requested_items": items, "offence": {"max_penalty_months": 0}}, ({"object_type": "PERSON"},))
    score = KINDS["REQ"].score(bare)
    missing = {point.code for point in score.missing}
    assert score.points == 15
    assert missing == {point.code for point in KINDS["REQ"].completeness} - {"OBJECTS"}
    assert {approval.code for approval in KINDS["REQ"].approvals_needed(bare)} == {"INCOMPLETE"}


@pytest.mark.parametrize("code", [code for code in ALL if KINDS[code].completeness])
def test_the_points_of_completeness_add_up_to_a_hundred(code: str) -> None:
    assert sum(point.weight for point in KINDS[code].completeness) == 100


@pytest.mark.parametrize(
    ("approval", "changes"),
    [
        ("SEND_RESTRICTED", {"labels": {"handling": ["H1", "H2"]}}),
        ("MINOR_INVOLVED", {"objects": ({"object_type": "PERSON", "protected": ["MINOR"]},)}),
        ("HUMAN_RIGHTS", {"body": {**request(), "human_rights": {"torture": "UNKNOWN"}}}),
    ],
)
def test_a_second_person_must_agree(approval: str, changes: dict[str, Any]) -> None:
    made = Facts(**{"body": request(), "objects": (person(), lorry()), "labels": {}, **changes})
    assert approval in {needed.code for needed in KINDS["REQ"].approvals_needed(made)}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SchemaUnknown):
        kind_of("XYZ")


NEW_KIND = """
from schemas.field_types import ShortText
from schemas.fields import Field, Section
from schemas.kind import Causes, Kind, agencies
from schemas.words import Words

WORDS = Words("Text", "Текст")
KIND = Kind(
    code="NEW", version="1.0", family="operational", label=WORDS, hint=WORDS,
    sections=(Section("one", WORDS, WORDS, (Field("text", WORDS, WORDS, ShortText()),)),),
    senders=agencies("operational"), receivers=agencies("operational"), causes=Causes("REQUEST"),
)
"""


def package(folder: Path, **files: str) -> dict[str, Kind]:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return dict(discover([str(folder)], folder.name))


@pytest.fixture
def on_path(tmp_path: Path) -> Iterator[Path]:
    """A folder from which packages can be imported, forgotten afterwards."""
    sys.path.insert(0, str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_a_new_kind_is_one_new_file(on_path: Path) -> None:
    kind = package(on_path / "fresh_kinds", note=NEW_KIND)["NEW"]
    assert kind.parse({"text": [" hello "]}) == ({"text": "hello"}, [])
    assert kind.validate(Facts({"text": "hello"})) == []
    assert kind.reading({"text": "hello"}, "ru")[0][1][0].label.ru == "Текст"
    assert kind.json_schema()["required"] == ["text"]
    assert [path for path, _ in kind.field_map()] == ["text"]
    assert kind.score(Facts({})).points == 100
    assert kind.causes.of({}) == "REQUEST"


@pytest.mark.parametrize("files", [{"a": NEW_KIND, "b": NEW_KIND}, {"a": "KIND = 'none'"}])
def test_a_file_without_a_kind_or_with_one_that_exists_stops_the_start(on_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="declares no kind, or one that exists"):
        package(on_path / f"bad_kinds_{len(files)}", **files)


def test_the_sections_of_a_kind_share_one_level_of_names() -> None:
    for kind in KINDS.values():
        names = [item.name for item in (*kind.fields, *labels.FIELDS)]
        assert len(names) == len(set(names))
        assert isinstance(kind.form[0], Section)
        assert isinstance(kind.fields[0], Field)

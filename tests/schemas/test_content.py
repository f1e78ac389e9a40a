"""The encrypted case message: one form, every rule, and labels that equal the clear header."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.header import Addressee, Header
from schemas.content import RULES, Content, Recipient, check_labels
from schemas.errors import ContentInvalid, LabelMismatch, Malformed, SchemaUnknown
from tests.instants import DAY, NOW
from tests.messages import ANSWER_ID, BODIES, REQUEST_ID, content, labels, lorry, person, questions, request


@pytest.mark.parametrize("kind", BODIES)
def test_a_message_survives_its_bytes(kind: str) -> None:
    message = content(kind)
    assert Content.from_bytes(message.to_bytes()) == message


@given(st.sampled_from(sorted(BODIES)), st.integers(0, 10_000), st.integers(0, 255))
def test_another_byte_is_never_the_same_message(kind: str, at: int, byte: int) -> None:
    data = bytearray(content(kind).to_bytes())
    data[at % len(data)] = byte
    try:
        made = Content.from_bytes(bytes(data))
    except (Malformed, ContentInvalid, SchemaUnknown):
        return
    assert made.to_bytes() == bytes(data)


def codes_of(message: Content, parent: Content | None = None) -> set[str]:
    return {fault.code for fault in message.faults(parent)}


TRAINING = {"purpose": "TRAINING"}
BREAKS: list[tuple[str, dict[str, Any]]] = [
    ("H0_NOT_ALONE", {"labels": labels(handling=["H0", "H1"])}),
    ("EXERCISE_ID", {"exercise_id": "EX-2026-01"}),
    ("EXERCISE_ID", {"mode": "EXERCISE"}),
    ("TRAINING_IN_LIVE", {"labels": labels(**TRAINING)}),
    (
        "TREND_WITH_PERSONS",
        {"labels": labels(purpose="TREND"), "objects": ({**person(), "category": "CONTACT"}, lorry())},
    ),
    ("THREAD", {"in_reply_to": ANSWER_ID}),
    ("THREAD", {"thread_id": ANSWER_ID}),
    ("RECIPIENTS", {"recipients": (Recipient(unit="KG", role="CC"),)}),
    ("RECIPIENTS", {"recipients": (Recipient(unit="TJ", role="TO"),)}),
    ("RECIPIENTS", {"recipients": (Recipient(unit="KG", role="TO"), Recipient(unit="KG", role="CC"))}),
    ("AGENCY_NOT_ALLOWED", {"author": content().author.model_copy(update={"agency": "DONOR"})}),
    ("AGENCY_NOT_ALLOWED", {"recipients": (Recipient(unit="KG", agency="FIU", role="TO"),)}),
    ("SENT_BEFORE_CREATED", {"created_at": NOW + 1}),
    ("RETENTION", {"labels": labels(retention_until="2026-11-22")}),
    ("RETENTION", {"labels": labels(retention_until="2029-11-24")}),
    ("SUBJECT_NAMES_PERSON", {"labels": labels(subject_line="Route of Karimov")}),
    ("SUBJECT_NAMES_PERSON", {"labels": labels(subject_line="Перевозка Каримовым героина")}),
]


@pytest.mark.parametrize(("code", "changes"), BREAKS)
def test_a_broken_rule_of_the_message_is_found(code: str, changes: dict[str, Any]) -> None:
    message = content(**changes)
    assert codes_of(message) == {code}
    with pytest.raises(ContentInvalid) as caught:
        Content.from_bytes(message.to_bytes())
    assert code in str(caught.value)
    assert {fault.code for fault in caught.value.faults} == {code}


def test_every_rule_of_the_message_is_tried() -> None:
    assert {rule.code for rule in RULES} == {code for code, _ in BREAKS}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"handling": ["H3"]}, "REQUIRED"),
        ({"handling": ["H3"], "handling_text": "abc"}, "TOO_SHORT"),
        ({"handling_text": "without H3"}, "NOT_APPLICABLE"),
        ({"classification": "CONF"}, "UNKNOWN_CODE"),
        ({"urgency": "URG_LIFE"}, "REQUIRED"),
        ({"cc_own_spoc": "NO"}, "CHOOSE"),
        ({"crime_areas": []}, "TOO_FEW"),
        ({"legal_basis": []}, "TOO_FEW"),
        ({"subject_line": "a" * 121}, "TOO_LONG"),
        ({"colour": "red"}, "UNKNOWN_MEMBER"),
    ],
)
def test_a_wrong_label_is_found(change: dict[str, Any], code: str) -> None:
    assert code in codes_of(content(labels=labels(**change)))


def test_good_labels_of_the_other_kinds_are_taken() -> None:
    restricted = labels(handling=["H1", "H3"], handling_text="Only for the team of Osh.")
    assert codes_of(content(labels=restricted)) == set()
    urgent = labels(urgency="URG_LIFE", urgency_reason="A hostage is held.", cc_own_spoc="NO")
    assert codes_of(content(labels={**urgent, "withhold_copy_reason": "PERSON_SAFETY"})) == set()
    exercise: dict[str, Any] = {"mode": "EXERCISE", "exercise_id": "EX-2026-01", "labels": labels(**TRAINING)}
    assert codes_of(content(**exercise)) == set()


def test_a_subject_may_share_short_words_with_a_name() -> None:
    name = {"name_type": "ALIAS", "family": "Ali", "script": "LATN"}
    thing = {**person(), "names": [name]}
    assert codes_of(content(labels=labels(subject_line="Alibi of a driver"), objects=(thing, lorry()))) == set()


def test_rules_that_need_the_answered_message_are_asked_with_it() -> None:
    other = content(body=request(requested_items=request()["requested_items"][:1]), objects=(person(),))
    answer = content("ANS")
    assert answer.faults() == []
    assert codes_of(answer, other) == {"ITEMS_NOT_EACH_ONCE"}
    answer.check(content())
    with pytest.raises(ContentInvalid):
        answer.check(other)
    assert content("CLA").faults(content("CLQ", body=questions())) == []


@pytest.mark.parametrize("version", ["2.0", "0.9"])
def test_another_major_version_is_refused(version: str) -> None:
    with pytest.raises(SchemaUnknown):
        Content.from_bytes(content(schema_version=version).to_bytes())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SchemaUnknown):
        Content.from_bytes(content(kind="REQ").model_copy(update={"kind": "XYZ"}).to_bytes())


def test_a_newer_minor_version_keeps_members_that_we_do_not_know() -> None:
    newer = content("WDR", schema_version="1.1", body={**BODIES["WDR"], "weather": "snow"}, labels=labels(mood="good"))
    assert Content.from_bytes(newer.to_bytes()).body["weather"] == "snow"
    assert codes_of(newer.model_copy(update={"schema_version": "1.0"})) == {"UNKNOWN_MEMBER"}
    broken = newer.model_copy(update={"body": {"reason": "NONE", "weather": "snow"}})
    assert codes_of(broken) == {"UNKNOWN_CODE"}


@pytest.mark.parametrize("name", ["Rahimova\u202eD.", " Rahimova", "e\u0301"])
def test_an_author_name_is_plain_text(name: str) -> None:
    data = content().to_bytes().replace(b"Rahimova D.", name.encode())
    with pytest.raises(Malformed):
        Content.from_bytes(data)


def header(message: Content) -> Header:
    return Header(
        env=message.mode.lower(),
        ctype="message",
        id=REQUEST_ID.replace("-", ""),
        sender="TJ",
        created=NOW,
        expires=NOW + 14 * DAY,
        seq=1,
        prev="0" * 64,
        family="operational",
        urgency="ROUTINE",
        classification="OFFUSE",
        handling=("H0",),
        skid="0" * 64,
        to=(Addressee("KG", "1" * 64), Addressee("KZ", "2" * 64)),
        ptc="3" * 64,
    )


def test_equal_labels_pass() -> None:
    check_labels(content(), header(content()))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "f" * 32),
        ("env", "exercise"),
        ("sender", "UZ"),
        ("to", (Addressee("KG", "1" * 64),)),
        ("family", "strategic"),
        ("urgency", "URG_LIFE"),
        ("classification", "UNCL"),
        ("handling", ("H1",)),
    ],
)
def test_any_difference_between_header_and_content_is_refused(member: str, value: Any) -> None:
    with pytest.raises(LabelMismatch, match="differ in"):
        check_labels(content(), replace(header(content()), **{member: value}))

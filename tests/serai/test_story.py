"""The case of the demo is one that officers could really send: every message passes every rule of its kind."""

import uuid
from collections import Counter

import pytest

from schemas.content import Author, Content, Recipient
from schemas.kinds import kind_of
from schemas.labels import sent
from serai.demo.people import AGENCY, PEOPLE, PLACES
from serai.demo.story import STORY, TAKEN, Step
from tests.instants import MINUTE, NOW

BY_NAME = {step.name: step for step in STORY}
UNIT_OF = {person.user_id: person.unit for person in PEOPLE}


def message_id(name: str) -> str:
    seed = uuid.uuid5(uuid.NAMESPACE_DNS, name).hex
    return str(uuid.UUID(f"{seed[:12]}7{seed[13:16]}8{seed[17:]}"))


def content(step: Step) -> Content:
    at = NOW - step.ago * MINUTE
    writing = step.writing(at)
    opening = step
    while opening.reply_to:
        opening = BY_NAME[opening.reply_to]
    return Content(
        msg_id=message_id(step.name),
        kind=step.kind,
        schema_version=kind_of(step.kind).version,
        mode="LIVE",
        case_ref="TJ-TJ-2026-000001",
        thread_id=message_id(opening.name),
        in_reply_to=message_id(step.reply_to) if step.reply_to else None,
        author=Author(unit=UNIT_OF[step.author], agency=AGENCY, officer=step.author, name="Officer"),
        recipients=tuple(Recipient(unit=unit, role="TO") for unit in step.to),
        created_at=at,
        sent_at=at,
        labels=sent(writing.labels),
        body=writing.body,
        objects=writing.objects,
    )


@pytest.mark.parametrize("step", STORY, ids=lambda step: step.name)
def test_every_message_of_the_story_passes_every_rule(step: Step) -> None:
    parent = content(BY_NAME[step.reply_to]) if step.reply_to else None
    message = content(step)
    assert [(fault.path, fault.code) for fault in message.faults(parent)] == []
    assert Content.from_bytes(message.to_bytes()) == message


@pytest.mark.parametrize("step", [step for step in STORY if step.kind == "REQ"], ids=lambda step: step.name)
def test_every_request_of_the_story_is_complete_enough_to_leave_without_a_supervisor(step: Step) -> None:
    facts = content(step).facts()
    kind = kind_of(step.kind)
    assert kind.score(facts).points >= 60
    assert kind.approvals_needed(facts) == ()


def test_the_story_goes_forward_in_time_and_replies_to_what_was_said() -> None:
    assert [step.ago for step in STORY] == sorted((step.ago for step in STORY), reverse=True)
    for step in STORY:
        if step.reply_to:
            before = BY_NAME[step.reply_to]
            assert before.ago > step.ago
            assert step.kind in {"ANS", "CLQ", "CLA", "DLY"}
            assert before.kind in kind_of(step.kind).answers


def test_whoever_replies_belongs_to_a_unit_that_was_asked() -> None:
    for step in STORY:
        if step.reply_to:
            assert UNIT_OF[step.author] in BY_NAME[step.reply_to].to


def test_the_story_leaves_an_urgent_arrival_without_an_owner() -> None:
    last = STORY[-1]
    assert last.name not in TAKEN
    assert last.writing(NOW).labels["urgency"] == "URG_LIFE"


def test_the_story_is_told_in_both_languages_and_by_every_unit() -> None:
    languages = Counter(step.writing(NOW).labels["language"] for step in STORY)
    assert set(languages) == {"en", "ru"}
    assert {UNIT_OF[step.author] for step in STORY} == {place.unit for place in PLACES}

"""The rules against independent tables, over all combinations and over any question at all."""

import re
from collections import Counter
from dataclasses import replace
from importlib import resources
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.policy.facts import Act, Action, House, Item, Question, families_of, rank_of, strictest
from exchange.policy.rulebook import federation
from schemas import codes
from tests.exchange.policy import table
from tests.exchange.policy.questions import (
    AT_WORK,
    HANDLING,
    PERSON,
    RECEIVED,
    ROLES,
    about_houses,
    about_items,
    asked,
    nearly_allowed,
)
from tools.rules import DOCUMENT, document

ANY = about_items | about_houses | nearly_allowed()
HANDLING_ACTS = tuple(codes.table("handling_actions"))


@pytest.mark.parametrize("role", ROLES)
def test_every_role_act_code_and_unit_relation_is_decided_as_the_tables_say(role: str) -> None:
    person = replace(PERSON, roles=frozenset({role}))
    relations = [("TJ", "TJ"), ("TJ", "KG"), ("KG", "TJ"), ("KG", "KZ")]
    stranger = replace(AT_WORK, on_team=False, author=True)
    combined = [*product(Act, HANDLING, relations, [AT_WORK]), *product(Act, HANDLING[2:3], relations, [stranger])]
    for act, handling, (holder, originator), now in combined:
        item = replace(RECEIVED, handling=handling, holder=holder, originator=originator)
        question = Question(person, act, item, now)
        assert federation().decide(question).allowed == table.allowed(question), question


def test_every_rule_names_its_source_in_both_languages() -> None:
    assert [rule.name for rule in federation().rules.values() if rule.law.ru == rule.law.en] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_in_its_house_what_the_tables_say_and_nothing_elsewhere(role: str) -> None:
    person = replace(PERSON, roles=frozenset({role}))
    for act in Action:
        own, foreign = (Question(person, act, House(unit), AT_WORK) for unit in ("TJ", "KG"))
        assert federation().decide(own).allowed == (act in table.HOUSE.get(role, set()))
        assert not federation().decide(foreign).allowed


@given(ANY)
@settings(max_examples=400)
def test_any_question_is_decided_as_the_tables_say(question: Question) -> None:
    assert federation().decide(question).allowed == table.allowed(question)


RESTRICTIONS = {
    "classification": lambda item: replace(item, classification=item.classification + 1),
    "H1": lambda item: replace(item, handling=item.handling | {"H1"}),
    "H2": lambda item: replace(item, handling=item.handling | {"H2"}),
    "H3": lambda item: replace(item, handling=item.handling | {"H3"}),
    "permissions": lambda item: replace(item, permissions=frozenset()),
    "purposes": lambda item: replace(item, purposes=frozenset()),
    "expired": lambda item: replace(item, expired=True),
    "erased": lambda item: replace(item, erased=True),
    "held": lambda item: replace(item, held=True),
    "recalled": lambda item: replace(item, recalled=True),
}
LOSSES = ("on_team", "approved", "inspects", "emergency", "text_confirmed", "fresh_factor")
"""Not `author`: whoever did not write a message may approve it."""


@given(nearly_allowed() | about_items, st.sampled_from(sorted(RESTRICTIONS)))
@settings(max_examples=200)
def test_no_restriction_of_an_item_ever_allows_what_was_refused(question: Question, restriction: str) -> None:
    assert isinstance(question.about, Item)
    stricter = replace(question, about=RESTRICTIONS[restriction](question.about))
    assert federation().decide(question).allowed or not federation().decide(stricter).allowed


@given(nearly_allowed() | about_items, st.sampled_from(LOSSES))
@settings(max_examples=200)
def test_nothing_lost_ever_allows_what_was_refused(question: Question, loss: str) -> None:
    changed: dict[str, Any] = {loss: False}
    poorer = replace(question, circumstances=replace(question.circumstances, **changed))
    assert federation().decide(question).allowed or not federation().decide(poorer).allowed


@given(nearly_allowed() | about_items, st.sampled_from(("clearance", "active")))
@settings(max_examples=100)
def test_a_person_with_less_is_never_allowed_more(question: Question, lost: str) -> None:
    less: dict[str, Any] = {"clearance": max(question.person.clearance - 1, 0), "active": False}
    poorer = replace(question, person=replace(question.person, **{lost: less[lost]}))
    assert federation().decide(question).allowed or not federation().decide(poorer).allowed


def verdict(act: str, code: str) -> str:
    """What a single code says about an act, found by trying."""
    decide, to = federation().decide, "CUSTOMS" if act == "OWN_AGENCY" else "KZ"
    tries: dict[str, dict[str, Any]] = {
        "A": {},
        "P": {"permissions": f"EVIDENCE FORWARD:{to}"},
        "T": {"text_confirmed": True},
        "F": {"permissions": f"EVIDENCE FORWARD:{to}", "text_confirmed": True},
    }
    return next(
        (found for found, more in tries.items() if decide(asked(act, handling=code, to=to, **more)).allowed), "F"
    )


@pytest.mark.parametrize("act", HANDLING_ACTS)
def test_the_rules_are_the_matrix_of_the_handling_codes(act: str) -> None:
    row = codes.table("handling_actions")[act]
    said = [row.text(code.lower()).partition("_")[0] for code in ("H0", "H1", "H2", "H3")]
    assert [verdict(act, code) for code in ("H0", "H1", "H2", "H3")] == said


def test_what_a_court_discloses_to_parties_outside_needs_the_permission_of_h2() -> None:
    assert [verdict("COURT_PARTIES", code) for code in ("H0", "H1", "H2", "H3")] == ["A", "P", "P", "T"]


def test_every_rule_decides_somewhere() -> None:
    seen: Counter[str] = Counter()
    for question in EXAMPLES:
        seen.update(rule.name for rule in federation().decide(question).rules)
    assert set(federation().rules) - set(seen) == set()


EXAMPLES = [
    asked(),
    *(
        Question(replace(PERSON, roles=frozenset({role})), act, House("TJ"), AT_WORK)
        for role in ROLES
        for act in Action
    ),
    *(asked(act, role, originator="TJ", author=author) for act in Act for role in ROLES for author in (True, False)),
    asked(roles="LEGAL"),
    asked("ANSWER", "LEGAL", family="control", on_team=False),
    asked("RELEASE", "LEGAL", family="control", originator="TJ", author=True),
    asked("INSPECT", "AUDITOR", inspects=True),
    asked("ERASE", "SUPERVISOR", approved=True),
    asked(on_team=False, emergency=True),
    asked(roles="TRAINER", env="exercise"),
    asked(active=False),
    asked(clearance=0),
    asked(family="financial"),
    asked(agencies="FIU", on_team=False),
    replace(asked(), circumstances=replace(AT_WORK, env="exercise")),
    asked(roles="TRAINER"),
    asked(erased=True),
    asked(expired=True),
    asked("ERASE", "DPO", held=True),
    asked(recalled=True),
    asked(protection=True, family="control"),
    asked("READ", "DPO", protection=True, family="control"),
    asked("RELEASE", "DPO", protection=True, family="control", originator="TJ", author=True),
    asked(purpose="PROSECUTE"),
    asked("COURT_FILE", handling="H1"),
    asked("OTHER_UNIT", handling="H2"),
    asked("OWN_AGENCY", to="FIU"),
    asked(handling="H3"),
    asked("EXERCISE"),
    asked("RELEASE", originator="TJ", author=True, handling="H2"),
    asked("ERASE", "DPO", fresh_factor=False),
]


def test_the_acts_of_the_schema_are_those_that_may_be_asked() -> None:
    schema = resources.files("exchange.policy").joinpath("model.cedarschema").read_text("utf-8")
    named = re.findall(r"^  action ([A-Z_,\s]+?)(?: in |\n    appliesTo)", schema, re.MULTILINE)
    assert {act for names in named for act in re.findall(r"[A-Z_]+", names)} == {*Act, *Action}


def test_the_page_of_the_rules_is_what_the_rules_say() -> None:
    assert DOCUMENT.read_text("utf-8") == document()


def test_what_is_made_of_several_items_carries_the_codes_of_all() -> None:
    assert strictest([{"H0"}, {"H1"}, {"H2", "H3"}]) == {"H1", "H2", "H3"}
    assert strictest([{"H0"}, {"H0"}]) == {"H0"}
    assert strictest([]) == frozenset()


def test_an_unknown_agency_works_with_no_family() -> None:
    assert families_of("NOBODY") == frozenset()
    assert families_of("FIU") == {"financial", "control", ""}
    assert [rank_of(code) for code in ("UNCL", "OFFUSE", "RESTR")] == [0, 1, 2]

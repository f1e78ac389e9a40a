"""What of a hub's state asks for somebody: each rule alone, in both languages, and what an auditor is told of it."""

from typing import Any

import pytest

from serai.operator.concerns import HUB_RULES, UNIT_RULES, Rule, concerns
from tests.instants import DAY, HOUR, NOW

UNIT: dict[str, Any] = {
    "unit": "KG", "suspended": False, "seen": NOW - 5, "ahead": 1, "queued": 0, "queue_age_seconds": 0,
    "key_ends": {"SIGNING": NOW + 300 * DAY, "ENCRYPTION": NOW + 9 * DAY}, "anchored": NOW - 60,
    "witness": {"unit": "KG", "seen": NOW - 60, "cosigned": True},
}  # fmt: skip
HUB: dict[str, Any] = {
    "log_damage": [], "log_contradictions": 0, "log_looked_at": NOW - 60, "publication_late": False,
    "keys": {"RECEIPT": NOW + 300 * DAY}, "certificate_ends": 0, "federation_expires": NOW + 300 * DAY,
    "snapshot_expires": NOW + HOUR, "disk": "ENOUGH", "backup": {"made": NOW - DAY, "bytes": 9}, "units": [UNIT],
}  # fmt: skip
OF_THE_HUB: list[dict[str, Any]] = [
    {"log_damage": ["ENTRY_ALTERED: 7"]},
    {"log_contradictions": 1},
    {"log_looked_at": NOW - 2 * HOUR},
    {"publication_late": True},
    {"keys": {"RECEIPT": NOW + 29 * DAY}},
    {"certificate_ends": NOW + 13 * DAY},
    {"federation_expires": NOW + 29 * DAY},
    {"snapshot_expires": NOW},
    {"disk": "SHORT"},
    {"backup": None},
]
OF_A_UNIT: list[dict[str, Any]] = [
    {"suspended": True},
    {"seen": NOW - 2 * HOUR},
    {"queue_age_seconds": 2 * HOUR},
    {"ahead": -31},
    {"key_ends": {"ENCRYPTION": NOW + 2 * DAY}},
    {"witness": {"unit": "KG", "seen": NOW - 2 * HOUR, "cosigned": False}},
    {"anchored": NOW - 2 * HOUR},
]


def found(**changes: Any) -> list[tuple[str, Rule]]:
    return [(one.unit, one.rule) for one in concerns(HUB | changes, NOW, everything=True)]


def test_a_hub_in_order_asks_for_nobody() -> None:
    assert found() == []
    silent = UNIT | {"seen": 0, "anchored": 0, "witness": None, "key_ends": {}}
    assert found(units=[silent]) == []


@pytest.mark.parametrize(("rule", "changes"), list(zip(HUB_RULES, OF_THE_HUB, strict=True)))
def test_each_thing_at_the_hub_asks_alone(rule: Rule, changes: dict[str, Any]) -> None:
    assert found(**changes) == [("", rule)]


@pytest.mark.parametrize(("rule", "changes"), list(zip(UNIT_RULES, OF_A_UNIT, strict=True)))
def test_each_thing_at_a_unit_asks_alone_and_names_it(rule: Rule, changes: dict[str, Any]) -> None:
    assert found(units=[UNIT | changes]) == [("KG", rule)]


def test_an_auditor_is_told_of_the_log_alone() -> None:
    changed = HUB | {"disk": "FULL", "publication_late": True, "units": [UNIT | {"queue_age_seconds": 9 * HOUR}]}
    assert [one.rule.what.en for one in concerns(changed, NOW, everything=False)] == [
        "Too few witnesses have cosigned for 15 minutes"
    ]


def test_everything_is_said_in_russian_too() -> None:
    for rule in (*HUB_RULES, *UNIT_RULES):
        for text in (rule.what, rule.todo):
            assert text.say("en") != text.say("ru")
            assert any("а" <= letter <= "я" for letter in text.say("ru").lower())

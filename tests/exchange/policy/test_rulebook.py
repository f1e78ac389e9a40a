"""Rules that must not be used are refused whole, each with its reason."""

import pytest

from exchange.policy.errors import PolicyRefused
from exchange.policy.rulebook import LARGEST_FILE, Rulebook, federation, federation_texts, unit_texts
from tests.exchange.policy.questions import asked

NO_EXPORT = """
@id("TJ-NO-EXPORT") @law("order 12 of the unit") @en("Nothing is exported here.") @ru("Выгрузка запрещена.")
forbid (principal, action == Serai::Action::"EXPORT", resource);
"""


def own(text: str) -> Rulebook:
    return Rulebook(federation_texts(), unit_texts({"own.cedar": text.encode()}))


def test_a_unit_forbids_more_and_is_named() -> None:
    decision = own(NO_EXPORT).decide(asked("EXPORT"))
    assert not decision.allowed
    assert [rule.name for rule in decision.rules] == ["TJ-NO-EXPORT"]
    assert decision.rules[0].words.say("ru") == "Выгрузка запрещена."
    assert own(NO_EXPORT).decide(asked()).allowed


def test_a_unit_names_its_own_order_in_one_language_or_in_two() -> None:
    both = NO_EXPORT.replace("@en", '@law_ru("приказ 12") @en')
    assert own(NO_EXPORT).rules["TJ-NO-EXPORT"].law.say("ru") == "order 12 of the unit"
    assert own(both).rules["TJ-NO-EXPORT"].law.say("ru") == "приказ 12"


def test_the_digest_names_the_exact_rules() -> None:
    assert own(NO_EXPORT).digest != own(NO_EXPORT + "\n").digest != federation().digest
    assert own("").rules == federation().rules


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NO_EXPORT.replace("forbid", "permit"), "may only forbid"),
        (NO_EXPORT.replace('@law("order 12 of the unit") ', ""), "without law"),
        (NO_EXPORT.replace('"Nothing is exported here."', '" "'), "without en"),
        ("forbid (principal, action, resource);", "without id, law, en, ru"),
        (NO_EXPORT.replace("TJ-NO-EXPORT", "H1-COURT"), "named twice"),
        (NO_EXPORT + NO_EXPORT, "named twice"),
        (NO_EXPORT.replace('EXPORT", res', 'EXPROT", res'), "EXPROT"),
        (NO_EXPORT.replace(";", ' when { resource.handeling.contains("H1") };'), "handeling"),
        (NO_EXPORT.replace(";", ' when { principal.clearance > "1" };'), "type"),
        (NO_EXPORT.replace("@id", '@remedy("BRIBE") @id'), "remedy that is none"),
        (NO_EXPORT.replace("(principal,", "(principal == ?principal,"), "template"),
        (NO_EXPORT.replace("forbid", "fordib"), "own.cedar"),
        ("// " + "x" * LARGEST_FILE, "too large"),
    ],
)
def test_a_rule_of_a_unit_that_is_not_as_it_must_be_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PolicyRefused, match=reason):
        own(text)


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="UTF-8"):
        unit_texts({"own.cedar": b"\xff"})


def test_an_error_while_deciding_is_a_refusal() -> None:
    broken = NO_EXPORT.replace(";", " when { principal.clearance * 9223372036854775807 > 1 };")
    decision = own(broken).decide(asked("EXPORT"))
    assert (decision.allowed, decision.rules) == (False, ())


def test_a_fact_of_the_wrong_type_is_a_refusal() -> None:
    assert not federation().decide(asked(classification="secret")).allowed

"""Why the rules refuse: each rule in the reader's language, its source in law, and what would change it."""

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.policy.rulebook import Rule
from nodes.web.languages import language
from schemas import codes


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that refused, its source in law, and what would change it."""

    rule: str
    text: str
    law: str
    remedy: str


def reasons(rules: Iterable[Rule]) -> tuple[Reason, ...]:
    """Return the rules that refused, in the reader's language."""
    spoken, remedies = language(), codes.table("remedies")
    return tuple(
        Reason(rule.name, rule.words.say(spoken), rule.law, remedies.label(rule.remedy, spoken)) for rule in rules
    )

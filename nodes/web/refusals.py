"""Why the rules refuse: each rule in the reader's language, its source in law, and what would change it.

Where the giver's permission would change it, the reason says with which kind of message and for which wish to ask.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from exchange.policy.rulebook import Rule
from nodes import concerns
from nodes.web.languages import language
from schemas import codes
from schemas.kind import Effect

_WISHES: Final[Mapping[str, str]] = MappingProxyType(
    {"H1-COURT": "LIFT_H1", "H2-ONWARD": "LIFT_H2", "PURPOSE": "CHANGE_PURPOSE"}
)
"""A rule that binds what another unit gave -> the wish (`permission_wants`) that a request for permission expresses."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that refused, its source in law, and what would change it.

    `wish` is what to ask permission for, and `asking` the kinds of message to ask with: empty where that does not help.
    """

    rule: str
    text: str
    law: str
    remedy: str
    wish: str
    wish_label: str
    asking: tuple[str, ...]


def reasons(rules: Iterable[Rule]) -> tuple[Reason, ...]:
    """Return the rules that refused, in the reader's language."""
    return tuple(_reason(rule) for rule in rules)


def _reason(rule: Rule) -> Reason:
    spoken, wish = language(), _WISHES.get(rule.name, "")
    remedy = codes.table("remedies").label(rule.remedy, spoken)
    asking = concerns.kinds(Effect.ASKS) if wish else ()
    wished = codes.table("permission_wants").label(wish, spoken) if wish else ""
    return Reason(rule.name, rule.words.say(spoken), rule.law, remedy, wish, wished, asking)

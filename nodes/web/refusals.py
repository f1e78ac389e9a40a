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
from schemas.codes import Code
from schemas.kind import Effect

_WISHES: Final[Mapping[str, str]] = MappingProxyType(
    {"H1-COURT": "LIFT_H1", "H2-ONWARD": "LIFT_H2", "PURPOSE": "CHANGE_PURPOSE"}
)
"""A rule that binds what another unit gave -> the wish (`permission_wants`) that a request for permission expresses."""


_TO: Final = "body.recipients_wanted.0"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that refused, its source in law, and what would change it.

    `wish` is what to ask permission for, and `asking` the kinds of message to ask with: empty where that does not help.
    `fills` is what else the request for it begins with, by the path on its form.
    """

    rule: str
    text: str
    law: str
    remedy: str
    wish: str
    wish_label: str
    asking: tuple[str, ...]
    fills: Mapping[str, str]


Fills = Mapping[str, Mapping[str, str]]
"""What a request for permission begins with, by what is wished for and the path on its form."""


def to_agency(agency: str) -> Fills:
    """Return what asks for leave to pass information on to an agency of one's own state."""
    return {"LIFT_H2": {f"{_TO}.type": "AGENCY", f"{_TO}.agency": agency}}


def to_court(use: Code) -> Fills:
    """Return what asks for a use of the table `court_uses`."""
    onward = to_agency(use.text("to")) if use.text("recipient") == "AGENCY" else {"LIFT_H2": {f"{_TO}.type": "COURT"}}
    return {**onward, "LIFT_H1": {"body.proceedings.defence_disclosure": use.text("parties")}}


def reasons(rules: Iterable[Rule], fills: Fills | None = None) -> tuple[Reason, ...]:
    """Return the rules that refused, in the reader's language."""
    return tuple(_reason(rule, fills or {}) for rule in rules)


def _reason(rule: Rule, fills: Fills) -> Reason:
    spoken, wish = language(), _WISHES.get(rule.name, "")
    remedy = codes.table("remedies").label(rule.remedy, spoken)
    asking = concerns.kinds(Effect.ASKS) if wish else ()
    wished = codes.table("permission_wants").label(wish, spoken) if wish else ""
    law = rule.law.say(spoken)
    return Reason(rule.name, rule.words.say(spoken), law, remedy, wish, wished, asking, fills.get(wish, {}))

"""HCD, the decision on a permission: by a supervisor or legal officer of the originator; scope, conditions, end.

It begins as wide as what was asked and may only be narrowed. Nothing but a granting decision gives anybody anything.
"""

from typing import Final

from crypto import instants
from schemas import codes
from schemas.facts import Facts
from schemas.field_types import Instant, LongText, OneCode, Several, ShortText
from schemas.fields import Field, Section, when
from schemas.human_rights import gate
from schemas.kind import Causes, Concern, Effect, Kind, Rule
from schemas.notices import EVERYBODY
from schemas.releases import MEMBERS, SCOPE, WIDER
from schemas.term import DAY
from schemas.words import Words

LONGEST: Final = 3 * 365 * DAY
"""A permission ends within three years, as the keeping of what it opens does."""

_TABLE: Final = codes.table("permission_decisions")
_GRANTING: Final = tuple(code for code, row in _TABLE.items() if row.extra["grants"])

_SECTIONS: Final = (
    Section(
        "decision",
        Words("Decision", "Решение"),
        Words("Only a decision permits anything; silence does not.", "Разрешает только решение; молчание — никогда."),
        (
            Field(
                "decision",
                Words("Decision", "Решение"),
                Words("For all that stands under the scope.", "По всему, что указано в объёме."),
                OneCode("permission_decisions"),
            ),
            Field(
                "conditions",
                Words("Conditions", "Условия"),
                Words("The permission holds only as long as they are kept.", "Разрешение действует при их соблюдении."),
                Several(OneCode("permission_conditions")),
                when=when("decision", "GRANTED_WITH_CONDITIONS"),
            ),
            Field(
                "valid_until",
                Words("Valid until (UTC)", "Действует до (UTC)"),
                Words("It ends by itself at this moment.", "В этот момент разрешение прекращается само."),
                Instant(),
                when=when("decision", *_GRANTING),
            ),
            Field(
                "reason",
                Words("Reason", "Причина"),
                Words("Why not, or why otherwise.", "Почему нет или почему иначе."),
                LongText(1000),
                when=when("decision", *(code for code in _TABLE if code not in _GRANTING)),
            ),
            Field(
                "authority",
                Words("Authority", "Орган, принявший решение"),
                Words("Who decided: office and function.", "Кто решил: орган и должность."),
                ShortText(200),
            ),
            Field(
                "decided_at",
                Words("Decided at (UTC)", "Время решения (UTC)"),
                Words("Not in the future.", "Не в будущем."),
                Instant(),
            ),
        ),
    ),
    Section(
        "scope",
        Words("Scope", "Объём"),
        Words("As asked, or narrower.", "Как запрошено или уже."),
        SCOPE,
    ),
)


def _until_wrong(facts: Facts) -> bool:
    until = facts.text("valid_until")
    return bool(until) and not facts.at < instants.from_text(until) <= facts.at + LONGEST


KIND: Final = Kind(
    code="HCD",
    version="1.1",
    family="control",
    label=Words("Permission decision", "Решение о разрешении"),
    hint=Words("Decide what the other unit may do.", "Решить, что разрешено другому подразделению."),
    sections=_SECTIONS,
    senders=EVERYBODY,
    receivers=EVERYBODY,
    answers=("HCR",),
    side="requested",
    clock="ENDS",
    causes=Causes(chosen_by="decision", by_value={code: row.text("event") for code, row in _TABLE.items()}),
    rules=(
        WIDER,
        Rule(
            "UNTIL_WRONG",
            "valid_until",
            Words(
                "Choose a time after now, within three years.", "Выберите время после текущего, в пределах трёх лет."
            ),
            _until_wrong,
        ),
        Rule(
            "DECIDED_LATER",
            "decided_at",
            Words("Choose a time that has passed.", "Выберите прошедшее время."),
            lambda facts: instants.from_text(facts.text("decided_at")) > facts.at,
        ),
    ),
    gate=gate("1.1", lambda facts: facts.text("decision") in {"", *_GRANTING}),
    authors=frozenset({"SUPERVISOR", "LEGAL"}),
    repeats=MEMBERS,
    concern=Concern(Effect.GRANTS),
)

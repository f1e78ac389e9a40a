"""HCR, the permission request: what handling codes, purpose or classification forbid, asked of the originator.

The family is `control`: one kind serves the items of every family, and the hub does not learn of which the item was.
"""

from typing import Final

from crypto import instants
from schemas.facts import Facts
from schemas.field_types import Date, Instant, LongText, OneCode, Several, ShortText, yes_no
from schemas.fields import Field, Section, when
from schemas.groups import Record
from schemas.kind import Causes, Concern, Effect, Kind, Rule
from schemas.notices import EVERYBODY
from schemas.release_life import LIFE
from schemas.releases import SCOPE
from schemas.term import DAY, Term
from schemas.words import Words

ROUTINE: Final = 7 * DAY
BEFORE_A_HEARING: Final = DAY
HEARING_WITHIN: Final = 5
"""Days: a hearing that is not further away makes the request urgent."""

_PROCEEDINGS: Final = Record(
    (
        Field(
            "court",
            Words("Court or prosecutor", "Суд или прокурор"),
            Words("Before whom it would be used.", "Перед кем сведения будут использованы."),
            ShortText(200),
        ),
        Field(
            "case_no",
            Words("Number of the case there", "Номер дела там"),
            Words("As the court writes it.", "Как указывает суд."),
            ShortText(80),
        ),
        Field(
            "stage",
            Words("Stage", "Стадия"),
            Words("Where the proceedings stand.", "На какой стадии производство."),
            OneCode("stages"),
        ),
        Field(
            "next_hearing",
            Words("Next hearing", "Следующее заседание"),
            Words(
                "Within 5 days, the decision is due in 24 hours.",
                "Если не позже 5 дней, решение нужно за 24 часа.",
            ),
            Date(),
            required=False,
        ),
        Field(
            "defence_disclosure",
            Words("Will the defence see it?", "Увидит ли защита?"),
            Words("By the law of the proceedings.", "По закону производства."),
            yes_no(),
        ),
    )
)

_SECTIONS: Final = (
    Section(
        "scope",
        Words("What is asked", "Что запрашивается"),
        Words("Permission of the unit that gave the information.", "Разрешение подразделения, давшего сведения."),
        SCOPE,
    ),
    Section(
        "reason",
        Words("Why", "Зачем"),
        Words("What the other unit must know to decide.", "Что нужно знать другому подразделению для решения."),
        (
            Field(
                "proceedings",
                Words("Proceedings", "Производство"),
                Words("In which it would be used.", "В котором сведения будут использованы."),
                _PROCEEDINGS,
                when=when("wanted", "LIFT_H1"),
            ),
            Field(
                "justification",
                Words("Justification", "Обоснование"),
                Words("Why it is needed, and why nothing less will do.", "Почему это нужно и почему не менее того."),
                LongText(2000),
                data_group="CONDUCT",
            ),
            Field(
                "needed_by",
                Words("Needed by (UTC)", "Нужно к (UTC)"),
                Words("The legal clock runs all the same.", "Установленный срок идёт независимо от этого."),
                Instant(),
            ),
            Field(
                "conditions_offered",
                Words("Conditions that you offer", "Предлагаемые условия"),
                Words("They make a decision easier.", "Они облегчают решение."),
                Several(OneCode("permission_conditions")),
                required=False,
            ),
        ),
    ),
)


def _hearing(facts: Facts) -> str:
    proceedings = facts.body.get("proceedings")
    return str(proceedings.get("next_hearing", "")) if isinstance(proceedings, dict) else ""


def _hearing_past(facts: Facts) -> bool:
    return "" < _hearing(facts) < instants.to_text(facts.at)[:10]


def time_to_decide(facts: Facts) -> int:
    """Return 24 hours when the next hearing is within 5 days of the asking, 7 calendar days otherwise."""
    near = "" < _hearing(facts) <= instants.to_text(facts.at + HEARING_WITHIN * DAY)[:10]
    return BEFORE_A_HEARING if near else ROUTINE


KIND: Final = Kind(
    code="HCR",
    version="1.0",
    family="control",
    label=Words("Permission request", "Запрос разрешения"),
    hint=Words(
        "Ask the unit that gave the information to permit what its handling codes forbid.",
        "Запросить у предоставившей стороны разрешение на то, что запрещают коды обращения.",
    ),
    sections=_SECTIONS,
    senders=EVERYBODY,
    receivers=EVERYBODY,
    clock="STARTS",
    causes=Causes("PERMISSION_ASKED"),
    rules=(
        Rule(
            "NEEDED_IN_THE_PAST",
            "needed_by",
            Words("Choose a time in the future.", "Выберите время в будущем."),
            lambda facts: instants.from_text(facts.text("needed_by")) <= facts.at,
        ),
        Rule(
            "HEARING_PAST",
            "proceedings",
            Words("Give the date of a hearing to come.", "Укажите дату предстоящего заседания."),
            _hearing_past,
        ),
    ),
    life=LIFE,
    term=Term(time_to_decide, steps=frozenset({"ASSIGNEE", "DUTY_OFFICER", "COORDINATORS"})),
    concern=Concern(
        Effect.ASKS,
        begun_from="RECEIVED",
        invitation=Words("Ask {unit} for permission", "Запросить разрешение: {unit}"),
    ),
)

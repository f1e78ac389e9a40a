"""BRN, the breach notice: a unit tells the units whose data it was that personal data were lost, altered or seen.

Directive (EU) 2016/680, articles 30(6) and 31: without undue delay, in phases if need be. It names no person.
"""

from typing import Final

from crypto import instants
from schemas.facts import Facts
from schemas.field_types import Instant, LongText, Several, ShortText, WholeNumber
from schemas.fields import Field, Section
from schemas.identifiers import Reference
from schemas.kind import Causes, Kind, Rule
from schemas.notices import EVERYBODY, life
from schemas.term import HOUR, Term, fixed
from schemas.words import Words

_LABEL: Final = Words("Breach notice", "Сообщение о нарушении безопасности данных")
_TIME: Final = 72 * HOUR
_MOST: Final = 1_000_000_000


def _late(facts: Facts) -> bool:
    return facts.at > instants.from_text(facts.text("detected")) + _TIME and not facts.text("late")


KIND: Final = Kind(
    code="BRN",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words("Tell the units whose data it was.", "Известить подразделения, чьи данные затронуты."),
    sections=(
        Section(
            "breach",
            Words("The breach", "Нарушение"),
            Words(
                "What is not known yet follows in another notice. No names.",
                "Остальное — в следующем сообщении. Без имён.",
            ),
            (
                Field(
                    "reference",
                    Words("Your number of the breach", "Ваш номер нарушения"),
                    Words("The same in every notice about it.", "Один и тот же во всех сообщениях о нём."),
                    ShortText(40),
                ),
                Field(
                    "detected",
                    Words("Detected", "Обнаружено"),
                    Words("When your unit learnt of it.", "Когда о нём узнало ваше подразделение."),
                    Instant(),
                ),
                Field(
                    "nature",
                    Words("What happened", "Что произошло"),
                    Words(
                        "Lost, altered, or seen by whom it was not for.", "Утрата, изменение или доступ посторонних."
                    ),
                    LongText(2000),
                ),
                Field(
                    "categories",
                    Words("Which data", "Какие данные"),
                    Words("Kinds of data and of persons.", "Виды данных и категории лиц."),
                    LongText(2000),
                ),
                Field(
                    "subjects",
                    Words("How many persons, about", "Сколько лиц, примерно"),
                    Words("A whole number.", "Целое число."),
                    WholeNumber(0, _MOST),
                ),
                Field(
                    "records",
                    Words("How many records, about", "Сколько записей, примерно"),
                    Words("A whole number.", "Целое число."),
                    WholeNumber(0, _MOST),
                ),
                Field(
                    "consequences",
                    Words("What may follow", "Возможные последствия"),
                    Words("For the persons, and for your cases and theirs.", "Для лиц, для ваших и чужих дел."),
                    LongText(2000),
                ),
                Field(
                    "measures",
                    Words("What was done", "Что сделано"),
                    Words("And what you ask of the other units.", "И о чём вы просите другие подразделения."),
                    LongText(2000),
                ),
                Field(
                    "contact",
                    Words("Whom to ask", "К кому обращаться"),
                    Words("The data-protection officer: post and telephone.", "Ответственный: должность и телефон."),
                    ShortText(300),
                ),
                Field(
                    "partners",
                    Words("Units whose data it was", "Чьи данные затронуты"),
                    Words("All that are told.", "Все извещаемые подразделения."),
                    Several(Reference("unit")),
                ),
                Field(
                    "late",
                    Words("Why later than 72 hours", "Почему позже 72 часов"),
                    Words("If more time has passed since then.", "Если прошло больше."),
                    LongText(2000),
                    required=False,
                ),
            ),
        ),
    ),
    rules=(
        Rule(
            "LATE_WITHOUT_REASON",
            "late",
            Words(
                "72 hours have passed since the breach was detected: say why.",
                "С обнаружения прошло более 72 часов: укажите почему.",
            ),
            _late,
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    clock="STARTS",
    causes=Causes("NOTICE"),
    life=life(_LABEL),
    term=Term(fixed(_TIME), steps=frozenset({"COORDINATORS"}), silence="DPO"),
    authors=frozenset({"DPO"}),
    protection=True,
)

"""DLY, the delay notice: article 5(2) of Directive (EU) 2023/977.

Only a judicial authorisation makes lateness lawful.
"""

from typing import Final

from crypto import instants
from schemas import codes
from schemas.facts import Facts
from schemas.field_types import Instant, LongText, OneCode, ShortText
from schemas.fields import Field, Section, when
from schemas.kind import Causes, Kind, Rule, agencies
from schemas.words import Words

UPDATE_WITHIN: Final = 7 * 86_400
"""Seconds within which the next news must come."""

_SECTIONS = (
    Section(
        "delay",
        Words("Delay", "Задержка"),
        Words("Say why, and until when.", "Укажите причину и срок."),
        (
            Field(
                "cause",
                Words("Cause", "Причина"),
                Words(
                    "Only a judicial authorisation makes lateness lawful.",
                    "Только судебная санкция делает задержку правомерной.",
                ),
                OneCode("delay_causes"),
            ),
            Field(
                "authority_asked",
                Words("Authority asked", "Запрошенный орган"),
                Words("Court or judge.", "Суд или судья."),
                ShortText(200),
                when=when("cause", "JUDICIAL_AUTHORISATION"),
            ),
            Field(
                "expected_by",
                Words("Answer expected by (UTC)", "Ответ ожидается до (UTC)"),
                Words("As well as you can tell.", "По вашей оценке."),
                Instant(),
            ),
            Field(
                "next_update_by",
                Words("Next news by (UTC)", "Следующее сообщение до (UTC)"),
                Words("Within 7 days.", "В течение 7 дней."),
                Instant(),
            ),
            Field(
                "note",
                Words("Note", "Примечание"),
                Words("Leave empty if there is nothing to add.", "Оставьте пустым, если добавить нечего."),
                LongText(1000),
                required=False,
            ),
        ),
    ),
)


def _expected_past(facts: Facts) -> bool:
    return instants.from_text(facts.text("expected_by")) <= facts.at


def _update_far(facts: Facts) -> bool:
    return not facts.at < instants.from_text(facts.text("next_update_by")) <= facts.at + UPDATE_WITHIN


KIND: Final = Kind(
    code="DLY",
    version="1.0",
    family="operational",
    label=Words("Delay notice", "Уведомление о задержке"),
    hint=Words("Say in time that the answer will be late.", "Заблаговременно сообщить, что ответ задержится."),
    sections=_SECTIONS,
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("REQ",),
    side="requested",
    clock="EXTENDS",
    causes=Causes(
        chosen_by="cause",
        by_value={
            code: "DELAY_LAWFUL" if row.extra["lawful"] else "DELAY_OTHER"
            for code, row in codes.table("delay_causes").items()
        },
    ),
    rules=(
        Rule(
            "EXPECTED_PAST",
            "expected_by",
            Words("Choose a time in the future.", "Выберите время в будущем."),
            _expected_past,
        ),
        Rule(
            "UPDATE_NOT_WITHIN_7_DAYS",
            "next_update_by",
            Words("Choose a time within the next 7 days.", "Выберите время в пределах ближайших 7 дней."),
            _update_far,
        ),
    ),
)

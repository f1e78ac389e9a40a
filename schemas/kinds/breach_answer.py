"""BRA, the answer to a breach notice: it was read by the data-protection officer there, and what that unit does."""

from typing import Final

from schemas import codes
from schemas.field_types import LongText, OneCode
from schemas.fields import Field, Section
from schemas.kind import Causes, Kind
from schemas.notices import EVERYBODY
from schemas.words import Words

KIND: Final = Kind(
    code="BRA",
    version="1.0",
    family="control",
    label=Words("Answer to a breach notice", "Ответ на сообщение о нарушении"),
    hint=Words("Say that you have read it and what you do.", "Сообщить о прочтении и своих мерах."),
    sections=(
        Section(
            "breach_answer",
            Words("What follows here", "Что последует здесь"),
            Words("Within 72 hours.", "В течение 72 часов."),
            (
                Field(
                    "outcome",
                    Words("Outcome", "Итог"),
                    Words("As far as your unit is concerned.", "В отношении вашего подразделения."),
                    OneCode("breach_answers"),
                ),
                Field(
                    "measures",
                    Words("What your unit does", "Что делает ваше подразделение"),
                    Words("No names.", "Без имён."),
                    LongText(2000),
                    required=False,
                ),
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    answers=("BRN",),
    side="requested",
    clock="ENDS",
    causes=Causes(
        chosen_by="outcome",
        by_value={code: row.text("event") for code, row in codes.table("breach_answers").items()},
    ),
    authors=frozenset({"DPO"}),
    protection=True,
)

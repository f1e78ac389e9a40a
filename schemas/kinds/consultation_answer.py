"""DSA, the answer to a consultation: what a person may be told, if only in part, or not even whether there is anything.

Directive (EU) 2016/680, article 15(1): what is withheld is withheld on one of five grounds.
"""

from typing import Final

from schemas import codes
from schemas.field_types import LongText, OneCode, Several
from schemas.fields import Field, Section, when
from schemas.kind import Causes, Kind
from schemas.notices import EVERYBODY
from schemas.words import Words

KIND: Final = Kind(
    code="DSA",
    version="1.0",
    family="control",
    label=Words("Answer to a consultation", "Ответ на запрос мнения"),
    hint=Words("Say what the person may be told.", "Сообщить, что можно раскрыть лицу."),
    sections=(
        Section(
            "consultation_answer",
            Words("What the person may be told", "Что можно сообщить лицу"),
            Words(
                "Within 21 days; without an answer nothing is told.",
                "В течение 21 дня; без ответа не сообщается ничего.",
            ),
            (
                Field(
                    "decision",
                    Words("Decision", "Решение"),
                    Words("For everything that was asked about.", "Для всего, о чём запрошено."),
                    OneCode("consultation_answers"),
                ),
                Field(
                    "grounds",
                    Words("Grounds", "Основания"),
                    Words("Article 15(1) of the directive.", "Статья 15(1) директивы."),
                    Several(OneCode("withholding_grounds")),
                    when=when("decision", "PARTIAL", "REFUSE", "NEITHER_CONFIRM_NOR_DENY"),
                ),
                Field(
                    "note",
                    Words("Note", "Примечание"),
                    Words("For the other data-protection officer. No names.", "Для коллеги. Без имён."),
                    LongText(2000),
                    required=False,
                ),
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    answers=("DSQ",),
    side="requested",
    clock="ENDS",
    causes=Causes(
        chosen_by="decision",
        by_value={code: row.text("event") for code, row in codes.table("consultation_answers").items()},
    ),
    authors=frozenset({"DPO"}),
    protection=True,
)

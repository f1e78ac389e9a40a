"""FBK, the feedback: how useful an answer was and what it led to."""

from typing import Final

from schemas.field_types import LongText, OneCode, Several
from schemas.fields import Field, Section
from schemas.kind import Causes, Kind, agencies
from schemas.words import Words

KIND: Final = Kind(
    code="FBK",
    version="1.0",
    family="operational",
    label=Words("Feedback", "Отзыв об ответе"),
    hint=Words("Tell the other unit what its answer led to.", "Сообщить, к чему привёл полученный ответ."),
    sections=(
        Section(
            "feedback",
            Words("Feedback", "Отзыв об ответе"),
            Words("It helps the other unit to help you.", "Это помогает другому подразделению помогать вам."),
            (
                Field(
                    "usefulness",
                    Words("Usefulness", "Полезность"),
                    Words("Of the whole answer.", "Ответа в целом."),
                    OneCode("usefulness"),
                ),
                Field(
                    "results",
                    Words("What it led to", "К чему привёл"),
                    Words("Choose all that apply.", "Выберите всё подходящее."),
                    Several(OneCode("feedback_results")),
                ),
                Field(
                    "note",
                    Words("Note", "Примечание"),
                    Words("Leave empty if there is nothing to add.", "Оставьте пустым, если добавить нечего."),
                    LongText(1000),
                    required=False,
                    data_group="CONDUCT",
                ),
            ),
        ),
    ),
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("ANS",),
    side="requester",
    causes=Causes("FEEDBACK"),
)

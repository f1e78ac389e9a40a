"""WDR, the withdrawal: the requester no longer needs an answer, and the clock ends."""

from typing import Final

from schemas.field_types import LongText, OneCode
from schemas.fields import Field, Section
from schemas.kind import Causes, Kind, agencies
from schemas.words import Words

KIND: Final = Kind(
    code="WDR",
    version="1.0",
    family="operational",
    label=Words("Withdrawal", "Отзыв запроса"),
    hint=Words("Tell the other unit to stop working on a request.", "Сообщить, что исполнять запрос больше не нужно."),
    sections=(
        Section(
            "withdrawal",
            Words("Withdrawal", "Отзыв запроса"),
            Words("Say why.", "Укажите причину."),
            (
                Field(
                    "reason",
                    Words("Reason", "Причина"),
                    Words("The main one.", "Основная."),
                    OneCode("withdrawal_reasons"),
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
    ),
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("REQ",),
    side="requester",
    clock="ENDS",
    causes=Causes("WITHDRAW"),
)

"""RCA, the answer to a recall: what became of the message here, and whether anybody had read it before.

That something was destroyed the unit itself says, when two persons there have done it. Everything else a supervisor
says; only a refusal opens the message again.
"""

from typing import Final

from schemas import codes
from schemas.field_types import Instant, OneCode, WholeNumber
from schemas.fields import Field, Section, when
from schemas.kind import Causes, Kind
from schemas.notices import EVERYBODY, ONWARD, exception, reason
from schemas.words import Words

KIND: Final = Kind(
    code="RCA",
    version="1.0",
    family="control",
    label=Words("Answer to a recall", "Ответ на отзыв"),
    hint=Words(
        "Say why it is not destroyed; the destruction itself is told by your unit.",
        "Сообщить, почему не уничтожено; о самом уничтожении сообщает ваш узел.",
    ),
    sections=(
        Section(
            "recall_answer",
            Words("What was done", "Что сделано"),
            Words("Within 72 hours.", "В течение 72 часов."),
            (
                Field(
                    "outcome",
                    Words("Outcome", "Итог"),
                    Words("For the message and whatever carries it.", "Для сообщения и всего, что его содержит."),
                    OneCode("recall_outcomes"),
                ),
                exception(when("outcome", "KEPT_SEALED")),
                reason(when("outcome", "REFUSED")),
                Field(
                    "opened",
                    Words("First opened here", "Впервые открыто здесь"),
                    Words("Leave empty if nobody read it.", "Оставьте пустым, если никто не прочёл."),
                    Instant(),
                    required=False,
                ),
                Field(
                    "readers",
                    Words("Persons who read it", "Сколько лиц прочли"),
                    Words("Counted in the log.", "По журналу."),
                    WholeNumber(0, 100_000),
                    required=False,
                ),
                Field(
                    "files",
                    Words("Files that left the unit", "Файлы, вышедшие за пределы подразделения"),
                    Words("Exports and prints, counted in the log.", "Выгрузки и печать, по журналу."),
                    WholeNumber(0, 100_000),
                    required=False,
                ),
                ONWARD,
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    answers=("RCL",),
    side="requested",
    clock="ENDS",
    causes=Causes(
        chosen_by="outcome",
        by_value={code: row.text("event") for code, row in codes.table("recall_outcomes").items()},
    ),
    authors=frozenset({"SUPERVISOR"}),
    told="onward",
)

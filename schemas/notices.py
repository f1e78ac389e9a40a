"""What notices about items have in common: their life, who exchanges them, and the time to acknowledge them.

A notice goes to every unit to which its sender disclosed the items; each passes it on to those whom it told.
"""

from typing import Final

from schemas.field_types import LongText, OneCode, Several
from schemas.fields import Condition, Field
from schemas.identifiers import Reference
from schemas.kind import agencies
from schemas.life import Event, Life, State
from schemas.term import HOUR, Term, fixed
from schemas.words import Words

EVERYBODY: Final = agencies("operational", "financial", "judicial", "strategic")
"""Items of every family have holders, so every agency that exchanges any may ask, decide and be told."""


ONWARD: Final = Field(
    "onward",
    Words("Passed on to", "Передано далее"),
    Words(
        "Units to which the items went from here; the notice went to them too.",
        "Подразделения, куда сведения ушли отсюда; уведомление направлено и им.",
    ),
    Several(Reference("unit")),
    required=False,
)
"""To whom whoever answers a notice passed it on."""


def exception(asked: tuple[Condition, ...]) -> Field:
    """Return the field that says why something is kept for now."""
    return Field(
        "exception",
        Words("Exception", "Исключение"),
        Words("Why something is kept for now.", "Почему что-то пока сохраняется."),
        OneCode("erasure_exceptions"),
        when=asked,
    )


def reason(asked: tuple[Condition, ...]) -> Field:
    """Return the field that says why a notice is not followed."""
    return Field(
        "reason",
        Words("Reason", "Причина"),
        Words("By what law it is refused.", "На каком законном основании отказано."),
        LongText(1000),
        when=asked,
    )


def life(label: Words) -> Life:
    """Return the life of a notice of this name."""
    return Life(
        label=label,
        states=(
            State("DONE", Words("Done", "Исполнено"), final=True),
            State("EXCEPTED", Words("Done with an exception", "Исполнено с исключением")),
            State("NOT_FOUND", Words("Not held there", "Сведений там нет"), final=True),
            State("REFUSED", Words("Refused", "Отказано"), final=True),
        ),
        events=(
            Event("NOTICE", Words("Notice received", "Уведомление получено")),
            Event("NOTICE_DONE", Words("Done", "Исполнено")),
            Event("NOTICE_EXCEPTED", Words("Done with an exception", "Исполнено с исключением")),
            Event("NOTICE_NOT_FOUND", Words("Not held there", "Сведений там нет")),
            Event("NOTICE_REFUSED", Words("Refused", "Отказано")),
        ),
        from_open={
            "NOTICE_DONE": "DONE",
            "NOTICE_EXCEPTED": "EXCEPTED",
            "NOTICE_NOT_FOUND": "NOT_FOUND",
            "NOTICE_REFUSED": "REFUSED",
        },
        # what an exception held back may be done once the exception has ended
        steps={("EXCEPTED", "NOTICE_DONE"): "DONE"},
    )


TERM: Final = Term(fixed(72 * HOUR), silence="AUDITOR")
"""72 hours to acknowledge; the auditors of both units are told of silence."""

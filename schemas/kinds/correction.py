"""COR, the correction notice: tells everybody who holds an item what in it was wrong, and what is right.

Article 16 of Directive (EU) 2016/680: recipients must be told. Hashes stand for old values, so that nothing wrong is
repeated.
"""

from typing import Final

from schemas import items
from schemas.field_types import LongText, OneCode, ShortText, yes_no
from schemas.fields import Field, Section
from schemas.groups import Rows
from schemas.identifiers import Reference
from schemas.kind import Causes, Concern, Effect, Kind
from schemas.notices import EVERYBODY, TERM, life
from schemas.words import Words

_LABEL: Final = Words("Correction notice", "Уведомление об исправлении")

_CORRECTION: Final = (
    *items.FIELDS,
    Field(
        "field",
        Words("What is wrong", "Что неверно"),
        Words("As it is called in the message.", "Как это названо в сообщении."),
        ShortText(120),
    ),
    Field(
        "old_value_hash",
        Words("Hash of the wrong value", "Хеш неверного значения"),
        Words("SHA-256, where a machine must find it.", "SHA-256, если его должна найти машина."),
        Reference("sha256"),
        required=False,
    ),
    Field(
        "new_value",
        Words("What is right", "Как правильно"),
        Words("The value that takes its place.", "Значение вместо неверного."),
        LongText(2000),
        data_group="PERSONAL",
    ),
)

KIND: Final = Kind(
    code="COR",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words("Tell every holder what was wrong.", "Сообщить всем получателям, что было неверно."),
    sections=(
        Section(
            "correction",
            Words("Correction", "Исправление"),
            Words("One entry for each wrong value.", "По одной записи на каждое неверное значение."),
            (
                Field(
                    "items",
                    Words("Wrong values", "Неверные значения"),
                    Words("Messages, or persons and things in them.", "Сообщения либо лица и объекты в них."),
                    Rows(_CORRECTION, high=50),
                ),
                Field(
                    "cause",
                    Words("Cause", "Причина"),
                    Words("The main one.", "Основная."),
                    OneCode("correction_causes"),
                ),
                Field(
                    "must_tell_onward",
                    Words("Must onward recipients be told?", "Сообщать дальнейшим получателям?"),
                    Words("Yes, unless nothing that matters was wrong.", "Да, если ошибка хоть сколько-то важна."),
                    yes_no(),
                ),
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    clock="STARTS",
    causes=Causes("NOTICE"),
    life=life(_LABEL),
    term=TERM,
    concern=Concern(
        Effect.CORRECTS,
        begun_from="SENT",
        invitation=Words("Correct this at every holder", "Исправить у всех получателей"),
        onward=lambda body: body["must_tell_onward"] == "YES",
    ),
)

"""DSQ, the consultation: may a person be told what another unit said about him? Asked of the unit that said it.

Directive (EU) 2016/680, articles 14 to 17. It names the messages and the persons in them by their ids, nobody by name.
Without an answer nothing of it is told.
"""

from typing import Final

from schemas import items
from schemas.field_types import Date, LongText, OneCode, ShortText
from schemas.fields import Field, Section
from schemas.kind import Causes, Concern, Effect, Kind
from schemas.life import Event, Life, State
from schemas.notices import EVERYBODY
from schemas.term import DAY, Term, fixed
from schemas.words import Words

_LABEL: Final = Words("Consultation about a person’s request", "Запрос мнения об обращении лица")
_LIFE: Final = Life(
    label=_LABEL,
    states=(
        State("MAY_TELL", Words("May be told", "Можно сообщить"), final=True),
        State("TELL_PART", Words("May be told in part", "Можно сообщить частично"), final=True),
        State("REFUSED", Words("Refused", "Отказано"), final=True),
        State("NEITHER", Words("Neither confirm nor deny", "Не подтверждать и не отрицать"), final=True),
    ),
    events=(
        Event("CONSULTED", Words("Opinion asked", "Мнение запрошено")),
        Event("MAY_BE_TOLD", Words("May be told", "Можно сообщить")),
        Event("PART_MAY_BE_TOLD", Words("May be told in part", "Можно сообщить частично")),
        Event("NOT_TO_BE_TOLD", Words("May not be told", "Сообщать нельзя")),
        Event("NEITHER_TO_BE_TOLD", Words("Neither confirm nor deny", "Не подтверждать и не отрицать")),
    ),
    from_open={
        "MAY_BE_TOLD": "MAY_TELL",
        "PART_MAY_BE_TOLD": "TELL_PART",
        "NOT_TO_BE_TOLD": "REFUSED",
        "NEITHER_TO_BE_TOLD": "NEITHER",
    },
)

KIND: Final = Kind(
    code="DSQ",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words(
        "Ask whether a person may be told what you were told.", "Узнать, можно ли сообщить лицу полученное вами."
    ),
    sections=(
        Section(
            "consultation",
            Words("The request of the person", "Обращение лица"),
            Words("Name nobody: the other unit finds the person by the ids.", "Без имён: лицо найдут по обозначениям."),
            (
                Field(
                    "reference",
                    Words("Your number of the request", "Ваш номер обращения"),
                    Words("For your own files.", "Для вашего учёта."),
                    ShortText(40),
                ),
                Field(
                    "right",
                    Words("What the person asks for", "О чём просит лицо"),
                    Words("The main thing.", "Главное."),
                    OneCode("subject_rights"),
                ),
                Field(
                    "asked_on",
                    Words("Day of the request", "Дата обращения"),
                    Words("The law counts from it.", "От неё считается срок."),
                    Date(),
                ),
                items.ITEMS,
                Field(
                    "note",
                    Words("What you intend to answer", "Что вы намерены ответить"),
                    Words("In general words, without names.", "В общих словах, без имён."),
                    LongText(2000),
                    required=False,
                ),
            ),
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    clock="STARTS",
    causes=Causes("CONSULTED"),
    life=_LIFE,
    term=Term(fixed(21 * DAY), steps=frozenset({"COORDINATORS"}), silence="DPO"),
    concern=Concern(Effect.CONSULTS),
    authors=frozenset({"DPO"}),
    protection=True,
)

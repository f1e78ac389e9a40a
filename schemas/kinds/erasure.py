"""ERA, the erasure notice: every holder of an item must destroy it and say so; the logs keep hashes, never content.

Regulation (EU) 2016/794, annex II A(5), and Directive (EU) 2016/680, article 16.
"""

from typing import Final

from schemas import items
from schemas.field_types import LongText, OneCode
from schemas.fields import Field, Section
from schemas.kind import Causes, Concern, Effect, Kind, Rule
from schemas.notices import EVERYBODY, TERM, life
from schemas.words import Words

_LABEL: Final = Words("Erasure notice", "Уведомление об уничтожении")

KIND: Final = Kind(
    code="ERA",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words("Have every holder destroy what must not be kept.", "Добиться уничтожения сведений у всех получателей."),
    sections=(
        Section(
            "erasure",
            Words("Erasure", "Уничтожение"),
            Words(
                "Whoever received it must destroy it and say so.", "Получившие обязаны уничтожить и сообщить об этом."
            ),
            (
                items.ITEMS,
                Field(
                    "cause",
                    Words("Cause", "Причина"),
                    Words("The main one.", "Основная."),
                    OneCode("erasure_causes"),
                ),
                Field(
                    "note",
                    Words("Note", "Примечание"),
                    Words("Repeat nothing of what is to be destroyed.", "Не повторяйте то, что подлежит уничтожению."),
                    LongText(1000),
                    required=False,
                ),
            ),
        ),
    ),
    rules=(
        Rule(
            "RECALL_IT",
            "cause",
            Words(
                "Recall the message instead, with the button on its page: it is closed at once.",
                "Вместо этого отзовите сообщение кнопкой на его странице: оно закроется сразу.",
            ),
            lambda facts: facts.text("cause") == "SENT_BY_MISTAKE",
        ),
    ),
    senders=EVERYBODY,
    receivers=EVERYBODY,
    clock="STARTS",
    causes=Causes("NOTICE"),
    life=life(_LABEL),
    term=TERM,
    concern=Concern(
        Effect.ERASES,
        begun_from="SENT",
        invitation=Words("Have this destroyed at every holder", "Уничтожить у всех получателей"),
        onward=lambda _body: True,
    ),
)

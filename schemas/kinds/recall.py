"""RCL, the recall: a message went out by mistake. Every holder closes it to everybody at once, and then destroys it.

Directive (EU) 2016/680, article 30: limiting a breach. Other than an erasure (ERA) it takes effect when it arrives,
before any person there has decided, and it is about whole messages only: what was read cannot be cut out of one.
"""

from typing import Final

from schemas import items
from schemas.field_types import LongText, OneCode
from schemas.fields import Field, Section
from schemas.groups import Rows
from schemas.kind import Causes, Concern, Effect, Kind
from schemas.notices import EVERYBODY, TERM, life
from schemas.words import Words

_LABEL: Final = Words("Recall", "Отзыв отправленного по ошибке")
_MESSAGE: Final = items.FIELDS[:1]

KIND: Final = Kind(
    code="RCL",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words("Close a message to everybody who got it, at once.", "Немедленно закрыть сообщение у всех получателей."),
    sections=(
        Section(
            "recall",
            Words("Sent by mistake", "Отправлено по ошибке"),
            Words(
                "It is closed wherever it came; a supervisor there decides about its destruction.",
                "Оно закрывается везде, куда пришло; об уничтожении там решает руководитель.",
            ),
            (
                Field("items", items.ITEMS.label, items.ITEMS.hint, Rows(_MESSAGE, high=1)),
                Field(
                    "cause",
                    Words("What went wrong", "Что произошло"),
                    Words("The main thing.", "Главное."),
                    OneCode("recall_causes"),
                ),
                Field(
                    "note",
                    Words("Note for the recipients", "Примечание для получателей"),
                    Words("Repeat nothing of what the message says.", "Не повторяйте содержание сообщения."),
                    LongText(1000),
                    required=False,
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
    authors=frozenset({"OFFICER", "LIAISON_OFFICER", "FIU_ANALYST", "SPOC_DUTY", "SUPERVISOR"}),
    concern=Concern(
        Effect.RECALLS,
        begun_from="SENT",
        invitation=Words("Sent by mistake", "Отправлено по ошибке"),
        onward=lambda _body: True,
    ),
)

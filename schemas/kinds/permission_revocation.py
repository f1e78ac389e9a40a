"""HRV, the revocation of a permission: counts at each holder from its arrival, and follows the items onward."""

from typing import Final

from schemas import items
from schemas.field_types import LongText, OneCode
from schemas.fields import Field, Section
from schemas.identifiers import Reference
from schemas.kind import Causes, Concern, Effect, Kind
from schemas.notices import EVERYBODY, TERM, life
from schemas.words import Words

_LABEL: Final = Words("Revocation of a permission", "Отзыв разрешения")

KIND: Final = Kind(
    code="HRV",
    version="1.0",
    family="control",
    label=_LABEL,
    hint=Words("Take a permission back from everybody who uses it.", "Отозвать разрешение у всех, кто им пользуется."),
    sections=(
        Section(
            "revocation",
            Words("What is revoked", "Что отзывается"),
            Words("From its arrival the permission is void.", "С момента получения разрешение не действует."),
            (
                Field(
                    "decision",
                    Words("Decision", "Решение"),
                    Words("The identifier of its message.", "Идентификатор его сообщения."),
                    Reference("message"),
                ),
                items.ITEMS,
                Field(
                    "cause",
                    Words("Cause", "Причина"),
                    Words("The main one.", "Основная."),
                    OneCode("revocation_causes"),
                ),
                Field(
                    "note",
                    Words("Note", "Примечание"),
                    Words("What the holders must do now.", "Что должны сделать те, у кого есть сведения."),
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
    authors=frozenset({"SUPERVISOR", "LEGAL"}),
    concern=Concern(
        Effect.REVOKES,
        begun_from="SENT",
        invitation=Words("Revoke this permission", "Отозвать это разрешение"),
        of_kind="HCD",
        names="decision",
        onward=lambda _body: True,
    ),
)

"""The labels that every case message carries, declared as fields: who may use it for what, how fast, for how long.

They are part of every compose form and come first in every encrypted message; family, urgency, classification and
handling stand in the clear header as well. Two fields of the form never travel (`KEPT`): why a source needs H1 or H2
would itself point at the source. This module must not know any kind.
"""

from typing import Final

from schemas import codes
from schemas.field_types import Date, LongText, OneCode, Several, ShortText, yes_no
from schemas.fields import Field, Section, Values, when
from schemas.groups import Rows
from schemas.identifiers import Listed
from schemas.items import PASSED_ON
from schemas.words import Words

_CARRIED: Final = tuple(code for code, row in codes.table("classification").items() if row.extra["carried"])
BINDING: Final = tuple(code for code, row in codes.table("handling").items() if not row.extra["alone"])
"""The handling codes that bind more than the law does; choosing one asks why."""

_URGENT: Final = tuple(code for code, row in codes.table("urgency").items() if row.extra["urgent"])

_BASIS: Final = (
    Field(
        "instrument",
        Words("Treaty or law", "Договор или закон"),
        Words("In force between you and every recipient.", "Действующий между вами и каждым получателем."),
        ShortText(200),
    ),
    Field(
        "article",
        Words("Article", "Статья"),
        Words("For example: article 9(1)(a).", "Например: статья 9, пункт 1 (a)."),
        ShortText(60),
    ),
)

_OTHER_CHANNEL: Final = (
    Field(
        "channel",
        Words("Channel", "Канал"),
        Words("Where you asked too.", "Где вы также спрашивали."),
        OneCode("channels"),
    ),
    Field(
        "reference",
        Words("Reference", "Номер"),
        Words("As on that channel.", "Как в том канале."),
        ShortText(80),
    ),
    Field(
        "date",
        Words("Date", "Дата"),
        Words("The day you asked.", "День обращения."),
        Date(),
        required=False,
    ),
)

SECTIONS: Final = (
    Section(
        "subject",
        Words("Subject", "Тема"),
        Words("What it is about.", "О чём сообщение."),
        (
            Field(
                "subject_line",
                Words("Subject line", "Тема сообщения"),
                Words("No names of persons.", "Без имён лиц."),
                ShortText(120),
            ),
            Field(
                "crime_areas",
                Words("Areas of crime", "Виды преступности"),
                Words("The main one first, at most five.", "Основной — первым, не более пяти."),
                Several(OneCode("crime_areas"), high=5, ranked=True),
            ),
            Field(
                "language",
                Words("Language of the message", "Язык сообщения"),
                Words("The language in which you write.", "Язык, на котором вы пишете."),
                Listed("language"),
            ),
            Field(
                "free_text",
                Words("Further text", "Дополнительный текст"),
                Words("Only what no other field holds.", "Только то, для чего нет отдельного поля."),
                LongText(20_000),
                required=False,
                data_group="CONDUCT",
            ),
        ),
    ),
    Section(
        "ground",
        Words("Legal ground", "Правовое основание"),
        Words("Why you may send it.", "Почему вы вправе это направить."),
        (
            Field(
                "purpose",
                Words("Purpose", "Цель"),
                Words(
                    "Any other use needs the consent of the provider.",
                    "Иное использование требует согласия отправителя.",
                ),
                OneCode("purposes"),
            ),
            Field(
                "legal_basis",
                Words("Legal basis", "Правовая основа"),
                Words("At least one.", "Хотя бы одна."),
                Rows(_BASIS, high=10),
            ),
        ),
    ),
    Section(
        "urgency",
        Words("Urgency", "Срочность"),
        Words("It decides the time to answer.", "От неё зависит срок ответа."),
        (
            Field(
                "urgency",
                Words("How urgent", "Степень срочности"),
                Words(
                    "Urgent only under one of the listed conditions.", "Срочно — только при одном из указанных условий."
                ),
                OneCode("urgency"),
            ),
            Field(
                "urgency_reason",
                Words("Why it is urgent", "Почему срочно"),
                Words("Facts that the other unit can check.", "Факты, которые другое подразделение может проверить."),
                LongText(500),
                when=when("urgency", *_URGENT),
                data_group="CONDUCT",
            ),
        ),
    ),
    Section(
        "handling",
        Words("Handling", "Обращение"),
        Words("What recipients may do with it.", "Что получатели могут с этим делать."),
        (
            Field(
                "classification",
                Words("Classification", "Гриф"),
                Words("Not above the accreditation of any recipient.", "Не выше аккредитации любого получателя."),
                OneCode("classification", _CARRIED),
            ),
            Field(
                "source_at_risk",
                Words("Is the source at risk?", "Источник под угрозой?"),
                Words(
                    "If not, choose H0: H1 and H2 hold back evidence. The answer stays in your unit.",
                    "Если нет, выберите H0: H1 и H2 мешают доказыванию. Ответ остаётся в вашем подразделении.",
                ),
                yes_no(),
            ),
            Field(
                "handling",
                Words("Handling codes", "Коды обращения"),
                Words(
                    "H0 stands alone. H1 and H2 only if the source is at risk.",
                    "H0 указывается отдельно. H1 и H2 — только если источник под угрозой.",
                ),
                Several(OneCode("handling")),
            ),
            Field(
                "handling_reason",
                Words("Why it needs this code", "Почему необходим этот код"),
                Words(
                    "For those who review it in your unit. It is not sent.",
                    "Для проверки в вашем подразделении. Не отправляется.",
                ),
                LongText(500, 5),
                when=when("handling", *BINDING),
            ),
            Field(
                "handling_text",
                Words("Text of the restriction", "Текст ограничения"),
                Words("What exactly is restricted, 5 to 500 characters.", "Что именно ограничено, от 5 до 500 знаков."),
                LongText(500, 5),
                when=when("handling", "H3"),
            ),
            Field(
                "retention_until",
                Words("Keep until", "Хранить до"),
                Words("At most three years.", "Не более трёх лет."),
                Date(),
            ),
        ),
    ),
    Section(
        "copies",
        Words("Copies and other channels", "Копии и другие каналы"),
        Words("So that nobody works twice.", "Чтобы работа не выполнялась дважды."),
        (
            Field(
                "cc_own_spoc",
                Words("Copy to your own contact point?", "Копия своему контактному пункту?"),
                Words("Yes, unless one of three reasons forbids it.", "Да, если не препятствует одна из трёх причин."),
                yes_no(),
            ),
            Field(
                "withhold_copy_reason",
                Words("Why no copy", "Почему без копии"),
                Words("Directive (EU) 2023/977, article 4(2).", "Директива (ЕС) 2023/977, статья 4(2)."),
                OneCode("withhold_reasons"),
                when=when("cc_own_spoc", "NO"),
            ),
            Field(
                "other_channel_refs",
                Words("Also asked on", "Также запрошено по каналу"),
                Words("Other channels for the same matter.", "Другие каналы по тому же вопросу."),
                Rows(_OTHER_CHANNEL, low=0),
                required=False,
            ),
            PASSED_ON,
        ),
    ),
)

KEPT: Final = frozenset({"source_at_risk", "handling_reason"})
"""What the form asks and the unit keeps: never part of a message."""

FORM: Final = tuple(item for section in SECTIONS for item in section.fields)
"""The fields of the form."""

FIELDS: Final = tuple(item for item in FORM if item.name not in KEPT)
"""The fields of a message."""

FOR_A_SOURCE: Final = frozenset({"H1", "H2"})
"""The handling codes that are for a source at risk, and for nothing else."""


def sent(values: Values) -> Values:
    """Return the labels of a message of the values of its form."""
    return {name: value for name, value in values.items() if name not in KEPT}

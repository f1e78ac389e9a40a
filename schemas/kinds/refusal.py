"""REF, the refusal: article 6 of Directive (EU) 2023/977.

The grounds are a closed list, and only the affected part of a request may fall.
"""

from typing import Final

from crypto.canonical import Json
from schemas import codes
from schemas.facts import Facts, records
from schemas.field_types import LongText, OneCode, Several, ShortText, WholeNumber, yes_no
from schemas.fields import Field, Section, when
from schemas.kind import Causes, Kind, Rule, agencies
from schemas.words import Words

_SECTIONS = (
    Section(
        "refusal",
        Words("Refusal", "Отказ"),
        Words("Refuse only what must be refused.", "Отказывайте только в той части, в которой это необходимо."),
        (
            Field(
                "extent",
                Words("Extent", "Объём отказа"),
                Words("The rest of the request must still be answered.", "На остальную часть запроса нужно ответить."),
                OneCode("refusal_extents"),
            ),
            Field(
                "item_nos",
                Words("Questions refused", "Номера вопросов"),
                Words("Numbers as in the request, one a line.", "Номера как в запросе, по одному в строке."),
                Several(WholeNumber(1, 20)),
                when=when("extent", "PART"),
            ),
            Field(
                "grounds",
                Words("Grounds", "Основания"),
                Words("One to three.", "От одного до трёх."),
                Several(OneCode("refusal_grounds"), high=3),
            ),
            Field(
                "reason_text",
                Words("Reasons", "Обоснование"),
                Words(
                    "May be left empty only for national security.",
                    "Можно не заполнять только при отказе по национальной безопасности.",
                ),
                LongText(1000),
                required=False,
            ),
            Field(
                "authority",
                Words("Authority that decided", "Орган, принявший решение"),
                Words("If it was not your unit.", "Если решало не ваше подразделение."),
                ShortText(200),
                required=False,
            ),
            Field(
                "severable",
                Words("Can the rest be answered?", "Можно ли ответить на остальное?"),
                Words("Only the affected part may be refused.", "Отказать можно только в затронутой части."),
                yes_no(),
            ),
            Field(
                "inseverable_reason",
                Words("Why the rest cannot be answered", "Почему нельзя ответить на остальное"),
                Words("Explain briefly.", "Поясните кратко."),
                LongText(1000),
                when=when("severable", "NO"),
            ),
            Field(
                "alternative",
                Words("What the requester can do", "Что может сделать запрашивающая сторона"),
                Words("The best way on.", "Лучший дальнейший путь."),
                OneCode("alternatives"),
            ),
        ),
    ),
)


def _grounds(listed: Json) -> frozenset[str]:
    return frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()


def _reason_missing(facts: Facts) -> bool:
    table = codes.table("refusal_grounds")
    silent = all(table[ground].extra["silent"] for ground in _grounds(facts.body["grounds"]))
    return "reason_text" not in facts.body and not silent


def _unknown_items(facts: Facts) -> bool:
    asked = len(records((facts.parent or {}).get("requested_items")))
    numbers = facts.body.get("item_nos", [])
    return facts.parent is not None and isinstance(numbers, list) and any(int(str(one)) > asked for one in numbers)


def _part_is_whole(facts: Facts) -> bool:
    asked = len(records((facts.parent or {}).get("requested_items")))
    numbers = facts.body.get("item_nos", [])
    return asked > 0 and isinstance(numbers, list) and len(numbers) == asked


def _whole_but_severable(facts: Facts) -> bool:
    return facts.text("extent") == "WHOLE" and facts.text("severable") == "YES"


_RULES = (
    Rule(
        "REASON_MISSING",
        "reason_text",
        Words("Give the reasons of the refusal.", "Укажите обоснование отказа."),
        _reason_missing,
    ),
    Rule(
        "ITEM_UNKNOWN",
        "item_nos",
        Words("Name only questions that the request has.", "Указывайте только вопросы, которые есть в запросе."),
        _unknown_items,
    ),
    Rule(
        "PART_IS_WHOLE",
        "extent",
        Words(
            "Choose the whole request: every question is refused.", "Выберите весь запрос: отказано по всем вопросам."
        ),
        _part_is_whole,
    ),
    Rule(
        "WHOLE_BUT_SEVERABLE",
        "severable",
        Words(
            "Refuse only the affected part: you say that the rest can be answered.",
            "Откажите только в затронутой части: вы указали, что на остальное можно ответить.",
        ),
        _whole_but_severable,
    ),
)

KIND: Final = Kind(
    code="REF",
    version="1.0",
    family="operational",
    label=Words("Refusal", "Отказ"),
    hint=Words(
        "Refuse a request, or part of it, on a listed ground.",
        "Отказать в запросе или его части по основанию из перечня.",
    ),
    sections=_SECTIONS,
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("REQ",),
    side="requested",
    clock="ENDS",
    clock_by_event={"REFUSE_PART": "NONE"},
    causes=Causes(chosen_by="extent", by_value={"WHOLE": "REFUSE", "PART": "REFUSE_PART"}),
    rules=_RULES,
    refused_on=lambda body: _grounds(body["grounds"]),
)

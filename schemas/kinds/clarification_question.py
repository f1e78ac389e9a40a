"""CLQ, the clarification question: article 6(3) of Directive (EU) 2023/977. It stops the clock until it is answered."""

from typing import Final

from schemas.facts import Facts, records
from schemas.field_types import LongText, OneCode, WholeNumber
from schemas.fields import Field, Section
from schemas.groups import Rows
from schemas.kind import Causes, Kind, Rule, agencies
from schemas.words import Words

_QUESTION = (
    Field(
        "item_no",
        Words("Number of the question asked", "Номер вопроса запроса"),
        Words("As in the request.", "Как в запросе."),
        WholeNumber(1, 20),
    ),
    Field(
        "missing_element",
        Words("What is missing", "Чего не хватает"),
        Words("The element that a request must have.", "Обязательный элемент запроса."),
        OneCode("request_elements"),
    ),
    Field(
        "question",
        Words("Your question", "Ваш вопрос"),
        Words("What you need to go on.", "Что нужно для продолжения работы."),
        LongText(1000),
        data_group="CONDUCT",
    ),
)


def _unknown_item(facts: Facts) -> bool:
    asked = len(records((facts.parent or {}).get("requested_items")))
    return facts.parent is not None and any(int(str(row["item_no"])) > asked for row in facts.rows("questions"))


KIND: Final = Kind(
    code="CLQ",
    version="1.0",
    family="operational",
    label=Words("Clarification question", "Уточняющий вопрос"),
    hint=Words("Ask what you need; the clock stops.", "Спросите необходимое; срок приостанавливается."),
    sections=(
        Section(
            "questions",
            Words("Questions", "Вопросы"),
            Words("One to ten.", "От одного до десяти."),
            (
                Field(
                    "questions",
                    Words("Questions", "Вопросы"),
                    Words("Numbered in this order.", "Нумеруются в этом порядке."),
                    Rows(_QUESTION, high=10),
                ),
            ),
        ),
    ),
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("REQ",),
    side="requested",
    clock="STOPS",
    causes=Causes("CLARIFICATION_ASKED"),
    rules=(
        Rule(
            "ITEM_UNKNOWN",
            "questions",
            Words("Name only questions that the request has.", "Указывайте только вопросы, которые есть в запросе."),
            _unknown_item,
        ),
    ),
)

"""CLA, the answer to a clarification question: the clock goes on."""

from typing import Final

from schemas import codes
from schemas.facts import Facts, records
from schemas.field_types import LongText, WholeNumber
from schemas.fields import Field, Section
from schemas.groups import Rows
from schemas.human_rights import gate
from schemas.kind import Causes, Kind, Rule, agencies
from schemas.words import Words

_ANSWER = (
    Field(
        "question_no",
        Words("Number of the clarification question", "Номер уточняющего вопроса"),
        Words("As in the clarification question.", "Как в уточняющем вопросе."),
        WholeNumber(1, 10),
    ),
    Field(
        "answer",
        Words("Answer", "Ответ"),
        Words("Or say that you cannot answer.", "Или укажите, что ответить нельзя."),
        LongText(2000),
        data_group="CONDUCT",
    ),
)


def _not_each_once(facts: Facts) -> bool:
    given = [row["question_no"] for row in facts.rows("answers")]
    if facts.parent is None:
        return len({str(number) for number in given}) < len(given)
    return given != list(range(1, len(records(facts.parent.get("questions"))) + 1))


KIND: Final = Kind(
    code="CLA",
    version="1.1",
    family="operational",
    label=Words("Clarification answer", "Ответ на уточнение"),
    hint=Words("Answer the questions; the clock goes on.", "Ответьте на вопросы; срок продолжится."),
    sections=(
        Section(
            "answers",
            Words("Answers", "Ответы"),
            Words("One for each question.", "По одному на каждый вопрос."),
            (
                Field(
                    "answers",
                    Words("Answers", "Ответы"),
                    Words("In the order of the questions.", "В порядке вопросов."),
                    Rows(_ANSWER, high=10),
                ),
            ),
        ),
    ),
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("CLQ",),
    side="requester",
    object_types=tuple(codes.table("object_types")),
    clock="RESUMES",
    causes=Causes("CLARIFICATION_GIVEN"),
    gate=gate("1.1"),
    rules=(
        Rule(
            "QUESTIONS_NOT_EACH_ONCE",
            "answers",
            Words(
                "Answer every clarification question once, in its order.",
                "Ответьте на каждый уточняющий вопрос по одному разу, в его порядке.",
            ),
            _not_each_once,
        ),
    ),
)

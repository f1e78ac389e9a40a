"""The life of an information request, from the question to its end: Directive (EU) 2023/977, articles 4 to 6."""

from typing import Final

from schemas.life import Event, Life, State, stay
from schemas.words import Words

_ANSWERED: Final = ("ANSWERED_FULL", "ANSWERED_PARTIAL", "NO_INFORMATION", "REFUSED")
_ENDINGS: Final = {
    "ANSWER_FULL": "ANSWERED_FULL",
    "ANSWER_PARTIAL": "ANSWERED_PARTIAL",
    "ANSWER_NONE": "NO_INFORMATION",
    "REFUSE": "REFUSED",
}
_NEWS: Final = ("DELAY_OTHER", "REFUSE_PART")

LIFE: Final = Life(
    label=Words("Request", "Запрос"),
    states=(
        State("CLARIFICATION", Words("Clarification, clock stopped", "Уточнение, срок приостановлен"), open=True),
        State("AWAITING_JUDICIAL", Words("Awaiting judicial authorisation", "Ожидание судебной санкции"), open=True),
        State("ANSWERED_FULL", Words("Answered", "Дан полный ответ")),
        State("ANSWERED_PARTIAL", Words("Answered in part", "Дан частичный ответ")),
        State("NO_INFORMATION", Words("No information", "Сведений нет")),
        State("REFUSED", Words("Refused", "Отказано")),
        State("WITHDRAWN", Words("Withdrawn", "Отозвано")),
        State("FEEDBACK_GIVEN", Words("Feedback given", "Дан отзыв об ответе")),
        State("CLOSED", Words("Closed", "Закрыто"), final=True),
        State("REOPENED", Words("Opened again", "Открыто повторно"), open=True),
    ),
    events=(
        Event("REQUEST", Words("Request received", "Запрос получен")),
        Event("RESUME", Words("Judicial authorisation decided", "Решение о судебной санкции принято"), "LOCAL"),
        Event("CLOSE", Words("Closed", "Закрыто"), "LOCAL"),
        Event("REOPEN", Words("Opened again", "Открыто повторно"), "LOCAL"),
        Event("CLARIFICATION_ASKED", Words("Clarification asked", "Запрошено уточнение")),
        Event("CLARIFICATION_GIVEN", Words("Clarification given", "Уточнение дано")),
        Event("DELAY_LAWFUL", Words("Delay: judicial authorisation", "Задержка: судебная санкция")),
        Event("DELAY_OTHER", Words("Delay: other cause", "Задержка: иная причина")),
        Event("ANSWER_FULL", Words("Answered in full", "Дан полный ответ")),
        Event("ANSWER_PARTIAL", Words("Answered in part", "Дан частичный ответ")),
        Event("ANSWER_NONE", Words("Answered: nothing held", "Дан ответ: сведений нет")),
        Event("REFUSE", Words("Refused", "Отказано")),
        Event("REFUSE_PART", Words("Refused in part", "Отказано частично")),
        Event("WITHDRAW", Words("Withdrawn", "Отозвано")),
        Event("FEEDBACK", Words("Feedback given", "Дан отзыв об ответе")),
    ),
    from_open={
        **_ENDINGS,
        "WITHDRAW": "WITHDRAWN",
        "DELAY_LAWFUL": "AWAITING_JUDICIAL",
        "CLARIFICATION_ASKED": "CLARIFICATION",
    },
    news=_NEWS,
    steps={
        **stay(("CLARIFICATION", "AWAITING_JUDICIAL", "ANSWERED_PARTIAL"), ("DELAY_LAWFUL",)),
        **stay(("ANSWERED_PARTIAL",), (*_NEWS, "ANSWER_PARTIAL")),
        **{(state, "ANSWER_FULL"): "ANSWERED_FULL" for state in ("ANSWERED_PARTIAL", "FEEDBACK_GIVEN", "CLOSED")},
        **{(state, "FEEDBACK"): "FEEDBACK_GIVEN" for state in (*_ANSWERED[:3], "FEEDBACK_GIVEN")},
        **{(state, "CLOSE"): "CLOSED" for state in (*_ANSWERED, "WITHDRAWN", "FEEDBACK_GIVEN")},
        ("CLOSED", "FEEDBACK"): "CLOSED",
        ("CLOSED", "REOPEN"): "REOPENED",
    },
    asking={
        ("CLARIFICATION", "CLARIFICATION_GIVEN"): "DELIVERED",
        # what the other side sent before it read our withdrawal: an end stands, a question falls
        **{("WITHDRAWN", event): to for event, to in _ENDINGS.items()},
        **stay(("WITHDRAWN",), ("CLARIFICATION_ASKED", "DELAY_LAWFUL", *_NEWS, "REJECTED", "EXPIRED", "NOT_DELIVERED")),
    },
    asked={
        ("CLARIFICATION", "CLARIFICATION_GIVEN"): "IN_PROGRESS",
        ("AWAITING_JUDICIAL", "RESUME"): "IN_PROGRESS",
        **stay(("CLARIFICATION", "AWAITING_JUDICIAL"), ("ASSIGN",)),
        ("REOPENED", "ASSIGN"): "ASSIGNED",
        ("REOPENED", "START"): "IN_PROGRESS",
        ("REOPENED", "TRANSFER"): "TRANSFERRED",
        # what the requester sent before it read our answer: the answer stands
        **stay((*_ANSWERED, "FEEDBACK_GIVEN", "CLOSED"), ("WITHDRAW", "CLARIFICATION_GIVEN")),
    },
)

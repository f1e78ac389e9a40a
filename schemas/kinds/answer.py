"""ANS, the answer: article 5 of Directive (EU) 2023/977. Every requested item gets exactly one outcome.

The outcome of the whole is computed: FULL when every item is provided, NONE when nothing is held, else PARTIAL. An item
that came from another state without its consent must be refused (article 6(1)(h)).
"""

from collections.abc import Mapping
from typing import Final

from crypto.canonical import Json
from schemas import codes
from schemas.facts import Facts, records
from schemas.field_types import Date, Instant, LongText, OneCode, Several, ShortText, WholeNumber, yes_no
from schemas.fields import Field, Section, when
from schemas.groups import Record, Rows
from schemas.human_rights import gate
from schemas.identifiers import Reference
from schemas.kind import Causes, Kind, Replies, Rule, agencies, refers_to_unknown
from schemas.words import Words

_ITEM = (
    Field(
        "item_no",
        Words("Number of the question", "Номер вопроса"),
        Words("As in the request.", "Как в запросе."),
        WholeNumber(1, 20),
    ),
    Field(
        "outcome",
        Words("Outcome", "Результат"),
        Words("One outcome for each question.", "По одному результату на каждый вопрос."),
        OneCode("item_outcomes"),
    ),
    Field(
        "text",
        Words("Answer", "Ответ"),
        Words("Or enter persons and things and refer to them.", "Или внесите лица и объекты и сошлитесь на них."),
        LongText(8000),
        required=False,
        when=when("outcome", "PROVIDED"),
        data_group="CONDUCT",
    ),
    Field(
        "about",
        Words("Persons and things", "Лица и объекты"),
        Words("Their short references, one a line.", "Их обозначения, по одному в строке."),
        Several(Reference("object")),
        required=False,
        when=when("outcome", "PROVIDED"),
    ),
    Field(
        "ground",
        Words("Ground of refusal", "Основание отказа"),
        Words("Only for this question.", "Только для этого вопроса."),
        OneCode("refusal_grounds"),
        when=when("outcome", "REFUSED"),
    ),
    Field(
        "expected_by",
        Words("Expected by (UTC)", "Ожидается до (UTC)"),
        Words("When you will be able to answer.", "Когда вы сможете ответить."),
        Instant(),
        when=when("outcome", "PENDING"),
    ),
)

_AUTHORISATION = (
    Field(
        "authority",
        Words("Authority", "Орган"),
        Words("Court or judge.", "Суд или судья."),
        ShortText(200),
    ),
    Field(
        "order_number",
        Words("Number of the order", "Номер решения"),
        Words("As printed.", "Как в документе."),
        ShortText(80),
    ),
    Field(
        "date",
        Words("Date of the order", "Дата решения"),
        Words("The full date.", "Полная дата."),
        Date(),
    ),
)

_SECTIONS = (
    Section(
        "answers",
        Words("Answers", "Ответы"),
        Words("One for each question of the request.", "По одному на каждый вопрос запроса."),
        (
            Field(
                "items",
                Words("Answers", "Ответы"),
                Words("In the order of the questions.", "В порядке вопросов."),
                Rows(_ITEM),
            ),
        ),
    ),
    Section(
        "basis",
        Words("Where it comes from", "Откуда сведения"),
        Words("It decides which time limit applied.", "От этого зависит, какой срок применялся."),
        (
            Field(
                "availability",
                Words("How the information was available", "Как были доступны сведения"),
                Words("Indirect if another body had to be asked.", "Косвенно, если пришлось запрашивать другой орган."),
                OneCode("availability"),
            ),
            Field(
                "data_current_as_of",
                Words("Current as of", "Актуально на дату"),
                Words("The day of the look-up.", "День проверки по учётам."),
                Date(),
            ),
            Field(
                "judicial_authorisation",
                Words("Judicial authorisation", "Судебная санкция"),
                Words("If one was needed.", "Если она требовалась."),
                Record(_AUTHORISATION),
                required=False,
            ),
            Field(
                "third_party",
                Words(
                    "Does part of it come from another state or body?",
                    "Получена ли часть от другого государства или органа?",
                ),
                Words("Then its consent is needed.", "Тогда нужно его согласие."),
                yes_no(),
            ),
            Field(
                "third_party_origin",
                Words("Which state or body", "Какое государство или орган"),
                Words("Its name.", "Наименование."),
                ShortText(200),
                when=when("third_party", "YES"),
            ),
            Field(
                "third_party_consent",
                Words("Has it consented?", "Дано ли согласие?"),
                Words("Without consent the item must be refused.", "Без согласия по пункту нужно отказать."),
                yes_no(),
                when=when("third_party", "YES"),
            ),
        ),
    ),
    Section(
        "use",
        Words("Use of the answer", "Использование ответа"),
        Words("What the requester may do with it.", "Что может делать запрашивающая сторона."),
        (
            Field(
                "evidence_consent",
                Words("May it be used as evidence?", "Можно ли использовать как доказательство?"),
                Words("If not, the message must carry H1.", "Если нет, сообщение должно иметь код H1."),
                OneCode("evidence_consent"),
            ),
            Field(
                "evidence_conditions",
                Words("Conditions", "Условия"),
                Words("What must be kept to.", "Что необходимо соблюдать."),
                LongText(1000),
                when=when("evidence_consent", "YES_WITH_CONDITIONS"),
            ),
            Field(
                "deviation_cause",
                Words("Cause, if the answer is late", "Причина, если ответ с опозданием"),
                Words("Leave empty if it is in time.", "Оставьте пустым, если ответ в срок."),
                OneCode("delay_causes"),
                required=False,
            ),
        ),
    ),
)


def _outcome(body: Mapping[str, Json]) -> Json:
    outcomes = {str(item["outcome"]) for item in records(body.get("items"))}
    if outcomes == {"PROVIDED"}:
        return "FULL"
    return "NONE" if outcomes == {"NONE_HELD"} else "PARTIAL"


def _outcomes(facts: Facts) -> set[str]:
    return {str(item["outcome"]) for item in facts.rows("items")}


def _gives(facts: Facts) -> bool:
    """Whether it tells anything: not if nothing is provided beside the outcomes; a form without one may still."""
    outcomes = {item.get("outcome") for item in facts.rows("items")}
    silent = bool(outcomes) and outcomes <= {"NONE_HELD", "REFUSED", "PENDING"}
    return not silent or bool(facts.objects) or "free_text" in facts.labels


def _not_each_once(facts: Facts) -> bool:
    given = [item["item_no"] for item in facts.rows("items")]
    if facts.parent is None:
        return len({str(number) for number in given}) < len(given)
    return given != list(range(1, len(records(facts.parent.get("requested_items"))) + 1))


def _says_nothing(facts: Facts) -> bool:
    provided = [item for item in facts.rows("items") if item["outcome"] == "PROVIDED"]
    return any("text" not in item and "about" not in item for item in provided)


def _unknown_about(facts: Facts) -> bool:
    return refers_to_unknown(facts, "items")


def _consent_against_handling(facts: Facts) -> bool:
    return (facts.text("evidence_consent") == "NO") != ("H1" in facts.listed("handling"))


def _without_consent(facts: Facts) -> bool:
    refused = any(item.get("ground") == "H_THIRD_PARTY" for item in facts.rows("items"))
    return facts.text("third_party_consent") == "NO" and not refused


_RULES = (
    Rule(
        "ITEMS_NOT_EACH_ONCE",
        "items",
        Words(
            "Answer every question of the request once, in its order.",
            "Ответьте на каждый вопрос запроса по одному разу, в его порядке.",
        ),
        _not_each_once,
    ),
    Rule(
        "ALL_REFUSED",
        "items",
        Words("Send a refusal: every item is refused.", "Направьте отказ: отказано по всем пунктам."),
        lambda facts: _outcomes(facts) == {"REFUSED"},
    ),
    Rule(
        "NOTHING_ANSWERED",
        "items",
        Words(
            "Send a delay notice: no item is answered yet.",
            "Направьте уведомление о задержке: ни на один пункт ещё нет ответа.",
        ),
        lambda facts: _outcomes(facts) == {"PENDING"},
    ),
    Rule(
        "PROVIDED_WITHOUT_CONTENT",
        "items",
        Words(
            "Write the answer, or refer to persons and things, for every item that is provided.",
            "Напишите ответ или сошлитесь на лица и объекты по каждому предоставленному пункту.",
        ),
        _says_nothing,
    ),
    Rule(
        "ABOUT_UNKNOWN",
        "items",
        Words(
            "Refer only to persons and things entered in this message.",
            "Ссылайтесь только на лица и объекты, указанные в этом сообщении.",
        ),
        _unknown_about,
    ),
    Rule(
        "CONSENT_AGAINST_HANDLING",
        "evidence_consent",
        Words(
            "Make consent and handling agree: no use as evidence means H1, and only then.",
            "Согласуйте согласие и код обращения: запрет на использование как доказательства означает H1, и только он.",
        ),
        _consent_against_handling,
    ),
    Rule(
        "THIRD_PARTY_WITHOUT_CONSENT",
        "third_party_consent",
        Words(
            "Refuse the item that came from another state or body: it has not consented.",
            "Откажите по пункту, полученному от другого государства или органа: согласия нет.",
        ),
        _without_consent,
    ),
)

KIND: Final = Kind(
    code="ANS",
    version="1.1",
    family="operational",
    label=Words("Answer", "Ответ"),
    hint=Words("Answer every question of a request.", "Ответить на каждый вопрос запроса."),
    sections=_SECTIONS,
    senders=agencies("operational"),
    receivers=agencies("operational"),
    answers=("REQ",),
    side="requested",
    object_types=tuple(codes.table("object_types")),
    clock="ENDS",
    causes=Causes(
        chosen_by="outcome",
        by_value={"FULL": "ANSWER_FULL", "PARTIAL": "ANSWER_PARTIAL", "NONE": "ANSWER_NONE"},
    ),
    rules=_RULES,
    gate=gate("1.1", _gives),
    computed={"outcome": _outcome},
    refused_on=lambda body: frozenset(str(item["ground"]) for item in records(body.get("items")) if "ground" in item),
    replies=Replies("items", "item_no", "text", {"outcome": "PROVIDED"}),
)

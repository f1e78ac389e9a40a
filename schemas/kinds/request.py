"""REQ, the information request: article 4 of Directive (EU) 2023/977.

Items are numbered by their place from 1; each must be answerable alone (article 4(5)(a)). Police channels cannot ask
for coercion: that is refused here and belongs to mutual legal assistance.
"""

from typing import Final

from crypto import instants
from schemas import codes
from schemas.completeness import BIRTH, NUMBERS, OBJECTS
from schemas.facts import Facts, records
from schemas.field_types import Instant, LongText, OneCode, Several, ShortText, yes_no
from schemas.fields import Field, Section, when
from schemas.groups import Rows
from schemas.human_rights import CHECKED, gate
from schemas.identifiers import Reference
from schemas.kind import Approval, Causes, Kind, Point, Rule, agencies, refers_to_unknown
from schemas.offence import OFFENCE, PENALTY
from schemas.request_life import LIFE
from schemas.term import Term, by_urgency, of_request
from schemas.words import Words

CONFIRM_BELOW: Final = 60
"""Below this completeness a supervisor confirms."""

_ITEM = (
    Field(
        "info_category",
        Words("What kind of information", "Какая информация нужна"),
        Words("One kind for each question.", "Для каждого вопроса — одна категория."),
        OneCode("information_categories"),
    ),
    Field(
        "question",
        Words("Question", "Вопрос"),
        Words(
            "Ask so that it can be answered without the other questions.",
            "Сформулируйте так, чтобы можно было ответить без остальных вопросов.",
        ),
        LongText(1000),
        data_group="CONDUCT",
    ),
    Field(
        "about",
        Words("About", "О ком или о чём"),
        Words(
            "Short references of the persons and things, one a line.", "Обозначения лиц и объектов, по одному в строке."
        ),
        Several(Reference("object")),
        required=False,
    ),
)

_LINK = (
    Field(
        "object",
        Words("Person or organisation", "Лицо или организация"),
        Words("Its short reference.", "Его обозначение."),
        Reference("object"),
    ),
    Field(
        "explanation",
        Words("Link to the case", "Связь с делом"),
        Words(
            "Why this person or organisation matters for the purpose.",
            "Почему это лицо или организация важны для цели запроса.",
        ),
        LongText(1000),
        data_group="CONDUCT",
    ),
)

_SECTIONS = (
    Section(
        "questions",
        Words("What is asked", "Что запрашивается"),
        Words("One to twenty questions.", "От одного до двадцати вопросов."),
        (
            Field(
                "requested_items",
                Words("Questions", "Вопросы"),
                Words("Numbered in this order.", "Нумеруются в этом порядке."),
                Rows(_ITEM),
            ),
        ),
    ),
    Section(
        "case",
        Words("The case", "Дело"),
        Words("What the other unit must know to help.", "Что должно знать другое подразделение, чтобы помочь."),
        (
            Field(
                "facts",
                Words("Facts", "Обстоятельства"),
                Words("At least 100 characters: who, what, when, where.", "Не менее 100 знаков: кто, что, когда, где."),
                LongText(8000, 100),
                data_group="CONDUCT",
            ),
            OFFENCE,
            Field(
                "stage",
                Words("Stage of the proceedings", "Стадия производства"),
                Words("Where the case stands today.", "На какой стадии дело сейчас."),
                OneCode("stages"),
            ),
        ),
    ),
    Section(
        "purpose",
        Words("Purpose and reason", "Цель и основание"),
        Words("Directive (EU) 2023/977, article 4(5).", "Директива (ЕС) 2023/977, статья 4(5)."),
        (
            Field(
                "purpose_statement",
                Words("Purpose", "Цель"),
                Words("What you will do with the answer.", "Для чего вам нужен ответ."),
                LongText(2000),
            ),
            Field(
                "reason_held",
                Words("Why the other state may hold it", "Почему сведения могут быть у другого государства"),
                Words("The main reason.", "Основная причина."),
                OneCode("held_reasons"),
            ),
            Field(
                "reason_held_text",
                Words("Explanation of the reason", "Пояснение причины"),
                Words("What points to that state.", "Что указывает на это государство."),
                LongText(1000),
                data_group="CONDUCT",
            ),
            Field(
                "hit_reference",
                Words("Reference of the hit", "Номер совпадения"),
                Words("As shown with the hit.", "Как указано при совпадении."),
                ShortText(64),
                when=when("reason_held", "INDEX_HIT"),
            ),
            Field(
                "links",
                Words("Link of each person and organisation", "Связь каждого лица и организации"),
                Words("One entry for each of them.", "По одной записи на каждое."),
                Rows(_LINK, low=0, high=50),
                required=False,
            ),
        ),
    ),
    Section(
        "use",
        Words("Use and limits", "Использование и ограничения"),
        Words("What the answer may be used for.", "Для чего можно использовать ответ."),
        (
            Field(
                "intended_use",
                Words("Intended use", "Предполагаемое использование"),
                Words(
                    "Evidence needs a release by the provider.",
                    "Для доказательств нужно разрешение предоставившей стороны.",
                ),
                OneCode("intended_use"),
            ),
            Field(
                "use_restrictions",
                Words("Limits on the use of this request", "Ограничения на использование запроса"),
                Words("Leave empty if there are none.", "Оставьте пустым, если их нет."),
                LongText(1000),
                required=False,
            ),
            Field(
                "judicial_order",
                Words("Is a judicial order available?", "Есть ли судебное решение?"),
                Words("Of your own state.", "Вашего государства."),
                yes_no(),
            ),
            Field(
                "judicial_order_reference",
                Words("Reference of the order", "Реквизиты решения"),
                Words("Authority, number and date.", "Орган, номер и дата."),
                ShortText(200),
                when=when("judicial_order", "YES"),
            ),
            Field(
                "coercive_needed",
                Words("Are coercive measures needed?", "Нужны ли меры принуждения?"),
                Words(
                    "Then ask for mutual legal assistance instead.",
                    "Тогда вместо этого нужен запрос о правовой помощи.",
                ),
                yes_no(),
            ),
            Field(
                "copy_regional",
                Words("Copy to the regional body?", "Направить копию региональному органу?"),
                Words("It can then see links with other cases.", "Тогда он сможет увидеть связи с другими делами."),
                yes_no(),
            ),
            Field(
                "answer_wanted_by",
                Words("Answer wanted by (UTC)", "Желаемый срок ответа (UTC)"),
                Words("Not before the legal deadline.", "Не раньше установленного срока."),
                Instant(),
                required=False,
            ),
        ),
    ),
)


def _coercion(facts: Facts) -> bool:
    return facts.text("coercive_needed") == "YES"


def _wanted_early(facts: Facts) -> bool:
    wanted, urgency = facts.text("answer_wanted_by"), str(facts.labels.get("urgency", "ROUTINE"))
    allowed = by_urgency(urgency) if urgency in codes.table("urgency") else 0
    return bool(wanted) and instants.from_text(wanted) < facts.at + allowed


def _unknown_about(facts: Facts) -> bool:
    return refers_to_unknown(facts, "requested_items")


def _link_missing(facts: Facts) -> bool:
    parties = {"PERSON", "ORGANISATION"}
    concerned = [str(one["object_id"]) for one in facts.objects if one["object_type"] in parties]
    return sorted(concerned) != sorted(str(link["object"]) for link in facts.rows("links"))


def _category_not_allowed(facts: Facts) -> bool:
    categories = {one["object_id"]: one.get("category") for one in facts.objects}
    for item in facts.rows("requested_items"):
        allowed = codes.table("information_categories")[str(item["info_category"])].listed("persons")
        about = item.get("about")
        asked = {categories.get(str(one)) for one in about} - {None} if isinstance(about, list) else set()
        if allowed and not asked <= set(allowed):
            return True
    return False


_RULES = (
    Rule(
        "D_DATA_CATEGORY",
        "requested_items",
        Words(
            "Do not ask this kind of information about a person of this category.",
            "О лице этой категории такую информацию запрашивать нельзя.",
        ),
        _category_not_allowed,
    ),
    Rule(
        "COERCION",
        "coercive_needed",
        Words(
            "Ask for mutual legal assistance: this channel cannot ask for coercive measures.",
            "Направьте запрос о правовой помощи: по этому каналу нельзя просить о мерах принуждения.",
        ),
        _coercion,
    ),
    Rule(
        "WANTED_TOO_EARLY",
        "answer_wanted_by",
        Words(
            "Choose a later time: it may not lie before the legal deadline.",
            "Выберите более позднее время: оно не может быть раньше установленного срока.",
        ),
        _wanted_early,
    ),
    Rule(
        "ABOUT_UNKNOWN",
        "requested_items",
        Words(
            "Refer only to persons and things entered in this message.",
            "Ссылайтесь только на лица и объекты, указанные в этом сообщении.",
        ),
        _unknown_about,
    ),
    Rule(
        "LINK_MISSING",
        "links",
        Words(
            "Explain the link to the case once for each person and organisation.",
            "Поясните связь с делом по одному разу для каждого лица и каждой организации.",
        ),
        _link_missing,
    ),
)


_POINTS = (
    Point(
        "ABOUT",
        15,
        Words("Say for each question whom or what it is about.", "Укажите для каждого вопроса, о ком или о чём он."),
        lambda facts: all("about" in item for item in records(facts.body.get("requested_items"))),
    ),
    Point(
        "FACTS",
        15,
        Words("Describe the facts in at least 300 characters.", "Опишите обстоятельства не менее чем в 300 знаках."),
        lambda facts: len(facts.text("facts")) >= 300,
    ),
    PENALTY,
    OBJECTS,
    BIRTH,
    NUMBERS,
    Point(
        "REASON",
        10,
        Words(
            "Explain in at least 80 characters why the other state may hold the information.",
            "Поясните не менее чем в 80 знаках, почему сведения могут быть у другого государства.",
        ),
        lambda facts: len(facts.text("reason_held_text")) >= 80,
    ),
    Point(
        "PURPOSE",
        10,
        Words("Describe the purpose in at least 100 characters.", "Опишите цель не менее чем в 100 знаках."),
        lambda facts: len(facts.text("purpose_statement")) >= 100,
    ),
    CHECKED,
)


def _incomplete(facts: Facts) -> bool:
    return sum(point.weight for point in _POINTS if point.reached(facts)) < CONFIRM_BELOW


_APPROVALS = (
    Approval(
        "INCOMPLETE",
        "SUPERVISOR",
        Words("The request is less than 60 % complete.", "Полнота запроса ниже 60 %."),
        _incomplete,
    ),
)

KIND: Final = Kind(
    code="REQ",
    version="1.0",
    family="operational",
    label=Words("Information request", "Запрос информации"),
    hint=Words("Ask another unit for information on a case.", "Запросить у другого подразделения информацию по делу."),
    sections=_SECTIONS,
    senders=agencies("operational"),
    receivers=agencies("operational"),
    side="requester",
    object_types=tuple(codes.table("object_types")),
    clock="STARTS",
    causes=Causes("REQUEST"),
    rules=_RULES,
    completeness=_POINTS,
    approvals=_APPROVALS,
    gate=gate("1.0"),
    life=LIFE,
    term=Term(of_request),
    questions="requested_items",
)

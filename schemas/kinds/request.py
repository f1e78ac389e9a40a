"""REQ, the information request: article 4 of Directive (EU) 2023/977.

Items are numbered by their place from 1; each must be answerable alone (article 4(5)(a)). Police channels cannot ask
for coercion: that is refused here and belongs to mutual legal assistance.
"""

from typing import Final

from crypto import instants
from schemas import codes
from schemas.field_types import Instant, LongText, OneCode, Several, ShortText, WholeNumber, yes_no, yes_no_unknown
from schemas.fields import Field, Section, when
from schemas.groups import Record, Rows
from schemas.identifiers import Reference
from schemas.kind import Approval, Causes, Facts, Kind, Point, Rule, agencies, records
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

_OFFENCE = (
    Field(
        "description",
        Words("Offence", "Преступление"),
        Words("In a few words.", "Кратко."),
        ShortText(),
        data_group="CONDUCT",
    ),
    Field(
        "provision",
        Words("National provision", "Статья национального закона"),
        Words("For example: Criminal Code, article 200(4).", "Например: УК, статья 200, часть 4."),
        ShortText(200),
    ),
    Field(
        "max_penalty_months",
        Words("Highest penalty in months", "Максимальное наказание, месяцев"),
        Words("Under your law; 1200 for life.", "По вашему закону; 1200 — пожизненно."),
        WholeNumber(0, 1200),
    ),
    Field(
        "crime_area",
        Words("Area of crime", "Вид преступности"),
        Words("The closest one.", "Наиболее близкий."),
        OneCode("crime_areas"),
    ),
)

_RIGHTS_HINT = Words(
    "Yes or unknown needs the agreement of a supervisor.",
    "При ответе «да» или «неизвестно» нужно согласие руководителя.",
)


def _right(name: str, label: Words) -> Field:
    return Field(name, label, _RIGHTS_HINT, yes_no_unknown())


_RIGHTS = (
    _right("political", Words("Political character", "Политический характер")),
    _right("military", Words("Military character", "Воинский характер")),
    _right("religious", Words("Religious character", "Религиозный характер")),
    _right("racial", Words("Racial character", "Расовый характер")),
    _right("death_penalty", Words("Risk of the death penalty", "Риск смертной казни")),
    _right("torture", Words("Risk of torture", "Риск пыток")),
    _right("minor", Words("A person under 18 is concerned", "Затронут несовершеннолетний")),
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
        Words("What you ask", "Что вы запрашиваете"),
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
            Field(
                "offence",
                Words("Offence", "Преступление"),
                Words("As your law defines it.", "По вашему закону."),
                Record(_OFFENCE),
            ),
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
    Section(
        "rights",
        Words("Human rights", "Права человека"),
        Words("Always for terrorism and organised crime.", "Обязательно для терроризма и организованной преступности."),
        (
            Field(
                "human_rights",
                Words("Check", "Проверка"),
                _RIGHTS_HINT,
                Record(_RIGHTS),
                required=False,
            ),
            Field(
                "human_rights_note",
                Words("Note on the check", "Примечание к проверке"),
                Words("Assurances given, circumstances.", "Данные гарантии, обстоятельства."),
                LongText(1000),
                required=False,
            ),
        ),
    ),
)


def _coercion(facts: Facts) -> bool:
    return facts.text("coercive_needed") == "YES"


def _rights_missing(facts: Facts) -> bool:
    areas = {area.partition(".")[0] for area in facts.listed("crime_areas")}
    return bool(areas & {"TERROR", "ORGCRIME"}) and "human_rights" not in facts.body


def _wanted_early(facts: Facts) -> bool:
    wanted = facts.text("answer_wanted_by")
    urgency = codes.table("urgency").get(str(facts.labels.get("urgency", "ROUTINE")))
    hours = int(urgency.extra["direct_hours"]) if urgency else 0
    return bool(wanted) and instants.from_text(wanted) < facts.at + hours * 3600


def _unknown_about(facts: Facts) -> bool:
    known = {one.get("object_id") for one in facts.objects}
    asked = [about for item in facts.rows("requested_items") for about in _about(item)]
    return not known.issuperset([*asked, *(str(link["object"]) for link in facts.rows("links"))])


def _about(item: dict[str, object]) -> list[str]:
    about = item.get("about", [])
    return [str(one) for one in about] if isinstance(about, list) else []


def _link_missing(facts: Facts) -> bool:
    parties = {
        str(one.get("object_id")) for one in facts.objects if one.get("object_type") in {"PERSON", "ORGANISATION"}
    }
    return sorted(parties) != sorted(str(link["object"]) for link in facts.rows("links"))


_RULES = (
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
        "HUMAN_RIGHTS_MISSING",
        "human_rights",
        Words(
            "Fill in the human-rights check: it is required for terrorism and organised crime.",
            "Заполните проверку прав человека: она обязательна для терроризма и организованной преступности.",
        ),
        _rights_missing,
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


def _persons(facts: Facts) -> list[dict[str, object]]:
    return [dict(one) for one in facts.objects if one.get("object_type") == "PERSON"]


def _born(facts: Facts) -> bool:
    births = [person.get("birth") for person in _persons(facts)]
    return all(isinstance(birth, dict) and "date" in birth for birth in births)


def _numbered(facts: Facts) -> bool:
    marks = {
        "identity",
        "phones",
        "plate",
        "vin",
        "number",
        "iban",
        "imei",
        "registration",
        "wagon_number",
        "container_number",
    }
    return any(marks & set(one) for one in facts.objects)


def _penalty(facts: Facts) -> bool:
    offence = facts.body.get("offence")
    return isinstance(offence, dict) and offence.get("max_penalty_months", 0) != 0


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
    Point(
        "PENALTY",
        10,
        Words("Give the highest penalty of the offence.", "Укажите максимальное наказание за преступление."),
        _penalty,
    ),
    Point(
        "OBJECTS",
        15,
        Words("Enter the persons and things concerned.", "Внесите лица и объекты, о которых идёт речь."),
        lambda facts: bool(facts.objects),
    ),
    Point(
        "BIRTH",
        10,
        Words("Give a date of birth for every person.", "Укажите дату рождения каждого лица."),
        _born,
    ),
    Point(
        "NUMBERS",
        10,
        Words(
            "Give at least one identifying number: document, phone, plate, account.",
            "Укажите хотя бы один опознавательный номер: документ, телефон, номерной знак, счёт.",
        ),
        _numbered,
    ),
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
    Point(
        "HUMAN_RIGHTS",
        5,
        Words("Fill in the human-rights check.", "Заполните проверку прав человека."),
        lambda facts: "human_rights" in facts.body,
    ),
)


def _rights_doubt(facts: Facts) -> bool:
    rights = facts.body.get("human_rights")
    return isinstance(rights, dict) and bool({"YES", "UNKNOWN"} & set(map(str, rights.values())))


def _incomplete(facts: Facts) -> bool:
    return sum(point.weight for point in _POINTS if point.reached(facts)) < CONFIRM_BELOW


_APPROVALS = (
    Approval(
        "HUMAN_RIGHTS",
        "SUPERVISOR",
        Words("The human-rights check is not clear.", "Проверка прав человека выявила сомнения."),
        _rights_doubt,
    ),
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
)

"""Persons and things that a message carries: which there are, what is common to all, and the rules inside them.

Every object says how well its source and its content are graded, whether it is fact or assessment (Directive (EU)
2016/680, article 7) and as of when it holds; its handling may only be stricter than the message's. The fields of each
type stand in `object_fields`. This module must not know any message kind.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from anyascii import anyascii

from crypto import instants
from crypto.canonical import Json
from schemas.faults import Fault
from schemas.field_types import Date, OneCode, Several, ShortText
from schemas.fields import Field, Section, Values
from schemas.groups import Rows, Variants
from schemas.identifiers import Reference
from schemas.object_fields import (
    ACCOUNT,
    DOCUMENT,
    EVENT,
    LOCATION,
    ORGANISATION,
    PERSON,
    PHONE,
    VEHICLE,
)
from schemas.words import Words

Object: TypeAlias = Mapping[str, Json]

_TYPE: Final = Field(
    "object_type",
    Words("Type", "Тип"),
    Words("What this entry describes.", "Что описывает эта запись."),
    OneCode("object_types"),
)

_LINK: Final = (
    Field(
        "to",
        Words("Linked to", "Связано с"),
        Words("The short reference of the other entry, for example P1.", "Обозначение другой записи, например P1."),
        Reference("object"),
        data_group="CONTACTS",
    ),
    Field(
        "relation",
        Words("Relation", "Связь"),
        Words("How the two belong together.", "Как они связаны между собой."),
        OneCode("relations"),
        data_group="CONTACTS",
    ),
    Field(
        "confidence",
        Words("Confidence", "Степень уверенности"),
        Words("How sure you are of the relation.", "Насколько вы уверены в этой связи."),
        OneCode("confidence"),
    ),
)

_COMMON_FIRST: Final = (
    Field(
        "object_id",
        Words("Short reference", "Краткое обозначение"),
        Words(
            "A letter and a number, for example P1, V2: questions point at it.",
            "Буква и номер, например P1, V2: на него ссылаются вопросы.",
        ),
        Reference("object"),
    ),
)

_COMMON_LAST: Final = (
    Field(
        "source_grade",
        Words("Grade of the source", "Оценка источника"),
        Words("X if you cannot judge the source.", "X, если оценить источник нельзя."),
        OneCode("source_4x4"),
    ),
    Field(
        "information_grade",
        Words("Grade of the information", "Оценка информации"),
        Words(
            "Grade it apart from its source; 4 if you cannot judge.",
            "Оценивайте отдельно от источника; 4, если оценить нельзя.",
        ),
        OneCode("information_4x4"),
    ),
    Field(
        "statement",
        Words("Fact or assessment", "Факт или оценка"),
        Words("A conclusion of an officer is an assessment.", "Вывод сотрудника — это оценка."),
        OneCode("statement_types"),
    ),
    Field(
        "valid_as_of",
        Words("Valid as of", "Действительно на дату"),
        Words("The day for which you know that this holds.", "День, на который эти сведения верны."),
        Date(partial=True),
    ),
    Field(
        "accuracy_note",
        Words("Note on accuracy", "Примечание о точности"),
        Words("What may be wrong or old.", "Что может быть неверно или устарело."),
        ShortText(),
        required=False,
    ),
    Field(
        "handling",
        Words("Stricter handling", "Более строгое обращение"),
        Words("Only if this entry needs more than the message.", "Только если записи нужно больше, чем сообщению."),
        Several(OneCode("handling", ("H1", "H2", "H3"))),
        required=False,
    ),
    Field(
        "links",
        Words("Links", "Связи"),
        Words("To other persons and things of this message.", "С другими лицами и объектами этого сообщения."),
        Rows(_LINK, low=0),
        required=False,
        data_group="CONTACTS",
    ),
)

_OWN: Final[Mapping[str, tuple[Field, ...]]] = {
    "PERSON": PERSON,
    "ORGANISATION": ORGANISATION,
    "VEHICLE": VEHICLE,
    "PHONE": PHONE,
    "ACCOUNT": ACCOUNT,
    "DOCUMENT": DOCUMENT,
    "LOCATION": LOCATION,
    "EVENT": EVENT,
}

FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    code: (*_COMMON_FIRST, *own, *_COMMON_LAST) for code, own in _OWN.items()
}
"""Object type -> its fields, after `object_type`."""

OBJECTS_LIMIT: Final = 50


def objects_section(types: Sequence[str]) -> Section:
    """Return the section of a form in which persons and things of these types are entered."""
    kinds = Variants(
        Field(_TYPE.name, _TYPE.label, _TYPE.hint, OneCode("object_types", tuple(types))),
        {code: FIELDS[code] for code in types},
        high=OBJECTS_LIMIT,
    )
    label = Words("Persons and things", "Лица и объекты")
    hint = Words("Enter only what this message needs.", "Указывайте только то, что нужно для этого сообщения.")
    return Section("objects", label, hint, (Field("objects", label, hint, kinds, required=False),))


def latin_form(text: str) -> str:
    """Return a reading in plain Latin letters for matching and display.

    It is made by a general romanisation table, not by a state's own (ICAO 9303 part 3, section 6): a document's printed
    form always wins, and the original script is always kept. Nobody may turn it back.
    """
    return " ".join(anyascii(text).split())


def with_latin(objects: Json) -> Json:
    """Return the objects with the Latin reading of every name that came without one, marked as made by rule."""
    return [_latinised(one) for one in objects] if isinstance(objects, list) else objects


def _latinised(one: Json) -> Json:
    if not isinstance(one, dict) or not isinstance(one.get("names"), list):
        return one
    return {**one, "names": [_latin_name(name) for name in _records(one["names"])]}


def _latin_name(name: Mapping[str, Json]) -> Values:
    if "latin" in name or name["script"] == "LATN":
        return dict(name)
    parts = (name[part] for part in ("family", "given", "patronymic") if part in name)
    return {**name, "latin": latin_form(" ".join(map(str, parts))), "latin_source": "RULE"}


def person_names(objects: Sequence[Object]) -> Iterator[str]:
    """Yield every part of a name of every person, in each script: what a subject line must not contain."""
    for one in objects:
        for name in _records(one.get("names", [])):
            yield from (str(name[part]) for part in ("family", "given", "patronymic", "latin") if part in name)


def _records(value: Json) -> list[dict[str, Json]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


@dataclass(frozen=True)
class ObjectRule:
    """One rule inside objects of one type, or of all (""); asked with the object, all objects, and the time sent."""

    code: str
    object_type: str
    at: str
    words: Words
    broken: Callable[[Object, Sequence[Object], int], bool]


def _year(one: Object) -> int:
    birth = one.get("birth")
    date = birth.get("date", "") if isinstance(birth, dict) else ""
    return int(str(date)[:4] or 0)


def _born_later(one: Object, _: Sequence[Object], at: int) -> bool:
    birth = one.get("birth")
    return isinstance(birth, dict) and str(birth.get("date", "")) > instants.to_text(at)


def _too_old(one: Object, _: Sequence[Object], at: int) -> bool:
    return 0 < _year(one) <= int(instants.to_text(at)[:4]) - 120


def _id_twice(one: Object, objects: Sequence[Object], _: int) -> bool:
    return [other.get("object_id") for other in objects].count(one.get("object_id")) > 1


def _link_to_nothing(one: Object, objects: Sequence[Object], _: int) -> bool:
    known = {other.get("object_id") for other in objects} - {one.get("object_id")}
    return any(link.get("to") not in known for link in _records(one.get("links", [])))


def _lacks_all(*names: str) -> Callable[[Object, Sequence[Object], int], bool]:
    return lambda one, _, __: not any(name in one for name in names)


def _ends_early(one: Object, _: Sequence[Object], __: int) -> bool:
    return "end" in one and str(one["end"]) < str(one["start"])


RULES: Final = (
    ObjectRule(
        "OBJECT_ID_TWICE",
        "",
        "object_id",
        Words("Give every entry its own short reference.", "Дайте каждой записи собственное обозначение."),
        _id_twice,
    ),
    ObjectRule(
        "LINK_TO_NOTHING",
        "",
        "links",
        Words("Link only to another entry of this message.", "Связывайте только с другой записью этого сообщения."),
        _link_to_nothing,
    ),
    ObjectRule(
        "BORN_LATER",
        "PERSON",
        "birth.date",
        Words("Correct the date of birth: it lies in the future.", "Исправьте дату рождения: она в будущем."),
        _born_later,
    ),
    ObjectRule(
        "TOO_OLD",
        "PERSON",
        "birth.date",
        Words(
            "Check the year of birth: the person would be over 120.",
            "Проверьте год рождения: лицу больше 120 лет.",
        ),
        _too_old,
    ),
    ObjectRule(
        "PHONE_WITHOUT_NUMBER",
        "PHONE",
        "number",
        Words("Give the phone number, the IMSI or the IMEI.", "Укажите номер телефона, IMSI или IMEI."),
        _lacks_all("number", "imsi", "imei"),
    ),
    ObjectRule(
        "ACCOUNT_WITHOUT_NUMBER",
        "ACCOUNT",
        "iban",
        Words("Give the IBAN, the account number or the card.", "Укажите IBAN, номер счёта или карты."),
        _lacks_all("iban", "number", "card_first6"),
    ),
    ObjectRule(
        "VEHICLE_WITHOUT_MARK",
        "VEHICLE",
        "plate",
        Words(
            "Give the number plate or another identifying number of the vehicle.",
            "Укажите номерной знак или иной идентификационный номер транспортного средства.",
        ),
        _lacks_all("plate", "vin", "wagon_number", "container_number", "imo_number"),
    ),
    ObjectRule(
        "EVENT_ENDS_EARLY",
        "EVENT",
        "end",
        Words("The end must not lie before the start.", "Окончание не может быть раньше начала."),
        _ends_early,
    ),
)


def broken_rules(objects: Sequence[Object], at: int) -> Iterator[Fault]:
    """Yield a fault for every rule that an object breaks; `at` is when the message was sent (unix seconds)."""
    for number, one in enumerate(objects):
        for rule in RULES:
            if rule.object_type in ("", one.get("object_type")) and rule.broken(one, objects, at):
                yield Fault(f"objects.{number}.{rule.at}", rule.code, rule.words)

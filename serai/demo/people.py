"""The units of the demo federation and their people. Everybody here is invented; staff numbers stand in messages."""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.directory import UnitClass


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the region, as its card describes it."""

    unit: str
    unit_class: UnitClass
    en: str
    ru: str
    time_zone: str
    language: Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class Person:
    """An invented officer: staff number, name, roles, and the language in which he or she reads."""

    unit: str
    user_id: str
    name: str
    roles: tuple[str, ...]
    language: str


PLACES: Final = (
    Place(
        "CARICC",
        "REGIONAL_BODY",
        "Regional coordination centre",
        "Региональный координационный центр",
        "Asia/Almaty",
        "en",
    ),
    Place("KG", "MEMBER", "Kyrgyzstan: national unit", "Кыргызстан: национальное подразделение", "Asia/Bishkek", "ru"),
    Place("KZ", "MEMBER", "Kazakhstan: national unit", "Казахстан: национальное подразделение", "Asia/Almaty", "ru"),
    Place(
        "TJ", "MEMBER", "Tajikistan: national unit", "Таджикистан: национальное подразделение", "Asia/Dushanbe", "ru"
    ),
    Place("UZ", "MEMBER", "Uzbekistan: national unit", "Узбекистан: национальное подразделение", "Asia/Tashkent", "ru"),
)

PEOPLE: Final = (
    Person("TJ", "TJ-1042", "Фаррух Сафозода", ("OFFICER",), "ru"),
    Person("TJ", "TJ-2001", "Мадина Холиқова", ("SPOC_DUTY",), "en"),
    Person("TJ", "TJ-3003", "Сироҷиддин Ғуломов", ("SUPERVISOR",), "ru"),
    Person("TJ", "TJ-9001", "Парвиз Одинаев", ("NODE_ADMIN",), "en"),
    Person("TJ", "TJ-9100", "Зарина Муродова", ("AUDITOR",), "en"),
    Person("TJ", "TJ-9101", "Рустам Назаров", ("AUDITOR",), "ru"),
    Person("TJ", "TJ-9200", "Гулноза Каримова", ("DPO",), "en"),
    Person("KG", "KG-1107", "Айгүл Сыдыкова", ("OFFICER",), "ru"),
    Person("KG", "KG-2004", "Бакыт Эсеналиев", ("SPOC_DUTY",), "ru"),
    Person("KG", "KG-3001", "Нурлан Токтосунов", ("SUPERVISOR",), "ru"),
    Person("KZ", "KZ-1215", "Ерлан Досжанов", ("OFFICER",), "ru"),
    Person("KZ", "KZ-2002", "Дина Әбілқасымова", ("SPOC_DUTY",), "en"),
    Person("UZ", "UZ-1330", "Шерзод Нуриддинов", ("OFFICER",), "ru"),
    Person("CARICC", "CR-0105", "Elena Marinova", ("OFFICER",), "en"),
    # The second administrator comes last: from then on two persons decide about an account of the unit.
    Person("TJ", "TJ-9002", "Нигина Раҳимова", ("NODE_ADMIN",), "ru"),
)

AGENCY: Final = "DRUG_AGENCY"

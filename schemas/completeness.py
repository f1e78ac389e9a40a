"""Points of completeness about persons and things, shared by the kinds that carry them."""

from typing import Final

from schemas.facts import Facts
from schemas.kind import Point
from schemas.words import Words

_NUMBERS: Final = frozenset(
    {
        "container_number",
        "iban",
        "identity",
        "imei",
        "lei",
        "number",
        "phones",
        "plate",
        "registration",
        "vin",
        "wagon_number",
    }
)


def _born(facts: Facts) -> bool:
    births = [one.get("birth") for one in facts.objects if one["object_type"] == "PERSON"]
    return all(isinstance(birth, dict) and "date" in birth for birth in births)


OBJECTS: Final = Point(
    "OBJECTS",
    15,
    Words("Enter the persons and things concerned.", "Внесите лица и объекты, о которых идёт речь."),
    lambda facts: bool(facts.objects),
)

BIRTH: Final = Point(
    "BIRTH",
    10,
    Words("Give a date of birth for every person.", "Укажите дату рождения каждого лица."),
    _born,
)

NUMBERS: Final = Point(
    "NUMBERS",
    10,
    Words(
        "Give at least one identifying number: document, phone, plate, account.",
        "Укажите хотя бы один опознавательный номер: документ, телефон, номерной знак, счёт.",
    ),
    lambda facts: any(_NUMBERS & set(one) for one in facts.objects),
)

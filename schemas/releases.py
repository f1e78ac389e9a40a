"""What a permission is about, asked and decided in the same words: items, wish, recipients, purpose, classification.

The scope of a decision may be as wide as what was asked, never wider: `wider` is the rule that both units ask.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from crypto.canonical import Json
from schemas import codes, items
from schemas.facts import Facts, records
from schemas.field_types import OneCode, ShortText
from schemas.fields import Field, when
from schemas.groups import Rows
from schemas.identifiers import Reference
from schemas.kind import Rule
from schemas.words import Words

_CARRIED: Final = tuple(code for code, row in codes.table("classification").items() if row.extra["carried"])

_RECIPIENT: Final = (
    Field(
        "type",
        Words("Kind of recipient", "Вид получателя"),
        Words("A court or body gets it outside this system.", "Суд или орган получает сведения вне этой системы."),
        OneCode("permission_recipients"),
    ),
    Field(
        "unit",
        Words("Unit", "Подразделение"),
        Words("Its code, such as KZ.", "Его код, например KZ."),
        Reference("unit"),
        when=when("type", "UNIT"),
    ),
    Field(
        "agency",
        Words("Agency", "Ведомство"),
        Words("Of the state that asks.", "Запрашивающего государства."),
        OneCode("agency_types"),
        when=when("type", "AGENCY"),
    ),
    Field(
        "name",
        Words("Name", "Наименование"),
        Words("Of the court or body.", "Суда или органа."),
        ShortText(200),
        when=when("type", "COURT", "BODY"),
    ),
)

SCOPE: Final = (
    items.ITEMS,
    Field(
        "wanted",
        Words("Permission", "Разрешение"),
        Words("One for each request.", "Одно в каждом запросе."),
        OneCode("permission_wants"),
    ),
    Field(
        "recipients_wanted",
        Words("Recipients", "Получатели"),
        Words("To whom it may be passed on.", "Кому можно передать."),
        Rows(_RECIPIENT),
        when=when("wanted", "LIFT_H2"),
    ),
    Field(
        "class_wanted",
        Words("Classification", "Гриф"),
        Words("The lower one.", "Более низкий."),
        OneCode("classification", _CARRIED),
        when=when("wanted", "DOWNGRADE_CLASS"),
    ),
    Field(
        "purpose_wanted",
        Words("For the purpose", "Для цели"),
        Words("The permission holds for this purpose only.", "Разрешение действует только для этой цели."),
        OneCode("purposes"),
    ),
)

MEMBERS: Final = tuple(item.name for item in SCOPE)


_TO: Final[Mapping[str, str]] = MappingProxyType(
    {"UNIT": "FORWARD:{unit}", "AGENCY": "FORWARD:{agency}", "COURT": "FORWARD:COURT", "BODY": "EXPORT"}
)
"""Kind of recipient -> what may be done, with the members of its row."""


def actions(body: Mapping[str, Json]) -> frozenset[str]:
    """Return what a permission in these words lets its holder do, such as `EVIDENCE`, `FORWARD:KZ`, `EXPORT`.

    A court is named for people; the system knows one only as such, as it does an agency.
    """
    return frozenset(_actions(body))


def _actions(body: Mapping[str, Json]) -> Iterator[str]:
    wanted = body["wanted"]
    if wanted == "LIFT_H1":
        yield "EVIDENCE"
    elif wanted == "CHANGE_PURPOSE":
        yield f"PURPOSE:{body['purpose_wanted']}"
    elif wanted == "DOWNGRADE_CLASS":
        yield f"DOWNGRADE:{body['class_wanted']}"
    for row in records(body.get("recipients_wanted")):
        yield _TO[str(row["type"])].format(**row)


def _wider(facts: Facts) -> bool:
    asked = facts.parent
    if asked is None:
        return False
    same = all(facts.body.get(name) == asked.get(name) for name in ("wanted", "class_wanted", "purpose_wanted"))
    listed = records(asked.get("recipients_wanted"))
    within = all(row in listed for row in facts.rows("recipients_wanted"))
    return not (same and within and items.covered(items.named(facts.body), items.named(asked)))


WIDER: Final = Rule(
    "WIDER_THAN_ASKED",
    "items",
    Words(
        "Decide on what was asked: the same wish and purpose, and no other items or recipients.",
        "Решайте о том, что запрошено: то же разрешение и цель, без иных сведений и получателей.",
    ),
    _wider,
)

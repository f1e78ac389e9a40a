"""The offence of a case, as the law of the sender defines it: shared by the kinds that must name one.

The highest penalty decides whether a refusal for a minor offence is open to the other side (Directive (EU) 2023/977,
article 6(1)(g)); whether the area stands in Annex I of Regulation (EU) 2016/794 follows from table `crime_areas`.
"""

from typing import Final

from schemas.facts import Facts
from schemas.field_types import OneCode, ShortText, WholeNumber
from schemas.fields import Field
from schemas.groups import Record
from schemas.kind import Point
from schemas.words import Words

_FIELDS: Final = (
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

OFFENCE: Final = Field(
    "offence",
    Words("Offence", "Преступление"),
    Words("As your law defines it.", "По вашему закону."),
    Record(_FIELDS),
)


def _penalty(facts: Facts) -> bool:
    offence = facts.body.get("offence")
    return isinstance(offence, dict) and offence.get("max_penalty_months", 0) != 0


PENALTY: Final = Point(
    "PENALTY",
    10,
    Words("Give the highest penalty of the offence.", "Укажите максимальное наказание за преступление."),
    _penalty,
)

"""The human-rights gate that kinds share: a section of the form, when it must be filled in, and who looks at doubts.

A person of conscience decides, not the software: a "yes" or "unknown" is allowed, with the agreement of a supervisor.
"""

from typing import Final

from schemas.facts import Facts
from schemas.field_types import LongText, yes_no_unknown
from schemas.fields import Field, Section
from schemas.groups import Record
from schemas.kind import Approval, Point, Rule
from schemas.words import Words

_SENSITIVE_AREAS: Final = frozenset({"TERROR", "ORGCRIME"})

_HINT: Final = Words(
    "Yes or unknown needs the agreement of a supervisor.",
    "При ответе «да» или «неизвестно» нужно согласие руководителя.",
)


def _right(name: str, label: Words) -> Field:
    return Field(name, label, _HINT, yes_no_unknown())


_RIGHTS: Final = (
    _right("political", Words("Political character", "Политический характер")),
    _right("military", Words("Military character", "Воинский характер")),
    _right("religious", Words("Religious character", "Религиозный характер")),
    _right("racial", Words("Racial character", "Расовый характер")),
    _right("death_penalty", Words("Risk of the death penalty", "Риск смертной казни")),
    _right("torture", Words("Risk of torture", "Риск пыток")),
    _right("minor", Words("A person under 18 is concerned", "Затронут несовершеннолетний")),
)

SECTION: Final = Section(
    "rights",
    Words("Human rights", "Права человека"),
    Words("Always for terrorism and organised crime.", "Обязательно для терроризма и организованной преступности."),
    (
        Field("human_rights", Words("Check", "Проверка"), _HINT, Record(_RIGHTS), required=False),
        Field(
            "human_rights_note",
            Words("Note on the check", "Примечание к проверке"),
            Words("Assurances given, circumstances.", "Данные гарантии, обстоятельства."),
            LongText(1000),
            required=False,
        ),
    ),
)


def _missing(facts: Facts) -> bool:
    areas = {area.partition(".")[0] for area in facts.listed("crime_areas")}
    return bool(areas & _SENSITIVE_AREAS) and "human_rights" not in facts.body


def _doubt(facts: Facts) -> bool:
    rights = facts.body.get("human_rights")
    return isinstance(rights, dict) and bool({"YES", "UNKNOWN"} & set(map(str, rights.values())))


MISSING: Final = Rule(
    "HUMAN_RIGHTS_MISSING",
    "human_rights",
    Words(
        "Fill in the human-rights check: it is required for terrorism and organised crime.",
        "Заполните проверку прав человека: она обязательна для терроризма и организованной преступности.",
    ),
    _missing,
)

DOUBT: Final = Approval(
    "HUMAN_RIGHTS",
    "SUPERVISOR",
    Words("The human-rights check is not clear.", "Проверка прав человека выявила сомнения."),
    _doubt,
)

CHECKED: Final = Point(
    "HUMAN_RIGHTS",
    5,
    Words("Fill in the human-rights check.", "Заполните проверку прав человека."),
    lambda facts: "human_rights" in facts.body,
)

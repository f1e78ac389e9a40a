"""A message for reading: its sections as lines, each person as a block with the name in its own script and in Latin.

Free text keeps its language and its script; nothing is translated and nothing is transliterated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crypto.canonical import Json
from nodes.web.languages import language
from schemas import codes, fields, labels
from schemas.fields import Line
from schemas.kind import Kind

PERSON: Final = "PERSON"
_SPOKEN: Final[Mapping[str, str]] = {"CYRL": "ru", "LATN": "en", "ARAB": "fa", "GEOR": "ka"}


@dataclass(frozen=True, slots=True)
class ReadPart:
    """One section for reading."""

    id: str
    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A person: the name as written, its Latin form, and everything else that is said."""

    original: str
    latin: str
    language: str
    lines: tuple[Line, ...]


def sections_of(kind: Kind, values: Mapping[str, Json]) -> tuple[ReadPart, ...]:
    """Return the sections of a message that have anything to read; persons are drawn by `people_of`."""
    kept = {**values, "objects": _others(values)} if _others(values) else _without(values)
    return tuple(
        ReadPart(section.name, section.label.say(language()), lines)
        for section, lines in kind.reading(kept, language())
    )


_ON_TOP: Final = frozenset({"subject_line", "language", "purpose", "urgency", "classification", "handling"})
"""The labels that stand in the summary on top of a message."""


def labels_of(values: Mapping[str, Json]) -> tuple[ReadPart, ...]:
    """Return the sections of what the labels say beyond the summary: further text, legal basis, restriction, copies."""
    read = (
        (one, fields.reading([item for item in one.fields if item.name not in _ON_TOP], values, language()))
        for one in labels.SECTIONS
    )
    return tuple(ReadPart(f"label-{one.name}", one.label.say(language()), lines) for one, lines in read if lines)


def people_of(kind: Kind, values: Mapping[str, Json]) -> tuple[Shown, ...]:
    """Return the persons of a message in their order."""
    objects = [one for one in _objects(values) if one.get("object_type") == PERSON]
    if not objects:
        return ()
    rows = row_lines(kind, "objects", objects)
    return tuple(_person(one, row) for one, row in zip(objects, rows, strict=True))


def row_lines(kind: Kind, name: str, rows: Sequence[Mapping[str, Json]]) -> tuple[tuple[Line, ...], ...]:
    """Return the lines of each row of a repeated field; some rows at least."""
    ((_, (whole,)),) = kind.reading({name: [dict(row) for row in rows]}, language())
    return tuple(row.below for row in whole.below)


def _person(one: Mapping[str, Json], row: tuple[Line, ...]) -> Shown:
    names = one.get("names")
    main = next((name for name in names if isinstance(name, dict)), {}) if isinstance(names, list) else {}
    original = " ".join(str(main[part]) for part in ("family", "given", "patronymic") if part in main)
    script = str(main.get("script", ""))
    category = str(one.get("category", ""))
    known = codes.table("person_categories")
    label = known.label(category, language()) if category in known else ""
    heading = original or label
    told = {"object_type"} | ({"names"} if isinstance(names, list) and len(names) == 1 else set())
    lines = tuple(line for line in row if line.path.rpartition(".")[2] not in told)
    return Shown(heading, str(main.get("latin", "")), _SPOKEN.get(script, language()), lines)


def _objects(values: Mapping[str, Json]) -> list[dict[str, Json]]:
    found = values.get("objects")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _others(values: Mapping[str, Json]) -> list[Json]:
    return [one for one in _objects(values) if one.get("object_type") != PERSON]


def _without(values: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if name != "objects"}

"""Declared fields: from one declaration come the form, check page, reading page, JSON schema and field map.

Two doors, one set of rules. `parse` reads what a browser sent (`{"offence.max_penalty_months": ["24"]}`: dotted paths,
row numbers inside) and brings values into canonical form; `validate` judges values that came over the wire and refuses
whatever `parse` would have changed. Canonical values are str, int, list and dict only; an absent value is left out.
This module must not know any kind, object or table by name.

For a page: walk `Section.fields`; the input of a field is named by its path; `Field.type.widget` says which one to
draw, `Field.type.options(language)` what to offer, `Field.type.inner` which fields a group or row has; `Field.when`
says when it is shown; `spread` fills a form from values; `reading` gives label and text for a page that is read.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from crypto.canonical import Json
from schemas.faults import FAULTS, Fault, Refused
from schemas.words import Words

Raw: TypeAlias = Mapping[str, Sequence[str]]
Values: TypeAlias = dict[str, Json]
JsonSchema: TypeAlias = dict[str, Any]

_NO_LABEL = Words("unknown field", "неизвестное поле")


@dataclass(slots=True)
class Spot:
    """Where in the values the machinery stands, whether they came from the wire, and what is wrong so far."""

    path: str
    label: Words
    strict: bool
    faults: list[Fault]

    def refuse(self, code: str, **values: object) -> None:
        """Report that the value here is refused with `code` of `FAULTS`."""
        self.faults.append(Fault(self.path, code, FAULTS[code], values, self.label))

    def below(self, step: str, label: Words) -> "Spot":
        """Return the spot of the member or row `step`."""
        return Spot(join(self.path, step), label, self.strict, self.faults)


@dataclass(frozen=True)
class Line:
    """One line of a page that is read: a field with its text, or the fields of a group or row below it."""

    path: str
    label: Words
    text: str
    below: tuple["Line", ...] = ()


class FieldType(ABC):
    """What every type of field can do. `take` is the only place where a value is judged."""

    widget: ClassVar[str]

    @abstractmethod
    def gather(self, raw: Raw, path: str) -> "Json | None":
        """Return what was entered at `path`, not yet judged; None when nothing was."""

    @abstractmethod
    def take(self, candidate: Json, at: Spot) -> Json:
        """Return the canonical value; a scalar raises `Refused`, a group reports to `at` and returns what is left."""

    @abstractmethod
    def schema(self) -> JsonSchema:
        """Return the JSON schema of the canonical value."""

    @abstractmethod
    def show(self, value: Json, language: str) -> str:
        """Return the canonical value as a reader of `language` sees it."""

    @abstractmethod
    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield (input name, text) pairs from which `gather` makes the same value again."""

    def options(self, language: str) -> list[tuple[str, str]]:  # noqa: ARG002  (types with a list override it)
        """Return (value, label) pairs to choose from; empty for a type that is typed in."""
        return []

    @property
    def inner(self) -> tuple[tuple[str, tuple["Field", ...]], ...]:
        """The fields inside, each set with the mark it adds to the path (`.`, `[]`, `[PERSON]`); empty for a scalar."""
        return ()

    def lines(self, value: Json, language: str, path: str) -> tuple[Line, ...]:  # noqa: ARG002  (groups override it)
        """Return the lines below the field on a page that is read; empty for a scalar."""
        return ()


@dataclass(frozen=True)
class Condition:
    """True when the sibling field has one of the values. `code` is the fault for a value sent all the same."""

    field: str
    values: frozenset[str]
    code: str = "NOT_APPLICABLE"

    def holds(self, siblings: Mapping[str, Json]) -> bool:
        """Return whether the condition holds among the fields of the same form, group or row."""
        given = siblings.get(self.field)
        chosen = given if isinstance(given, list) else [given]
        return any(isinstance(value, str) and value in self.values for value in chosen)


def when(name: str, *values: str) -> tuple[Condition, ...]:
    """Return the condition that sibling `name` has one of `values`."""
    return (Condition(name, frozenset(values)),)


@dataclass(frozen=True)
class Field:
    """One declared field; it applies when every condition of `when` holds, and `required` counts only then.

    `data_group` is the group of personal data (code of table `data_groups`) for the field map.
    """

    name: str
    label: Words
    hint: Words
    type: FieldType
    required: bool = True
    when: tuple[Condition, ...] = ()
    data_group: str = "NONE"

    def blocked(self, siblings: Mapping[str, Json]) -> Condition | None:
        """Return the first condition that keeps the field away, None when it applies."""
        for condition in self.when:
            if not condition.holds(siblings):
                return condition
        return None


@dataclass(frozen=True)
class Section:
    """Fields under one heading. All sections of a form share one level of names."""

    name: str
    label: Words
    hint: Words
    fields: tuple[Field, ...]


def parse(fields: Sequence[Field], raw: Raw) -> tuple[Values, list[Fault]]:
    """Return the canonical values of a form and what is wrong with the rest; blank and hidden fields are left out."""
    faults: list[Fault] = []
    spot = Spot("", _NO_LABEL, strict=False, faults=faults)
    return take_fields(fields, gather_fields(fields, raw, ""), spot), faults


def validate(fields: Sequence[Field], values: Mapping[str, Json]) -> list[Fault]:
    """Return all that is wrong with values from the wire: the rules of `parse`, and canonical form besides."""
    faults: list[Fault] = []
    take_fields(fields, values, Spot("", _NO_LABEL, strict=True, faults=faults))
    return faults


def spread(fields: Sequence[Field], values: Mapping[str, Json]) -> dict[str, list[str]]:
    """Return form data from which `parse` makes `values` again: to go on with a draft."""
    raw: dict[str, list[str]] = {}
    for name, text in spread_fields(fields, values, ""):
        raw.setdefault(name, []).append(text)
    return raw


def reading(fields: Sequence[Field], values: Mapping[str, Json], language: str, path: str = "") -> tuple[Line, ...]:
    """Return the lines of a reading or check page in the order of the declaration; absent fields are left out."""
    lines = []
    for item in fields:
        if item.name in values:
            value, here = values[item.name], join(path, item.name)
            text, below = item.type.show(value, language), item.type.lines(value, language, here)
            lines.append(Line(here, item.label, text, below))
    return tuple(lines)


def json_schema(fields: Sequence[Field]) -> JsonSchema:
    """Return the JSON schema (2020-12) of the canonical values; conditions and rules are not expressed."""
    always = [item.name for item in fields if item.required and not item.when]
    properties = {item.name: {"title": item.label.en, **item.type.schema()} for item in fields}
    return {"type": "object", "properties": properties, "required": always, "additionalProperties": False}


def walk(fields: Sequence[Field], path: str = "") -> Iterator[tuple[str, Field]]:
    """Yield every declared field with its path (rows `[]`, variants `[CODE]`): the field map is made of this."""
    for item in fields:
        here = join(path, item.name)
        yield here, item
        for mark, fields_inside in item.type.inner:
            yield from walk(fields_inside, here + mark)


def gather_fields(fields: Sequence[Field], raw: Raw, path: str) -> Values:
    """Return what was entered for `fields` under `path`, not yet judged."""
    found = {item.name: item.type.gather(raw, join(path, item.name)) for item in fields}
    return {name: value for name, value in found.items() if value is not None}


def take_fields(fields: Sequence[Field], candidates: Mapping[str, Json], spot: Spot) -> Values:
    """Return the canonical values of one level of fields and report what is wrong below `spot`."""
    values: Values = {}
    for item in fields:
        candidate = candidates.get(item.name)
        if candidate is None and not item.required:
            continue
        here, blocked = spot.below(item.name, item.label), item.blocked(values)
        if blocked is not None:
            if candidate is not None and spot.strict:
                here.refuse(blocked.code)
        elif candidate is not None:
            _take_one(item, candidate, here, values)
        else:
            here.refuse("CHOOSE" if item.type.options("en") else "REQUIRED")
    if candidates.keys() - {item.name for item in fields} and spot.strict:
        spot.below("?", _NO_LABEL).refuse("UNKNOWN_MEMBER")
    return values


def spread_fields(fields: Sequence[Field], values: Mapping[str, Json], path: str) -> Iterator[tuple[str, str]]:
    """Yield the form inputs of one level of fields."""
    for item in fields:
        if item.name in values:
            yield from item.type.spread(values[item.name], join(path, item.name))


def join(path: str, step: str) -> str:
    """Return the path of member `step` below `path`."""
    return f"{path}.{step}" if path else step


def _take_one(item: Field, candidate: Json, here: Spot, values: Values) -> None:
    before = len(here.faults)
    try:
        value = item.type.take(candidate, here)
    except Refused as refused:
        here.refuse(refused.code, **refused.values)
        return
    if here.strict and len(here.faults) == before and value != candidate:
        here.refuse("NOT_CANONICAL")
    values[item.name] = value

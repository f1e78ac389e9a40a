"""Field types that hold other fields: a group, repeated rows, one of several variants, and lists of scalars.

Row numbers in a form are only places (`items.3.question`): blank rows vanish, faults keep the number that the page
used. This module must not know any kind, object or table by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from crypto.canonical import Json
from schemas.fields import (
    Field,
    FieldType,
    JsonSchema,
    Line,
    Raw,
    Spot,
    gather_fields,
    json_schema,
    reading,
    spread_fields,
    take_fields,
)
from schemas.words import Words


@dataclass(frozen=True)
class Record(FieldType):
    """A group of fields that belong together: an amount and its unit, an offence."""

    widget: ClassVar[str] = "group"
    fields: tuple[Field, ...]
    joined: str = ", "

    def gather(self, raw: Raw, path: str) -> "Json | None":
        """Return the fields entered under `path`; None when all are blank."""
        return gather_fields(self.fields, raw, path) or None

    def take(self, candidate: Json, at: Spot) -> Json:
        """Return the group in canonical form."""
        return take_fields(self.fields, _members(candidate, at), at)

    def schema(self) -> JsonSchema:
        """Return the schema of the group."""
        return json_schema(self.fields)

    def show(self, value: Json, language: str) -> str:
        """Return the texts of the fields on one line."""
        return self.joined.join(line.text for line in self.lines(value, language, ""))

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield the inputs of the fields."""
        return spread_fields(self.fields, value if isinstance(value, dict) else {}, path)

    @property
    def inner(self) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        """The fields of the group."""
        return (("", self.fields),)

    def lines(self, value: Json, language: str, path: str) -> tuple[Line, ...]:
        """Return one line a field."""
        return reading(self.fields, value if isinstance(value, dict) else {}, language, path)


class _Repeated(FieldType):
    """What rows of any shape share: numbering, limits, reading. Subclasses say which fields a row has."""

    low: int
    high: int

    def fields_of(self, row: Mapping[str, Json]) -> tuple[Field, ...]:
        """Return the fields that a row with these values has."""
        raise NotImplementedError

    def entered(self, raw: Raw, path: str) -> "Json | None":
        """Return one row as entered; None when it is blank."""
        raise NotImplementedError

    def gather(self, raw: Raw, path: str) -> "Json | None":
        """Return the rows under their numbers in the form, `{"3": row}`; None when all are blank."""
        rows = {str(number): self.entered(raw, f"{path}.{number}") for number in _numbers(raw, f"{path}.")}
        return {number: row for number, row in rows.items() if row is not None} or None

    def take(self, candidate: Json, at: Spot) -> Json:
        """Return the rows in canonical form; faults of a form keep the number that its page used."""
        if isinstance(candidate, dict) and not at.strict:
            rows = list(candidate.items())
        elif isinstance(candidate, list):
            rows = [(str(number), row) for number, row in enumerate(candidate)]
        else:
            at.refuse("NOT_A_LIST")
            return []
        if len(rows) > self.high:
            at.refuse("TOO_MANY", limit=self.high)
            return []
        if len(rows) < self.low:
            at.refuse("TOO_FEW", limit=self.low)
        return [self._take_row(row, at.below(number, at.label)) for number, row in rows]

    def _take_row(self, row: Json, at: Spot) -> Json:
        members = _members(row, at)
        return take_fields(self.fields_of(members), members, at)

    def show(self, value: Json, language: str) -> str:
        """Return the rows, one a line."""
        return "\n".join(line.text for line in self.lines(value, language, ""))

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield the inputs of every row, numbered from 0."""
        for number, row in _numbered(value):
            yield from spread_fields(self.fields_of(row), row, f"{path}.{number}")

    def lines(self, value: Json, language: str, path: str) -> tuple[Line, ...]:
        """Return one line a row, its fields below it."""
        found = []
        for number, row in _numbered(value):
            below = reading(self.fields_of(row), row, language, f"{path}.{number}")
            heading = Words(str(number + 1), str(number + 1))
            found.append(Line(f"{path}.{number}", heading, ", ".join(line.text for line in below), below))
        return tuple(found)


@dataclass(frozen=True)
class Rows(_Repeated):
    """A repeated group: `low`..`high` rows of the same fields."""

    widget: ClassVar[str] = "rows"
    fields: tuple[Field, ...]
    low: int = 1
    high: int = 20

    def fields_of(self, row: Mapping[str, Json]) -> tuple[Field, ...]:  # noqa: ARG002  (all rows are alike)
        """Return the fields of every row."""
        return self.fields

    def entered(self, raw: Raw, path: str) -> "Json | None":
        """Return one row as entered; None when it is blank."""
        return gather_fields(self.fields, raw, path) or None

    def schema(self) -> JsonSchema:
        """Return the schema of the list of rows."""
        return {"type": "array", "items": json_schema(self.fields), "minItems": self.low, "maxItems": self.high}

    @property
    def inner(self) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        """The fields of a row."""
        return (("[]", self.fields),)


@dataclass(frozen=True)
class Variants(_Repeated):
    """Rows that may each be of another shape; the field `chosen_by`, the first of every shape, says which."""

    widget: ClassVar[str] = "variants"
    chosen_by: Field
    variants: Mapping[str, tuple[Field, ...]]
    low: int = 0
    high: int = 100

    def fields_of(self, row: Mapping[str, Json]) -> tuple[Field, ...]:
        """Return the fields of the shape that the row names; of an unknown shape only the choice."""
        chosen = row.get(self.chosen_by.name)
        return (self.chosen_by, *self.variants.get(chosen if isinstance(chosen, str) else "", ()))

    def entered(self, raw: Raw, path: str) -> "Json | None":
        """Return one row as entered; None when no shape was chosen."""
        choice = gather_fields((self.chosen_by,), raw, path)
        return gather_fields(self.fields_of(choice), raw, path) or None

    def schema(self) -> JsonSchema:
        """Return the schema of the list: any of the shapes."""
        shapes = []
        for code, fields in self.variants.items():
            shape = json_schema((self.chosen_by, *fields))
            shapes.append({**shape, "properties": {**shape["properties"], self.chosen_by.name: {"const": code}}})
        return {"type": "array", "items": {"oneOf": shapes}, "minItems": self.low, "maxItems": self.high}

    @property
    def inner(self) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        """The fields of every shape."""
        return tuple((f"[{code}]", fields) for code, fields in self.variants.items())


def _numbers(raw: Raw, prefix: str) -> list[int]:
    """Return the row numbers (up to three digits) that a form has below `prefix`, in order."""
    rests = (name[len(prefix) :].partition(".")[0] for name in raw if name.startswith(prefix))
    return sorted({int(rest) for rest in rests if rest.isascii() and rest.isdigit() and len(rest) <= 3})


def _members(value: Json, at: Spot) -> Mapping[str, Json]:
    if isinstance(value, dict):
        return value
    at.refuse("NOT_A_RECORD")
    return {}


def _numbered(value: Json) -> Iterator[tuple[int, dict[str, Json]]]:
    rows = value if isinstance(value, list) else []
    return ((number, row) for number, row in enumerate(rows) if isinstance(row, dict))

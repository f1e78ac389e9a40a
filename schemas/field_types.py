"""Field types with one value: texts, numbers, dates, instants, codes. Canonical value: one str, one int, a list of str.

Every scalar has one function from text to canonical value; a value from the wire is canonical when that function gives
it back unchanged. This module must not know any form.
"""

import re
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import ClassVar, Final

from crypto import instants
from crypto.canonical import Json
from crypto.errors import CryptoError
from schemas import codes
from schemas.faults import Refused
from schemas.fields import FieldType, JsonSchema, Raw, Spot
from schemas.text import clean, typed

RADIOS_LIMIT: Final = 7
"""Up to so many choices are shown as radios, more as a select."""

LINE_LIMIT: Final = 300


class Scalar(FieldType):
    """A field with one input and one value; subclasses give `canonical`, and `parts` when the input is split."""

    parts: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def canonical(self, text: str) -> str | int:
        """Return the canonical value of one text; raises `Refused`."""

    def joined(self, parts: tuple[str, ...]) -> str:
        """Return one text from the split inputs of a form, in the order of `parts`."""
        return " ".join(part for part in parts if part)

    def gather(self, raw: Raw, path: str) -> "Json | None":
        """Return the text entered at `path`, or its parts (`path.day`) as one text; None when blank."""
        whole = _one(raw, path)
        split = tuple(_one(raw, f"{path}.{part}") for part in self.parts)
        return (whole or (self.joined(split) if any(split) else "")) or None

    def take(self, candidate: Json, at: Spot) -> Json:
        """Return the canonical value; from the wire an int stays an int and a text a text."""
        if isinstance(candidate, int) and at.strict:
            return self.canonical(str(candidate))
        if not isinstance(candidate, str):
            raise Refused("NOT_A_TEXT")
        return self.canonical(candidate)

    def show(self, value: Json, language: str) -> str:  # noqa: ARG002  (codes override it)
        """Return the value as text."""
        return str(value)

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield the one input."""
        yield path, str(value)


def _one(raw: Raw, path: str) -> str:
    given = raw.get(path) or ("",)
    return typed(given[0])


@dataclass(frozen=True)
class ShortText(Scalar):
    """One line of text."""

    widget: ClassVar[str] = "text"
    high: int = LINE_LIMIT
    low: int = 1

    def canonical(self, text: str) -> str:
        """Return the line in NFC."""
        return _sized(clean(text), self.low, self.high)

    def schema(self) -> JsonSchema:
        """Return the schema of the text."""
        return {"type": "string", "minLength": self.low, "maxLength": self.high}


@dataclass(frozen=True)
class LongText(ShortText):
    """Text of several lines."""

    widget: ClassVar[str] = "textarea"

    def canonical(self, text: str) -> str:
        """Return the text in NFC with its newlines."""
        return _sized(clean(text, newlines=True), self.low, self.high)


def _sized(text: str, low: int, high: int) -> str:
    if len(text) > high:
        raise Refused("TOO_LONG", limit=high)
    if len(text) < low:
        raise Refused("TOO_SHORT", limit=low)
    return text


@dataclass(frozen=True)
class WholeNumber(Scalar):
    """A whole number between two bounds; canonical value is an int."""

    widget: ClassVar[str] = "number"
    low: int = 0
    high: int = 1_000_000

    def canonical(self, text: str) -> int:
        """Return the number."""
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise Refused("BAD_WHOLE")
        if not self.low <= int(text) <= self.high:
            raise Refused("OUT_OF_RANGE", low=self.low, high=self.high)
        return int(text)

    def schema(self) -> JsonSchema:
        """Return the schema of the number."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Amount(Scalar):
    """A decimal number kept as text, `1450.5`: no exponent, no needless zeros; the form also takes a comma."""

    widget: ClassVar[str] = "amount"
    within: int = 0
    """0: more than zero; n: from -n to n, as for a latitude."""

    def canonical(self, text: str) -> str:
        """Return the shortest plain decimal of the same value."""
        plain = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", plain):
            raise Refused("BAD_NUMBER")
        if self.within and abs(Decimal(plain)) > self.within:
            raise Refused("OUT_OF_RANGE", low=-self.within, high=self.within)
        if not self.within and Decimal(plain) <= 0:
            raise Refused("NOT_POSITIVE")
        whole, _, fraction = plain.lstrip("-").partition(".")
        shortest = f"{int(whole)}.{fraction.rstrip('0')}".rstrip(".")
        return f"-{shortest}" if Decimal(plain) < 0 else shortest

    def schema(self) -> JsonSchema:
        """Return the schema of the decimal text."""
        return {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$"}


@dataclass(frozen=True)
class Date(Scalar):
    """A calendar date; `partial` allows `2026` and `2026-11` where no more is known."""

    widget: ClassVar[str] = "date"
    parts: ClassVar[tuple[str, ...]] = ("year", "month", "day")
    partial: bool = False

    def joined(self, parts: tuple[str, ...]) -> str:
        """Return `2026-11-22` from year, month and day."""
        return "-".join(part if n == 0 else part.zfill(2) for n, part in enumerate(parts) if part)

    def canonical(self, text: str) -> str:
        """Return the ISO 8601 date, also from `22.11.2026`."""
        if dotted := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", text):
            text = f"{dotted[3]}-{dotted[2]:>02}-{dotted[1]:>02}"
        allowed = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?" if self.partial else r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
        try:
            if re.fullmatch(allowed, text):
                date.fromisoformat(text + "0000-01-01"[len(text) :])
                return text
        except ValueError:
            pass
        raise Refused("BAD_DATE" if self.partial else "BAD_FULL_DATE")

    def schema(self) -> JsonSchema:
        """Return the schema of the date text."""
        return {"type": "string", "pattern": r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"}

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield year, month and day."""
        yield from ((f"{path}.{name}", text) for name, text in zip(self.parts, str(value).split("-"), strict=False))


@dataclass(frozen=True)
class Instant(Scalar):
    """A moment in UTC; canonical value is `2026-11-22T06:00:00Z`."""

    widget: ClassVar[str] = "instant"
    parts: ClassVar[tuple[str, ...]] = ("date", "time")

    def canonical(self, text: str) -> str:
        """Return the RFC 3339 text, also from `2026-11-22 06:00`."""
        shaped = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?Z?", text)
        try:
            if shaped:
                seconds = datetime.fromisoformat(f"{shaped[1]}T{shaped[2]}{shaped[3] or ':00'}").replace(tzinfo=UTC)
                return instants.to_text(int(seconds.timestamp()))
        except (ValueError, CryptoError):
            pass
        raise Refused("BAD_INSTANT")

    def schema(self) -> JsonSchema:
        """Return the schema of the instant."""
        return {"type": "string", "format": "date-time"}

    def show(self, value: Json, language: str) -> str:  # noqa: ARG002  (UTC reads alike everywhere)
        """Return `2026-11-22 06:00:00 UTC`."""
        return str(value).replace("T", " ").replace("Z", " UTC")

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield date and time."""
        day, _, time = str(value).rstrip("Z").partition("T")
        yield f"{path}.date", day
        yield f"{path}.time", time


@dataclass(frozen=True)
class OneCode(Scalar):
    """One code of a table, or of the part of it named by `only`."""

    table: str
    only: tuple[str, ...] = ()

    @property
    def widget(self) -> str:  # type: ignore[override]  # it depends on how many choices there are
        """`radios` for few choices, `select` for many."""
        return "radios" if len(self.choices) <= RADIOS_LIMIT else "select"

    @property
    def choices(self) -> tuple[str, ...]:
        """The codes that may be chosen, in the order of the table; a retired code is read but not offered."""
        return self.only or codes.table(self.table).offered

    def canonical(self, text: str) -> str:
        """Return the code."""
        if text not in (self.only or codes.table(self.table)):
            raise Refused("UNKNOWN_CODE")
        return text

    def schema(self) -> JsonSchema:
        """Return the schema of the code."""
        return {"type": "string", "enum": list(self.choices)}

    def show(self, value: Json, language: str) -> str:
        """Return the label of the code."""
        return codes.table(self.table).label(str(value), language)

    def options(self, language: str) -> list[tuple[str, str]]:
        """Return the codes with their labels."""
        return [(code, codes.table(self.table).label(code, language)) for code in self.choices]


def yes_no() -> OneCode:
    """Return the type of a question answered YES or NO: no answer is not NO."""
    return OneCode("yes_no", ("YES", "NO"))


def yes_no_unknown() -> OneCode:
    """Return the type of a question that may also be answered UNKNOWN."""
    return OneCode("yes_no")


@dataclass(frozen=True)
class Several(FieldType):
    """Several different values of one scalar: check boxes for codes, one line each for what is typed.

    Codes come in the order of their table unless `ranked`, when the first is the main one.
    """

    each: Scalar
    low: int = 1
    high: int = 20
    ranked: bool = False

    @property
    def widget(self) -> str:  # type: ignore[override]  # it depends on what is repeated
        """`checkboxes` for codes, `lines` for what is typed."""
        return "checkboxes" if isinstance(self.each, OneCode) else "lines"

    def gather(self, raw: Raw, path: str) -> "Json | None":
        """Return every value entered at `path`; a text area gives one a line."""
        lines = [line.strip() for given in raw.get(path, ()) for line in typed(given).split("\n")]
        return [line for line in lines if line] or None

    def take(self, candidate: Json, at: Spot) -> Json:
        """Return the canonical list: no repeats, codes in table order unless ranked."""
        if not isinstance(candidate, list):
            raise Refused("NOT_A_LIST")
        if len(candidate) > self.high:
            raise Refused("TOO_MANY", limit=self.high)
        values = [self.each.take(one, at) for one in candidate]
        if len({str(value) for value in values}) < len(values):
            raise Refused("REPEATED")
        if len(values) < self.low:
            raise Refused("TOO_FEW", limit=self.low)
        if isinstance(self.each, OneCode) and not self.ranked:
            order = list(codes.table(self.each.table))
            values.sort(key=lambda value: order.index(str(value)))
        return values

    def schema(self) -> JsonSchema:
        """Return the schema of the list."""
        bounds = {"minItems": self.low, "maxItems": self.high, "uniqueItems": True}
        return {"type": "array", "items": self.each.schema(), **bounds}

    def show(self, value: Json, language: str) -> str:
        """Return the values, one a line."""
        return "\n".join(self.each.show(one, language) for one in (value if isinstance(value, list) else []))

    def spread(self, value: Json, path: str) -> Iterator[tuple[str, str]]:
        """Yield one input a value."""
        yield from ((path, str(one)) for one in (value if isinstance(value, list) else []))

    def options(self, language: str) -> list[tuple[str, str]]:
        """Return the codes with their labels; empty for what is typed."""
        return self.each.options(language)

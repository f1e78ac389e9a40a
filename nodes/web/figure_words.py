"""The figures as tables and charts: which stand where, in which words, and how long each bar is.

What a figure counts is said by the code table `statistics`; nothing is counted here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_decimal

from exchange.figures import MEASURES, NOT_URGENT, URGENT, Cell, Measure, Way
from nodes.web.languages import gettext, language, noted
from schemas import codes

WIDTH: Final = 1000
"""The length of the longest bar, in the units of the drawing."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: what it stands for, where it begins and how long it is."""

    tone: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart; `said` is all of it in words."""

    name: str
    number: str
    parts: tuple[Part, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Some bars on one scale, and what their tones mean; a chart of one tone needs no key."""

    bars: tuple[Bar, ...]
    key: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with its heading and its chart; the first `texts` columns hold words, the others numbers."""

    anchor: str
    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    chart: Chart | None = None
    whole: tuple[str, ...] = ()
    texts: int = 1


@dataclass(frozen=True, slots=True)
class Half:
    """What one side asked of the other: its name and its tables."""

    title: str
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """A figure that stands in a column, and the detail that it is of."""

    code: str
    detail: str = ""


_ANSWERED: Final = (_Column("ANSWERED", URGENT), _Column("ANSWERED", NOT_URGENT))
_ENDS: Final = (
    ("answered", noted("answered"), _ANSWERED),
    ("refused", noted("refused"), (_Column("REFUSED"),)),
    ("withdrawn", noted("withdrawn"), (_Column("WITHDRAWN"),)),
    ("open", noted("still open"), (_Column("REQ_OPEN"),)),
)
"""What becomes of a request: the tone of its bar, the word for it, and the figures that count it."""

_ASKED: Final[Mapping[Way, tuple[_Column, ...]]] = {
    Way.RECEIVED: (_Column("REQ_RECEIVED"),),
    Way.SENT: (_Column("REQ_SENT"), _Column("REQ_DELIVERED")),
}
_BECAME: Final = (*_ANSWERED, _Column("REFUSED"), _Column("WITHDRAWN"), _Column("REQ_OPEN"))
_TIMELY: Final = (
    _Column("OVER_TIME_JUDICIAL"),
    _Column("OVERDUE"),
    _Column("MEDIAN_HOURS"),
    _Column("PARTIAL"),
    _Column("HR_FLAGS"),
    _Column("URG_SHARE"),
    _Column("LOG_GAPS"),
)
_PERMITTED: Final = tuple(map(_Column, ("HCR_ASKED", "HCR_GRANTED", "HCR_REFUSED", "HCR_MEDIAN")))
_CORRECTED: Final = (_Column("COR_SENT"), _Column("COR_ACKED_72H"))
_DETAILS: Final = {URGENT: noted("urgent"), NOT_URGENT: noted("not urgent")}


class _Figures:
    """The cells of one way, to look up by code, unit and detail."""

    def __init__(self, cells: Iterable[Cell], way: Way, names: Mapping[str, str]) -> None:
        self.way, self.names = way, names
        self._values = {(one.code, one.unit, one.detail): one.value for one in cells if one.way is way}

    def value(self, column: _Column, unit: str) -> int:
        """Return a figure of a unit, 0 where none was counted."""
        return self._values.get((column.code, unit, column.detail), 0)

    def text(self, column: _Column, unit: str) -> str:
        """Return a figure of a unit as it stands in a table."""
        return spoken(column.code, self._values.get((column.code, unit, column.detail)))

    def whole(self, column: _Column) -> str:
        """Return a figure over all units: a sum, or the middle of all; a dash for what has neither."""
        if MEASURES[column.code] is not Measure.COUNT:
            return self.text(column, "")
        return str(sum(self.value(column, unit) for unit in self.units(column)))

    def units(self, *columns: _Column) -> list[str]:
        """Return the units that any of these columns has a figure of."""
        wanted = {column.code for column in columns}
        return sorted({unit for code, unit, _ in self._values if code in wanted and unit})

    def details(self, code: str) -> list[str]:
        """Return by what a figure is broken down here, in the order of the cells."""
        return list(dict.fromkeys(detail for name, _, detail in self._values if name == code and detail))


def halves(cells: Sequence[Cell], names: Mapping[str, str]) -> tuple[Half, ...]:
    """Return the tables of a page, those that have a line; `names` are those of the units."""
    titles = {Way.RECEIVED: gettext("What other units asked of us"), Way.SENT: gettext("What we asked of other units")}
    return tuple(Half(title, _sheets(_Figures(cells, way, names))) for way, title in titles.items())


def spoken(code: str, value: int | None) -> str:
    """Return a figure in words: a count, hours, or a share; a dash for a time or share that there is not."""
    measure = MEASURES[code]
    if measure is Measure.COUNT:
        return str(value or 0)
    if value is None:
        return "–"
    if measure is Measure.PERCENT:
        return f"{value} %"
    return format_decimal(value / 3600, "0.0", locale=language())


def label(code: str) -> str:
    """Return the name of a figure."""
    return codes.table("statistics").label(code, language())


def detail_label(code: str, detail: str) -> str:
    """Return what a figure is of: a ground of refusal, an urgency, or urgent or not."""
    if detail in _DETAILS:
        return gettext(_DETAILS[detail])
    return codes.table("refusal_grounds" if code == "REFUSED" else "urgency").label(detail, language())


def definition(code: str) -> str:
    """Return what a figure counts."""
    return codes.table("statistics")[code].text("counts_ru" if language() == "ru" else "counts")


def _sheets(found: _Figures) -> tuple[Sheet, ...]:
    requests = gettext("Requests and what became of them")
    made = (
        _by_unit(found, "requests", requests, (*_ASKED[found.way], *_BECAME), _endings(found)),
        _grounds(found),
        _urgencies(found),
        _by_unit(found, "timely", gettext("Time, completeness, urgency"), _TIMELY),
        _by_unit(found, "permissions", gettext("Permissions"), _PERMITTED),
        _by_unit(found, "corrections", gettext("Corrections"), _CORRECTED),
    )
    return tuple(sheet for sheet in made if sheet.lines)


def _by_unit(
    found: _Figures, anchor: str, title: str, columns: tuple[_Column, ...], chart: Chart | None = None
) -> Sheet:
    units = found.units(*columns)
    lines = tuple((found.names[unit], *(found.text(column, unit) for column in columns)) for unit in units)
    whole = (gettext("All units"), *map(found.whole, columns))
    heads = (gettext("Unit"), *map(_head, columns))
    return Sheet(f"{found.way}-{anchor}".lower(), title, heads, lines, chart, whole)


def _head(column: _Column) -> str:
    text = label(column.code)
    return f"{text}, {detail_label(column.code, column.detail)}" if column.detail else text


def _endings(found: _Figures) -> Chart:
    units = found.units(*_ASKED[found.way])
    asked = _ASKED[found.way][0]
    longest = max((found.value(asked, unit) for unit in units), default=1)
    bars = []
    for unit in units:
        numbers = [(tone, sum(found.value(one, unit) for one in counts), gettext(text)) for tone, text, counts in _ENDS]
        parts = _parts([(tone, number) for tone, number, _ in numbers], longest)
        said = ", ".join(f"{text}: {number}" for _, number, text in numbers if number)
        bars.append(Bar(found.names[unit], found.text(asked, unit), parts, said))
    return Chart(tuple(bars), tuple((tone, gettext(text)) for tone, text, _ in _ENDS))


def _grounds(found: _Figures) -> Sheet:
    """Under each ground every unit that was refused, or that refused us, on it."""
    table, grounds = codes.table("refusal_grounds"), found.details("REFUSED")
    columns = [_Column("REFUSED", ground) for ground in table if ground in grounds]
    lines = tuple(
        (detail_label("REFUSED", one.detail), table[one.detail].text("article") or "–", found.names[unit], number)
        for one in columns
        for unit in found.units(one)
        if (number := found.text(one, unit)) != "0"
    )
    heads = gettext("Ground"), gettext("Article"), gettext("Unit"), gettext("Requests")
    chart = _single([(detail_label("REFUSED", one.detail), found.whole(one), int(found.whole(one))) for one in columns])
    return Sheet(f"{found.way}-grounds".lower(), gettext("Refusals by ground"), heads, lines, chart, texts=3)


def _urgencies(found: _Figures) -> Sheet:
    """The middle of the times by urgency, beside the time allowed."""
    table, known = codes.table("urgency"), found.details("MEDIAN_HOURS")
    columns = [_Column("MEDIAN_HOURS", urgency) for urgency in table if urgency in known]
    lines = tuple(
        (
            detail_label("MEDIAN_HOURS", one.detail),
            found.text(one, ""),
            str(table[one.detail].extra["direct_hours"]),
            str(table[one.detail].extra["indirect_hours"]),
        )
        for one in columns
    )
    heads = (
        gettext("Urgency"),
        label("MEDIAN_HOURS"),
        gettext("Limit, direct (hours)"),
        gettext("Limit, indirect (hours)"),
    )
    drawn = [(line[0], line[1], found.value(one, "")) for line, one in zip(lines, columns, strict=True)]
    return Sheet(f"{found.way}-hours".lower(), label("MEDIAN_HOURS"), heads, lines, _single(drawn))


def _single(drawn: Sequence[tuple[str, str, int]]) -> Chart:
    """A chart of one tone: each bar's name, its number in words, and its length."""
    longest = max((length for *_, length in drawn), default=1)
    return Chart(
        tuple(Bar(name, number, _parts([("only", length)], longest), number) for name, number, length in drawn)
    )


def _parts(numbers: Iterable[tuple[str, int]], longest: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = 0
    for tone, number in numbers:
        begin, end = at * WIDTH // max(longest, 1), (at + number) * WIDTH // max(longest, 1)
        if number:
            parts.append(Part(tone, begin, end - begin))
        at += number
    return tuple(parts)

"""Statistics: the figures of a period as page, CSV, JSON and PDF, and the export for the yearly report of article 18.

Every form states unit, period, time of counting, and the version of the table that defines each figure. Whoever may see
the figures sees all of them: there is nobody's name in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from crypto import instants
from exchange.figures import MEASURES, Cell, is_article_18
from nodes import days, figures
from nodes.errors import BadInput
from nodes.web import paper, spreadsheet
from nodes.web.entrance import AtDesk
from nodes.web.figure_words import definition, halves, label
from nodes.web.languages import language
from nodes.web.site import Desk, wants_json
from nodes.web.wording import Problem, spoken_problem, unit_name
from schemas import codes

router: Final = APIRouter()
ZONE: Final = ZoneInfo("UTC")
ARTICLE_18: Final = "ARTICLE_18"
COLUMNS: Final = (
    "unit",
    "since",
    "until",
    "counted_at",
    "version",
    "code",
    "article_18",
    "way",
    "partner",
    "detail",
    "value",
    "definition",
)


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures of a period: its name where it has one, its first and last day, and what was counted when."""

    name: str
    first: date
    last: date
    only: str
    at: int
    cells: tuple[Cell, ...]

    @property
    def query(self) -> str:
        """What an address says to show the same."""
        return f"since={self.first}&until={self.last}" + (f"&only={self.only}" if self.only else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """A period that the page offers."""

    name: str
    text: str
    here: bool


@router.get("/statistics")
@router.get("/statistics.json")
@router.get("/statistics.csv")
@router.get("/statistics.pdf")
def show_statistics(desk: AtDesk, period: str = "", since: str = "", until: str = "", only: str = "") -> Response:
    """Show the figures of the period that the address names, else of this year; `only=ARTICLE_18` those of the law."""
    problems: tuple[Problem, ...] = ()
    try:
        found = _counted(desk, (period, since, until), only)
    except BadInput as error:
        problems = (spoken_problem(error, "#since"),)
        found = _counted(desk, ("", "", ""), only)
    form = desk.request.url.path.rpartition("/")[2].partition(".")[2]
    if problems or not (form or wants_json(desk.request)):
        return desk.page("statistics.html", _values(desk, found, problems), 422 if problems else 200)
    return _FORMS[form or "json"](desk, found)


def _counted(desk: Desk, named: tuple[str, str, str], only: str) -> Counted:
    """Raises `BadInput` for days that are none."""
    period, since, until = named
    this_year = str(datetime.fromtimestamp(desk.node.now(), UTC).year)
    if since or until:
        ends, name = days.span(since, until, ZONE), ""
    else:
        name = period or this_year
        first_last = days.read_period(name)
        if first_last is None:
            raise BadInput("period")
        ends = days.span(str(first_last[0]), str(first_last[1]), ZONE)
    with desk.node.db.read() as session:
        cells = figures.counted(session, desk.node, desk.actor, ends)
    kept = tuple(cell for cell in cells if only != ARTICLE_18 or is_article_18(cell))
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (ends[0], ends[1] - 1))
    return Counted(name, first, last, only if only == ARTICLE_18 else "", desk.node.now(), kept)


def _json(desk: Desk, found: Counted) -> Response:
    _take_out(desk, found, "JSON")
    names = ("code", "article_18", "way", "partner", "detail", "value")
    cells = [dict(zip(names, _row(cell), strict=True)) for cell in found.cells]
    told = {code: definition(code) for code in dict.fromkeys(cell.code for cell in found.cells)}
    head = {"schema": "serai/statistics/1", **_head(desk, found), "only": found.only or None, "language": language()}
    return JSONResponse({**head, "cells": cells, "definitions": told, "not_counted": not_counted()})


def _csv(desk: Desk, found: Counted) -> Response:
    _take_out(desk, found, "CSV")
    head = tuple(_head(desk, found).values())
    rows = [(*head, *_row(cell), definition(cell.code)) for cell in found.cells]
    text = "".join(spreadsheet.line(row) for row in (COLUMNS, *rows))
    return PlainTextResponse(text, headers=_file(desk, found), media_type="text/csv; charset=utf-8")


def _pdf(desk: Desk, found: Counted) -> Response:
    recorded = _take_out(desk, found, "PDF")
    values = {**_values(desk, found), "now": found.at}
    return paper.sheet(desk, "statistics_print.html", values, recorded, _name(desk, found))


_FORMS: Final = {"json": _json, "csv": _csv, "pdf": _pdf}


def not_counted() -> list[str]:
    """Return the figures of the table that this release does not count."""
    return [code for code in codes.table("statistics") if code not in MEASURES]


def _take_out(desk: Desk, found: Counted, form: str) -> int:
    with desk.node.db.write() as session:
        return figures.take_out(session, desk.node, desk.actor, form, str(found.first), str(found.last))


def _head(desk: Desk, found: Counted) -> dict[str, str]:
    return {
        "unit": desk.node.unit,
        "since": str(found.first),
        "until": str(found.last),
        "counted_at": instants.to_text(found.at),
        "version": codes.table("statistics").version,
    }


def _row(cell: Cell) -> tuple[str, str, str, str, str, int]:
    article = "YES" if is_article_18(cell) else "NO"
    return cell.code, article, cell.way.value, cell.unit or "ALL", cell.detail, cell.value


def _file(desk: Desk, found: Counted) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="serai-{_name(desk, found)}.csv"'}


def _name(desk: Desk, found: Counted) -> str:
    return f"statistics-{desk.node.unit}-{found.first}-{found.last}"


def _values(desk: Desk, found: Counted, problems: Sequence[Problem] = ()) -> Mapping[str, object]:
    units = {cell.unit for cell in found.cells if cell.unit}
    names = {unit: unit_name(desk.node, unit) for unit in units}
    present = dict.fromkeys(cell.code for cell in found.cells)
    return {
        "found": found,
        "halves": halves(found.cells, names),
        "terms": [(label(code), definition(code)) for code in present],
        "left_out": [label(code) for code in not_counted()],
        "version": codes.table("statistics").version,
        "periods": _periods(found),
        "problems": problems,
    }


def _periods(found: Counted) -> tuple[Choice, ...]:
    """The year of the first day with its neighbours, its quarters and its months, as far as they have begun."""
    year, today = found.first.year, datetime.fromtimestamp(found.at, UTC).date()
    years = [(str(number), str(number), date(number, 1, 1)) for number in (year - 1, year, year + 1)]
    quarters = [(f"{year}-Q{number}", "QQQ", date(year, 3 * number - 2, 1)) for number in range(1, 5)]
    months = [(f"{year}-{number:02}", "LLL", date(year, number, 1)) for number in range(1, 13)]
    begun = ((name, how, day) for name, how, day in (*years, *quarters, *months) if day <= today)
    return tuple(
        Choice(name, how if how == name else str(format_date(day, how, locale=language())), name == found.name)
        for name, how, day in begun
    )

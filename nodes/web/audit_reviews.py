"""Access reviews: occasions worth a question under the rule that shows them, each with its entries. Never a ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from nodes import oversight_reviews
from nodes.oversight_reviews import MANY_CASES, MANY_REFUSALS, WORKING_HOURS, Occasion, Rule
from nodes.web.audit_periods import period
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext, ngettext, noted
from nodes.web.site import wants_json

router: Final = APIRouter()
USUAL_DAYS: Final = 7
SHOWN: Final = 12
"""Entries that are linked under one occasion."""

RULES: Final[Mapping[Rule, tuple[str, str]]] = {
    Rule.BREAK_GLASS: (
        noted("Emergency access"),
        noted(
            "Somebody opened a case without being assigned to it, and said why. Below is what he did in the hour after."
        ),
    ),
    Rule.NOT_ASSIGNED: (
        noted("Read without working on the case"),
        noted("Whoever consulted the case did not work on it at that moment. A duty officer or supervisor may."),
    ),
    Rule.MANY_CASES: (
        noted("Many cases in an hour"),
        noted("One person consulted more than %s different cases within an hour."),
    ),
    Rule.OUT_OF_HOURS: (
        noted("Read out of hours"),
        noted("Consulted or searched at a weekend or outside %s o’clock of the unit, by somebody without a duty role."),
    ),
    Rule.NO_CASE: (
        noted("Search without a case"),
        noted("The search names no case. Its reason is on record with the entry; ask whether it justifies the search."),
    ),
    Rule.REFUSALS: (
        noted("Many refusals in an hour"),
        noted("One account was refused more than %s times within an hour."),
    ),
}
_FIGURES: Final[Mapping[Rule, str]] = {
    Rule.MANY_CASES: str(MANY_CASES),
    Rule.OUT_OF_HOURS: f"{WORKING_HOURS[0]}–{WORKING_HOURS[1]}",
    Rule.REFUSALS: str(MANY_REFUSALS),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An occasion in words."""

    actor: str
    first: int
    last: int
    count: str
    entries: tuple[int, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Part:
    """One rule with why it shows what it shows."""

    rule: str
    title: str
    why: str
    lines: tuple[Line, ...]


@router.get("/reviews")
@router.get("/reviews.json")
def show_reviews(desk: AtDesk, since: str = "", until: str = "") -> Response:
    """Show the occasions of a period; by default of the last week."""
    days = period(desk, USUAL_DAYS, since, until)
    with desk.node.db.write() as session:
        found = oversight_reviews.review(session, desk.node, desk.actor, *days.ends)
    if wants_json(desk.request):
        occasions = [_json(one) for some in found.values() for one in some]
        return JSONResponse(
            {"schema": "serai/reviews/1", "since": days.since, "until": days.until, "occasions": occasions}
        )
    values = {"parts": [_part(rule, some) for rule, some in found.items()], "since": days.since, "until": days.until}
    return desk.page("reviews.html", values)


def _part(rule: Rule, occasions: tuple[Occasion, ...]) -> Part:
    title, why = RULES[rule]
    said = gettext(why) % _FIGURES[rule] if rule in _FIGURES else gettext(why)
    return Part(rule.value, gettext(title), said, tuple(_line(one) for one in occasions))


def _line(one: Occasion) -> Line:
    number = len(one.entries)
    count = ngettext("%s entry", "%s entries", number) % number
    if one.cases > 1:
        count = f"{count} · " + ngettext("%s case", "%s cases", one.cases) % one.cases
    return Line(one.actor, one.first, one.last, count, one.entries[:SHOWN], max(0, number - SHOWN))


def _json(one: Occasion) -> dict[str, object]:
    return {
        "rule": one.rule.value,
        "actor": one.actor,
        "first": instants.to_text(one.first),
        "last": instants.to_text(one.last),
        "cases": one.cases,
        "entries": list(one.entries),
    }

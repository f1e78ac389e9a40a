"""Has anyone looked me up? The form, what was found, and the draft of the answer to the person."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from exchange.policy.facts import Action
from nodes import data_subjects
from nodes.data_subjects import Consent, Entry, Found, Person
from nodes.errors import BadInput
from nodes.permissions import require
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext, noted
from nodes.web.site import Desk, see
from nodes.web.wording import Problem
from schemas.items import Item

router: Final = APIRouter()
CONSENTS: Final = {
    Consent.WAITING: noted("Not answered yet: withheld"),
    Consent.DISCLOSE: noted("May be told"),
    Consent.PARTIAL: noted("Only day and purpose"),
    Consent.REFUSE: noted("Refused: withheld"),
    Consent.NEITHER: noted("Neither confirm nor deny"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An act in words."""

    index: int
    at: int
    what: str
    actor: str
    unit: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Owner:
    """A unit that is consulted, what it answered, and about what: `message/object` each."""

    unit: str
    name: str
    answer: str
    waiting: bool
    items: tuple[str, ...]


@router.get("/protection/persons")
def show_form(desk: AtDesk) -> HTMLResponse:
    """Show the form."""
    require(desk.actor, Action.PROTECT_DATA)
    return _page(desk, None, ())


@router.post("/protection/persons")
def look_up(desk: AtDesk) -> HTMLResponse:
    """Look, and show what was found; the person's data go into the log's sealed words, not into the address."""
    person = Person(desk.text("names"), desk.text("birth"), desk.text("document"))
    try:
        found = data_subjects.look_up(desk.node, desk.actor, person, desk.text("reason"))
    except BadInput:
        text = gettext("Give a name or the number of a document, and a reason of at least ten characters.")
        return _page(desk, None, (Problem(text, "#names"),), 422)
    return _page(desk, found, ())


@router.post("/protection/persons/consult")
def consult(desk: AtDesk) -> Response:
    """Begin the message that asks a unit whether the person may be told."""
    require(desk.actor, Action.PROTECT_DATA)
    asked = (Item(message, name) for message, _, name in (one.partition("/") for one in desk.texts("items")))
    with desk.node.db.write() as session:
        draft_id = data_subjects.consult(session, desk.node, desk.actor, desk.text("unit"), asked)
    return see(f"/drafts/{draft_id}")


def _page(desk: Desk, found: Found | None, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    values: dict[str, object] = {
        "problems": problems,
        "found": found,
        "form": {name: desk.text(name) for name in ("names", "birth", "document", "reason")},
    }
    if found is not None:
        with desk.node.db.read() as session:
            consents = data_subjects.consents(session, found, desk.node.unit)
        told = data_subjects.draft(found, consents, desk.node.unit)
        values |= {
            "lines": [_line(desk, one) for one in found.entries],
            "owners": [_owner(desk, found, unit, consent) for unit, consent in consents.items()],
            "told": told,
            "full": [_line(desk, one) for one in told.full],
            "short": [_line(desk, one) for one in told.short],
        }
    return desk.page("persons.html", values, status)


def _owner(desk: Desk, found: Found, unit: str, consent: Consent) -> Owner:
    items = tuple(f"{item.message}/{item.object}" for item in data_subjects.items(found, unit))
    waiting = consent is Consent.WAITING
    return Owner(unit, wording.unit_name(desk.node, unit), gettext(CONSENTS[consent]), waiting, items)


def _line(desk: Desk, one: Entry) -> Line:
    unit = wording.unit_name(desk.node, one.unit) if one.unit else ""
    what = wording.label("log_operations", one.operation)
    return Line(one.index, one.at, what, one.actor, unit, wording.label("purposes", one.purpose))

"""Cases and search: what belongs together, what happened in it, and finding it again. A search is itself logged."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import emergencies, reading
from nodes.permissions import allowed, require
from nodes.views import CaseRow, TimelineEntry
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import Column, Said, rows_of
from nodes.web.languages import gettext, ngettext
from nodes.web.site import Desk, wants_json
from nodes.web.wording import Problem

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list."""

    case_ref: str
    units: str
    members: str
    messages: int
    open_threads: int
    open_text: str
    updated: int


@dataclass(frozen=True, slots=True)
class Case:
    """The head of a case page."""

    case_ref: str
    members: str
    opened: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing on the timeline."""

    at: int
    what: str
    who: str
    message_id: str | None
    subject: str
    log_index: int | None
    ours: bool
    bad: bool


@router.get("/cases")
@router.get("/cases.json")
def list_cases(desk: AtDesk) -> Response:
    """List the cases that the person works on, last changed first."""
    with desk.node.db.read() as session:
        found = reading.cases(session, desk.node, desk.actor)
    if wants_json(desk.request):
        rows = [
            {"case": one.case_ref, "messages": one.messages, "open": one.open_threads, "units": list(one.units)}
            for one in found
        ]
        return JSONResponse({"schema": "serai/cases/1", "cases": rows})
    lines = [_line(desk, one) for one in found]
    return desk.page("cases.html", {"cases": lines, "emergency": allowed(desk.actor, Action.BREAK_GLASS)})


@router.get("/cases/{case_ref}")
def show_case(desk: AtDesk, case_ref: str) -> Response:
    """Show everything that happened in a case, from the log of this unit and the receipts of others."""
    with desk.node.db.write() as session:
        found = reading.case(session, desk.node, desk.actor, case_ref.removesuffix(".json"))
        open_until = emergencies.open_until(session, desk.node, desk.actor, found.case_ref)
    if wants_json(desk.request):
        timeline = [
            {"at": instants.to_text(one.at), "what": one.what, "unit": one.unit, "log": one.log_index}
            for one in found.timeline
        ]
        messages = [row.message_id for row in found.messages]
        return JSONResponse(
            {"schema": "serai/case/1", "case": found.case_ref, "messages": messages, "timeline": timeline}
        )
    subjects = {row.message_id: row.subject or gettext("Not open to you") for row in found.messages}
    values = {
        "open_until": open_until,
        "case": Case(found.case_ref, ", ".join(found.members), found.opened),
        "timeline": [_happening(desk, one, subjects) for one in found.timeline],
        "messages": rows_of(desk, found.messages),
        "directions": {
            row.message_id: gettext("in") if row.direction == "IN" else gettext("out") for row in found.messages
        },
        "banner": wording.banner(code for row in found.messages for code in row.handling),
    }
    return desk.page("case.html", values)


@router.get("/search")
def show_search(desk: AtDesk) -> HTMLResponse:
    """Show the search form."""
    require(desk.actor, Action.SEARCH)
    return desk.page("search.html", _search_values("", "", (), searched=False))


@router.post("/search")
def search(desk: AtDesk) -> HTMLResponse:
    """Search the messages that the person may read; words and reason go into the log, not into the address."""
    require(desk.actor, Action.SEARCH)
    words, reason = desk.text("words"), desk.text("reason")
    checks = (
        Problem(gettext("Write what you look for, at least 3 characters."), "#words") if len(words) < 3 else None,
        Problem(gettext("Write why you search; it is kept with the log entry."), "#reason")
        if len(reason) < 3
        else None,
    )
    problems = tuple(problem for problem in checks if problem is not None)
    if problems:
        return desk.page("search.html", _search_values(words, reason, problems, searched=False), 422)
    with desk.node.db.write() as session:
        found = reading.search(session, desk.node, desk.actor, words, reason)
    shown = {
        "rows": rows_of(desk, found),
        "banner": wording.banner(code for row in found for code in row.handling),
        "count": ngettext("%s message", "%s messages", len(found)) % len(found),
    }
    return desk.page("search.html", {**_search_values(words, reason, (), searched=True), **shown})


def _search_values(words: str, reason: str, problems: tuple[Problem, ...], *, searched: bool) -> dict[str, object]:
    headings = (gettext("Message"), gettext("From"), gettext("Handling"), gettext("State"), gettext("Time left"))
    return {
        "words": words,
        "reason": reason,
        "problems": problems,
        "searched": searched,
        "banner": None,
        "here": "",
        "query": "",
        "arrived": True,
        "rows": [],
        "count": "",
        "caption": gettext("Messages found"),
        "columns": [Column(text) for text in headings],
        "pages": [],
        "empty": Said(gettext("Nothing found"), gettext("Try fewer words, or another spelling or script.")),
    }


def _line(desk: Desk, one: CaseRow) -> CaseLine:
    units = ", ".join(wording.unit_name(desk.node, unit) for unit in one.units)
    text = ngettext("%s open", "%s open", one.open_threads) % one.open_threads
    return CaseLine(one.case_ref, units, ", ".join(one.members), one.messages, one.open_threads, text, one.updated)


def _happening(desk: Desk, one: TimelineEntry, subjects: dict[str, str]) -> Happening:
    """A receipt says how far a message came; everything else is an act in the log of this unit."""
    state = wording.state(one.what) if one.unit is not None else None
    what = state.label if state is not None else wording.label("log_operations", one.what)
    who = wording.unit_name(desk.node, one.unit) if one.unit is not None else one.actor or ""
    said_by = gettext("stated by the hub") if one.kind == "HUB" else ""
    return Happening(
        at=one.at,
        what=what,
        who=" · ".join(part for part in (who, said_by) if part),
        message_id=one.message_id if one.message_id in subjects else None,
        subject=subjects.get(one.message_id or "", ""),
        log_index=one.log_index,
        ours=one.unit is None,
        bad=state is not None and state.colour == "red",
    )

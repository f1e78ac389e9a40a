"""Requests of auditors to read content: ask, decide one at a time, read under a watermark, and what the unit sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto.instants import to_text
from exchange.policy.facts import Action
from nodes import oversight_mandates, oversight_openings, oversight_queries
from nodes.approvals import State as Asked
from nodes.approvals import Step
from nodes.days import span
from nodes.errors import BadInput, NotApproved, NotFound, OutOfStep, SecondPersonNeeded
from nodes.oversight_openings import Looked, Opened, Opening
from nodes.oversight_openings import State as Open
from nodes.oversight_queries import Query
from nodes.permissions import require
from nodes.web import moments, wording
from nodes.web.entrance import AtDesk, Place
from nodes.web.inbox_pages import kind_label
from nodes.web.languages import gettext, noted
from nodes.web.reading import people_of, sections_of
from nodes.web.site import Desk, see, wants_json
from nodes.web.stepping import approving, prove
from nodes.web.wording import Problem, State, spoken_problem
from schemas.kinds import KINDS

router: Final = APIRouter()

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    Asked.ASKED: ("yellow", noted("Waits for a second auditor")),
    Asked.APPROVED: ("yellow", noted("Agreed, not opened")),
    Asked.REFUSED: ("red", noted("Refused")),
    Asked.WITHDRAWN: ("grey", noted("Withdrawn")),
    Asked.EXPIRED: ("grey", noted("Nobody decided in time")),
    Open.OPEN: ("green", noted("Open")),
    Open.RETURNED: ("grey", noted("Given back")),
    Open.REVOKED: ("red", noted("Revoked")),
}
_STEPS: Final[Mapping[str, Step]] = {"approve": Step.APPROVE, "refuse": Step.REFUSE}


@dataclass(frozen=True, slots=True)
class Line:
    """A request in words, and what the reader of the page may do with it."""

    query: Query
    state: State
    mine: bool
    may_decide: bool
    may_read: bool
    may_end: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An opening with each look, for the unit."""

    opening: Opening
    state: State
    looks: tuple[Looked, ...]


@router.get("/queries")
@router.get("/queries.json")
def show_queries(desk: AtDesk) -> Response:
    """Show what waits for this auditor, and what he asked for."""
    with desk.node.db.read() as session:
        found = oversight_queries.queries(session, desk.node, desk.actor)
    if wants_json(desk.request):
        waiting, own = ([_json(one) for one in some] for some in (found.waiting, found.own))
        return JSONResponse({"schema": "serai/audit-queries/1", "waiting": waiting, "own": own})
    lines = {name: [_line(desk, one) for one in getattr(found, name)] for name in ("waiting", "own")}
    return desk.page("audit_queries.html", lines)


@router.get("/queries/new")
def new_query(desk: AtDesk, entries: str = "") -> HTMLResponse:
    """Show the form for a request."""
    require(desk.actor, Action.READ_LOG)
    return _form(desk, {"entries": entries, "ends": "", "reason": ""}, ())


@router.post("/queries")
def ask(desk: AtDesk) -> Response:
    """Ask another auditor to open the content behind some entries."""
    require(desk.actor, Action.READ_LOG)
    given = {name: desk.text(name) for name in ("entries", "ends", "reason")}
    try:
        ends = span(given["ends"], given["ends"], ZoneInfo(desk.node.settings.time_zone))[1]
        asked = oversight_queries.indices(given["entries"])
        with desk.node.db.write() as session:
            query_id = oversight_queries.ask(session, desk.node, desk.actor, asked, (ends, given["reason"]))
    except (BadInput, NotFound):
        text = gettext(
            "Name up to 50 entries that are each about a message which is still there, a last day within the next 30, "
            "and a reason of at least 10 characters."
        )
        return _form(desk, given, (Problem(text, "#entries"),), 422)
    except OutOfStep as error:
        return _form(desk, given, (spoken_problem(error, "#entries"),), 409)
    return see(f"/queries/{query_id}", "asked")


@router.get("/queries/{query_id}")
def show_query(desk: AtDesk, query_id: str) -> HTMLResponse:
    """Show one request: to its asker what became of it, to another auditor the decision."""
    return _query_page(desk, query_id, ())


@router.post("/queries/{query_id}/decide")
def decide(desk: AtDesk, query_id: str) -> Response:
    """Agree or refuse: exactly what the page showed, and never what one asked for oneself."""
    step = _STEPS.get(desk.text("decision"))
    if step is None:
        return _query_page(desk, query_id, (Problem(gettext("Choose yes or no."), "#decision"),), 422)
    try:
        with desk.node.db.write() as session:
            if step is Step.APPROVE:
                asked = oversight_queries.get(session, desk.node, desk.actor, query_id)
                prove(session, desk, approving(asked.approval))
            oversight_queries.decide(session, desk.node, desk.actor, (query_id, desk.text("digest")), step)
    except (OutOfStep, NotApproved, SecondPersonNeeded, BadInput) as error:
        return _query_page(desk, query_id, (spoken_problem(error),), 409)
    return see(f"/queries/{query_id}", "decided")


@router.post("/queries/{query_id}/end")
def end(desk: AtDesk, query_id: str) -> Response:
    """Take a request back before it is decided; close what it opened before its time."""
    with desk.node.db.write() as session:
        query = oversight_queries.get(session, desk.node, desk.actor, query_id)
        if query.opening is None:
            oversight_queries.withdraw(session, desk.node, desk.actor, query_id)
        else:
            oversight_openings.end(session, desk.node, desk.actor, query_id)
    return see(f"/queries/{query_id}", "ended")


@router.get("/queries/{query_id}/{index}")
def read(desk: AtDesk, query_id: str, index: Place) -> HTMLResponse:
    """Show the content behind one entry, read-only and under a watermark; the look is in the log."""
    with desk.node.db.write() as session:
        found = oversight_openings.read(session, desk.node, desk.actor, query_id, index)
    return desk.page("audit_content.html", _content(desk, found))


@router.get("/openings")
def show_openings(desk: AtDesk) -> HTMLResponse:
    """Show those who answer for the unit what was opened to auditors, by whom, on what mandate, and each look."""
    with desk.node.db.read() as session:
        found = oversight_openings.told(session, desk.node, desk.actor)
    told = [Told(one, _state(one.state, one.ends, desk.node.now()), looks) for one, looks in found]
    return desk.page("audit_openings.html", {"found": told})


def _form(desk: Desk, form: dict[str, str], problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        mandate = oversight_mandates.mandate_of(session, desk.node, desk.actor, demand=True)
    return desk.page("audit_ask.html", {"form": form, "problems": problems, "mandate": mandate}, status)


def _query_page(desk: Desk, query_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        query = oversight_queries.get(session, desk.node, desk.actor, query_id)
    return desk.page("audit_query.html", {"line": _line(desk, query), "problems": problems}, status)


def _line(desk: Desk, query: Query) -> Line:
    asked, opening, now = query.approval, query.opening, desk.node.now()
    mine = asked.asked_by == desk.actor.user_id
    waits = asked.state is Asked.ASKED and asked.expires > now
    is_open = opening is not None and opening.state is Open.OPEN and opening.ends > now
    state = _state(opening.state, opening.ends, now) if opening is not None else _state(asked.state, asked.expires, now)
    return Line(query, state, mine, waits and not mine, is_open and mine, is_open or (waits and mine))


def _state(state: Asked | Open, ends: int, now: int) -> State:
    if state is Open.EXPIRED or (state is Open.OPEN and ends <= now):
        return State(gettext("Time is over"), "grey")
    colour, text = _STATES[Asked.EXPIRED if state is Asked.ASKED and ends <= now else state]
    return State(gettext(text), colour)


def _content(desk: Desk, found: Opened) -> dict[str, object]:
    row, content = found.message, found.content
    kind = KINDS[row.kind]
    body = {**content.body, **({"objects": list(content.objects)} if content.objects else {})}
    handling = content.labels.get("handling")
    codes = [str(code) for code in handling] if isinstance(handling, list) else []
    at = moments.local(desk.node.now(), desk.node.settings.time_zone)
    mark = f"{desk.actor.display_name} ({desk.actor.user_id}) · {at} · {found.opening.mandate}"
    return {
        "found": found,
        "mark": mark,
        "kind": kind_label(row.kind),
        "subject": content.label("subject_line") or gettext("Without a subject"),
        "sender": wording.unit_name(desk.node, row.sender),
        "language": str(content.labels.get("language", "")),
        "banner": wording.banner(codes, content.label("handling_text")),
        "parts": sections_of(kind, body),
        "people": people_of(kind, body),
    }


def _json(one: Query) -> dict[str, object]:
    state = one.opening.state if one.opening is not None else one.approval.state
    return {
        "id": one.approval.approval_id,
        "state": state.value,
        "asked_by": one.approval.asked_by,
        "decided_by": one.approval.decided_by,
        "entries": list(one.entries),
        "ends": to_text(one.ends),
    }

"""The team board as a page: what is open, who owns it, how it lies on people, and giving it to somebody else.

The board renews itself; while somebody assigns (`assign` in the address) it does not, so that nobody is disturbed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import absences, board, duty
from nodes.board import NOBODY, Board, BoardQuery, Line, Load, Show
from nodes.errors import BadInput, OutOfStep
from nodes.permissions import require
from nodes.web import moments, wording
from nodes.web.duty_pages import colleagues_of
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.inbox_pages import Counter, Row, page_links, rows_of
from nodes.web.languages import gettext, language, ngettext
from nodes.web.site import Desk, own_path, see, wants_json
from nodes.web.wording import Problem, spoken_problem
from schemas import codes

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Request:
    """An open request in words, and the last step of the escalation that was taken for it."""

    row: Row
    step: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Burden:
    """What lies on somebody, in words, with the parts of his bar out of 100 of the longest."""

    load: Load
    name: str
    href: str
    here: bool
    parts: tuple[tuple[str, int, int], ...]
    away: str


@router.get("/board")
@router.get("/board.json")
def show_board(desk: AtDesk, assign: str = "") -> Response:
    """Show the board as the address asks; `assign` offers to give requests away, with one of them chosen."""
    query = _read(desk)
    if wants_json(desk.request):
        return JSONResponse(_json(_found(desk, query)))
    return _page(desk, query, assign, ())


@router.post("/board")
def assign(desk: AtDesk) -> Response:
    """Give the chosen requests to a colleague, all or none."""
    require(desk.actor, Action.ASSIGN)
    chosen, to_user, note = desk.texts("messages"), desk.text("to"), desk.text("note")
    back = own_path(desk.text("back"), "/board")
    problems = (
        Problem(gettext("Choose what you assign."), "#m-1") if not chosen else None,
        Problem(gettext("Choose who takes over."), "#to") if not to_user else None,
    )
    found = tuple(problem for problem in problems if problem is not None)
    if found:
        return _page(desk, _read(desk), "all", found)
    try:
        with desk.node.db.write() as session:
            for message_id in chosen[: board.PAGE]:
                duty.assign(session, desk.node, desk.actor, duty.Assign(message_id, to_user, note))
    except (BadInput, OutOfStep) as error:
        return _page(desk, _read(desk), "all", (spoken_problem(error, "#to"),))
    desk.node.changed.bump()
    return see(back, "given")


def _read(desk: Desk) -> BoardQuery:
    given = desk.request.query_params
    show, page = given.get("show", ""), given.get("page", "")
    return BoardQuery(
        show=Show(show) if show in set(Show) else Show.OPEN,
        person=given.get("person", ""),
        family=given.get("family", ""),
        urgency=given.get("urgency", ""),
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
    )


def _found(desk: Desk, query: BoardQuery) -> Board:
    with desk.node.db.read() as session:
        return board.read(session, desk.node, desk.actor, query)


def _address(query: BoardQuery, **more: str) -> str:
    plain = asdict(BoardQuery())
    chosen = {name: str(value) for name, value in asdict(query).items() if value != plain[name]} | more
    return f"/board?{urlencode(chosen)}" if chosen else "/board"


def _page(desk: Desk, query: BoardQuery, assign: str, problems: tuple[Problem, ...]) -> HTMLResponse:
    found = _found(desk, query)
    ticked = set(desk.texts("messages")) | {assign}
    lines = rows_of(desk, tuple(line.row for line in found.lines))
    pages = -(-found.total // board.PAGE)
    values: dict[str, Any] = {
        "requests": [
            Request(row, _step(line), row.message_id in ticked) for row, line in zip(lines, found.lines, strict=True)
        ],
        "counters": _counters(found, query),
        "burdens": _burdens(found, query, _away(desk)),
        "count": ngettext("%s open request", "%s open requests", found.total) % found.total,
        "filter": _filter(found, query),
        "filtered": replace(query, show=Show.OPEN, page=1) != BoardQuery(),
        "show": query.show.value,
        "here": _address(query),
        "assigning": _address(query, assign="all"),
        "chosen": assign,
        "colleagues": colleagues_of(desk),
        "to": desk.text("to"),
        "note": desk.text("note"),
        "pages": page_links(query.page, pages, lambda number: _address(replace(query, page=number))),
        "problems": problems,
    }
    return desk.page("board.html", values, 422 if problems else 200)


def _step(line: Line) -> str:
    return codes.table("escalation").label(line.step, language()) if line.step else ""


def _counters(found: Board, query: BoardQuery) -> list[Counter]:
    words = (
        (Show.OPEN, gettext("open"), "calm"),
        (Show.OVERDUE, gettext("overdue"), "bad"),
        (Show.AT_RISK, gettext("at risk"), "soon"),
        (Show.UNASSIGNED, gettext("not assigned"), "soon"),
        (Show.ESCALATED, gettext("escalated"), "soon"),
    )
    made = [
        Counter(
            found.counts[show],
            text,
            _address(replace(query, show=show, page=1)),
            tone if found.counts[show] else "none",
            query.show is show,
        )
        for show, text, tone in words
    ]
    waiting = gettext("waiting for approval")
    return [*made, Counter(found.to_approve, waiting, "/approvals", "soon" if found.to_approve else "none", here=False)]


def _away(desk: Desk) -> dict[str, str]:
    """Who is absent now, and in words until when and who stands in."""
    with desk.node.db.read() as session:
        known = absences.listed(session, desk.node, desk.actor)
    zone = desk.node.settings.time_zone
    text = gettext("absent until %s: %s stands in")
    return {
        one.user_id: text.replace("%s", moments.local(one.until, zone), 1).replace("%s", one.deputy_name, 1)
        for one in known
        if one.now
    }


def _burdens(found: Board, query: BoardQuery, away: Mapping[str, str]) -> list[Burden]:
    longest = max((load.open for load in found.loads), default=0) or 1
    return [
        Burden(
            load,
            load.name or gettext("Not assigned"),
            _address(replace(query, person="" if query.person == load.user_id else load.user_id, page=1)),
            query.person == load.user_id,
            _parts(load, longest),
            away.get(load.user_id, ""),
        )
        for load in found.loads
    ]


def _parts(load: Load, longest: int) -> tuple[tuple[str, int, int], ...]:
    """The parts of a bar: overdue, at risk, in time; each with its beginning and its length."""
    parts: list[tuple[str, int, int]] = []
    at = 0
    in_time = load.open - load.overdue - load.at_risk
    for tone, number in (("bad", load.overdue), ("soon", load.at_risk), ("good", in_time)):
        begin, end = at * 100 // longest, (at + number) * 100 // longest
        if number:
            parts.append((tone, begin, end - begin))
        at += number
    return tuple(parts)


def _filter(found: Board, query: BoardQuery) -> dict[str, list[Option]]:
    people = [
        Option(load.user_id, load.name or gettext("Not assigned"), load.user_id == query.person) for load in found.loads
    ]
    families = [
        Option(row.text("header"), row.label.say(language()), row.text("header") == query.family)
        for row in codes.table("families").values()
    ]
    urgencies = [
        Option(code, wording.label("urgency", code), code == query.urgency) for code in codes.table("urgency").offered
    ]
    return {"people": people, "families": families, "urgencies": urgencies}


def _json(found: Board) -> dict[str, object]:
    requests = [
        {
            "message": line.row.message_id,
            "case": line.row.case_ref,
            "from": line.row.sender,
            "urgency": line.row.urgency,
            "owner": line.row.assignee,
            "state": line.row.state,
            "escalation": line.step or None,
            "due": instants.to_text(line.row.clock.due) if line.row.clock and line.row.clock.due else None,
        }
        for line in found.lines
    ]
    people = [
        {"owner": load.user_id, "open": load.open, "overdue": load.overdue, "at_risk": load.at_risk}
        for load in found.loads
        if load.user_id != NOBODY
    ]
    counts = {show.value: number for show, number in found.counts.items()}
    return {"schema": "serai/board/1", "total": found.total, "counts": counts, "people": people, "requests": requests}

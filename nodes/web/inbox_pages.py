"""The lists of messages: what has arrived and what was sent, with filters in the address, as page, CSV and JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import drafts, inbox
from nodes.permissions import allowed
from nodes.views import Box, Counters, Draft, InboxPage, InboxQuery, InboxRow, Sort, View
from nodes.web import moments, spreadsheet, wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import gettext, language, ngettext
from nodes.web.moments import Deadline
from nodes.web.site import Desk, wants_json
from schemas import kinds

router: Final = APIRouter()
CONTINUE: Final = 3
"""So many of the last drafts stand on top of the inbox."""

NEAR: Final = 3
"""So many pages before and behind the one that is shown have a link."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A number over the inbox that leads to the rows it counts."""

    number: int
    text: str
    href: str
    tone: str
    here: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list in the words of the reader."""

    message_id: str
    subject: str
    text_lang: str
    kind: str
    case_ref: str | None
    other: str
    handling: tuple[wording.HandlingCode, ...]
    copied: bool
    state: wording.State
    deadline: Deadline
    assignee: str | None
    assignee_name: str | None
    unread: bool
    gap: bool


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft that can be continued."""

    draft_id: str
    title: str
    kind: str
    case_ref: str | None
    age: str


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of the list; with `href` the list can be sorted by it."""

    text: str
    href: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter form with what is chosen in it."""

    case: str
    kinds: tuple[Option, ...]
    units: tuple[Option, ...]
    views: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Said:
    """Two sentences where a list has no rows."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the list; before it some may be left out."""

    text: str
    href: str
    here: bool
    gap: bool


@router.get("/inbox")
@router.get("/inbox.json")
@router.get("/inbox.csv")
def arrived(desk: AtDesk) -> Response:
    """Show what has arrived, the most pressing first."""
    return _list(desk, Box.ARRIVED)


@router.get("/sent")
@router.get("/sent.json")
@router.get("/sent.csv")
def sent(desk: AtDesk) -> Response:
    """Show what was sent and how far it came."""
    return _list(desk, Box.SENT)


def rows_of(desk: Desk, found: tuple[InboxRow, ...]) -> list[Row]:
    """Return the lines of a list in the words of the reader."""
    return [_row(desk, row) for row in found]


def kind_label(code: str) -> str:
    """Return the name of a message kind; a kind of a later release is shown by its code."""
    return kinds.KINDS[code].label.say(language()) if code in kinds.KINDS else code


def draft_line(desk: Desk, draft: Draft) -> DraftLine:
    """Return a draft as a line to continue."""
    title = str(draft.common.get("subject_line") or gettext("Without a subject"))
    age = moments.duration(desk.node.now() - draft.updated)
    return DraftLine(draft.draft_id, title, kind_label(draft.kind), draft.case_ref, age)


def _list(desk: Desk, box: Box) -> Response:
    query = _query(desk.request.query_params, box)
    if desk.request.url.path.endswith(".csv"):
        with desk.node.db.write() as session:
            return _csv(desk, inbox.taken_out(session, desk.node, desk.actor, query))
    with desk.node.db.read() as session:
        page = inbox.page(session, desk.node, desk.actor, query)
    if wants_json(desk.request):
        return JSONResponse(_json(page))
    values = _values(desk, query, page)
    codes = [code for row in page.rows for code in row.handling if row.subject is not None]
    return desk.page("inbox.html", {**values, "banner": wording.banner(codes)})


def _query(given: Mapping[str, str], box: Box) -> InboxQuery:
    """Return the query in the address; what it does not understand counts as absent."""
    page = given.get("page", "1")
    return InboxQuery(
        box=box,
        view=next((view for view in View if view.value == given.get("view")), View.ALL),
        sort=next((sort for sort in Sort if sort.value == given.get("sort")), _usual(box)),
        kind=given.get("kind") or None,
        unit=given.get("unit") or None,
        case_ref=given.get("case", "").strip() or None,
        page=int(page) if page.isdecimal() and 0 < int(page) < 10_000 else 1,
    )


def _usual(box: Box) -> Sort:
    return Sort.DUE if box is Box.ARRIVED else Sort.NEWEST


def _address(query: InboxQuery) -> str:
    """Return the query string that leads to the same list again."""
    given = {
        "view": "" if query.view is View.ALL else query.view.value,
        "sort": "" if query.sort is _usual(query.box) else query.sort.value,
        "kind": query.kind or "",
        "unit": query.unit or "",
        "case": query.case_ref or "",
        "page": "" if query.page == 1 else str(query.page),
    }
    return urlencode({name: value for name, value in given.items() if value})


def _values(desk: Desk, query: InboxQuery, page: InboxPage) -> dict[str, Any]:
    arrived_box = query.box is Box.ARRIVED
    here = "/inbox" if arrived_box else "/sent"
    counters: list[Counter] = []
    continued: list[DraftLine] = []
    unopened = 0
    with desk.node.db.read() as session:
        if arrived_box:
            numbers = inbox.counters(session, desk.node, desk.actor)
            counters, unopened = _counters(numbers, query), numbers.quarantined
        if arrived_box and allowed(desk.actor, Action.COMPOSE):
            own = drafts.own(session, desk.node, desk.actor, CONTINUE)
            continued = [draft_line(desk, draft) for draft in own]
    return {
        "heading": gettext("Inbox") if arrived_box else gettext("Sent"),
        "here": here,
        "query": _address(query),
        "unopened": unopened,
        "arrived": arrived_box,
        "counters": counters,
        "drafts": continued,
        "filter": _filter(desk, query),
        "rows": rows_of(desk, page.rows),
        "columns": _columns(query, here),
        "count": ngettext("%s message", "%s messages", page.total) % page.total,
        "caption": gettext("Messages, soonest deadline first")
        if arrived_box
        else gettext("Messages sent, newest first"),
        "pages": page_links(page.page, page.pages, lambda n: f"{here}?{_address(replace(query, page=n))}"),
        "empty": _empty(query),
    }


def _row(desk: Desk, row: InboxRow) -> Row:
    others = [row.sender] if row.direction == "IN" else [*row.recipients, *row.copies]
    return Row(
        message_id=row.message_id,
        subject=row.subject if row.subject is not None else gettext("Not open to you"),
        text_lang="",
        kind=kind_label(row.kind),
        case_ref=row.case_ref,
        other=", ".join(wording.unit_name(desk.node, unit) for unit in others),
        handling=wording.handling(row.handling),
        copied=row.copied,
        state=wording.state(
            "COPY" if row.copied else "OVERDUE" if row.clock is not None and row.clock.overdue else row.state
        ),
        deadline=moments.deadline(row.clock, desk.node.now()),
        assignee=row.assignee,
        assignee_name=row.assignee_name,
        unread=row.unread and row.state != "RECEIVED",  # that state says the same
        gap=row.gap,
    )


def _counters(found: Counters, query: InboxQuery) -> list[Counter]:
    table = (
        (found.overdue, View.OVERDUE, gettext("overdue"), "bad"),
        (found.urgent, View.URGENT, gettext("urgent and open"), "soon"),
        (found.unassigned, View.UNASSIGNED, gettext("not assigned"), "soon"),
        (found.mine, View.MINE, gettext("yours"), "calm"),
    )
    return [
        Counter(number, text, f"/inbox?view={view.value}", tone if number else "none", query.view is view)
        for number, view, text, tone in table
    ]


def _filter(desk: Desk, query: InboxQuery) -> Filter:
    views = (
        (View.ALL, gettext("Everything")),
        (View.OPEN, gettext("Still open")),
        (View.MINE, gettext("Yours")),
        (View.UNASSIGNED, gettext("Not assigned")),
        (View.UNREAD, gettext("Not read yet")),
        (View.URGENT, gettext("Urgent")),
        (View.OVERDUE, gettext("Overdue")),
    )
    units = [unit.unit for unit in desk.node.directory().units() if unit.unit != desk.node.unit]
    return Filter(
        case=query.case_ref or "",
        kinds=tuple(Option(code, kind_label(code), code == query.kind) for code in kinds.KINDS),
        units=tuple(Option(unit, wording.unit_name(desk.node, unit), unit == query.unit) for unit in units),
        views=[{"value": view.value, "text": text, "checked": view is query.view} for view, text in views],
    )


def _columns(query: InboxQuery, here: str) -> list[Column]:
    def column(text: str, sort: Sort) -> Column:
        href = f"{here}?{_address(replace(query, sort=sort, page=1))}"
        return Column(text, href, "ascending" if query.sort is sort else "")

    other = gettext("From") if query.box is Box.ARRIVED else gettext("To")
    return [
        column(gettext("Message"), Sort.NEWEST),
        column(other, Sort.SENDER),
        Column(gettext("Handling")),
        Column(gettext("State")),
        column(gettext("Time left"), Sort.DUE),
    ]


def page_links(here: int, pages: int, address: Callable[[int], str]) -> list[PageLink]:
    """Return links to the first page, those around this one, and the last; none where there is one page."""
    near = range(max(1, here - NEAR), min(pages, here + NEAR) + 1)
    shown = sorted({1, *near, pages}) if pages > 1 else []
    return [
        PageLink(str(number), address(number), number == here, number - before > 1)
        for before, number in pairwise((0, *shown))
    ]


def _empty(query: InboxQuery) -> Said:
    if _address(query):
        return Said(gettext("Nothing matches the filter"), gettext("Clear the filter to see every message."))
    if query.box is Box.SENT:
        return Said(gettext("Nothing was sent yet"), gettext("What you seal appears here with its receipts."))
    return Said(
        gettext("Nothing has arrived yet"),
        gettext("Requests from other units appear here as soon as they arrive, the most pressing first."),
    )


def _json(page: InboxPage) -> dict[str, object]:
    rows = [
        {
            "message": row.message_id,
            "thread": row.thread_id,
            "kind": row.kind,
            "from": row.sender,
            "to": list(row.recipients),
            "copies": list(row.copies),
            "case": row.case_ref,
            "subject": row.subject,
            "handling": list(row.handling),
            "state": row.state,
            "owner": row.assignee,
            "at": instants.to_text(row.at),
            "due": instants.to_text(row.clock.due) if row.clock is not None and row.clock.due is not None else None,
        }
        for row in page.rows
    ]
    return {"schema": "serai/messages/1", "total": page.total, "page": page.page, "pages": page.pages, "messages": rows}


def _csv(desk: Desk, page: InboxPage) -> PlainTextResponse:
    """Return the rows as CSV."""
    found = _json(page)["messages"]
    lines = found if isinstance(found, list) else []
    names = ["message", "kind", "from", "to", "copies", "case", "subject", "handling", "state", "owner", "at", "due"]
    cells = [[" ".join(cell) if isinstance(cell := line[name], list) else cell for name in names] for line in lines]
    name = f"serai-{desk.node.unit}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = "".join(spreadsheet.line(row) for row in (names, *cells))
    return PlainTextResponse(text, headers=headers, media_type="text/csv; charset=utf-8")

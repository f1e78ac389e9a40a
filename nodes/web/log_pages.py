"""The auditor's log explorer: what was done in this unit, found by facet or reference, each entry proven. No content.

All state stands in the address. Every look is logged; what is taken out needs the mandate of the sitting.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from crypto import instants
from exchange.policy.facts import Action
from nodes import oversight, oversight_mandates
from nodes.errors import BadInput
from nodes.oversight import Export, LoggedAct, LogPage
from nodes.oversight_lookups import Lookup
from nodes.permissions import require
from nodes.web import spreadsheet
from nodes.web.audit_lookups import address, filter_of, read_lookup
from nodes.web.audit_words import Verdict, act_of
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import gettext, ngettext
from nodes.web.site import Desk, own_path, see, wants_json
from nodes.web.wording import Problem

router: Final = APIRouter()
COLUMNS: Final = ("index", "operation", "result", "at", "role", "actor", "unit", "case", "message", "eid", "leaf")


@router.get("/log")
@router.get("/log.json")
def show_log(desk: AtDesk, before: Place | None = None, after: Place | None = None) -> Response:
    """Show the entries that the address asks for and whether each of them leads to the root of the log."""
    lookup = read_lookup(desk, before, after)
    with desk.node.db.write() as session:
        found = oversight.page(session, desk.node, desk.actor, lookup)
    if wants_json(desk.request):
        return JSONResponse(_json(found))
    with desk.node.db.read() as session:
        counted = oversight.facets(session, desk.actor, lookup)
    count = ngettext("%s entry", "%s entries", found.total) % f"{found.total:,}".replace(",", "\u00a0")
    values = {
        "verdict": _verdict(found),
        "entries": [act_of(desk, one) for one in found.entries],
        "count": count,
        "older": _page(desk, replace(lookup, before=found.older, after=None)) if found.older is not None else "",
        "newer": _page(desk, replace(lookup, before=None, after=found.newer)) if found.newer is not None else "",
        "filter": filter_of(desk, lookup, counted),
        "query": address(desk, lookup),
        "view": address(desk, replace(lookup, before=None, after=None)),
    }
    return desk.page("log.html", values)


@router.get("/log/export.csv")
def export_csv(desk: AtDesk) -> StreamingResponse:
    """Stream every entry that the address asks for as CSV."""
    taken = oversight.export(desk.node, desk.actor, read_lookup(desk), "CSV")
    return _download(desk, _csv(taken), "csv", "text/csv; charset=utf-8")


@router.get("/log/export.json")
def export_json(desk: AtDesk) -> StreamingResponse:
    """Stream every entry that the address asks for as one JSON object."""
    taken = oversight.export(desk.node, desk.actor, read_lookup(desk), "JSON")
    return _download(desk, _json_parts(taken), "json", "application/json")


@router.get("/log/mandate")
def ask_mandate(desk: AtDesk, back: str = "/log") -> HTMLResponse:
    """Ask on what mandate the auditor acts in this sitting."""
    require(desk.actor, Action.READ_LOG)
    return _mandate_form(desk, own_path(back, "/log"), ())


@router.post("/log/mandate")
def state_mandate(desk: AtDesk) -> Response:
    """Keep the mandate of this sitting and go on to what needed it."""
    back = own_path(desk.text("back"), "/log")
    try:
        with desk.node.db.write() as session:
            oversight_mandates.state(session, desk.node, desk.actor, desk.text("mandate"))
    except BadInput:
        text = gettext("Write in 10 to 300 characters on what mandate, and for what, you look.")
        return _mandate_form(desk, back, (Problem(text, "#mandate"),))
    return see(back)


def _mandate_form(desk: Desk, back: str, problems: tuple[Problem, ...]) -> HTMLResponse:
    values = {"back": back, "problems": problems, "mandate": desk.text("mandate")}
    return desk.page("mandate.html", values, 422 if problems else 200)


def _page(desk: Desk, lookup: Lookup) -> str:
    return f"/log?{address(desk, lookup)}"


def _verdict(found: LogPage) -> Verdict:
    wrong = ", ".join(str(one.index) for one in found.entries if not one.proven)
    missing = ", ".join(map(str, found.missing))
    faults = []
    if wrong:
        text = gettext("These entries do not lead to the root of the log: %s. Stop, and call the second auditor.")
        faults.append(text % wrong)
    if missing:
        faults.append(gettext("The index does not tell about these entries, so no search finds them: %s.") % missing)
    root = f"{found.size} · {found.root}"
    if faults:
        title = gettext("The log was altered") if wrong else gettext("The index of the log has gaps")
        return Verdict(good=False, title=title, text=" ".join(faults), root=root)
    text = gettext("The bytes of each entry were hashed again and lead, with their proofs, to the root of the log.")
    return Verdict(good=True, title=gettext("Every entry on this page is in the log"), text=text, root=root)


def _record(one: LoggedAct) -> dict[str, object]:
    """One entry for machines; a proof for each comes from the entry's own page."""
    return {
        "index": one.index,
        "operation": one.operation,
        "result": "DENIED" if one.denied else "DONE",
        "at": instants.to_text(one.at),
        "role": one.role,
        "actor": one.actor,
        "unit": one.unit,
        "case": one.case_ref,
        "message": one.message_id,
        "eid": one.eid,
        "leaf": one.leaf,
    }


def _json(found: LogPage) -> dict[str, object]:
    entries = [{**_record(one), "proven": one.proven, "fault": one.fault or None} for one in found.entries]
    pages = {"older": found.older, "newer": found.newer, "total": found.total, "missing": list(found.missing)}
    return {"schema": "serai/log/1", "size": found.size, "root": found.root, "entries": entries, **pages}


def _csv(taken: Export) -> Iterator[str]:
    yield spreadsheet.line(COLUMNS)
    for batch in taken.entries:
        records = map(_record, batch)
        yield "".join(spreadsheet.line(record[name] for name in COLUMNS) for record in records)


def _json_parts(taken: Export) -> Iterator[str]:
    head = json.dumps({"schema": "serai/log-view/1", "count": taken.count, "size": taken.size, "root": taken.root})
    yield head[:-1] + ', "entries": ['
    between = "\n"
    for batch in taken.entries:
        yield between + ",\n".join(json.dumps(_record(one)) for one in batch)
        between = ",\n"
    yield "\n]}\n"


def _download(desk: Desk, parts: Iterator[str], ending: str, media: str) -> StreamingResponse:
    name = f"serai-log-{desk.node.unit}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, headers=headers, media_type=media)

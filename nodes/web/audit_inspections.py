"""Inspections: declare, draw, judge each entry, hear the unit, close with a signed report; and the unit's findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import oversight_inspections
from nodes.days import span
from nodes.errors import BadInput
from nodes.oversight_inspections import MOST, Inspection, Plan, Sampled, Verdict
from nodes.permissions import require
from nodes.web.audit_words import Act, act_of
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import gettext, noted
from nodes.web.site import Desk, see, wants_json
from nodes.web.wording import Problem

router: Final = APIRouter()
VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    Verdict.IN_ORDER: ("green", noted("In order")),
    Verdict.QUESTION: ("yellow", noted("Question")),
    Verdict.BREACH: ("red", noted("Breach")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn entry in words."""

    place: str
    act: Act
    verdict: str
    label: str
    colour: str
    note: str
    due: int | None
    reply: str
    replied_by: str


@router.get("/inspections")
@router.get("/inspections.json")
def list_inspections(desk: AtDesk) -> Response:
    """List the inspections, with the form that declares one."""
    with desk.node.db.write() as session:
        oversight_inspections.settle(session, desk.node)
        found = oversight_inspections.inspections(session, desk.node, desk.actor)
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/inspections/1", "inspections": [_json(one) for one in found]})
    return _list(desk, found, ())


@router.post("/inspections")
def declare(desk: AtDesk) -> Response:
    """Declare an inspection: period and number first, chance afterwards."""
    try:
        plan = _plan(desk)
        with desk.node.db.write() as session:
            number = oversight_inspections.declare(session, desk.node, desk.actor, plan)
    except BadInput:
        with desk.node.db.read() as session:
            found = oversight_inspections.inspections(session, desk.node, desk.actor)
        text = gettext("Give a period in which the log has entries, and a number from 1 to %s.") % MOST
        return _list(desk, found, (Problem(text, "#since"),))
    return see(f"/inspections/{number}")


@router.get("/inspections/{number}")
@router.get("/inspections/{number}.json")
def show_inspection(desk: AtDesk, number: str) -> Response:
    """Show one inspection with its drawn entries."""
    with desk.node.db.write() as session:
        oversight_inspections.settle(session, desk.node)
        found, drawn = oversight_inspections.inspection(session, desk.node, desk.actor, number)
    if wants_json(desk.request):
        entries = [{"index": one.act.index, "verdict": one.verdict, "proven": one.act.proven} for one in drawn]
        return JSONResponse({**_json(found), "entries": entries})
    lines = [line_of(desk, one) for one in drawn]
    ready = bool(lines) and found.judged == found.drawn and found.closed is None
    return desk.page("inspection.html", {"one": found, "lines": lines, "ready": ready, "verdicts": _choices()})


@router.post("/inspections/{number}/close")
def close(desk: AtDesk, number: str) -> Response:
    """End an inspection with its signed report."""
    with desk.node.db.write() as session:
        oversight_inspections.close(session, desk.node, desk.actor, number)
    return see(f"/inspections/{number}")


@router.get("/inspections/{number}/report")
def download_report(desk: AtDesk, number: str) -> Response:
    """Hand out the signed report."""
    with desk.node.db.read() as session:
        wire = oversight_inspections.report(session, desk.actor, number)
    headers = {"Content-Disposition": f'attachment; filename="inspection-{desk.node.unit}-{number[:8]}.json"'}
    return Response(wire, headers=headers, media_type="application/json")


@router.post("/inspections/{number}/{index}")
def judge(desk: AtDesk, number: str, index: Place) -> Response:
    """Write the verdict on one drawn entry."""
    require(desk.actor, Action.READ_LOG)
    verdict = desk.text("verdict")
    if verdict not in VERDICTS:
        raise BadInput("verdict")
    with desk.node.db.write() as session:
        said = Verdict(verdict), desk.text("note")
        oversight_inspections.judge(session, desk.node, desk.actor, (number, index), said)
    return see(f"/inspections/{number}#entry-{index}")


@router.get("/findings")
def show_findings(desk: AtDesk) -> HTMLResponse:
    """Show the findings about this unit to those who reply for it."""
    with desk.node.db.read() as session:
        found = oversight_inspections.findings(session, desk.node, desk.actor)
    return desk.page("findings.html", {"lines": [line_of(desk, one) for one in found], "now": desk.node.now()})


@router.post("/findings/{number}/{index}")
def reply(desk: AtDesk, number: str, index: Place) -> Response:
    """Write the unit's reply to a finding."""
    with desk.node.db.write() as session:
        oversight_inspections.reply(session, desk.node, desk.actor, (number, index), desk.text("reply"))
    return see("/findings")


def _plan(desk: Desk) -> Plan:
    """Return what the form declares; raises `BadInput`."""
    most = desk.text("most")
    if not (most.isascii() and most.isdecimal() and len(most) < 5):
        raise BadInput("plan")
    return Plan(*span(desk.text("since"), desk.text("until"), ZoneInfo(desk.node.settings.time_zone)), int(most))


def _list(desk: Desk, found: tuple[Inspection, ...], problems: tuple[Problem, ...]) -> HTMLResponse:
    form = {name: desk.text(name) for name in ("since", "until", "most")}
    values = {"found": found, "problems": problems, "form": form}
    return desk.page("inspections.html", values, 422 if problems else 200)


def line_of(desk: Desk, one: Sampled) -> Line:
    """Return a drawn entry in words."""
    colour, label = VERDICTS.get(one.verdict or "", ("grey", noted("Not judged yet")))
    place = f"{one.inspection_id}/{one.act.index}"
    act, by = act_of(desk, one.act), one.replied_by or ""
    return Line(place, act, one.verdict or "", gettext(label), colour, one.note, one.due, one.reply, by)


def _choices() -> list[tuple[str, str]]:
    return [(code, gettext(text)) for code, (_, text) in VERDICTS.items()]


def _json(one: Inspection) -> dict[str, object]:
    return {
        "schema": "serai/inspection/1",
        "id": one.inspection_id,
        "opened": instants.to_text(one.opened),
        "first": one.first,
        "last": one.last,
        "most": one.plan.most,
        "target": one.target,
        "root": one.root,
        "drawn": one.drawn,
        "judged": one.judged,
        "closed": instants.to_text(one.closed) if one.closed is not None else None,
    }

"""Permissions asked and given, how fast they are decided, and how far notices came. No kind is known here by name."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from nodes import register
from nodes.register import Asked, Notice, Pace, Reached
from nodes.web import moments, permit_words, spreadsheet, wording
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import Row, rows_of
from nodes.web.languages import gettext
from nodes.web.permit_words import Permit
from nodes.web.site import Desk

router: Final = APIRouter()
COLUMNS: Final = ("unit", "decides", "asked", "decided", "in_time", "overdue", "median_seconds")


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A request for a permission, and what it led to."""

    row: Row
    ours: bool
    partner: str
    wanted: str
    decision: str | None
    permits: tuple[Permit, ...]


@dataclass(frozen=True, slots=True)
class ReachedLine:
    """How far a notice came at one unit, and for how long it has stood so."""

    unit: str
    state: wording.State
    age: str
    settled: bool
    told: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice and whom it must reach."""

    row: Row
    ours: bool
    reached: tuple[ReachedLine, ...]


@dataclass(frozen=True, slots=True)
class PaceLine:
    """How fast one partner decides, or we decide for it."""

    unit: str
    who: str
    pace: Pace
    median: str
    share: str


@router.get("/permissions")
def show_permissions(desk: AtDesk) -> HTMLResponse:
    """List the permissions asked by this unit and of it."""
    with desk.node.db.read() as session:
        found = register.permissions(session, desk.node, desk.actor)
    return desk.page("permissions.html", {"lines": [_asked(desk, one) for one in found]})


@router.get("/permissions/pace")
@router.get("/permissions/pace.csv")
def show_pace(desk: AtDesk) -> Response:
    """Show how fast permissions are decided, by partner, as page or CSV."""
    with desk.node.db.read() as session:
        found = register.paces(session, desk.node, desk.actor)
    if not desk.request.url.path.endswith(".csv"):
        return desk.page("paces.html", {"lines": [_pace(desk, one) for one in found]})
    lines = (
        (one.unit, decides, one.asked, one.decided, one.in_time, one.overdue, one.median)
        for one in found
        for decides in (one.unit if one.ours else desk.node.unit,)
    )
    return PlainTextResponse("".join(map(spreadsheet.line, (COLUMNS, *lines))), media_type="text/csv")


@router.get("/notices")
def show_notices(desk: AtDesk) -> HTMLResponse:
    """List corrections, erasures and revocations, with every unit that they reached or did not reach yet."""
    with desk.node.db.read() as session:
        found = register.notices(session, desk.node, desk.actor)
    return desk.page("notices.html", {"lines": [_notice(desk, one) for one in found]})


def _asked(desk: Desk, one: Asked) -> AskedLine:
    ours = one.row.direction == "OUT"
    partner = one.row.sender if not ours else next(iter(one.row.recipients), "")
    return AskedLine(
        row=rows_of(desk, (one.row,))[0],
        ours=ours,
        partner=wording.unit_name(desk.node, partner),
        wanted=wording.label("permission_wants", one.wanted) if one.wanted else "",
        decision=one.decision,
        permits=tuple(permit_words.permit(desk, permitted) for permitted in one.permitted),
    )


def _notice(desk: Desk, one: Notice) -> NoticeLine:
    reached = tuple(_reached(desk, unit) for unit in one.reached)
    return NoticeLine(rows_of(desk, (one.row,))[0], one.row.direction == "OUT", reached)


def _reached(desk: Desk, one: Reached) -> ReachedLine:
    age = moments.duration(desk.node.now() - one.since)
    told = ", ".join(wording.unit_name(desk.node, unit) for unit in one.told)
    state = wording.state(one.state)
    return ReachedLine(wording.unit_name(desk.node, one.unit), state, gettext("%s ago") % age, one.settled, told)


def _pace(desk: Desk, one: Pace) -> PaceLine:
    counted = one.decided + one.overdue
    return PaceLine(
        unit=wording.unit_name(desk.node, one.unit),
        who=gettext("They decide") if one.ours else gettext("We decide"),
        pace=one,
        median=moments.duration(one.median) if one.median is not None else "–",
        share=f"{one.in_time * 100 // counted} %" if counted else "–",
    )

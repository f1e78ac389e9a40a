"""Shift and alerts: hand over what one owns, and acknowledge what needs a person."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from exchange.policy.facts import Action
from nodes import accounts, alerts, duty, inbox
from nodes.errors import BadInput, OutOfStep
from nodes.permissions import allowed, require
from nodes.views import Box, InboxQuery, Sort, User, View
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import rows_of
from nodes.web.languages import gettext
from nodes.web.site import Desk, own_path, see
from nodes.web.wording import Problem, spoken_problem

router: Final = APIRouter()
MOST_SHOWN: Final = 200


@router.get("/shift")
def show_shift(desk: AtDesk) -> HTMLResponse:
    """Show everything open that the person owns, all of it chosen."""
    require(desk.actor, Action.HAND_OVER)
    return _shift(desk, ())


@router.post("/shift")
def hand_over(desk: AtDesk) -> Response:
    """Give the chosen arrivals to the next shift."""
    require(desk.actor, Action.HAND_OVER)
    chosen, to_user = desk.texts("messages"), desk.text("to")
    problems = (
        Problem(gettext("Choose what you hand over."), "#m-1") if not chosen else None,
        Problem(gettext("Choose who takes over."), "#to") if not to_user else None,
        Problem(gettext("Confirm that the person is at the desk."), "#confirm") if not desk.text("confirm") else None,
    )
    found = tuple(problem for problem in problems if problem is not None)
    if found:
        return _shift(desk, found, 422)
    try:
        with desk.node.db.write() as session:
            duty.hand_over(session, desk.node, desk.actor, duty.HandOver(to_user, chosen, desk.text("note")))
    except (BadInput, OutOfStep) as error:
        return _shift(desk, (spoken_problem(error, "#to"),), 409)
    return see("/shift", "handed-over")


@router.post("/shift/take-back")
def take_back(desk: AtDesk) -> Response:
    """Take back what was handed over and is not taken up yet."""
    try:
        with desk.node.db.write() as session:
            duty.take_back(session, desk.node, desk.actor, desk.texts("messages"))
    except OutOfStep as error:
        return _shift(desk, (spoken_problem(error),), 409)
    return see(own_path(desk.text("back"), "/shift"), "taken-back")


@router.get("/alerts")
def show_alerts(desk: AtDesk) -> HTMLResponse:
    """Show where the sound is turned on, and what still waits; the strip on top holds the alerts themselves."""
    return desk.page("alerts.html", {})


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(desk: AtDesk, alert_id: str) -> Response:
    """Note that a person has seen an alert; another window may have been faster, which is as good."""
    try:
        with desk.node.db.write() as session:
            alerts.acknowledge(session, desk.node, desk.actor, alert_id)
    except OutOfStep:
        pass
    desk.node.changed.bump()
    return see(own_path(desk.text("back"), "/alerts"), "seen")


def colleagues_of(desk: Desk) -> tuple[User, ...]:
    """Return the colleagues who may own an arrival; empty for whoever may not hand anything on."""
    if not (allowed(desk.actor, Action.HAND_OVER) or allowed(desk.actor, Action.ASSIGN)):
        return ()
    with desk.node.db.read() as session:
        found = accounts.colleagues(session, desk.actor)
    return tuple(user for user in found if user.user_id != desk.actor.user_id)


def _shift(desk: Desk, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    query = InboxQuery(box=Box.ARRIVED, view=View.MINE, sort=Sort.DUE, size=MOST_SHOWN)
    with desk.node.db.read() as session:
        page = inbox.page(session, desk.node, desk.actor, query)
        given = duty.given_away(session, desk.node, desk.actor)
    chosen = set(desk.texts("messages")) if problems else {row.message_id for row in page.rows}
    values = {
        "rows": rows_of(desk, page.rows),
        "chosen": frozenset(chosen),
        "given": rows_of(desk, given),
        "colleagues": colleagues_of(desk),
        "to": desk.text("to"),
        "note": desk.text("note"),
        "problems": problems,
    }
    return desk.page("shift.html", values, status)

"""Absence and deputies: say for oneself, or for somebody of the team, who stands in; end it by one click."""

from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from exchange.policy.facts import Action
from nodes import absences, days
from nodes.absences import Away
from nodes.errors import BadInput
from nodes.permissions import allowed
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.site import Desk, see
from nodes.web.wording import Problem, spoken_problem

router: Final = APIRouter()


@router.get("/absences")
def show_absences(desk: AtDesk, person: str = "") -> HTMLResponse:
    """Show the absences that are or are to come, and the form to say one; `person` whose it is."""
    return _page(desk, person or desk.actor.user_id, ())


@router.post("/absences")
def say_absence(desk: AtDesk) -> Response:
    """Note an absence from the first instant of one day to the end of another."""
    absences.require_concerned(desk.actor)
    person, zone = desk.text("person") or desk.actor.user_id, ZoneInfo(desk.node.settings.time_zone)
    try:
        since, until = days.span(desk.text("since"), desk.text("until"), zone)
        away = Away(person, desk.text("deputy"), max(since, desk.node.now()), until)
        with desk.node.db.write() as session:
            absences.say(session, desk.node, desk.actor, away)
    except BadInput as error:
        place = "#deputy" if type(error) is not BadInput else "#since"
        return _page(desk, person, (spoken_problem(error, place),))
    desk.node.changed.bump()
    return see("/absences", "away")


@router.post("/absences/{absence_id}/end")
def end_absence(desk: AtDesk, absence_id: str) -> Response:
    """End an absence before its time."""
    with desk.node.db.write() as session:
        absences.end(session, desk.node, desk.actor, absence_id)
    desk.node.changed.bump()
    return see("/absences", "back")


def _page(desk: Desk, person: str, problems: tuple[Problem, ...]) -> HTMLResponse:
    with desk.node.db.read() as session:
        known = absences.listed(session, desk.node, desk.actor)
        people = [
            Option(one.user_id, one.display_name, one.user_id == person)
            for one in absences.people(session, desk.node, desk.actor)
        ]
        standing = [
            Option(one.user_id, one.display_name, one.user_id == desk.text("deputy"))
            for one in absences.deputies(session, desk.node, person)
        ]
    values = {
        "known": known,
        "people": people,
        "person": next((one for one in people if one.chosen), None),
        "deputies": standing,
        "for_others": allowed(desk.actor, Action.ASSIGN),
        "since": desk.text("since"),
        "until": desk.text("until"),
        "problems": problems,
    }
    return desk.page("absences.html", values, 422 if problems else 200)

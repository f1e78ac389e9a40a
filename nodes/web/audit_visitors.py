"""The administrator's form for a visiting auditor: on what mandate, until when, and which part of the log he sees."""

from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from exchange.policy.facts import Action
from nodes import accounts, changes, visits
from nodes.errors import BadInput, UserExists
from nodes.mandates import Wish
from nodes.permissions import require
from nodes.web.entrance import AtDesk
from nodes.web.languages import LANGUAGES, gettext
from nodes.web.people_pages import half_page
from nodes.web.site import Desk
from nodes.web.wording import Problem, spoken_problem

router: Final = APIRouter()
FIELDS: Final = ("user", "name", "mandate", "ends", "since", "until", "cases")


@router.get("/people/visitor")
def new_visitor(desk: AtDesk) -> HTMLResponse:
    """Show the form."""
    require(desk.actor, Action.ADMINISTER_USERS)
    return _form(desk, ())


@router.post("/people/visitor")
def add_visitor(desk: AtDesk) -> HTMLResponse:
    """Ask for the account and show the first half of its enrolment code, this once."""
    require(desk.actor, Action.ADMINISTER_USERS)
    try:
        mandate, ends, since, until = map(desk.text, ("mandate", "ends", "since", "until"))
        wish = Wish(mandate, ends, since, until, desk.text("cases").split())
        visit = visits.planned(wish, ZoneInfo(desk.node.settings.time_zone), desk.node.now())
        user, name, language = map(desk.text, ("user", "name", "language"))
        new = accounts.NewUser(user, name, desk.actor.agency, visits.ROLES, language, visit)
        with desk.node.db.write() as session:
            handed = changes.ask(session, desk.node, desk.actor, new, visit.mandate)
    except UserExists as error:
        return _form(desk, (spoken_problem(error, "#user"),), 409)
    except BadInput:
        text = gettext(
            "Fill in staff number, name and mandate. The last day of access is to come, the days of the log are in "
            "order, and each case is one of this unit."
        )
        return _form(desk, (Problem(text, "#user"),), 422)
    return half_page(desk, new.user_id, handed, first=True)


def _form(desk: Desk, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    spoken = desk.text("language") or "en"
    languages = [{"value": code, "text": name, "checked": code == spoken} for code, name in LANGUAGES.items()]
    values = {"problems": problems, "form": {name: desk.text(name) for name in FIELDS}, "languages": languages}
    return desk.page("audit_visitor.html", values, status)

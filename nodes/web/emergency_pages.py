"""Opening a case in an emergency: what it means, the reason, and a factor for exactly this."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from exchange.policy.facts import Action
from nodes import emergencies
from nodes.deeds import Deed, Exact
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.permissions import require
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext
from nodes.web.site import Desk, see
from nodes.web.stepping import prove
from nodes.web.wording import Problem

router: Final = APIRouter()


@router.get("/emergency")
def show_emergency(desk: AtDesk, case: str = "") -> HTMLResponse:
    """Show what opening a case in an emergency means, and ask for its number and the reason."""
    require(desk.actor, Action.BREAK_GLASS)
    return _page(desk, case, "", ())


@router.post("/emergency")
def open_case(desk: AtDesk) -> Response:
    """Open the case for an hour, once the person has confirmed it with a factor."""
    case_ref, reason = desk.text("case"), desk.text("reason")
    try:
        with desk.node.db.write() as session:
            if not emergencies.needed(session, desk.node, desk.actor, case_ref):
                return see(f"/cases/{case_ref}")
            emergencies.open_case(session, desk.node, desk.actor, case_ref, reason)
            prove(session, desk, Exact(Deed.BREAK_GLASS, case_ref, {"reason": reason}))
    except NotFound:
        problem = Problem(gettext("No case with this number can be opened to you."), "#case")
    except BadInput:
        problem = Problem(gettext("Write the reason, 10 to 300 characters: the second person judges it."), "#reason")
    except OutOfStep:
        text = gettext(
            "Your last emergency in this case was not judged yet. Ask a supervisor to decide, or to let you in."
        )
        problem = Problem(text, "#case")
    else:
        desk.node.changed.bump()
        return see(f"/cases/{case_ref}", "emergency")
    return _page(desk, case_ref, reason, (problem,), 422)


def _page(desk: Desk, case_ref: str, reason: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    return desk.page("emergency.html", {"case": case_ref, "reason": reason, "problems": problems}, status)

"""The data-protection officer's pages: reviews that are due, legal holds, erasures. They never show any content."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import approvals, erasure, register, retention
from nodes.days import midnight, read_day
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.permissions import require
from nodes.retention import Due, Hold, Order
from nodes.retention_errors import Erased
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.inbox_pages import rows_of
from nodes.web.languages import gettext
from nodes.web.site import Desk, see, wants_json
from nodes.web.wording import Problem, spoken_problem
from schemas import codes

router: Final = APIRouter()
USUAL_MONTHS: Final = 183
"""Days that the form of a review proposes to keep a case."""


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """An erasure in words."""

    target: str
    cause: str
    reason: str
    by: str
    at: int
    exports: int


@router.get("/protection")
@router.get("/protection.json")
def overview(desk: AtDesk) -> Response:
    """Show what the data-protection officer has to do, and what was done."""
    if wants_json(desk.request):
        with desk.node.db.read() as session:
            due, holds = retention.due(session, desk.node, desk.actor), retention.holds(session, desk.node, desk.actor)
        listed = {"reviews": [_due(one) for one in due], "holds": [_hold(one) for one in holds]}
        return JSONResponse({"schema": "serai/protection/1", **listed})
    return _page(desk, ())


@router.post("/protection/reviews")
def keep(desk: AtDesk) -> Response:
    """Keep a case until another review, with the reason."""
    try:
        until = _end_of(desk, "until")
        with desk.node.db.write() as session:
            decision = until, desk.text("reason")
            retention.keep(session, desk.node, desk.actor, desk.text("case"), decision)
    except BadInput:
        text = gettext("Give a day before the last one allowed, and a reason of at least ten characters.")
        return _page(desk, (Problem(text, "#reviews"),), 422)
    return see("/protection", "kept")


@router.post("/protection/holds")
def hold(desk: AtDesk) -> Response:
    """Place a legal hold."""
    try:
        order = Order(desk.text("case"), desk.text("authority"), desk.text("number"), _end_of(desk, "until"))
        with desk.node.db.write() as session:
            retention.hold(session, desk.node, desk.actor, order)
    except (BadInput, NotFound):
        text = gettext("Give a case of this unit, the authority, its number and a day to come.")
        return _page(desk, (Problem(text, "#hold-case"),), 422)
    return see("/protection", "held")


@router.post("/protection/holds/{hold_id}/lift")
def lift(desk: AtDesk, hold_id: str) -> Response:
    """End a legal hold before its day."""
    with desk.node.db.write() as session:
        retention.lift(session, desk.node, desk.actor, hold_id)
    return see("/protection", "lifted")


@router.post("/protection/erasures")
def ask_erasure(desk: AtDesk) -> Response:
    """Ask for an erasure; a supervisor decides."""
    plan = erasure.Plan(desk.text("case"), desk.text("cause"), desk.text("message"))
    try:
        with desk.node.db.write() as session:
            number = erasure.ask(session, desk.node, desk.actor, plan, desk.text("reason"))
    except (BadInput, NotFound):
        text = gettext("Give a case or a message of this unit, the cause, and a reason of at least ten characters.")
        return _page(desk, (Problem(text, "#erase-case"),), 422)
    except OutOfStep as error:
        return _page(desk, (spoken_problem(error, "#erase-case"),), 409)
    return see(f"/approvals/{number}", "approval-asked")


def erased_page(desk: Desk, error: Erased) -> HTMLResponse:
    """Return the page that stands in place of what was erased."""
    with desk.node.db.read() as session:
        found = erasure.of(session, desk.node, error.case_id, error.message_id)
    values = {"one": found, "cause": wording.label("erasure_causes", found.cause)}
    return desk.page("erased.html", values, 410)


def _page(desk: Desk, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    require(desk.actor, Action.PROTECT_DATA)
    with desk.node.db.read() as session:
        due, holds = retention.due(session, desk.node, desk.actor), retention.holds(session, desk.node, desk.actor)
        waiting = [one for one in approvals.asked(session, desk.node, desk.actor) if one.state in _OPEN]
        said = register.protection(session, desk.node, desk.actor)
        done, wanted = erasure.done(session, desk.node), register.to_be_erased(session)
    zone = ZoneInfo(desk.node.settings.time_zone)
    proposed = datetime.fromtimestamp(desk.node.now(), zone).date() + timedelta(days=USUAL_MONTHS)
    cause = desk.text("cause")
    values = {
        "problems": problems,
        "said": rows_of(desk, said),
        "due": due,
        "proposed": proposed.isoformat(),
        "holds": holds,
        "now": desk.node.now(),
        "waiting": waiting,
        "wanted": wanted,
        "done": [_erasure(one) for one in done],
        "causes": [
            Option(code, wording.label("erasure_causes", code), code == cause)
            for code in codes.table("erasure_causes").offered
        ],
        "form": {name: desk.text(name) for name in ("case", "message", "reason", "authority", "number", "until")},
    }
    return desk.page("protection.html", values, status)


_OPEN: Final = frozenset({approvals.State.ASKED, approvals.State.APPROVED})


def _end_of(desk: Desk, name: str) -> int:
    """Return the end of a posted day in the unit's zone; raises `BadInput`."""
    day = read_day(desk.text(name))
    if day is None:
        raise BadInput(name)
    return midnight(day + timedelta(days=1), ZoneInfo(desk.node.settings.time_zone))


def _erasure(one: erasure.Erasure) -> ErasureLine:
    target = one.case_ref if one.message_id is None else f"{one.case_ref}/{one.message_id}"
    by = f"{one.asked_by}, {one.approved_by}"
    return ErasureLine(target, wording.label("erasure_causes", one.cause), one.reason, by, one.at, one.exports)


def _due(one: Due) -> dict[str, object]:
    return {
        "case": one.case_ref,
        "review": instants.to_text(one.review),
        "expires": instants.to_text(one.expires),
        "held": int(one.held),
    }


def _hold(one: Hold) -> dict[str, object]:
    ended = instants.to_text(one.lifted_at) if one.lifted_at is not None else None
    return {"case": one.order.case_ref, "until": instants.to_text(one.order.until), "lifted": ended}

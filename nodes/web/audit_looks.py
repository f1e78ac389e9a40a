"""*What I looked at*, and who looked at one case or message: looking is on record, for auditors as for everybody."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import oversight_looks
from nodes.errors import NotFound
from nodes.oversight_looks import Look
from nodes.permissions import require
from nodes.web.audit_words import Act, act_of
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import gettext
from nodes.web.site import Desk, wants_json
from nodes.web.wording import Problem

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """A look in words."""

    act: Act
    codes: str
    sought: str
    reason: str


@router.get("/log/looks")
@router.get("/log/looks.json")
def own_looks(desk: AtDesk, before: Place | None = None) -> Response:
    """Show what the auditor himself looked at."""
    with desk.node.db.write() as session:
        found = oversight_looks.own(session, desk.node, desk.actor, before)
    if wants_json(desk.request):
        looks = [{**_json(one), "sought": one.sought} for one in found.looks]
        return JSONResponse({"schema": "serai/looks/1", "looks": looks, "older": found.older})
    return desk.page("looks.html", {"looks": _lines(desk, found.looks), "older": found.older})


@router.get("/reviews/looks")
@router.get("/reviews/looks.json")
def looks_at(desk: AtDesk, of: str = "") -> Response:
    """Show who looked at one case or one message; without one, only the form."""
    require(desk.actor, Action.READ_LOG)
    looks: tuple[Look, ...] = ()
    problems: tuple[Problem, ...] = ()
    if of.strip():
        try:
            with desk.node.db.write() as session:
                looks = oversight_looks.at(session, desk.node, desk.actor, of.strip())
        except NotFound:
            problems = (Problem(gettext("This unit has no case and no message of this reference."), "#of"),)
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/looks/1", "of": of, "looks": [_json(one) for one in looks]})
    values = {"looks": _lines(desk, looks), "of": of.strip(), "problems": problems}
    return desk.page("looks_at.html", values, 404 if problems else 200)


def _lines(desk: Desk, looks: tuple[Look, ...]) -> list[Line]:
    return [Line(act_of(desk, one.act), ", ".join(one.codes), one.sought, one.reason) for one in looks]


def _json(one: Look) -> dict[str, object]:
    return {
        "index": one.act.index,
        "operation": one.act.operation,
        "at": instants.to_text(one.act.at),
        "actor": one.act.actor,
        "role": one.act.role,
        "codes": list(one.codes),
        "reason": one.reason,
        "leaf": one.act.leaf,
        "proven": one.act.proven,
    }

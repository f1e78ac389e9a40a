"""What waits for a second person: the list, and a page for each on which it is decided, and done where it can be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.orm import Session

from crypto import instants
from exchange.policy.facts import Action
from nodes import approvals, emergencies, erasure, releasing
from nodes.approvals import Approval, State, Step
from nodes.errors import BadInput, NotFound
from nodes.node import Node
from nodes.permissions import allowed, require
from nodes.views import Actor
from nodes.web import sheets, wording
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext, noted
from nodes.web.reading import ReadPart
from nodes.web.site import Desk, see, wants_json
from nodes.web.stepping import approving, prove
from schemas.kinds import kind_of

router: Final = APIRouter()

CARRY_OUT: Final[Mapping[str, Callable[[Session, Node, Actor, Approval], None]]] = {
    emergencies.WHAT: emergencies.confirm,
    erasure.ERASURE: erasure.carry_out,
}
"""What is done at once, in the transaction of its approval; everything else waits for whoever asked for it."""

PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "case": (noted("Case"), ""),
    "message": (noted("Message"), ""),
    "cause": (noted("Cause"), "erasure_causes"),
    "kind": (noted("Kind of message"), "message_kinds"),
    "units": (noted("Goes to"), ""),
}
"""Name of a parameter -> what the page calls it, and the code table of its value; others say nothing to a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """An approval in words."""

    approval_id: str
    title: str
    target: str
    asked_by: str
    asked_at: int
    expires: int
    decided_by: str
    decided_at: int | None
    state: wording.State
    reason: str
    digest: str
    facts: tuple[tuple[str, str], ...]


@router.get("/approvals")
@router.get("/approvals.json")
def show_approvals(desk: AtDesk) -> Response:
    """List what waits for this person, and what he asked for himself."""
    require(desk.actor, Action.SEE_APPROVALS)
    with desk.node.db.read() as session:
        waiting = approvals.pending(session, desk.node, desk.actor)
        own = approvals.asked(session, desk.node, desk.actor)
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/approvals/1", "waiting": [_json(one) for one in waiting]})
    return desk.page("approvals.html", {"waiting": [_line(one) for one in waiting], "own": [_line(one) for one in own]})


@router.get("/approvals/{approval_id}")
def show_approval(desk: AtDesk, approval_id: str) -> HTMLResponse:
    """Show one act with everything that is decided about."""
    with desk.node.db.read() as session:
        found = _found(session, desk, approval_id)
    open_ = found.state is State.ASKED and found.expires > desk.node.now()
    foreign = desk.actor.user_id not in {found.asked_by, found.wanted.author}
    decides = open_ and foreign and allowed(desk.actor, approvals.RULES[found.wanted.what].decides)
    values = {
        "one": _line(found),
        "parts": _message(desk, found) if decides and found.wanted.what in approvals.SENDING else (),
        "decides": decides,
        "done": approvals.RULES[found.wanted.what].done,
        "withdraws": desk.actor.user_id == found.asked_by and approvals.may_withdraw(found),
    }
    return desk.page("approval.html", values)


@router.post("/approvals/{approval_id}")
def decide(desk: AtDesk, approval_id: str) -> Response:
    """Approve or refuse what was shown; what can be done at once is done with it."""
    require(desk.actor, Action.SEE_APPROVALS)
    step = {"approve": Step.APPROVE, "refuse": Step.REFUSE}.get(desk.text("decision"))
    if step is None:
        raise BadInput("decision")
    with desk.node.db.write() as session:
        found = _found(session, desk, approval_id)
        if found.wanted.what in approvals.SENDING:
            releasing.shown(session, desk.node, desk.actor, approval_id)
        if step is Step.APPROVE:
            prove(session, desk, approving(found))
        decided = approvals.decide(session, desk.node, desk.actor, (approval_id, desk.text("digest")), step)
        if decided.state is State.APPROVED and decided.wanted.what in CARRY_OUT:
            CARRY_OUT[decided.wanted.what](session, desk.node, desk.actor, decided)
    desk.node.changed.bump()
    return see("/approvals", "decided")


@router.post("/approvals/{approval_id}/withdraw")
def withdraw(desk: AtDesk, approval_id: str) -> Response:
    """Take back what one asked for."""
    with desk.node.db.write() as session:
        approvals.withdraw(session, desk.node, desk.actor, approval_id)
    return see("/approvals", "withdrawn")


def _found(session: Session, desk: Desk, approval_id: str) -> Approval:
    """Return what is decided on this page; raises `NotFound` for what has a page, and checks, of its own."""
    require(desk.actor, Action.SEE_APPROVALS)
    found = approvals.get(session, desk.node, desk.actor, approval_id)
    if found.wanted.what not in approvals.SENDING and found.wanted.what not in CARRY_OUT:
        raise NotFound
    return found


def _message(desk: Desk, found: Approval) -> tuple[ReadPart, ...]:
    """Return the message that is decided about, as the other side would read it."""
    with desk.node.db.write() as session:
        draft = releasing.shown(session, desk.node, desk.actor, found.approval_id)
    return sheets.reading_parts(kind_of(draft.kind), draft)


def _line(one: Approval) -> Line:
    facts = [_fact(name, value) for name, value in one.wanted.parameters.items() if value and name in PARAMETERS]
    return Line(
        one.approval_id,
        wording.label("four_eyes", one.wanted.what),
        one.wanted.target,
        one.asked_by,
        one.asked_at,
        one.expires,
        one.decided_by or "",
        one.decided_at,
        wording.approval_state(one.state),
        one.reason,
        one.digest,
        tuple(facts),
    )


def _fact(name: str, value: str) -> tuple[str, str]:
    label, table = PARAMETERS[name]
    return gettext(label), wording.label(table, value) if table else value


def _json(one: Approval) -> dict[str, object]:
    return {
        "id": one.approval_id,
        "what": one.wanted.what,
        "target": one.wanted.target,
        "asked_by": one.asked_by,
        "asked_at": instants.to_text(one.asked_at),
        "expires": instants.to_text(one.expires),
        "digest": one.digest,
    }

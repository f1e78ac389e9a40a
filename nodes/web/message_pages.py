"""One message: handling first, then what it says, its clock, its owner, its receipts, and what can be done next."""

from dataclasses import asdict
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from crypto import instants
from exchange.policy.facts import Act, Action
from nodes import asking, duty, messages, restrictions
from nodes.errors import BadInput, NotFound, OutOfStep, RestrictionUnread
from nodes.permissions import allowed
from nodes.retention_errors import Erased, Expired
from nodes.views import MessageDetail
from nodes.web import earlier_parts, message_parts, paper, task_pages, wording
from nodes.web.entrance import AtDesk
from nodes.web.inbox_pages import kind_label, rows_of
from nodes.web.languages import gettext
from nodes.web.message_parts import Fact
from nodes.web.site import Desk, see, wants_json
from nodes.web.wording import Problem, spoken_problem

router: Final = APIRouter()


@router.get("/messages/{message_id}")
def show(desk: AtDesk, message_id: str) -> Response:
    """Open a message; opening it is logged, and the sender gets the receipt OPENED the first time."""
    try:
        return _show(desk, message_id.removesuffix(".json"), ())
    except NotFound as error:
        if wants_json(desk.request) or isinstance(error, Erased | Expired):
            raise
        return _show_unowned(desk, message_id)


@router.get("/messages/{message_id}/paper.pdf")
def print_message(desk: AtDesk, message_id: str) -> Response:
    """Print a message; each print is an entry of the log, which it names with its reader on every sheet."""
    with desk.node.db.write() as session:
        found, recorded = messages.printed(session, desk.node, desk.actor, message_id)
    return paper.sheet(desk, "message_print.html", message_parts.content(desk, found), recorded)


@router.post("/messages/{message_id}/confirm")
def confirm(desk: AtDesk, message_id: str) -> Response:
    """Note that the person has read the sender's restriction, and show the message."""
    with desk.node.db.write() as session:
        restrictions.confirm(session, desk.node, desk.actor, message_id)
    return see(f"/messages/{message_id}")


@router.post("/messages/{message_id}/take")
def take(desk: AtDesk, message_id: str) -> Response:
    """Become its owner."""
    try:
        with desk.node.db.write() as session:
            duty.take(session, desk.node, desk.actor, message_id)
    except OutOfStep as error:
        return _show(desk, message_id, (spoken_problem(error),), 409)
    return see(f"/messages/{message_id}", "taken")


@router.post("/messages/{message_id}/assign")
def give(desk: AtDesk, message_id: str) -> Response:
    """Give it to a colleague: one's own by hand-over, anybody's by assignment."""
    to_user, note = desk.text("to"), desk.text("note")
    try:
        with desk.node.db.write() as session:
            if allowed(desk.actor, Action.ASSIGN):
                duty.assign(session, desk.node, desk.actor, duty.Assign(message_id, to_user, note))
            else:
                duty.hand_over(session, desk.node, desk.actor, duty.HandOver(to_user, (message_id,), note))
    except (BadInput, OutOfStep) as error:
        return _show(desk, message_id, (spoken_problem(error, "#to"),), 409)
    return see(f"/messages/{message_id}", "given")


@router.post("/messages/{message_id}/escalate")
def escalate(desk: AtDesk, message_id: str) -> Response:
    """Ask a supervisor to step in before the clock does."""
    with desk.node.db.write() as session:
        duty.call_supervisor(session, desk.node, desk.actor, message_id)
    desk.node.changed.bump()
    return see(f"/messages/{message_id}", "escalated")


def _show(desk: Desk, message_id: str, problems: tuple[Problem, ...], status: int = 200) -> Response:
    try:
        with desk.node.db.write() as session:
            opened = messages.opened(session, desk.node, desk.actor, message_id, Act.READ)
            found = messages.consult(session, desk.node, desk.actor, opened)
            asked = asking.by_others(session, desk.node, desk.actor, opened)
    except RestrictionUnread:
        return _show_restriction(desk, message_id, problems, status)
    if wants_json(desk.request):
        return JSONResponse({**_json(found), "asked_before": asdict(asked)}, status)
    with desk.node.db.read() as session:
        arrived, listed = found.row.direction == "IN", allowed(desk.actor, Action.LIST_ARRIVALS)
        hands = duty.assignments(session, desk.node, desk.actor, message_id) if arrived and listed else ()
        may_take_back = duty.may_take_back(session, desk.actor, message_id)
    values = {
        **message_parts.content(desk, found),
        **message_parts.around(desk, found, hands),
        **task_pages.beside(desk, found, opened),
        "may_take_back": may_take_back,
        "problems": problems,
        "earlier": earlier_parts.by_others(desk, found, asked),
    }
    other = found.row.sender if found.row.direction == "IN" else next(iter(found.row.recipients), "")
    return desk.page("message.html", values, status, counterpart=other)


def _show_restriction(desk: Desk, message_id: str, problems: tuple[Problem, ...], status: int) -> Response:
    """Show the sender's own restriction and nothing else of what the message says."""
    with desk.node.db.write() as session:
        found = restrictions.show(session, desk.node, desk.actor, message_id)
    if wants_json(desk.request):
        body = {"schema": "serai/restriction/1", "message": message_id, "from": found.sender, "text": found.text}
        return JSONResponse({**body, "handling": list(found.handling)}, 428)
    values = {
        "found": found,
        "kind": kind_label(found.kind),
        "sender": wording.unit_name(desk.node, found.sender),
        "handling": wording.handling(found.handling),
        "banner": wording.banner(found.handling),
        "problems": problems,
    }
    return desk.page("restriction.html", values, status, counterpart=found.sender)


def _show_unowned(desk: Desk, message_id: str) -> HTMLResponse:
    """Show that an arrival without an owner is there, and nothing of what it says: taking it opens it."""
    with desk.node.db.read() as session:
        row = messages.unowned(session, desk.node, desk.actor, message_id)
    values = {
        "m": rows_of(desk, (row,))[0],
        "facts": [
            Fact(gettext("From"), wording.unit_name(desk.node, row.sender)),
            Fact(gettext("Received"), at=row.at),
            Fact(gettext("Urgency"), wording.label("urgency", row.urgency)),
            Fact(gettext("Classification"), wording.label("classification", row.classification)),
        ],
    }
    return desk.page("unowned.html", values, counterpart=row.sender)


def _json(found: MessageDetail) -> dict[str, object]:
    row = found.row
    return {
        "schema": "serai/message/1",
        "message": row.message_id,
        "kind": row.kind,
        "from": row.sender,
        "to": list(found.to),
        "copies": list(found.copies),
        "case": row.case_ref,
        "state": row.state,
        "owner": row.assignee,
        "at": instants.to_text(row.at),
        "common": dict(found.common),
        "body": dict(found.body),
        "deliveries": [{"unit": one.unit, "state": one.state, "reason": one.reason} for one in found.deliveries],
        "thread": [one.message_id for one in found.thread],
    }

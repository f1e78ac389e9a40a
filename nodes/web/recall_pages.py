"""Sent by mistake: the page that recalls a message, and the page that shows what became of it at every unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from crypto import instants
from exchange.policy.facts import Action
from nodes import recalls
from nodes.errors import BadInput, Incomplete, OutOfStep
from nodes.permissions import allowed
from nodes.recalls import Holder, Mistake, Recall
from nodes.web import moments, wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.inbox_pages import rows_of
from nodes.web.languages import gettext, language
from nodes.web.site import Desk, see
from nodes.web.wording import Problem, spoken_problem
from schemas import codes

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class HolderLine:
    """A unit that has the message, in words; `more`: what it answered, and whom it told."""

    unit: str
    opened: int | None
    delivery: wording.State | None
    recall: wording.State | None
    age: str
    sign: str
    more: tuple[str, ...]


@router.get("/messages/{message_id}/recall")
def confirm(desk: AtDesk, message_id: str) -> HTMLResponse:
    """Say what a recall does and at which units, and ask why."""
    return _confirm(desk, message_id, ())


@router.post("/messages/{message_id}/recall")
def send(desk: AtDesk, message_id: str) -> Response:
    """Recall a message."""
    try:
        made = recalls.send(desk.node, desk.actor, message_id, Mistake(desk.text("cause"), desk.text("note")))
    except Incomplete as error:
        return _confirm(desk, message_id, tuple(Problem(one.message[language()]) for one in error.faults), 422)
    return see(f"/recalls/{made}", "recalled")


@router.get("/recalls/{recall_id}")
def show(desk: AtDesk, recall_id: str) -> HTMLResponse:
    """Show what became of a recall, and what is to be done here."""
    return _show(desk, recall_id, ())


@router.post("/recalls/{recall_id}/destruction")
def ask(desk: AtDesk, recall_id: str) -> Response:
    """Ask for the destruction of what was sent here by mistake; a supervisor decides."""
    try:
        with desk.node.db.write() as session:
            made = recalls.ask(session, desk.node, desk.actor, recall_id, desk.text("reason"))
    except BadInput:
        return _show(desk, recall_id, (Problem(gettext("Write a reason of at least ten characters."), "#reason"),), 422)
    except OutOfStep as error:
        return _show(desk, recall_id, (spoken_problem(error, "#reason"),), 409)
    return see(f"/approvals/{made[0]}", "approval-asked")


def _confirm(desk: Desk, message_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        found = recalls.before(session, desk.node, desk.actor, message_id)
    chosen = desk.text("cause")
    values = {
        "m": rows_of(desk, (found.row,))[0],
        "at": found.row.at,
        "holders": _lines(desk, found.holders),
        "causes": [
            Option(code, wording.label("recall_causes", code), code == chosen)
            for code in codes.table("recall_causes").offered
        ],
        "note": desk.text("note"),
        "problems": problems,
    }
    return desk.page("recall.html", values, status)


def _show(desk: Desk, recall_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.write() as session:
        found = recalls.show(session, desk.node, desk.actor, recall_id)
    unit, left = wording.unit_name(desk.node, found.sender), [one for one in found.places if not one.erased]
    values = {
        "one": found,
        "sender": unit,
        "cause": wording.label("recall_causes", found.words.cause) if found.words else "",
        "state": wording.state(found.state) if found.state else None,
        "holders": _lines(desk, found.holders),
        "reached": sum(one.recall is not None and one.recall.settled for one in found.holders),
        "reason": desk.text("reason") or gettext("%s says that it sent this by mistake.") % unit,
        "asks": allowed(desk.actor, Action.PROTECT_DATA) and any(one.approval_id is None for one in left),
        "answers": allowed(desk.actor, Action.DECIDE_ERASURE) and _open(found),
        "answer_kind": recalls.ANSWER.code,
        "reports": found.ours and allowed(desk.actor, Action.PROTECT_DATA),
        "problems": problems,
    }
    return desk.page("recalled.html", values, status, counterpart=found.sender)


def _open(found: Recall) -> bool:
    return not found.ours and found.state not in recalls.OVER


def _lines(desk: Desk, found: Iterable[Holder]) -> list[HolderLine]:
    return [_line(desk, one) for one in found]


def _line(desk: Desk, one: Holder) -> HolderLine:
    reached, answer = one.recall, one.answer or {}
    more: list[str] = []
    if "readers" in answer:
        more.append(gettext("persons who looked at it: %s") % answer["readers"])
    if "files" in answer:
        more.append(gettext("files that left the unit: %s") % answer["files"])
    if "opened" in answer:
        at = moments.local(instants.from_text(str(answer["opened"])), desk.node.settings.time_zone)
        more.append(gettext("first opened there %s") % at)
    if reached is not None and reached.told:
        more.append(gettext("passed on there to: %s") % ", ".join(reached.told))
    settled = reached is not None and reached.settled
    return HolderLine(
        wording.unit_name(desk.node, one.unit),
        one.opened,
        wording.state(one.state) if one.state else None,
        wording.state(reached.state) if reached is not None else None,
        gettext("%s ago") % moments.duration(desk.node.now() - reached.since) if reached is not None else "",
        "good" if settled else "wait",
        tuple(more),
    )

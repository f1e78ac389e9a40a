"""Check and seal: the message as the other side will read it, everyone who will, and what was asked before.

From sealing on nothing can be changed. What may be sealed is judged where it is sealed; here it is worded.
"""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from nodes import asking, checking, outbox, releasing
from nodes.asking import Again
from nodes.asking_errors import AskedBefore
from nodes.errors import BadInput, Incomplete, NotApproved
from nodes.outbox import Checked
from nodes.views import Fault, Reader
from nodes.web import earlier_parts, forms, gates, moments, sheets, wording
from nodes.web.compose_pages import Named, banner_of, codes_of, revision_of
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext, language
from nodes.web.site import Desk, see
from nodes.web.stepping import prove_decision
from nodes.web.wording import Problem, spoken_problem
from schemas.kinds import kind_of
from schemas.labels import BINDING

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class ReadBy:
    """One unit that will be able to read the message, and by what."""

    unit: str
    name: str
    role: str
    more: str
    ready: bool


@router.get("/drafts/{draft_id}/check")
def check(desk: AtDesk, draft_id: str) -> HTMLResponse:
    """Show the message as the other side will read it, and everyone who will."""
    return _check(desk, draft_id, ())


@router.post("/drafts/{draft_id}/seal")
def seal(desk: AtDesk, draft_id: str) -> Response:
    """Seal the message; from here on nothing can be changed."""
    if desk.text("confirm") != "yes":
        text = gettext("Confirm that exactly these units may read it.")
        return _check(desk, draft_id, (Problem(text, "#confirm"),), 422)
    checked = Checked(draft_id, revision_of(desk), Again(desk.text("warning"), desk.text("again")))
    try:
        with desk.node.db.write() as session:
            prove_decision(session, desk, draft_id)
            message_id = outbox.seal(session, desk.node, desk.actor, checked)
    except Incomplete as error:
        return _check(desk, draft_id, tuple(_fault_problem(draft_id, one) for one in error.faults), 422)
    except NotApproved as error:
        return _check(desk, draft_id, (spoken_problem(error, "#second"),), 409)
    except AskedBefore as error:
        return _check(desk, draft_id, (spoken_problem(error, "#again"),), 409)
    desk.node.changed.bump()
    return see(f"/messages/{message_id}", "sealed")


@router.post("/drafts/{draft_id}/approval")
def ask_for_second_person(desk: AtDesk, draft_id: str) -> Response:
    """Ask a supervisor for the agreement that the message needs."""
    try:
        with desk.node.db.write() as session:
            releasing.ask(session, desk.node, desk.actor, draft_id, desk.text("reason"))
    except BadInput:
        text = gettext("Say why it has to be sent. At least 10 characters.")
        return _check(desk, draft_id, (Problem(text, "#reason"),), 422)
    desk.node.changed.bump()
    return see(f"/drafts/{draft_id}/check", "sending-asked")


def _check(desk: Desk, draft_id: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.write() as session:
        judged = checking.own(session, desk.node, desk.actor, draft_id)
        needs = releasing.needs(session, desk.node, desk.actor, judged)
        before = asking.by_us(session, desk.node, desk.actor, judged)
    found = checking.shown(desk.node, judged)
    kind = kind_of(found.draft.kind)
    stale = found.directory_stale_since
    values: dict[str, Any] = {
        "kind": Named(kind.code, kind.label.say(language()), kind.hint.say(language())),
        "draft": found.draft,
        "parts": sheets.reading_parts(kind, found.draft),
        "bound": [mark for mark in wording.handling(codes_of(found.draft)) if mark.code in BINDING],
        "reason": found.draft.common.get("handling_reason"),
        "readers": [_reader(desk, one) for one in found.readers],
        "score": found.completeness,
        "gaps": [_spoken(one) for one in found.warnings],
        "incomplete": bool(found.faults),
        "asked": gates.asked(desk.node, judged.asked),
        "second": [gates.second(one) for one in needs],
        "agreed": all(one.met for one in needs),
        "asking": any(one.approval is None for one in needs),
        "given": desk.text("reason"),
        "earlier": earlier_parts.by_us(desk, before),
        "again": desk.text("again"),
        "stale": moments.local(stale, desk.node.settings.time_zone) if stale is not None else "",
        "problems": (*problems, *(_fault_problem(draft_id, one) for one in found.faults)),
        "wrong": {one.href: one.text for one in problems},
        "banner": banner_of(found.draft),
    }
    return desk.page("check.html", values, status, counterpart=next(iter(found.draft.recipients), ""))


def _reader(desk: Desk, one: Reader) -> ReadBy:
    ready, name = one.own or one.ekid is not None, wording.unit_name(desk.node, one.unit)
    accreditation = wording.label("classification", one.accreditation)
    agency = wording.label("agency_types", one.agency) if one.agency else ""
    if one.own:
        more = gettext("Officers who work on the case, the duty desk and supervisors. Each reading is logged.")
        return ReadBy(one.unit, name, gettext("your unit"), more, ready)
    role = gettext("copy, for information") if one.copied else gettext("recipient")
    more = gettext("%s, up to %s, opens with key %s") % (agency, accreditation, (one.ekid or "")[:16])
    return ReadBy(one.unit, name, role, more, ready)


def _spoken(fault: Fault) -> str:
    return fault.message[language()]


def _fault_problem(draft_id: str, fault: Fault) -> Problem:
    """Return a fault of the check page as a line that leads back to its field on the form."""
    return Problem(_spoken(fault), f"/drafts/{draft_id}?check=1#{forms.html_id(fault.field)}")

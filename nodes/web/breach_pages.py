"""Breaches of personal data: the list with the 72-hour clock, a report, later phases, and who was told when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from nodes import breaches, recalls
from nodes.breaches import FIRST, Account, Breach
from nodes.errors import BadInput
from nodes.web import moments, wording
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext, noted
from nodes.web.site import Desk, see
from nodes.web.wording import Problem

router: Final = APIRouter()
LABELS: Final[Mapping[str, str]] = {
    "nature": noted("What happened"),
    "categories": noted("Which data"),
    "subjects": noted("How many persons, about"),
    "records": noted("How many records, about"),
    "consequences": noted("What may follow"),
    "measures": noted("What was done"),
    "contact": noted("Whom to ask"),
    "partners": noted("Units whose data it was"),
    "late": noted("Why later than 72 hours"),
}
FORM: Final = (*FIRST, "partners")


@dataclass(frozen=True, slots=True)
class Written:
    """A phase in words."""

    at: int
    by_user: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A breach in words."""

    one: Breach
    late: bool
    phases: tuple[Written, ...]


@router.get("/protection/breaches")
def show_breaches(desk: AtDesk, recall: str = "") -> HTMLResponse:
    """Show the breaches, with the form for another; with `recall` it begins with what that recall tells."""
    return _page(desk, (), begun=_of_recall(desk, recall) if recall else None)


@router.post("/protection/breaches")
def report(desk: AtDesk) -> Response:
    """Write down a breach."""
    try:
        account = Account(**{name: desk.text(name) for name in FORM})
        with desk.node.db.write() as session:
            breaches.record(session, desk.node, desk.actor, _detected(desk), account)
    except BadInput:
        text = gettext("Say of every point what is known, if only that it is not known yet, and when it was detected.")
        return _page(desk, (Problem(text, "#detected"),), 422)
    return see("/protection/breaches", "recorded")


@router.post("/protection/breaches/{breach_id}/phase")
def add(desk: AtDesk, breach_id: str) -> Response:
    """Write down what was learned later."""
    try:
        with desk.node.db.write() as session:
            breaches.add(session, desk.node, desk.actor, breach_id, Account(nature=desk.text("nature")))
    except BadInput:
        return _page(desk, (Problem(gettext("Write what was learned."), f"#breach-{breach_id}"),), 422)
    return see("/protection/breaches", "recorded")


@router.post("/protection/breaches/{breach_id}/authority")
def tell_authority(desk: AtDesk, breach_id: str) -> Response:
    """Note that the authority was told."""
    try:
        with desk.node.db.write() as session:
            breaches.tell_authority(session, desk.node, desk.actor, breach_id, desk.text("late"))
    except BadInput:
        text = gettext("After 72 hours write why the authority is told so late.")
        return _page(desk, (Problem(text, f"#breach-{breach_id}"),), 422)
    return see("/protection/breaches", "recorded")


@router.post("/protection/breaches/{breach_id}/notice")
def begin_notice(desk: AtDesk, breach_id: str) -> Response:
    """Begin the message that tells other units of it."""
    with desk.node.db.write() as session:
        draft_id = breaches.begin_notice(session, desk.node, desk.actor, breach_id)
    return see(f"/drafts/{draft_id}")


@router.post("/protection/breaches/{breach_id}/partners")
def tell_partners(desk: AtDesk, breach_id: str) -> Response:
    """Note that the partners were told."""
    with desk.node.db.write() as session:
        breaches.tell_partners(session, desk.node, desk.actor, breach_id)
    return see("/protection/breaches", "recorded")


def _detected(desk: Desk) -> int:
    """Return the posted moment, in the unit's zone; raises `BadInput`."""
    try:
        return moments.typed(desk.text("detected"), desk.node.settings.time_zone)
    except ValueError as error:
        raise BadInput("detected") from error


def _of_recall(desk: Desk, recall_id: str) -> Mapping[str, str]:
    """Return the form of a breach that began with a message sent by mistake: what this unit knows, and no content."""
    with desk.node.db.write() as session:
        found = recalls.show(session, desk.node, desk.actor, recall_id)
    units = ", ".join(wording.unit_name(desk.node, one.unit) for one in found.holders)
    opened = sum(one.opened is not None for one in found.holders)
    return {
        "detected": moments.to_type(found.at, desk.node.settings.time_zone),
        "nature": gettext("A message was sent by mistake to %s; it was opened at %s of these units.") % (units, opened),
        "records": "1",
        "measures": gettext("Recalled; it is closed wherever the recall has arrived."),
        "partners": units,
    }


def _page(
    desk: Desk, problems: tuple[Problem, ...], status: int = 200, *, begun: Mapping[str, str] | None = None
) -> HTMLResponse:
    with desk.node.db.read() as session:
        found = breaches.breaches(session, desk.node, desk.actor)
    now = desk.node.now()
    form = begun or {name: desk.text(name) for name in ("detected", *FORM)}
    values = {
        "problems": problems,
        "lines": [Line(one, one.authority_at is None and now > one.due, _phases(one)) for one in found],
        "fields": [(name, gettext(LABELS[name]), form.get(name, "")) for name in FORM],
        "detected": form["detected"],
    }
    return desk.page("breaches.html", values, status)


def _phases(one: Breach) -> tuple[Written, ...]:
    return tuple(
        Written(phase.at, phase.by_user, tuple((gettext(LABELS[name]), text) for name, text in _told(phase.account)))
        for phase in one.phases
    )


def _told(account: Account) -> list[tuple[str, str]]:
    return [(name, getattr(account, name)) for name in LABELS if getattr(account, name)]

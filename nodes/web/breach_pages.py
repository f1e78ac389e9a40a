"""Breaches of personal data: the list with the 72-hour clock, a report, later phases, and who was told when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from nodes import breaches
from nodes.breaches import FIRST, Account, Breach
from nodes.errors import BadInput
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
def show_breaches(desk: AtDesk) -> HTMLResponse:
    """Show the breaches, with the form for another."""
    return _page(desk, ())


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


@router.post("/protection/breaches/{breach_id}/partners")
def tell_partners(desk: AtDesk, breach_id: str) -> Response:
    """Note that the partners were told."""
    with desk.node.db.write() as session:
        breaches.tell_partners(session, desk.node, desk.actor, breach_id)
    return see("/protection/breaches", "recorded")


def _detected(desk: Desk) -> int:
    """Return the posted moment, in the unit's zone; raises `BadInput`."""
    try:
        moment = datetime.fromisoformat(desk.text("detected"))
    except ValueError as error:
        raise BadInput("detected") from error
    return int(moment.replace(tzinfo=ZoneInfo(desk.node.settings.time_zone)).timestamp())


def _page(desk: Desk, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        found = breaches.breaches(session, desk.node, desk.actor)
    now = desk.node.now()
    values = {
        "problems": problems,
        "lines": [Line(one, one.authority_at is None and now > one.due, _phases(one)) for one in found],
        "fields": [(name, gettext(LABELS[name]), desk.text(name) if problems else "") for name in FORM],
        "detected": desk.text("detected"),
    }
    return desk.page("breaches.html", values, status)


def _phases(one: Breach) -> tuple[Written, ...]:
    return tuple(
        Written(phase.at, phase.by_user, tuple((gettext(LABELS[name]), text) for name, text in _told(phase.account)))
        for phase in one.phases
    )


def _told(account: Account) -> list[tuple[str, str]]:
    return [(name, getattr(account, name)) for name in LABELS if getattr(account, name)]

"""What stands around every page: who is signed in, menu, clocks, alarms, and how a handler answers.

Handlers get a `Desk` (a signed-in person at this node, CSRF already checked) or a `Door` (nobody yet). This module must
not know any single page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urlsplit

from babel.dates import get_timezone_location
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from exchange.policy.facts import Action
from nodes import alerts, inbox
from nodes.node import Node
from nodes.permissions import allowed
from nodes.views import Actor, Alert, SignedIn
from nodes.web.languages import LANGUAGES, language
from nodes.web.menu import Menu, menu
from nodes.web.rendering import render
from nodes.web.wording import alert_text, done_text, unit_name
from schemas.errors import SchemaError

KEYS_COOKIE: Final = "serai-keys"
_HOMES: Final = (
    (Action.LIST_ARRIVALS, "/inbox"),
    (Action.PROTECT_DATA, "/protection"),
    (Action.READ_LOG, "/log"),
    (Action.SEE_STATISTICS, "/statistics"),
)
_PAGES: Final[Mapping[str, str]] = {
    alerts.Cause.LOG_FORKED: "/forks",
    alerts.Cause.BREAK_GLASS: "/reviews",
    alerts.Cause.BREAK_GLASS_DONE: "/approvals",
    **dict.fromkeys((alerts.Cause.RECALLED, alerts.Cause.RECALL_SENT), "/recalls/{}"),
}
"""Cause of an alarm -> the page that says what to do, perhaps of one message."""


@dataclass(frozen=True, slots=True)
class Face:
    """One clock of the header."""

    name: str
    zone: str
    now: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert that no person has acknowledged yet, in words."""

    alert_id: str
    text: str
    message_id: str | None
    raised: int
    page: str


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the frame of a page shows."""

    unit: str
    unit_name: str
    exercise: bool
    zone: str
    city: str
    clocks: tuple[Face, ...]
    actor: Actor | None
    menu: Menu
    alarms: tuple[Alarm, ...]
    nonce: str
    csrf: str
    path: str
    other_language: str
    other_language_name: str
    other_language_href: str
    done: str
    keys: bool
    session_seconds: int
    now: int


@dataclass(frozen=True, slots=True)
class Door:
    """A request of nobody in particular; `csrf` guards the sign-in and enrolment forms."""

    request: Request
    node: Node
    csrf: str

    def page(self, template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """Return the page with its frame."""
        frame = _frame(self.request, self.node, self.csrf)
        return HTMLResponse(render(template, {"site": frame, **values}), status)


@dataclass(frozen=True, slots=True)
class Desk:
    """A signed-in person at this node. An unsafe request got here only with the session's own token."""

    request: Request
    node: Node
    signed_in: SignedIn
    form: FormData

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.signed_in.actor

    def page(
        self, template: str, values: Mapping[str, object], status: int = 200, *, counterpart: str = ""
    ) -> HTMLResponse:
        """Return the page with its frame; `counterpart` adds the clock of the unit that the page is about."""
        frame = _frame(self.request, self.node, self.signed_in.csrf, self.signed_in.actor, counterpart)
        return HTMLResponse(render(template, {"site": frame, **values}), status)

    def text(self, name: str) -> str:
        """Return one text of the posted form, trimmed; empty when it is absent or a file."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def file(self, name: str) -> bytes:
        """Return the bytes of one posted file; empty when there is none."""
        value = self.form.get(name, "")
        return b"" if isinstance(value, str) else value.file.read()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all texts posted under `name`."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))


def see(path: str, done: str = "") -> RedirectResponse:
    """Return the redirect after a form was accepted; `done` names the sentence that the next page shows."""
    joint = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{joint}done={done}" if done else path, 303)


def own_path(candidate: str, otherwise: str) -> str:
    """Return `candidate` if it is a path of these pages, else `otherwise`: no redirect leads elsewhere."""
    parts = urlsplit(candidate)
    inside = candidate.startswith("/") and not candidate.startswith(("//", "/\\")) and not parts.netloc
    return candidate if inside and candidate.isprintable() else otherwise


def wants_json(request: Request) -> bool:
    """Return whether the caller asks for the JSON twin, by the address or by `Accept`."""
    return request.url.path.endswith(".json") or request.headers.get("accept", "").startswith("application/json")


def home(actor: Actor) -> str:
    """Return the first page for the roles of `actor`."""
    return next((path for action, path in _HOMES if allowed(actor, action)), "/people")


def clock_of(node: Node, unit: str) -> Face | None:
    """Return the clock of another unit; None when the directory does not know it."""
    try:
        zone = node.directory().unit(unit).time_zone
    except SchemaError:
        return None
    return Face(city(zone, language()), zone, node.now())


@lru_cache(maxsize=512)
def city(zone: str, code: str) -> str:
    """Return the city that names a time zone, such as `Dushanbe`."""
    return "UTC" if zone == "UTC" else str(get_timezone_location(zone, locale=code, return_city=True))


def alarms(node: Node, actor: Actor) -> tuple[Alarm, ...]:
    """Return what still waits for a person, for the strip on top of every page."""
    with node.db.read() as session:
        waiting = alerts.open_alerts(session, actor)
    return tuple(_alarm(one) for one in waiting)


def _alarm(alert: Alert) -> Alarm:
    page = _PAGES.get(alert.cause, "").format(alert.message_id)
    return Alarm(alert.alert_id, alert_text(alert), alert.message_id, alert.raised, page)


def _frame(request: Request, node: Node, csrf: str, actor: Actor | None = None, counterpart: str = "") -> Site:
    zone, other = node.settings.time_zone, "ru" if language() == "en" else "en"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Site(
        unit=node.unit,
        unit_name=unit_name(node, node.unit),
        exercise=node.settings.env == "exercise",
        zone=zone,
        city=city(zone, language()),
        clocks=_clocks(node, counterpart),
        actor=actor,
        menu=_menu(request, node, actor) if actor else Menu(),
        alarms=alarms(node, actor) if actor else (),
        nonce=request.state.nonce,
        csrf=csrf,
        path=_shown_path(request),
        other_language=other,
        other_language_name=LANGUAGES[other],
        other_language_href=f"/language/{other}?back={quote(here, safe='')}",
        done=done_text(request.query_params.get("done", "")),
        keys=request.cookies.get(KEYS_COOKIE) == "on",
        session_seconds=node.settings.idle_timeout if actor else 0,
        now=node.now(),
    )


def _shown_path(request: Request) -> str:
    """Return the path of the page that the person sees; a part that htmx fetches belongs to the page around it."""
    return own_path(urlsplit(request.headers.get("hx-current-url", "")).path, request.url.path)


def _clocks(node: Node, counterpart: str) -> tuple[Face, ...]:
    zone, now = node.settings.time_zone, node.now()
    theirs = clock_of(node, counterpart) if counterpart and counterpart != node.unit else None
    faces = (Face(city(zone, language()), zone, now), theirs, Face("UTC", "UTC", now))
    return tuple({face.zone: face for face in faces if face is not None}.values())


def _menu(request: Request, node: Node, actor: Actor) -> Menu:
    waiting = 0
    if allowed(actor, Action.LIST_ARRIVALS):
        with node.db.read() as session:
            waiting = inbox.unread(session, node, actor)
    return menu(actor, request.url.path, waiting)

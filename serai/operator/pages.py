"""The pages of a hub's operator: sign in, one overview, sign out. Everything on them was asked of the running hub.

The application belongs on loopback, on a port of its own; it has no way to the hub but the socket in its folder, which
answers only the folder's owner, and it asks it one question, which changes nothing.
"""

import hmac
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import structlog
from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import PackageLoader

from nodes.web.app import STATIC
from nodes.web.guard import LANGUAGE_COOKIE, Guard
from nodes.web.languages import LANGUAGES, language
from nodes.web.rendering import environment
from serai import control
from serai.operator.accounts import Accounts, Role, Session, Sessions
from serai.operator.concerns import concerns
from serai.operator.words import WORDS, Say
from serai.output import CommandError

COOKIE: Final = "serai-operator"
_journal = structlog.get_logger("serai.operator")
_templates: Final = environment(PackageLoader("serai.operator", "templates"))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every page needs: where the hub is, who may look, who is signed in, and the time."""

    home: Path
    accounts: Accounts
    sessions: Sessions
    clock: Callable[[], int]


def create_app(home: Path, clock: Callable[[], int]) -> FastAPI:
    """Return the application for the hub in `home`; `clock` gives unix seconds."""
    app = FastAPI(title="Serai hub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = Desk(home, Accounts(home), Sessions(), clock)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for path, methods, page in ROUTES:
        app.add_api_route(path, page, methods=methods, response_model=None)
    app.add_middleware(Guard, secure=False, broken=_broken)
    return app


def _broken(_request: Request, error: Exception) -> Response:
    """Answer an error that nobody expected; the journal gets its type and place, never its text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    _journal.error("page failed", error=type(error).__name__, at=f"{place.name}:{place.lineno}")
    return _page("away.html", {"error": None}, status=500)


def _page(template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    other = next(code for code in LANGUAGES if code != language())
    shared = {"say": Say(WORDS, language()), "session": None, "other": other, "other_name": LANGUAGES[other]}
    return HTMLResponse(_templates.get_template(template).render({**shared, **values}), status)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _session(request: Request) -> Session | None:
    desk = _desk(request)
    return desk.sessions.of(request.cookies.get(COOKIE, ""), desk.clock())


At = Annotated[Desk, Depends(_desk)]
Who = Annotated[Session | None, Depends(_session)]


def overview(desk: At, session: Who) -> Response:
    """Show what the hub says about itself, as far as the role of who looks goes."""
    if session is None:
        return RedirectResponse("/sign-in", 303)
    try:
        state = control.call(desk.home, "look", {})
    except CommandError as error:
        return _page("away.html", {"session": session, "error": error}, status=503)
    everything = session.role is Role.OPERATOR
    found = concerns(state, state["time"], everything=everything)
    values = {"session": session, "state": state, "now": state["time"], "everything": everything, "concerns": found}
    return _page("overview.html", values)


def door(session: Who) -> Response:
    """Show the way in."""
    return RedirectResponse("/", 303) if session else _page("signin.html", {"problem": "", "name": ""})


def enter(
    request: Request,
    desk: At,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
) -> Response:
    """Let somebody in who shows password and one-time code; which of them was wrong is not said."""
    if request.state.foreign:
        return _refused(name, "wrong", 403)
    if not desk.sessions.attempt(name, desk.clock()):
        return _refused(name, "too_many", 429)
    account = desk.accounts.check(name, password, "".join(code.split()), desk.clock())
    if account is None:
        _journal.warning("sign-in refused")
        return _refused(name, "wrong", 401)
    _journal.info("signed in", operator=account.name, role=account.role.value)
    answer = RedirectResponse("/", 303)
    token = desk.sessions.begin(account, desk.clock())
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
    return answer


def _refused(name: str, problem: str, status: int) -> Response:
    return _page("signin.html", {"problem": problem, "name": name}, status=status)


def leave(request: Request, desk: At, session: Who, csrf: Annotated[str, Form()] = "") -> Response:
    """End the session of whoever pressed the button on a page of it."""
    if session is not None and not request.state.foreign and hmac.compare_digest(session.csrf, csrf):
        desk.sessions.end(request.cookies.get(COOKIE, ""))
    return RedirectResponse("/sign-in", 303)


def speak(code: str) -> Response:
    """Let the pages speak another language from now on."""
    answer = RedirectResponse("/", 303)
    if code in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, code, httponly=True, samesite="strict", path="/")
    return answer


ROUTES: Final = (
    ("/", ["GET"], overview),
    ("/sign-in", ["GET"], door),
    ("/sign-in", ["POST"], enter),
    ("/sign-out", ["POST"], leave),
    ("/language/{code}", ["GET"], speak),
)

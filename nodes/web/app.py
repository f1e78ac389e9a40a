"""Puts the pages of one node together: routers, the guard around them, and the page for every error.

The only route that is not an ordinary synchronous handler is the stream that says that something changed.
"""

import threading
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from exchange.errors import BadRequest, DiskLow, ExchangeError, MethodNotAllowed, Unavailable, Unfound
from exchange.policy.facts import Action
from nodes import log, signin
from nodes.asking_errors import AskedBefore
from nodes.deeds import ProofNeeded
from nodes.enrolment_errors import InvitationOver, InvitationRefused, OtherFingerprint
from nodes.errors import (
    AccessEnded,
    BadInput,
    Denied,
    DirectoryTooOld,
    DraftChanged,
    EvidenceRefused,
    HubProblem,
    HubUnreachable,
    Incomplete,
    MandateNeeded,
    NotApproved,
    NotFound,
    NotReady,
    OutOfStep,
    OutsideVisit,
    Refused,
    RestrictionUnread,
    SecondPersonNeeded,
    SignedOut,
    SignInRefused,
    TooManyAttempts,
    UserExists,
)
from nodes.node import Node
from nodes.permissions import allowed
from nodes.retention_errors import Erased, Expired
from nodes.task_errors import TooLate
from nodes.token_errors import KeyNotInToken, NoDriver, PinRefused, SeveralTokens, TokenAway, TokenUnfit
from nodes.views import SignedIn
from nodes.web import (
    absence_pages,
    approval_pages,
    audit_checkpoints,
    audit_entry,
    audit_evidence,
    audit_files,
    audit_forks,
    audit_inspections,
    audit_looks,
    audit_mirror,
    audit_prints,
    audit_published,
    audit_queries,
    audit_reviews,
    audit_visitors,
    board_pages,
    breach_pages,
    case_pages,
    check_pages,
    compose_pages,
    court_pages,
    desk_pages,
    door_pages,
    duty_pages,
    emergency_pages,
    figure_pages,
    inbox_pages,
    key_pages,
    log_pages,
    me_pages,
    message_pages,
    onward_pages,
    people_pages,
    permission_pages,
    person_pages,
    processing_pages,
    protection_pages,
    quarantine_pages,
    recall_pages,
    stepping,
    task_pages,
)
from nodes.web.entrance import cookie_name, is_secure, node_of
from nodes.web.guard import Guard
from nodes.web.languages import gettext, language
from nodes.web.refusals import Reason, reasons
from nodes.web.site import Desk, Door, wants_json

_journal = structlog.get_logger("serai.pages")

STATIC: Final = Path(__file__).parent / "static"
ROUTERS: Final = (
    door_pages.router,
    desk_pages.router,
    inbox_pages.router,
    compose_pages.router,
    check_pages.router,
    message_pages.router,
    task_pages.router,
    onward_pages.router,
    court_pages.router,
    case_pages.router,
    emergency_pages.router,
    duty_pages.router,
    board_pages.router,
    absence_pages.router,
    figure_pages.router,
    audit_visitors.router,  # before the addresses of single persons
    people_pages.router,
    me_pages.router,
    approval_pages.router,
    protection_pages.router,
    permission_pages.router,
    person_pages.router,
    breach_pages.router,
    recall_pages.router,
    processing_pages.router,
    log_pages.router,
    audit_evidence.router,
    audit_files.router,
    audit_forks.router,
    audit_checkpoints.router,
    audit_published.router,
    audit_looks.router,
    audit_inspections.router,
    audit_mirror.router,
    audit_queries.router,
    audit_prints.router,
    audit_reviews.router,
    audit_entry.router,  # behind the other addresses under /log, which are not numbers
    key_pages.router,
    quarantine_pages.router,
)

STATUSES: Final[dict[type[ExchangeError], int]] = {
    SignInRefused: 401,
    ProofNeeded: 428,
    SignedOut: 401,
    AccessEnded: 401,
    Denied: 403,
    Refused: 403,
    OutsideVisit: 403,
    NotFound: 404,
    Unfound: 404,
    MethodNotAllowed: 405,
    DraftChanged: 409,
    OutOfStep: 409,
    TooLate: 422,
    InvitationRefused: 422,
    InvitationOver: 422,
    OtherFingerprint: 422,
    NotApproved: 409,
    AskedBefore: 409,
    SecondPersonNeeded: 409,
    Erased: 410,
    Expired: 410,
    EvidenceRefused: 409,
    UserExists: 409,
    BadInput: 422,
    Incomplete: 422,
    BadRequest: 400,
    TooManyAttempts: 429,
    MandateNeeded: 428,
    RestrictionUnread: 428,
    NotReady: 503,
    Unavailable: 503,
    HubUnreachable: 503,
    HubProblem: 503,
    DirectoryTooOld: 503,
    KeyNotInToken: 503,
    NoDriver: 503,
    PinRefused: 503,
    SeveralTokens: 503,
    TokenAway: 503,
    TokenUnfit: 503,
    DiskLow: 507,
}
"""Error -> HTTP status; what is not in it is 500."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where an error page leads next."""

    href: str
    text: str


class Reports:
    """How many reports of the content policy came in; a healthy installation stays at 0."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0

    def count(self) -> None:
        """Count one report."""
        with self._lock:
            self.total += 1


def create_app(node: Node) -> FastAPI:
    """Return the ASGI application of the officer's pages of `node`."""
    app = FastAPI(title="Serai", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.node = node
    app.state.reports = Reports()
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(ExchangeError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(Guard, secure=is_secure(node), broken=_broken)
    return app


def _known(request: Request, error: Exception) -> Response:
    """Answer an error of ours: log a denial in a transaction of its own, send strangers to the sign-in page."""
    known = error if isinstance(error, ExchangeError) else ExchangeError()
    if type(known) is SignedOut and request.method == "GET" and not wants_json(request):
        return RedirectResponse(f"/sign-in?back={quote(request.url.path, safe='/')}", 303)
    if isinstance(known, MandateNeeded) and request.method == "GET" and not wants_json(request):
        return RedirectResponse(f"/log/mandate?back={quote(_here(request), safe='/')}", 303)
    if isinstance(known, ProofNeeded) and not wants_json(request) and (signed_in := _who(request)) is not None:
        return stepping.ask(request, signed_in, known)
    if isinstance(known, Denied):
        _log_denial(request, known)
    return _answer(request, known, STATUSES.get(type(known), 500))


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: ExchangeError = {404: Unfound(), 405: MethodNotAllowed()}.get(status, BadRequest())
    return _answer(request, known, status)


def _invalid(request: Request, _error: Exception) -> Response:
    return _answer(request, BadRequest(), 400)


def _broken(request: Request, error: Exception) -> Response:
    """Answer an error that nobody expected; the journal gets its type and place, never its text."""
    correlation = uuid4().hex[:12]
    place = traceback.extract_tb(error.__traceback__)[-1]
    _journal.error(
        "page failed", correlation=correlation, error=type(error).__name__, at=f"{place.name}:{place.lineno}"
    )
    return _answer(request, ExchangeError(), 500, correlation)


def _answer(request: Request, error: ExchangeError, status: int, correlation: str = "") -> Response:
    words, reasons = error.words[language()], reasons_of(error)
    if wants_json(request):
        problem = {"type": "about:blank", "code": error.code, "title": words.title, "status": status}
        detail = {"detail": words.why, "action": words.action, "correlation": correlation}
        named = {"rules": [asdict(one) for one in reasons]} if reasons else {}
        return JSONResponse({**problem, **detail, **named}, status, media_type="application/problem+json")
    signed_in = _who(request)
    ways = _ways(request, error, signed_in)
    values = {"words": words, "code": error.code, "correlation": correlation, "ways": ways, "reasons": reasons}
    node = node_of(request)
    if signed_in is not None:
        desk = Desk(request, node, signed_in, FormData())
        if isinstance(error, Erased):
            return protection_pages.erased_page(desk, error)
        return desk.page("error.html", values, status)
    return Door(request, node, "").page("error.html", values, status)


def _ways(request: Request, error: ExchangeError, signed_in: SignedIn | None) -> list[Way]:
    """Where to go on: a case or message that is closed may be opened in an emergency by whoever may do that."""
    if signed_in is None:
        return [Way("/", gettext("Sign in"))]
    _, place, name, *_ = f"{request.url.path}//".split("/")
    ways = [Way("/", gettext("Go to your first page"))]
    if type(error) is NotFound and place in {"cases", "messages"} and allowed(signed_in.actor, Action.BREAK_GLASS):
        case = f"?case={quote(name)}" if place == "cases" else ""
        ways.append(Way(f"/emergency{case}", gettext("Open a case in an emergency")))
    return ways


def _log_denial(request: Request, error: Denied) -> None:
    signed_in, node = _who(request), node_of(request)
    if signed_in is not None:
        with node.db.write() as session:
            log.denied(session, node, signed_in.actor, error)


def reasons_of(error: ExchangeError) -> tuple[Reason, ...]:
    """Return the rules that refused, in the reader's language; none for any other error."""
    return reasons(error.rules) if isinstance(error, Denied) else ()


def _who(request: Request) -> SignedIn | None:
    node = node_of(request)
    try:
        return signin.authenticate(node, request.cookies.get(cookie_name(node, "serai"), ""))
    except SignedOut:
        return None

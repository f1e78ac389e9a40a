"""Pages for people who are not signed in: sign-in, enrolment, language; and the reports of the content policy."""

from typing import Final, TypeVar

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from markupsafe import Markup

from exchange.errors import ExchangeError
from nodes import oidc, provider_logout, signin
from nodes.deeds import ProofRefused
from nodes.errors import BadInput, SignInRefused, TooManyAttempts
from nodes.node import Node
from nodes.proofs import Shown
from nodes.views import SignedIn
from nodes.web.entrance import AtDoor, Posted, cookie_name, is_secure, node_of
from nodes.web.guard import LANGUAGE_COOKIE, REPORTS
from nodes.web.languages import LANGUAGES, gettext
from nodes.web.site import Door, home, own_path
from nodes.web.wording import Problem, spoken_problem

router: Final = APIRouter()
LONGEST_REPORT: Final = 16_384
Answer = TypeVar("Answer", bound=Response)
PROVIDER_COOKIE: Final = "serai-provider"


@router.get("/sign-in")
def show_sign_in(door: AtDoor, back: str = "") -> HTMLResponse:
    """Show the sign-in form."""
    return _with_visit(door, _sign_in_page(door, own_path(back, ""), "", ()))


@router.post("/sign-in")
def sign_in(door: AtDoor, form: Posted) -> Response:
    """Start a session and go where the person wanted to go."""
    user, back = _field(form.get("user")), own_path(_field(form.get("back")), "")
    credentials = signin.Credentials(user, _secret(form.get("password")), _field(form.get("code")).replace(" ", ""))
    try:
        signed_in = signin.sign_in(door.node, credentials, _address(door.request))
    except (SignInRefused, TooManyAttempts) as error:
        return _sign_in_page(door, back, user, (spoken_problem(error, "#user"),), _status(error))
    return _welcome(door, signed_in, back)


@router.post("/sign-in/passkey")
def sign_in_with_passkey(door: AtDoor, form: Posted) -> Response:
    """Start a session for a passkey that answered the ticket of the page."""
    back = own_path(_field(form.get("back")), "")
    shown = Shown(_field(form.get("ticket")), _field(form.get("passkey")))
    try:
        signed_in = signin.sign_in_with_passkey(door.node, door.csrf, shown, _address(door.request))
    except (SignInRefused, TooManyAttempts) as error:
        return _sign_in_page(door, back, "", (spoken_problem(error, "#user"),), _status(error))
    return _welcome(door, signed_in, back)


@router.get("/sign-in/provider")
def go_to_provider(door: AtDoor) -> Response:
    """Send the browser to the identity provider of the unit; a link, because no form here may lead elsewhere."""
    where, kept = oidc.begin(door.node, door.csrf)
    answer = _with_visit(door, RedirectResponse(where, 303))
    _set(door.node, answer, cookie_name(door.node, PROVIDER_COOKIE), kept)
    return answer


@router.get(oidc.CALLBACK)
def come_from_provider(door: AtDoor) -> Response:
    """Start a session for whoever the identity provider sent back to this browser."""
    request, name = door.request, cookie_name(door.node, PROVIDER_COOKIE)
    kept, told = request.cookies.get(name, ""), dict(request.query_params)
    try:
        signed_in = signin.sign_in_by_provider(door.node, door.csrf, kept, told, _address(request))
    except (SignInRefused, TooManyAttempts) as error:
        return _with_visit(door, _sign_in_page(door, "", "", (spoken_problem(error, "#user"),), _status(error)))
    answer = _welcome(door, signed_in, "")
    answer.delete_cookie(name, path="/", secure=is_secure(door.node), httponly=True)
    return answer


@router.post(provider_logout.DOOR)
def end_by_provider(request: Request, form: Posted) -> Response:
    """End the sessions that a logout token of the identity provider names; the provider calls, not a browser."""
    try:
        provider_logout.obey(node_of(request), _field(form.get("logout_token")), _address(request))
    except ProofRefused:
        return JSONResponse({"error": "invalid_request"}, 400)
    return Response()


@router.get("/enrol")
def show_enrolment(door: AtDoor) -> HTMLResponse:
    """Ask for staff number and enrolment code."""
    return _with_visit(door, _enrol_page(door, "", ()))


@router.post("/enrol")
def begin_enrolment(door: AtDoor, form: Posted) -> HTMLResponse:
    """Offer the second factor to whoever holds the code."""
    user, code = _field(form.get("user")), _field(form.get("enrolment"))
    try:
        return _offer_page(door, user, code, ())
    except (SignInRefused, TooManyAttempts) as error:
        return _enrol_page(door, user, (spoken_problem(error, "#enrolment"),), _status(error))


@router.post("/enrol/confirm")
def finish_enrolment(door: AtDoor, form: Posted) -> Response:
    """Set password and second factor; a mistake shows the step again with a new key."""
    user, code = _field(form.get("user")), _field(form.get("enrolment"))
    totp = _field(form.get("code")).replace(" ", "")
    answer = _field(form.get("passkey"))
    passkey = Shown(_field(form.get("ticket")), answer) if answer else None
    wanted = signin.Enrolment(user, code, _secret(form.get("password")), totp, passkey)
    try:
        signin.finish_enrolment(door.node, wanted, _address(door.request))
    except BadInput:
        text = gettext("Choose a longer password: at least 12 characters, not a common one.")
        return _offer_page(door, user, code, (Problem(text, "#password"),), 422)
    except SignInRefused:
        text = gettext("The code or passkey did not match. Add the new key to the app and type the code it shows.")
        return _offer_page(door, user, code, (Problem(text, "#code"),), 401)
    return RedirectResponse("/sign-in?done=enrolled", 303)


@router.get("/language/{code}")
def set_language(request: Request, code: str, back: str = "/") -> Response:
    """Remember the language of this browser and go back to the page."""
    answer = RedirectResponse(own_path(back, "/"), 303)
    if code in LANGUAGES:
        _set(node_of(request), answer, LANGUAGE_COOKIE, code)
    return answer


@router.post(REPORTS, status_code=204)
async def count_report(request: Request) -> Response:
    """Count a report of the content policy; its content is not kept, it may name what an officer read."""
    async for _ in request.stream():
        pass
    request.app.state.reports.count()
    return Response(status_code=204)


@router.get("/health")
def health(request: Request) -> JSONResponse:
    """Say that the pages answer and the database can be read; nothing else."""
    with node_of(request).db.read():
        return JSONResponse({"status": "ok"})


def _welcome(door: Door, signed_in: SignedIn, back: str) -> Response:
    answer = RedirectResponse(back or home(signed_in.actor), 303)
    _set(door.node, answer, cookie_name(door.node, "serai"), signed_in.token)
    if LANGUAGE_COOKIE not in door.request.cookies:
        _set(door.node, answer, LANGUAGE_COOKIE, signed_in.actor.language)
    return answer


def _sign_in_page(door: Door, back: str, user: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    ticket, options = signin.passkey_ticket(door.node, door.csrf)
    asked = {"ticket": ticket, "options": options, "provider": oidc.offered(door.node)}
    return door.page("signin.html", {"back": back, "user": user, "problems": problems, **asked}, status)


def _enrol_page(door: Door, user: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    return door.page("enrol.html", {"offer": None, "user": user, "problems": problems}, status)


def _offer_page(door: Door, user: str, code: str, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    offer = signin.begin_enrolment(door.node, user, code, _address(door.request))
    drawn = segno.make(offer.uri, error="m").svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
    # segno draws attributes only, no style and no script: the strict policy lets it stand in the page
    values = {"offer": offer, "qr": Markup(drawn), "user": user, "enrolment": code, "problems": problems}  # noqa: S704  (made from base32 and our own name)
    return door.page("enrol.html", values, status)


def _with_visit(door: Door, answer: Answer) -> Answer:
    _set(door.node, answer, cookie_name(door.node, "serai-visit"), door.request.state.visit)
    return answer


def _set(node: Node, answer: Response, name: str, value: str) -> None:
    """Set a cookie for this origin alone; `Lax` lets a person arrive by a link and still be signed in."""
    answer.set_cookie(name, value, secure=is_secure(node), httponly=True, samesite="lax", path="/")


def _status(error: ExchangeError) -> int:
    return 429 if isinstance(error, TooManyAttempts) else 401


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _field(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _secret(value: object) -> str:
    """Return a password as typed: its spaces count."""
    return value if isinstance(value, str) else ""

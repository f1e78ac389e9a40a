"""The administrator's pages: accounts, roles, enrolment codes. They never show a case, and never set a password."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from nodes import accounts
from nodes.errors import BadInput, UserExists
from nodes.permissions import MATRIX
from nodes.views import User
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import LANGUAGES, gettext
from nodes.web.site import Desk, see, wants_json
from nodes.web.wording import Problem, State, label, spoken_problem
from schemas import codes

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """An account as the table of people shows it."""

    user_id: str
    display_name: str
    agency: str
    roles: str
    disabled: bool
    me: bool
    state: State
    ends: int | None


@router.get("/people")
@router.get("/people.json")
def people(desk: AtDesk) -> Response:
    """List the accounts of the unit."""
    with desk.node.db.read() as session:
        users = accounts.users(session, desk.actor)
    if wants_json(desk.request):
        rows = [{"user": user.user_id, "roles": list(user.roles), "disabled": user.disabled} for user in users]
        return JSONResponse({"schema": "serai/people/1", "people": rows})
    return desk.page("people.html", {"users": [_line(desk, user) for user in users], "problems": ()})


@router.get("/people/new")
def new_person(desk: AtDesk) -> HTMLResponse:
    """Show the form for a new account."""
    with desk.node.db.read() as session:
        accounts.users(session, desk.actor)  # raises for whoever may not administer
    return _form(desk, (), ("OFFICER",))


@router.post("/people/new")
def add_person(desk: AtDesk) -> HTMLResponse:
    """Add the account and show its enrolment code, this once."""
    roles = desk.texts("roles")
    new = accounts.NewUser(
        desk.text("user"), desk.text("name"), desk.text("agency"), frozenset(roles), desk.text("language")
    )
    try:
        with desk.node.db.write() as session:
            code = accounts.add_user(session, desk.node, desk.actor, new)
    except UserExists as error:
        return _form(desk, (spoken_problem(error, "#user"),), roles, 409)
    except BadInput:
        text = gettext("Fill in staff number and name, and choose roles that one person may hold together.")
        return _form(desk, (Problem(text, "#user"),), roles, 422)
    return code_page(desk, new.user_id, new.display_name, code)


@router.post("/people/{user_id}/enrolment")
def newcode_page(desk: AtDesk, user_id: str) -> HTMLResponse:
    """Give an account a new enrolment code; its password and second factor end at once."""
    with desk.node.db.write() as session:
        code = accounts.reissue_code(session, desk.node, desk.actor, user_id)
    return code_page(desk, user_id, user_id, code)


@router.post("/people/{user_id}/disable")
def disable(desk: AtDesk, user_id: str) -> Response:
    """End an account."""
    with desk.node.db.write() as session:
        accounts.disable(session, desk.node, desk.actor, user_id)
    return see("/people", "disabled")


@router.get("/people/{user_id}")
def show_roles(desk: AtDesk, user_id: str) -> HTMLResponse:
    """Show the roles of an account."""
    with desk.node.db.read() as session:
        users = {user.user_id: user for user in accounts.users(session, desk.actor)}
    return _roles(desk, user_id, users[user_id].roles if user_id in users else (), ())


@router.post("/people/{user_id}")
def change_roles(desk: AtDesk, user_id: str) -> Response:
    """Give an account exactly the chosen roles."""
    roles = desk.texts("roles")
    try:
        with desk.node.db.write() as session:
            accounts.set_roles(session, desk.node, desk.actor, user_id, frozenset(roles))
    except BadInput:
        text = gettext(
            "Choose at least one role, and only roles that one person may hold together. Nobody changes his own."
        )
        return _roles(desk, user_id, roles, (Problem(text, "#roles"),), 422)
    return see("/people", "roles")


def _form(desk: Desk, problems: tuple[Problem, ...], roles: tuple[str, ...], status: int = 200) -> HTMLResponse:
    agency, spoken = desk.text("agency") or desk.actor.agency, desk.text("language") or "en"
    values = {
        "new": True,
        "heading": gettext("Add a person"),
        "action": "/people/new",
        "problems": problems,
        "form": {"user": desk.text("user"), "name": desk.text("name")},
        "agencies": [
            Option(code, label("agency_types", code), code == agency) for code in codes.table("agency_types").offered
        ],
        "languages": [{"value": code, "text": name, "checked": code == spoken} for code, name in LANGUAGES.items()],
        "roles": _role_items(roles),
    }
    return desk.page("person.html", values, status)


def _roles(
    desk: Desk, user_id: str, roles: tuple[str, ...], problems: tuple[Problem, ...], status: int = 200
) -> HTMLResponse:
    values = {
        "new": False,
        "heading": gettext("Roles of %s") % user_id,
        "action": f"/people/{user_id}",
        "problems": problems,
        "roles": _role_items(roles),
    }
    return desk.page("person.html", values, status)


def _role_items(chosen: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"value": role, "text": label("roles", role), "checked": role in chosen} for role in MATRIX]


def code_page(desk: Desk, user_id: str, name: str, code: str) -> HTMLResponse:
    """Show the enrolment code of a person, this once."""
    address = f"{desk.node.settings.public_origin}/enrol"
    return desk.page("code.html", {"user": user_id, "name": name, "code": code, "address": address})


def _line(desk: Desk, user: User) -> Line:
    roles = ", ".join(label("roles", role) for role in user.roles)
    agency = label("agency_types", user.agency)
    me, state = user.user_id == desk.actor.user_id, _state(user, desk.node.now())
    return Line(user.user_id, user.display_name, agency, roles, user.disabled, me, state, user.ends)


def _state(user: User, now: int) -> State:
    if user.disabled:
        return State(gettext("Disabled"), "grey")
    if user.ends is not None and user.ends <= now:
        return State(gettext("Access ended"), "grey")
    return State(gettext("Active"), "green") if user.enrolled else State(gettext("Not enrolled yet"), "yellow")

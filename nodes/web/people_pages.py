"""The administrator's pages: accounts, roles, and changes under two persons. They show no case and set no password."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from exchange.policy.facts import Action
from nodes import accounts, changes
from nodes.accounts import NewClearance, NewCode, NewRoles, NewSubject, NewUser
from nodes.approvals import State
from nodes.changes import Asked, Change, Handed
from nodes.deeds import Deed, Exact
from nodes.errors import BadInput, NotFound, UserExists
from nodes.permissions import actions_of, require
from nodes.views import User
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import LANGUAGES, gettext
from nodes.web.site import Desk, see, wants_json
from nodes.web.stepping import approving, prove
from nodes.web.wording import Problem, label, spoken_problem
from schemas import codes

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """An account as the table of people shows it."""

    user_id: str
    display_name: str
    agency: str
    roles: str
    state: wording.State
    ends: int | None


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A change that was asked for, in words, and whether this person may decide it."""

    approval_id: str
    digest: str
    user_id: str
    what: str
    before: str
    after: str
    reason: str
    asked_by: str
    asked_at: int
    until: int
    state: wording.State
    waits: bool
    mine: bool
    about_me: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change of an account that was made, in words."""

    at: int
    what: str
    before: str
    after: str
    asked_by: str
    decided_by: str


@router.get("/people")
@router.get("/people.json")
def people(desk: AtDesk) -> Response:
    """List the accounts of the unit, and what waits for a second person."""
    with desk.node.db.read() as session:
        users = accounts.users(session, desk.actor)
        waiting = changes.waiting(session, desk.node, desk.actor)
    if wants_json(desk.request):
        rows = [{"user": user.user_id, "roles": list(user.roles), "disabled": user.disabled} for user in users]
        return JSONResponse({"schema": "serai/people/1", "people": rows})
    shown = {"users": [_line(desk, user) for user in users], "waiting": [_asked_line(desk, one) for one in waiting]}
    return desk.page("people.html", shown)


@router.get("/people/new")
def new_person(desk: AtDesk) -> HTMLResponse:
    """Show the form for a new account."""
    require(desk.actor, Action.ADMINISTER_USERS)
    return _form(desk, (), ("OFFICER",))


@router.post("/people/new")
def ask_for_person(desk: AtDesk) -> HTMLResponse:
    """Ask for the account and show the first half of its enrolment code, this once."""
    roles = desk.texts("roles")
    new = NewUser(
        desk.text("user"),
        desk.text("name"),
        desk.text("agency"),
        frozenset(roles),
        desk.text("language"),
        clearance=desk.text("clearance"),
    )
    try:
        with desk.node.db.write() as session:
            handed = changes.ask(session, desk.node, desk.actor, new, desk.text("reason"))
    except UserExists as error:
        return _form(desk, (spoken_problem(error, "#user"),), roles, 409)
    except BadInput:
        text = gettext("Fill in staff number, name and reason, and choose roles that one person may hold together.")
        return _form(desk, (Problem(text, "#user"),), roles, 422)
    return half_page(desk, new.user_id, handed, first=True)


@router.get("/people/{user_id}")
def show_person(desk: AtDesk, user_id: str) -> HTMLResponse:
    """Show an account, what may be asked for it, and everything that was changed about it."""
    return _account(desk, user_id, None, ())


@router.post("/people/{user_id}")
def ask_for_roles(desk: AtDesk, user_id: str) -> Response:
    """Ask that an account shall hold exactly the chosen roles."""
    roles = desk.texts("roles")
    try:
        with desk.node.db.write() as session:
            wanted = NewRoles(user_id, frozenset(roles))
            changes.ask(session, desk.node, desk.actor, wanted, desk.text("reason"))
    except BadInput:
        text = gettext("Give a reason and at least one role, and only roles that one person may hold together.")
        return _account(desk, user_id, roles, (Problem(text, "#roles"),), 422)
    return see("/people", "change-asked")


@router.post("/people/{user_id}/clearance")
def ask_for_clearance(desk: AtDesk, user_id: str) -> Response:
    """Ask that an account shall see messages up to a classification."""
    try:
        with desk.node.db.write() as session:
            wanted = NewClearance(user_id, desk.text("clearance"))
            changes.ask(session, desk.node, desk.actor, wanted, desk.text("why"))
    except BadInput:
        text = gettext("Choose a clearance and give a reason of at least 10 characters.")
        return _account(desk, user_id, None, (Problem(text, "#why"),), 422)
    return see("/people", "change-asked")


@router.post("/people/{user_id}/enrolment")
def ask_for_code(desk: AtDesk, user_id: str) -> HTMLResponse:
    """Ask for a new enrolment of an account, and show the first half of its code, this once."""
    try:
        with desk.node.db.write() as session:
            handed = changes.ask(session, desk.node, desk.actor, NewCode(user_id), desk.text("lost"))
    except BadInput:
        text = gettext("Say what was lost, and how you know that it is this person who asks.")
        return _account(desk, user_id, None, (Problem(text, "#lost"),), 422)
    return half_page(desk, user_id, handed, first=True)


@router.post("/people/{user_id}/disable")
def disable(desk: AtDesk, user_id: str) -> Response:
    """End an account."""
    require(desk.actor, Action.ADMINISTER_USERS)
    with desk.node.db.write() as session:
        prove(session, desk, Exact(Deed.ACCOUNT_END, user_id))
        changes.end(session, desk.node, desk.actor, user_id)
    return see("/people", "disabled")


@router.get("/people/changes/{approval_id}")
def show_change(desk: AtDesk, approval_id: str) -> HTMLResponse:
    """Show exactly what is asked for, to whoever decides."""
    with desk.node.db.read() as session:
        asked = changes.get(session, desk.node, desk.actor, approval_id)
    new = asked.change if isinstance(asked.change, NewUser) else None
    agency = label("agency_types", new.agency) if new is not None else ""
    told = asked.change.subject or "–" if isinstance(asked.change, NewSubject) else ""
    cleared = asked.change.clearance if isinstance(asked.change, NewUser | NewClearance) else ""
    clearance = label("classification", cleared) if cleared else ""
    shown = {"new": new, "agency": agency, "subject": told, "clearance": clearance}
    return desk.page("change.html", {"change": _asked_line(desk, asked), **shown})


@router.post("/people/changes/{approval_id}/confirm")
def confirm(desk: AtDesk, approval_id: str) -> Response:
    """Let the change happen; shows the second half of a code, this once."""
    with desk.node.db.write() as session:
        asked = changes.get(session, desk.node, desk.actor, approval_id)
        prove(session, desk, approving(asked.approval))
        handed = changes.confirm(session, desk.node, desk.actor, (approval_id, desk.text("digest")))
    if handed.printed is None:
        return see("/people", "change-made")
    return half_page(desk, asked.change.user_id, handed, first=False)


@router.post("/people/changes/{approval_id}/refuse")
def refuse(desk: AtDesk, approval_id: str) -> Response:
    """Let the change not happen."""
    with desk.node.db.write() as session:
        changes.refuse(session, desk.node, desk.actor, (approval_id, desk.text("digest")))
    return see("/people", "change-refused")


def half_page(desk: Desk, user_id: str, handed: Handed, *, first: bool) -> HTMLResponse:
    """Show one half of the enrolment code of a person, this once."""
    address = f"{desk.node.settings.public_origin}/enrol"
    return desk.page("code.html", {"user": user_id, "half": handed.printed, "first": first, "address": address})


def _form(desk: Desk, problems: tuple[Problem, ...], roles: tuple[str, ...], status: int = 200) -> HTMLResponse:
    agency, spoken = desk.text("agency") or desk.actor.agency, desk.text("language") or "en"
    values = {
        "problems": problems,
        "form": {name: desk.text(name) for name in ("user", "name", "reason")},
        "agencies": [
            Option(code, label("agency_types", code), code == agency) for code in codes.table("agency_types").offered
        ],
        "languages": [{"value": code, "text": name, "checked": code == spoken} for code, name in LANGUAGES.items()],
        "roles": _role_items(roles),
        "clearances": _clearances(desk.text("clearance") or "OFFUSE"),
    }
    return desk.page("person.html", values, status)


def _account(
    desk: Desk, user_id: str, chosen: tuple[str, ...] | None, problems: tuple[Problem, ...], status: int = 200
) -> HTMLResponse:
    with desk.node.db.read() as session:
        user = next((one for one in accounts.users(session, desk.actor) if one.user_id == user_id), None)
        past = changes.history(session, desk.actor, user_id)
    if user is None:
        raise NotFound
    values = {
        "user": _line(desk, user),
        "changeable": user_id != desk.actor.user_id and not user.disabled,
        "problems": problems,
        "form": {name: desk.text(name) for name in ("reason", "why", "lost")},
        "clearances": _clearances(desk.text("clearance") or user.clearance),
        "clearance": label("classification", user.clearance),
        "roles": _role_items(user.roles if chosen is None else chosen),
        "history": [_change_line(change) for change in past],
    }
    return desk.page("account.html", values, status)


def _clearances(chosen: str) -> list[Option]:
    table = codes.table("classification")
    carried = (code for code, row in table.items() if row.extra["carried"])
    return [Option(code, label("classification", code), code == chosen) for code in carried]


def _role_items(chosen: tuple[str, ...]) -> list[dict[str, object]]:
    return [
        {"value": role, "text": label("roles", role), "checked": role in chosen}
        for role in codes.table("roles")
        if actions_of(role)
    ]


def _line(desk: Desk, user: User) -> Line:
    agency, state = label("agency_types", user.agency), _state(user, desk.node.now())
    return Line(user.user_id, user.display_name, agency, _roles(user.roles), state, user.ends)


def _state(user: User, now: int) -> wording.State:
    if user.disabled:
        return wording.State(gettext("Disabled"), "grey")
    if user.ends is not None and user.ends <= now:
        return wording.State(gettext("Access ended"), "grey")
    if user.enrolled:
        return wording.State(gettext("Active"), "green")
    return wording.State(gettext("Not enrolled yet"), "yellow")


def _roles(held: tuple[str, ...]) -> str:
    return ", ".join(label("roles", role) for role in held) or "–"


def _asked_line(desk: Desk, asked: Asked) -> AskedLine:
    approval, over = asked.approval, asked.approval.expires <= desk.node.now()
    state = State.EXPIRED if approval.state is State.ASKED and over else approval.state
    return AskedLine(
        approval.approval_id,
        approval.digest,
        asked.change.user_id,
        wording.change(changes.WHAT[type(asked.change)]),
        _roles(asked.before),
        _roles(asked.after),
        approval.reason,
        approval.asked_by,
        approval.asked_at,
        approval.expires,
        wording.approval_state(state),
        state is State.ASKED,
        approval.asked_by == desk.actor.user_id,
        asked.change.user_id == desk.actor.user_id,
    )


def _change_line(change: Change) -> ChangeLine:
    return ChangeLine(
        change.at,
        wording.change(change.what),
        _roles(change.before),
        _roles(change.after),
        change.asked_by,
        change.decided_by or gettext("nobody else"),
    )

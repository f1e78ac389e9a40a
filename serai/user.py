"""`serai user`: the people of a unit, administered at the machine itself, and signing in for the message commands."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from crypto.instants import to_text
from serai import control
from serai.control import Members
from serai.homes import NodeHome
from serai.node_access import Access, Alone, Reason
from serai.output import CommandError, Exit, JsonFlag, Report, Table, note, show
from serai.passphrases import PassphraseFd, PassphraseFile

app = typer.Typer(help="The people of a unit.", no_args_is_help=True, rich_markup_mode=None)

SESSION: Final = "session"
UserId = Annotated[str, typer.Argument(help="Staff number, as it stands in messages.")]
ChangeId = Annotated[str, typer.Argument(help="Id of the change, as `serai user changes` lists it.")]
Roles = Annotated[list[str], typer.Option("--role", help="Role code; may be repeated.")]
SessionFile = Annotated[
    Path | None,
    typer.Option("--session", help="File that keeps the signed-in session; in the node's folder if left out."),
]


@app.command("add")
def add(
    home: NodeHome,
    user_id: UserId,
    name: Annotated[str, typer.Option(help="Name; it never leaves this unit except on messages sent.")],
    role: Roles,
    agency: Annotated[str, typer.Option(help="Agency type.")],
    language: Annotated[str, typer.Option(help="en or ru.")] = "en",
    clearance: Annotated[str, typer.Option(help="Highest classification to be seen: UNCL, OFFUSE, RESTR.")] = "OFFUSE",
    until: Annotated[str | None, typer.Option(help="Last day of access of a visiting auditor, 2026-12-31.")] = None,
    mandate: Annotated[str, typer.Option(help="On what mandate a visiting auditor comes.")] = "",
    entries: Annotated[str, typer.Option(help="Days of the log that he may see, 2026-01-01/2026-06-30.")] = "",
    case: Annotated[list[str] | None, typer.Option(help="Only entries of this case; may be repeated.")] = None,
    reason: Reason = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Add an account and print its enrolment code, once; with --until that of a visiting auditor, ending by itself."""
    new = {
        "user_id": user_id,
        "display_name": name,
        "roles": role,
        "agency": agency,
        "language": language,
        "clearance": clearance,
    }
    visit = {"ends": until, "mandate": mandate, "entries": entries, "cases": case or []}
    if until is None and (mandate or entries or case):
        raise typer.BadParameter("--mandate, --entries and --case belong to a visiting auditor: give --until too")
    wanted = {**new, "reason": reason or mandate, "alone": alone, **({} if until is None else {"visit": visit})}
    _show_change("user-add", Access(home, file, descriptor).do("user.add", wanted), as_json=as_json)


@app.command("roles")
def roles(
    home: NodeHome,
    user_id: UserId,
    role: Roles,
    reason: Reason = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Give an account exactly these roles."""
    wanted = {"user_id": user_id, "roles": role, "reason": reason, "alone": alone}
    _show_change("user-roles", Access(home, file, descriptor).do("user.roles", wanted), as_json=as_json)


@app.command("clearance")
def clear(
    home: NodeHome,
    user_id: UserId,
    clearance: Annotated[str, typer.Argument(help="Highest classification to be seen: UNCL, OFFUSE, RESTR.")],
    reason: Reason = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Let an account see messages up to this classification."""
    wanted = {"user_id": user_id, "clearance": clearance, "reason": reason, "alone": alone}
    _show_change("user-clearance", Access(home, file, descriptor).do("user.clearance", wanted), as_json=as_json)


@app.command("list")
def list_users(
    home: NodeHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """Every account of the unit."""
    members = Access(home, file, descriptor).do("user.list", {})
    rows = [
        [one["user_id"], one["display_name"], ",".join(one["roles"]), one["enrolled"], one["disabled"], _until(one)]
        for one in members["users"]
    ]
    table = Table(["user", "name", "roles", "enrolled", "disabled", "until"], rows)
    show(Report("user-list", members, table=table), as_json=as_json)


def _until(one: Members) -> str:
    return to_text(one["ends"]) if one["ends"] is not None else ""


@app.command("disable")
def disable(
    home: NodeHome,
    user_id: UserId,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """End an account and its sessions."""
    members = Access(home, file, descriptor).do("user.disable", {"user_id": user_id})
    show(Report("user-disable", members, lines=[user_id]), as_json=as_json)


@app.command("reissue")
def reissue(
    home: NodeHome,
    user_id: UserId,
    reason: Reason = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Print a new enrolment code for somebody who lost password or second factor; the old ones end once it counts."""
    wanted = {"user_id": user_id, "reason": reason, "alone": alone}
    _show_change("user-reissue", Access(home, file, descriptor).do("user.reissue", wanted), as_json=as_json)


@app.command("link")
def link(
    home: NodeHome,
    user_id: UserId,
    subject: Annotated[str, typer.Argument(help="Subject (`sub`) at the identity provider; empty unlinks.")],
    reason: Reason = "",
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    alone: Alone = False,
    as_json: JsonFlag = False,
) -> None:
    """Link an account to a person of the unit's identity provider."""
    wanted = {"user_id": user_id, "subject": subject, "reason": reason, "alone": alone}
    _show_change("user-link", Access(home, file, descriptor).do("user.link", wanted), as_json=as_json)


@app.command("changes")
def list_changes(
    home: NodeHome, file: PassphraseFile = None, descriptor: PassphraseFd = None, *, as_json: JsonFlag = False
) -> None:
    """The changes of accounts that wait for a second person."""
    members = Access(home, file, descriptor).do("user.changes", {})
    rows = [
        [*(one[name] for name in ("change_id", "what", "user_id", "asked_by", "reason")), _step(one)]
        for one in members["changes"]
    ]
    table = Table(["change", "what", "user", "asked by", "reason", "roles"], rows)
    show(Report("user-changes", members, table=table), as_json=as_json)


@app.command("confirm")
def confirm(
    home: NodeHome,
    change_id: ChangeId,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Confirm, as the second person, what an administrator asked for; prints the second half of a code."""
    members = Access(home, file, descriptor).do("user.confirm", {"change_id": change_id})
    show(Report("user-confirm", members, lines=[members["enrolment_code"] or change_id]), as_json=as_json)


@app.command("refuse")
def refuse(
    home: NodeHome,
    change_id: ChangeId,
    file: PassphraseFile = None,
    descriptor: PassphraseFd = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Let a change that was asked for not happen."""
    members = Access(home, file, descriptor).do("user.refuse", {"change_id": change_id})
    show(Report("user-refuse", members, lines=[change_id]), as_json=as_json)


def _step(one: Members) -> str:
    return f"{','.join(one['before'])} -> {','.join(one['after'])}"


def _show_change(name: str, members: Members, *, as_json: bool) -> None:
    """Print the code, or its first half, and say what is still missing."""
    if members["waits"] is not None:
        note(f"An administrator must confirm change {members['waits']} on the page People. This is the first half.")
    elif members["enrolment_code"] is not None:
        note("Hand the code to the person; with it, password and second factor are set at the sign-in page.")
    show(Report(name, members, lines=[members["enrolment_code"] or members["user_id"]]), as_json=as_json)


@app.command("sign-in")
def sign_in(home: NodeHome, user_id: UserId, session: SessionFile = None, *, as_json: JsonFlag = False) -> None:
    """Sign in for the message commands; password and one-time code are asked for."""
    password = typer.prompt("Password", hide_input=True, err=True)
    code = typer.prompt("One-time code", hide_input=True, err=True)
    members = control.call(home, "sign-in", {"user_id": user_id, "password": password, "totp": code})
    path = session or home / SESSION
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        target.write(members.pop("session"))
    show(Report("user-sign-in", {"user_id": user_id, **members}, lines=[str(path)]), as_json=as_json)


def session_of(home: Path, session: Path | None) -> str:
    """Return the token of the signed-in session; raises CommandError (NOT_ALLOWED) if there is none."""
    path = session or home / SESSION
    if not path.is_file():
        raise CommandError(
            "SERAI-SIGNED-OUT",
            "Nobody is signed in here.",
            todo="Sign in with `serai user sign-in`.",
            status=Exit.NOT_ALLOWED,
        )
    return path.read_text(encoding="ascii")

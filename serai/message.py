"""`serai message`: list, read and send case messages as the officer who is signed in; the node must be running."""

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nodes.deeds import ProofNeeded
from nodes.views import Box, View
from serai import control
from serai.homes import NodeHome
from serai.output import CommandError, JsonFlag, Report, Table, show
from serai.user import SessionFile, session_of

app = typer.Typer(help="Read and send case messages.", no_args_is_help=True, rich_markup_mode=None)

MessageId = Annotated[str, typer.Argument(help="Id of the message.")]
DryRunFlag = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be sealed, to whom, and all findings; change nothing.")
]
AskAgain = Annotated[
    tuple[str, str],
    typer.Option(
        "--ask-again", metavar="WARNING REASON", help="Ask again, after this warning and for this reason, for the log."
    ),
]
DraftFile = Annotated[
    Path,
    typer.Argument(
        help="JSON file with kind, recipients, copies, common and body; - is standard input.", allow_dash=True
    ),
]


class DraftMember(StrEnum):
    """The members that a draft file may have."""

    KIND = "kind"
    RECIPIENTS = "recipients"
    COPIES = "copies"
    COMMON = "common"
    BODY = "body"
    CASE = "case_ref"


@app.command("list")
def list_messages(
    home: NodeHome,
    box: Annotated[Box, typer.Option(help="What arrived, or what was sent.")] = Box.ARRIVED,
    view: Annotated[View, typer.Option(help="Which part of it.")] = View.ALL,
    page: Annotated[int, typer.Option(help="Page, from 1.", min=1)] = 1,
    session: SessionFile = None,
    *,
    as_json: JsonFlag = False,
) -> None:
    """Messages with their state and legal clock."""
    query = {"session": session_of(home, session), "box": box.value, "view": view.value, "page": page}
    members = control.call(home, "message.list", query)
    rows = [
        [
            one["message_id"],
            one["kind"],
            one["sender"],
            ",".join(one["recipients"]),
            _due(one),
            one["state"],
            one["subject"],
        ]
        for one in members["rows"]
    ]
    table = Table(["message", "kind", "from", "to", "due", "state", "subject"], rows)
    show(Report("message-list", members, table=table), as_json=as_json)


@app.command("show")
def show_message(
    home: NodeHome,
    message_id: MessageId,
    justification: Annotated[str, typer.Option(help="Why you open it; it goes into the log.")] = "",
    session: SessionFile = None,
    *,
    confirm: Annotated[
        bool, typer.Option("--confirm-restriction", help="I have read the sender's restriction; it goes into the log.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """One message with everything on its page; reading is logged. Under H3 the sender's restriction comes first."""
    given = {"session": session_of(home, session), "message_id": message_id, "justification": justification}
    members = control.call(home, "message.show", {**given, "confirm": confirm})
    if "restriction" in members:
        text = members["restriction"]["text"]
        lines = [f"restriction\t{text}", "Open it with --confirm-restriction once you have read this."]
        report = Report("message-restriction", members, lines=lines, ok=False)
    else:
        lines = [f"{name}\t{json.dumps(value, ensure_ascii=False)}" for name, value in members.items()]
        report = Report("message-show", members, lines=lines)
    show(report, as_json=as_json)


@app.command("take")
def take(home: NodeHome, message_id: MessageId, session: SessionFile = None, *, as_json: JsonFlag = False) -> None:
    """Become the owner of an arrival that has none."""
    members = control.call(home, "message.take", {"session": session_of(home, session), "message_id": message_id})
    show(Report("message-take", members, lines=[message_id]), as_json=as_json)


@app.command("evidence")
def export_evidence(
    home: NodeHome,
    out: Annotated[Path, typer.Argument(help="File to write: a bundle, for `serai log verify` and serai-verify.py.")],
    message_id: Annotated[str | None, typer.Option("--message", help="Id of the message that it is about.")] = None,
    case_ref: Annotated[str | None, typer.Option("--case", help="Or the number of a case: all its messages.")] = None,
    reason: Annotated[str, typer.Option(help="Why, and for whom; it goes into the log.")] = "",
    use: Annotated[
        str, typer.Option(help="Who gets the contents: COURT, PARTIES of the trial, or LETTER abroad.")
    ] = "COURT",
    session: SessionFile = None,
    *,
    with_content: Annotated[
        bool, typer.Option("--with-content", help="Open the contents too, as far as their handling codes allow.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Evidence of a message or a whole case as one file that a court verifies offline. The export is logged."""
    if (message_id is None) == (case_ref is None):
        raise CommandError("SERAI-MESSAGE-EVIDENCE", "Name one message with --message, or one case with --case.")
    asked = {"session": session_of(home, session), "message_id": message_id, "case_ref": case_ref, "reason": reason}
    given = {**asked, "use": use, "with_content": with_content, "path": str(out.resolve())}
    members = _confirmed(home, "message.evidence", given)
    counts = f"{members['messages']} messages, {members['receipts']} receipts, {members['opened']} opened"
    withheld = [f"withheld for its handling codes\t{eid}" for eid in members["withheld"]]
    lines = [f"{out}\t{counts}", f"SHA-512\t{members['sha512']}", *withheld]
    show(Report("message-evidence", members, lines=lines), as_json=as_json)


@app.command("send")
def send(
    home: NodeHome,
    draft: DraftFile,
    again: AskAgain = ("", ""),
    session: SessionFile = None,
    *,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Check, seal and queue a message; the courier sends it. What the unit has asked before is told first."""
    given = {**_draft(draft), "warning": again[0], "again": again[1], "session": session_of(home, session)}
    show(_done(home, "message-send", given, dry_run=dry_run), as_json=as_json)


@app.command("answer")
def answer(
    home: NodeHome,
    message_id: MessageId,
    draft: DraftFile,
    session: SessionFile = None,
    *,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Reply to a message: an answer, a question, a refusal, a notice of delay, by the kind in the file."""
    given = {**_draft(draft), "session": session_of(home, session), "in_reply_to": message_id}
    show(_done(home, "message-answer", given, dry_run=dry_run), as_json=as_json)


def _done(home: Path, name: str, given: dict[str, Any], *, dry_run: bool) -> Report:
    if dry_run:
        return _rehearsed(name, control.call(home, "message.rehearse", given))
    return _sealed(name, _confirmed(home, "message.send", given))


def _confirmed(home: Path, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Let the node do it; an act that needs a factor of its own asks for a code."""
    try:
        return control.call(home, name, given)
    except CommandError as error:
        if error.code != ProofNeeded.code:
            raise
    code = typer.prompt("One-time code that confirms exactly this", hide_input=True, err=True)
    return control.call(home, name, {**given, "code": code})


def _rehearsed(name: str, members: dict[str, Any]) -> Report:
    """Return what would be sealed, who could read it, and every finding; the node has changed nothing."""
    found = [("wrong", one) for one in members["faults"]] + [("missing", one) for one in members["warnings"]]
    rows = [[how, one["field"], one["code"], one["message"]["en"]] for how, one in found]
    lines = [f"reader\t{one['unit']}\t{one['ekid'] or 'no valid key'}" for one in members["readers"]]
    lines += [
        f"{part}\t{member}\t{json.dumps(value, ensure_ascii=False)}"
        for part in ("common", "body")
        for member, value in members["draft"][part].items()
    ]
    lines += _asked_before(members["asked_before"])
    table = Table(["finding", "field", "code", "what"], rows)
    return Report(f"{name}-dry-run", members, lines=lines, table=table, ok=not members["faults"])


def _sealed(name: str, members: dict[str, Any]) -> Report:
    """Return the id of what was sealed, or everything that is wrong with it, or what was asked before."""
    faults, asked = members["faults"], members["asked_before"]
    table = Table(["field", "code", "what"], [[one["field"], one["code"], one["message"]["en"]] for one in faults])
    if faults:
        return Report(name, members, table=table, ok=False)
    if members["message_id"] is None:
        return Report(name, members, lines=_asked_before(asked), ok=False)
    return Report(name, members, lines=[members["message_id"]])


def _asked_before(asked: dict[str, Any]) -> list[str]:
    """Return what the unit asked before, one line each, and last how to ask again all the same."""
    lines = [
        f"asked before\t{one['reference']}\t{one['agency']}\t{','.join(one['recipients'])}\t{one['state']}"
        for one in asked["earlier"]
    ]
    for one in asked["closed"]:
        who = "your agency" if one["own_agency"] else "another agency of this unit"
        lines.append(f"asked before\tby {who}; speak to a supervisor\t{', '.join(one['supervisors'])}")
    return [*lines, f'ask again\t--ask-again {asked["warning"]} "why"'] if asked["warning"] else []


def _draft(path: Path) -> dict[str, Any]:
    """Return the members of a draft file; raises CommandError for anything else."""
    try:
        data = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        given = json.loads(data)
    except ValueError as error:
        raise CommandError("SERAI-DRAFT", f"{path} is not JSON.", str(error)) from error
    if not isinstance(given, dict) or "kind" not in given or given.keys() - {one.value for one in DraftMember}:
        raise CommandError("SERAI-DRAFT", f"{path} has not the members of a draft.", ", ".join(DraftMember))
    return {"recipients": [], "copies": [], "common": {}, "body": {}, **given}


def _due(row: dict[str, Any]) -> str:
    clock = row["clock"]
    if not clock or clock["due"] is None:
        return ""
    return datetime.fromtimestamp(clock["due"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

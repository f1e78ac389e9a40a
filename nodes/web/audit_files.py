"""*Verify a file*: a proof, a bundle or an exported log, checked in four named steps. Nothing of it is kept."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, Response

from exchange.policy.facts import Action
from nodes import oversight_files, oversight_proofs
from nodes.oversight_files import Judged
from nodes.permissions import require
from nodes.web.audit_findings import kind_text, step_lines
from nodes.web.audit_words import Verdict
from nodes.web.entrance import AtCounter, AtDesk
from nodes.web.languages import gettext
from nodes.web.site import Desk, wants_json
from nodes.web.wording import Problem

router: Final = APIRouter()


@router.get("/verify")
def ask_file(desk: AtDesk) -> HTMLResponse:
    """Show the form that takes a file."""
    require(desk.actor, Action.READ_LOG)
    return _page(desk, None)


@router.post("/verify")
def verify_file(desk: AtCounter) -> Response:
    """Check the file that was handed in and show the four steps."""
    require(desk.actor, Action.READ_LOG)
    data = desk.file("file")
    if not data:
        return _page(desk, None, (Problem(gettext("Choose a file."), "#file"),))
    judged = oversight_files.judge(desk.node, data)
    with desk.node.db.write() as session:
        result = "GOOD" if judged.ok else "BAD"
        oversight_proofs.record_file(session, desk.node, desk.actor, data, judged.kind, result)
    if wants_json(desk.request):
        return JSONResponse(_json(judged))
    return _page(desk, judged)


def _page(desk: Desk, judged: Judged | None, problems: tuple[Problem, ...] = ()) -> HTMLResponse:
    values = {
        "problems": problems,
        "verdict": _verdict(judged) if judged is not None else None,
        "kind": kind_text(judged) if judged is not None else "",
        "steps": step_lines(judged) if judged is not None else [],
    }
    return desk.page("verify.html", values, 422 if problems else 200)


def _verdict(judged: Judged) -> Verdict:
    if judged.ok:
        text = gettext("Every step that such a file has was made on this node, with the keys that it knows.")
        return Verdict(good=True, title=gettext("The file proves what it says"), text=text, root=kind_text(judged))
    text = gettext("A step below does not hold. Keep the file as it is, and ask whoever gave it to you.")
    return Verdict(good=False, title=gettext("The file proves nothing"), text=text, root=judged.reason)


def _json(judged: Judged) -> dict[str, object]:
    steps = [
        {
            "step": one.step.value,
            "outcome": one.outcome.value,
            "findings": [
                {"code": found.code, "subject": found.subject, "detail": found.detail} for found in one.findings
            ],
        }
        for one in judged.steps
    ]
    return {"schema": "serai/verify/1", "ok": judged.ok, "kind": judged.kind, "reason": judged.reason, "steps": steps}

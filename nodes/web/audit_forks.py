"""Two histories of one log: what was signed, what it means, what to do; for auditor, administrator and duty officer."""

import io
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from nodes import oversight_forks
from nodes.oversight_forks import Contradiction, Head
from nodes.web.audit_words import Verdict
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext
from nodes.web.site import wants_json
from nodes.web.wording import unit_name

router: Final = APIRouter()


@router.get("/forks")
@router.get("/forks.json")
def show_forks(desk: AtDesk) -> Response:
    """Show every contradiction that was found."""
    with desk.node.db.read() as session:
        found = oversight_forks.contradictions(session, desk.node, desk.actor)
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/forks/1", "forks": [_json(one) for one in found]})
    lines = [
        (one, unit_name(desk.node, one.told_by), [unit_name(desk.node, unit) for unit in one.on_both]) for one in found
    ]
    return desk.page("audit_forks.html", {"lines": lines, "verdict": _verdict(found)})


@router.get("/forks/evidence")
def download_evidence(desk: AtDesk, log: str = "", by: str = "") -> Response:
    """Hand out both heads of one contradiction as a bundle that anybody verifies with no network."""
    out = io.BytesIO()
    with desk.node.db.write() as session:
        oversight_forks.export(session, desk.node, desk.actor, (log, by), out)
    headers = {"Content-Disposition": f'attachment; filename="two-histories-{desk.node.unit}.zip"'}
    return Response(out.getvalue(), headers=headers, media_type="application/zip")


def _verdict(found: tuple[Contradiction, ...]) -> Verdict:
    if not found:
        text = gettext(
            "This node compares every signed head that it is shown with what it holds, and with other units."
        )
        return Verdict(good=True, title=gettext("No second history was ever seen"), text=text)
    text = gettext(
        "The keys of one log signed two heads that cannot both be true. That is proof against whoever holds the keys."
    )
    return Verdict(good=False, title=gettext("A log has shown two histories"), text=text)


def _json(one: Contradiction) -> dict[str, object]:
    heads = {"held": _head_json(one.held), "other": _head_json(one.other)}
    return {
        "log": one.log_id,
        "told_by": one.told_by,
        "found": instants.to_text(one.found),
        "plain": one.plain,
        **heads,
    }


def _head_json(one: Head) -> dict[str, object]:
    signed = one.signed
    said = {"size": signed.size, "root": signed.root, "fault": signed.fault or None}
    return {**said, "cosigned": list(one.cosigned), "note": signed.note.decode(errors="replace")}

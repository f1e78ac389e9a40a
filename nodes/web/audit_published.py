"""The checkpoints that the hub published before: who cosigned each, any two compared, each as a file."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from audit.merkle import MAX_SIZE
from crypto import instants
from nodes import oversight_proofs, oversight_published
from nodes.oversight_published import Published
from nodes.web.audit_words import Verdict
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import gettext, ngettext
from nodes.web.site import wants_json

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """A published checkpoint in words."""

    size: int
    root: str
    time: int
    cosigned: str
    units: str
    fault: str


@router.get("/checkpoints/published")
@router.get("/checkpoints/published.json")
def show_published(desk: AtDesk, below: Place = MAX_SIZE) -> Response:
    """Show what the hub published, an hour apart, the newest first."""
    with desk.node.db.write() as session:
        oversight_proofs.look(session, desk.node, desk.actor, "PUBLISHED")
        found, older = oversight_published.published(session, desk.node, min(below, MAX_SIZE))
    if wants_json(desk.request):
        lines = [_json(one) for one in found]
        return JSONResponse({"schema": "serai/published/1", "older": older, "checkpoints": lines})
    values = {"verdict": _verdict(found), "lines": [_line(one) for one in found], "older": older}
    return desk.page("published.html", values)


@router.get("/checkpoints/published/{size}")
def download_note(desk: AtDesk, size: Place) -> Response:
    """Hand out one of them with all its signatures, as the hub published it."""
    with desk.node.db.write() as session:
        oversight_proofs.look(session, desk.node, desk.actor, "PUBLISHED", str(size))
        note = oversight_published.note(session, desk.node, min(size, MAX_SIZE))
    headers = {"Content-Disposition": f'attachment; filename="checkpoint-{size}.txt"'}
    return Response(note, headers=headers, media_type="text/plain; charset=utf-8")


def _verdict(found: tuple[Published, ...]) -> Verdict:
    if any(one.signed.fault for one in found):
        text = gettext("One below is not signed by the log, or is not of the history that this node mirrors.")
        return Verdict(good=False, title=gettext("A checkpoint does not hold"), text=text)
    text = gettext("Each was signed by the log and has the root that this node’s own copy of the log has at its size.")
    return Verdict(good=True, title=gettext("Every checkpoint holds"), text=text)


def _line(one: Published) -> Line:
    said = one.witnessed
    count = ngettext("%s unit cosigned", "%s units cosigned", len(said.cosigned)) % len(said.cosigned)
    units = ", ".join(unit for unit, _ in said.cosigned)
    fault = gettext("It does not hold: %s") % one.signed.fault if one.signed.fault else ""
    return Line(one.signed.size, one.signed.root, one.kept, count, units, fault)


def _json(one: Published) -> dict[str, object]:
    return {
        "size": one.signed.size,
        "root": one.signed.root,
        "signed": instants.to_text(one.signed.time),
        "kept": instants.to_text(one.kept),
        "cosigned": [{"unit": unit, "time": instants.to_text(at)} for unit, at in one.witnessed.cosigned],
        "fault": one.signed.fault or None,
        "note": one.signed.note.decode(errors="replace"),
    }

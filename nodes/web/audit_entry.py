"""One entry of the log: the verdict, the way from it to the signed root as picture and as words, and the file."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from nodes import oversight_proofs
from nodes.oversight_proofs import Anchored, ProvenEntry
from nodes.oversight_steps import Step
from nodes.web.audit_ladder import Ladder, ladder
from nodes.web.audit_words import Act, Verdict, act_of, fault_text
from nodes.web.entrance import AtDesk, Place
from nodes.web.languages import gettext
from nodes.web.site import Desk, wants_json

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry ready for its page."""

    act: Act
    raw: str
    codes: str
    justification: str
    size: int
    root: str
    signed_at: int | None
    anchored: Anchored | None
    picture: Ladder
    steps: tuple[Step, ...]
    newer: int | None
    older: int | None


@router.get("/log/{index}")
@router.get("/log/{index}.json")
def show_entry(desk: AtDesk, index: Place) -> Response:
    """Show one entry with its proof."""
    found = open_entry(desk, index)
    if wants_json(desk.request):
        return JSONResponse(_json(found))
    values = {"shown": shown_of(desk, found), "verdict": verdict_of(found)}
    return desk.page("log_entry.html", values)


@router.get("/log/{index}/proof")
def download_proof(desk: AtDesk, index: Place) -> Response:
    """Hand out the `.tlog-proof` of an entry."""
    oversight_proofs.cover(desk.node, index)
    with desk.node.db.write() as session:
        data = oversight_proofs.take_out_proof(session, desk.node, desk.actor, index)
    name = f"{desk.node.log.log_id}-{index}.tlog-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, headers=headers, media_type="application/octet-stream")


def open_entry(desk: Desk, index: int) -> ProvenEntry:
    """Return one entry with its proof under a checkpoint that covers it; the look is in the log."""
    with desk.node.db.write() as session:
        oversight_proofs.look_at_entry(session, desk.node, desk.actor, index)
    oversight_proofs.cover(desk.node, index)
    with desk.node.db.read() as session:
        return oversight_proofs.entry(session, desk.node, index)


def shown_of(desk: Desk, found: ProvenEntry) -> Shown:
    """Return an entry ready for its page."""
    index, size = found.act.index, found.size
    return Shown(
        act=act_of(desk, found.act),
        raw=found.raw.decode(errors="replace"),
        codes=", ".join(found.codes),
        justification=found.justification if found.justification is not None else "",
        size=size,
        root=found.root,
        signed_at=found.signed.time if found.signed is not None else None,
        anchored=found.anchored,
        picture=ladder(found.leaf, found.steps),
        steps=found.steps,
        newer=index + 1 if index + 1 < size else None,
        older=index - 1 if index else None,
    )


def verdict_of(found: ProvenEntry) -> Verdict:
    """Return whether the entry is proved, and why."""
    index, count = found.act.index, len(found.steps)
    if found.act.fault:
        title = gettext("Entry %s is not proved") % index
        return Verdict(good=False, title=title, text=fault_text(found.act.fault), root="")
    text = gettext("The root computed from the entry and %s hashes of its proof is the one that the log’s keys signed.")
    return Verdict(good=True, title=gettext("Entry %s is in the log") % index, text=text % count, root="")


def _json(found: ProvenEntry) -> dict[str, object]:
    act = found.act
    return {
        "schema": "serai/log-entry/1",
        "index": act.index,
        "operation": act.operation,
        "actor": act.actor,
        "role": act.role,
        "unit": act.unit,
        "case": act.case_ref,
        "message": act.message_id,
        "eid": act.eid,
        "at": instants.to_text(act.at),
        "leaf": found.leaf,
        "proven": act.proven,
        "fault": act.fault or None,
        "entry": found.raw.decode(errors="replace"),
        "checkpoint": found.signed.note.decode() if found.signed is not None else None,
        "size": found.size,
        "root": found.root,
        "anchor": _anchor(found.anchored),
        "path": [step.given for step in found.steps],
    }


def _anchor(found: Anchored | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {"size": found.size, "cosigned": instants.to_text(found.cosigned), "hub_index": found.hub_index}

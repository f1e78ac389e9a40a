"""Evidence of a message or a case as one file for a court, handed to an auditor: without content, under his mandate."""

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, StreamingResponse

from exchange.policy.facts import Action
from nodes import evidence
from nodes.errors import NotFound
from nodes.evidence import Wanted
from nodes.oversight_mandates import mandate_of
from nodes.permissions import require
from nodes.web.entrance import AtDesk
from nodes.web.site import Desk
from nodes.web.stepping import prove

router: Final = APIRouter()
_CHUNK: Final = 1 << 18


@router.get("/log/evidence")
def show_evidence(desk: AtDesk, message: str = "", case: str = "") -> HTMLResponse:
    """Show what would be taken out, of what, and on which mandate."""
    wanted = _wanted(desk, message, case)
    with desk.node.db.read() as session:
        evidence.check(session, desk.node, desk.actor, wanted)
    return desk.page("audit_evidence.html", {"message": message, "case": case, "mandate": wanted.reason})


@router.post("/log/evidence")
def take_evidence(desk: AtDesk) -> StreamingResponse:
    """Hand the evidence out to an auditor who confirmed it with a factor."""
    return hand_out(desk, _wanted(desk, desk.text("message"), desk.text("case")))


def _wanted(desk: Desk, message: str, case: str) -> Wanted:
    """Return what an auditor takes out on his mandate; raises `Denied`, `MandateNeeded`, `NotFound`."""
    require(desk.actor, Action.READ_LOG)
    with desk.node.db.read() as session:
        reason = mandate_of(session, desk.node, desk.actor, demand=True)
    if bool(message) == bool(case):
        raise NotFound
    return Wanted(message_id=message or None, case_ref=case or None, reason=reason)


def hand_out(desk: Desk, wanted: Wanted) -> StreamingResponse:
    """Return the evidence as a download, once it is confirmed; raises what `evidence.export` raises, and `ProofNeeded`.

    The file is on the disk of this node only while it is sent.
    """
    confirmed = evidence.confirmed_as(desk.actor, wanted)
    with desk.node.db.write() as session:
        evidence.check(session, desk.node, desk.actor, wanted)
        if confirmed is not None:
            prove(session, desk, confirmed)
    out = tempfile.TemporaryFile()  # noqa: SIM115  (the stream closes it when everything is sent)
    try:
        evidence.export(desk.node, desk.actor, wanted, out)
    except BaseException:
        out.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="evidence-{desk.node.unit}.zip"'}
    return StreamingResponse(_sent(out), headers=headers, media_type="application/zip")


def _sent(out: BinaryIO) -> Iterator[bytes]:
    with out:
        while chunk := out.read(_CHUNK):
            yield chunk

"""Evidence of a message or a case as one file for a court, handed to an auditor: without content, under his mandate."""

import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from exchange.policy.facts import Action
from nodes import evidence
from nodes.errors import NotFound
from nodes.evidence import Wanted
from nodes.oversight_mandates import mandate_of
from nodes.permissions import require
from nodes.web.entrance import AtDesk
from nodes.web.site import Desk

router: Final = APIRouter()
_CHUNK: Final = 1 << 18


@router.get("/log/evidence")
def download_evidence(desk: AtDesk, message: str = "", case: str = "") -> StreamingResponse:
    """Gather, verify and hand out the evidence; the file is on the disk of this node only while it is sent."""
    require(desk.actor, Action.READ_LOG)
    with desk.node.db.read() as session:
        reason = mandate_of(session, desk.node, desk.actor, demand=True)
    if bool(message) == bool(case):
        raise NotFound
    return hand_out(desk, Wanted(message_id=message or None, case_ref=case or None, reason=reason))


def hand_out(desk: Desk, wanted: Wanted) -> StreamingResponse:
    """Return the evidence as a download; raises what `evidence.export` raises."""
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

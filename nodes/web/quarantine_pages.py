"""The page of what was not opened: what came, from whom, why it was not taken in, and what happens next.

It shows no content, because there is none: nothing here was opened.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from crypto import instants
from nodes import inbox
from nodes.arrivals import HELD
from nodes.views import Quarantined
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.site import Desk, wants_json
from nodes.web.wording import State

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Line:
    """One arrival in words; `again` is when it is tried next (unix seconds), None once it is final."""

    index: int
    sender: str
    since: int
    why: str
    reason: str
    state: State
    again: int | None


@router.get("/quarantine")
@router.get("/quarantine.json")
def show_quarantine(desk: AtDesk) -> Response:
    """Show the arrivals that were not opened, the newest first."""
    with desk.node.db.read() as session:
        found = inbox.quarantined(session, desk.actor)
    if wants_json(desk.request):
        return JSONResponse({"schema": "serai/quarantine/1", "arrivals": [_json(one) for one in found]})
    return desk.page("quarantine.html", {"lines": [_line(desk, one) for one in found]})


def _line(desk: Desk, one: Quarantined) -> Line:
    sender = wording.unit_name(desk.node, one.sender) if one.sender else ""
    again = one.retry_at if one.state == HELD else None
    return Line(
        one.hub_index, sender, one.since, wording.finding(one.reason), one.reason, wording.state(one.state), again
    )


def _json(one: Quarantined) -> dict[str, object]:
    return {
        "index": one.hub_index,
        "sender": one.sender,
        "reason": one.reason,
        "state": one.state,
        "since": instants.to_text(one.since),
        "attempts": one.attempts,
    }

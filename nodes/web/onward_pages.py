"""Passing on what another unit gave: to whom it may go, and whom to ask where it may not."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from nodes import concerns, drafts, forwarding
from nodes.drafts import NewDraft
from nodes.views import MessageDetail
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import language
from nodes.web.refusals import Reason, reasons
from nodes.web.site import Desk, see
from schemas.kind import Effect

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a message may go, in what kind of message, where it may not go and why, and what to ask with."""

    units: tuple[Option, ...]
    kinds: tuple[Option, ...]
    closed: str
    reasons: tuple[Reason, ...]
    asking: tuple[str, ...]
    sender: str


@router.post("/messages/{message_id}/pass")
def pass_on(desk: AtDesk, message_id: str) -> Response:
    """Begin a message that carries this one on; its rules are asked again when it is sealed."""
    new = NewDraft(desk.text("kind"), recipients=(desk.text("to"),), passes=message_id)
    with desk.node.db.write() as session:
        draft = drafts.create(session, desk.node, desk.actor, new)
    return see(f"/drafts/{draft.draft_id}")


def beside(desk: Desk, found: MessageDetail) -> dict[str, Any]:
    """Return for the page of a message where it may go from here; `onward` is None where that is no question."""
    with desk.node.db.read() as session:
        ways = forwarding.ways(session, desk.node, desk.actor, found.row)
    if not (ways.open or ways.rules):
        return {"onward": None}
    kinds, helped = forwarding.kinds(desk.actor), any(rule.remedy == "ASK_PERMISSION" for rule in ways.rules)
    return {
        "onward": Onward(
            tuple(Option(unit, wording.unit_name(desk.node, unit), chosen=False) for unit in ways.open),
            tuple(Option(kind.code, kind.label.say(language()), chosen=False) for kind in kinds),
            ", ".join(wording.unit_name(desk.node, unit) for unit in ways.closed),
            reasons(ways.rules),
            concerns.kinds(Effect.ASKS) if helped else (),
            wording.unit_name(desk.node, found.row.sender),
        )
    }

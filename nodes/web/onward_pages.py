"""Passing on what another unit gave: to which unit it may go, and before a court; whom to ask where it may not."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from exchange.policy.facts import Action
from nodes import drafts, forwarding
from nodes.drafts import NewDraft
from nodes.permissions import allowed
from nodes.views import MessageDetail
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.languages import language
from nodes.web.refusals import Reason, reasons
from nodes.web.site import Desk, see
from schemas.kinds import KINDS

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a message may go, in what kind of message, and where it may not go and why.

    `court`: whoever reads it may also take out evidence, which a page of its own judges.
    """

    units: tuple[Option, ...]
    kinds: tuple[Option, ...]
    closed: str
    reasons: tuple[Reason, ...]
    sender: str
    purpose: str
    court: bool


@router.post("/messages/{message_id}/pass")
def pass_on(desk: AtDesk, message_id: str) -> Response:
    """Begin a message that carries this one on; its rules are asked again when it is sealed."""
    new = NewDraft(desk.text("kind"), recipients=(desk.text("to"),), passes=message_id)
    with desk.node.db.write() as session:
        draft = drafts.create(session, desk.node, desk.actor, new)
    return see(f"/drafts/{draft.draft_id}")


def asks(onward: Onward | None) -> bool:
    """Return whether permission is asked for from there: under a rule that forbids it, or on the page for courts."""
    return onward is not None and (onward.court or bool(onward.reasons))


def beside(desk: Desk, found: MessageDetail) -> dict[str, Any]:
    """Return for the page of a message where it may go from here; `onward` is None where that is no question."""
    with desk.node.db.read() as session:
        ways = forwarding.ways(session, desk.node, desk.actor, found.row)
    court = KINDS[found.row.kind].family != "control" and allowed(desk.actor, Action.EXPORT_EVIDENCE)
    if not (ways.open or ways.rules or court):
        return {"onward": None}
    kinds = forwarding.kinds(desk.actor)
    return {
        "onward": Onward(
            tuple(Option(unit, wording.unit_name(desk.node, unit), chosen=False) for unit in ways.open),
            tuple(Option(kind.code, kind.label.say(language()), chosen=False) for kind in kinds),
            ", ".join(wording.unit_name(desk.node, unit) for unit in ways.closed),
            reasons(ways.rules),
            wording.unit_name(desk.node, found.row.sender),
            str(found.common.get("purpose", "")),
            court,
        )
    }

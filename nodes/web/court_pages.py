"""A message before a court: whether the rules allow it for a purpose, whom to ask if they do not, and the evidence."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from exchange.policy.facts import Action
from exchange.policy.rulebook import Rule
from nodes import evidence, messages
from nodes.errors import Refused, RestrictionUnread
from nodes.evidence import Wanted
from nodes.permissions import require
from nodes.web import message_parts, wording
from nodes.web.audit_evidence import hand_out
from nodes.web.entrance import AtDesk
from nodes.web.forms import Option
from nodes.web.inbox_pages import kind_label
from nodes.web.languages import gettext
from nodes.web.refusals import reasons
from nodes.web.site import Desk, see
from nodes.web.wording import Problem
from schemas import codes

router: Final = APIRouter()
_SHORTEST: Final = 10


@router.get("/messages/{message_id}/court")
def show(desk: AtDesk, message_id: str, purpose: str = "") -> Response:
    """Show whether a message may be shown to a court for one purpose, and what forbids it."""
    require(desk.actor, Action.EXPORT_EVIDENCE)
    return _show(desk, message_id, purpose, ())


@router.post("/messages/{message_id}/court")
def take_out(desk: AtDesk, message_id: str) -> Response:
    """Hand out the evidence of a message with what it says: for a court that the log names, confirmed with a factor."""
    require(desk.actor, Action.EXPORT_EVIDENCE)
    purpose, reason = desk.text("purpose"), desk.text("reason")
    if len(reason) < _SHORTEST:
        text = gettext("Say for which court and which case. At least 10 characters.")
        return _show(desk, message_id, purpose, (Problem(text, "#reason"),), 422)
    with desk.node.db.read() as session:
        evidence.require_court(session, desk.node, desk.actor, message_id, purpose)
    return hand_out(desk, Wanted(message_id=message_id, with_content=True, reason=reason, purpose=purpose))


def _show(desk: Desk, message_id: str, purpose: str, problems: tuple[Problem, ...], status: int = 200) -> Response:
    try:
        with desk.node.db.write() as session:
            found = messages.read(session, desk.node, desk.actor, message_id)
    except RestrictionUnread:
        return see(f"/messages/{message_id}")
    row, given_for = found.row, str(found.common.get("purpose", ""))
    offered = [code for code, one in codes.table("purposes").items() if not one.extra["exercise_only"]]
    chosen = purpose if purpose in offered else given_for
    forbidden = _forbidden(desk, message_id, chosen)
    values = {
        "message_id": message_id,
        "kind": kind_label(row.kind),
        "subject": row.subject,
        "sender": wording.unit_name(desk.node, row.sender),
        "handling_codes": wording.handling(row.handling),
        **message_parts.marks(desk, found),
        "purpose": chosen,
        "purposes": [Option(code, wording.label("purposes", code), code == chosen) for code in offered],
        "given_for": wording.label("purposes", given_for),
        "allowed": forbidden is None,
        "reasons": reasons(forbidden or ()),
        "reason": desk.text("reason"),
        "problems": problems,
    }
    return desk.page("court.html", values, status, counterpart=row.sender)


def _forbidden(desk: Desk, message_id: str, purpose: str) -> tuple[Rule, ...] | None:
    """Return the rules that keep a message from a court, none of them where no role allows it; None: it may go."""
    try:
        with desk.node.db.read() as session:
            evidence.require_court(session, desk.node, desk.actor, message_id, purpose)
    except Refused as refused:
        return refused.rules
    return None

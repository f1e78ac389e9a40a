"""A message before a court: whether the rules allow it for a purpose and use, whom to ask if not, and the evidence."""

from dataclasses import replace
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
from nodes.web.refusals import reasons, to_court
from nodes.web.site import Desk, see
from nodes.web.wording import Problem
from schemas import codes

router: Final = APIRouter()
_SHORTEST: Final = 10


@router.get("/messages/{message_id}/court")
def show(desk: AtDesk, message_id: str, purpose: str = "", use: str = "") -> Response:
    """Show whether what a message says may be handed out for one purpose and use, and what forbids it."""
    require(desk.actor, Action.EXPORT_EVIDENCE)
    return _show(desk, Wanted(message_id=message_id, purpose=purpose, use=use), ())


@router.post("/messages/{message_id}/court")
def take_out(desk: AtDesk, message_id: str) -> Response:
    """Hand out the evidence of a message with what it says: for a court that the log names, confirmed with a factor."""
    require(desk.actor, Action.EXPORT_EVIDENCE)
    told = {name: desk.text(name) for name in ("purpose", "reason", "use")}
    wanted = Wanted(message_id=message_id, with_content=True, **told)
    if len(wanted.reason) < _SHORTEST:
        text = gettext("Say for which court and which case. At least 10 characters.")
        return _show(desk, wanted, (Problem(text, "#reason"),), 422)
    with desk.node.db.read() as session:
        evidence.require_court(session, desk.node, desk.actor, wanted)
    return hand_out(desk, wanted)


def _show(desk: Desk, wanted: Wanted, problems: tuple[Problem, ...], status: int = 200) -> Response:
    message_id = wanted.message_id or ""
    try:
        with desk.node.db.write() as session:
            found = messages.read(session, desk.node, desk.actor, message_id)
    except RestrictionUnread:
        return see(f"/messages/{message_id}")
    row, given_for = found.row, str(found.common.get("purpose", ""))
    purposes = [code for code, one in codes.table("purposes").items() if not one.extra["exercise_only"]]
    uses = codes.table("court_uses")
    purpose = wanted.purpose if wanted.purpose in purposes else given_for
    use = wanted.use if wanted.use in uses else next(iter(uses))
    forbidden = _forbidden(desk, replace(wanted, purpose=purpose, use=use))
    values = {
        "message_id": message_id,
        "kind": kind_label(row.kind),
        "subject": row.subject,
        "sender": wording.unit_name(desk.node, row.sender),
        "handling_codes": wording.handling(row.handling),
        **message_parts.marks(desk, found),
        "purpose": purpose,
        "purposes": [Option(code, wording.label("purposes", code), code == purpose) for code in purposes],
        "use": use,
        "uses": [{"value": code, "text": wording.label("court_uses", code), "checked": code == use} for code in uses],
        "given_for": wording.label("purposes", given_for),
        "allowed": forbidden is None,
        "reasons": reasons(forbidden or (), to_court(uses[use])),
        "reason": wanted.reason,
        "problems": problems,
    }
    return desk.page("court.html", values, status, counterpart=row.sender)


def _forbidden(desk: Desk, wanted: Wanted) -> tuple[Rule, ...] | None:
    """Return the rules that keep a message from this use, none of them where no role allows it; None: it may go."""
    try:
        with desk.node.db.read() as session:
            evidence.require_court(session, desk.node, desk.actor, wanted)
    except Refused as refused:
        return refused.rules
    return None

"""The administrator's page of keys: what speaks for the unit now, and the next keys that need a second person.

It shows public ids alone; keys are made at the machine (`serai node rotate`).
"""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from exchange.policy.facts import Action
from nodes import keys, rekeying
from nodes.approvals import Approval, State, Step
from nodes.errors import BadInput
from nodes.permissions import require
from nodes.tables import KeyRow
from nodes.web import wording
from nodes.web.deed_words import KEYS
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext
from nodes.web.site import see
from nodes.web.stepping import approving, prove

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key of the unit in words."""

    purpose: str
    kid: str
    since: int
    ends: int
    state: wording.State


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A key that was asked for, in words, and whether an administrator must still decide."""

    approval_id: str
    digest: str
    purpose: str
    reason: str
    asked_by: str
    asked_at: int
    expires: int
    decided_by: str
    state: wording.State
    open: bool


@router.get("/keys")
def show_keys(desk: AtDesk) -> HTMLResponse:
    """Show the keys of the unit that have not ended, and the next ones that were asked for."""
    require(desk.actor, Action.ADMINISTER_KEYS)
    with desk.node.db.read() as session:
        alive = select(KeyRow).where(KeyRow.not_after > desk.node.now(), KeyRow.erased_at.is_(None))
        rows = session.scalars(alive.order_by(KeyRow.not_before.desc(), KeyRow.kid)).all()
        used = set(keys.ids(session).values())
        asked = rekeying.waiting(session, desk.node)
    ordered = sorted(rows, key=lambda row: list(KEYS).index(row.purpose))
    lines = [_key(row, in_use=row.kid in used) for row in ordered]
    return desk.page("keys.html", {"lines": lines, "asked": [_asked(one) for one in asked]})


@router.post("/keys/{approval_id}")
def decide(desk: AtDesk, approval_id: str) -> Response:
    """Agree that the operator makes the next key, or refuse it."""
    require(desk.actor, Action.ADMINISTER_KEYS)
    step = {"approve": Step.APPROVE, "refuse": Step.REFUSE}.get(desk.text("decision"))
    if step is None:
        raise BadInput("decision")
    with desk.node.db.write() as session:
        found = rekeying.get(session, desk.node, desk.actor, approval_id)
        if step is Step.APPROVE:
            prove(session, desk, approving(found))
        rekeying.decide(session, desk.node, desk.actor, (approval_id, desk.text("digest")), step)
    return see("/keys", "decided")


def _key(row: KeyRow, *, in_use: bool) -> KeyLine:
    if row.posted_at is None:
        state = wording.State(gettext("Waits for the directory"), "yellow")
    else:
        state = wording.State(gettext("In use"), "green") if in_use else wording.State(gettext("Used before"), "grey")
    return KeyLine(gettext(KEYS[row.purpose]), row.kid, row.not_before, row.not_after, state)


def _asked(one: Approval) -> AskedLine:
    return AskedLine(
        one.approval_id,
        one.digest,
        gettext(KEYS[one.wanted.target]),
        one.reason,
        one.asked_by,
        one.asked_at,
        one.expires,
        one.decided_by or "",
        wording.approval_state(one.state),
        one.state is State.ASKED,
    )

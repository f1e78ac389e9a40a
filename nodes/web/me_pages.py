"""The page of one's own account: how one signs in, where one is signed in, printed codes, passkeys."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from nodes import ways_in
from nodes.deeds import Deed, Exact, ProofRefused
from nodes.errors import BadInput
from nodes.proofs import Shown
from nodes.web import wording
from nodes.web.entrance import AtDesk
from nodes.web.languages import gettext
from nodes.web.site import Desk, see
from nodes.web.stepping import prove
from nodes.web.wording import Problem

router: Final = APIRouter()


@router.get("/me")
def me(desk: AtDesk) -> HTMLResponse:
    """Show the ways into one's own account."""
    return _page(desk, ())


@router.post("/me/passkeys")
def add_passkey(desk: AtDesk) -> Response:
    """Keep the passkey that the browser made, once another factor confirms it."""
    label, shown = desk.text("label"), Shown(desk.text("ticket"), desk.text("passkey"))
    try:
        with desk.node.db.write() as session:
            prove(session, desk, Exact(Deed.PASSKEY_ADD, desk.actor.user_id, {"label": label}))
            ways_in.add_passkey(session, desk.node, desk.actor, label, shown)
    except (ProofRefused, BadInput):
        text = gettext("The passkey was not added. Give it a name, and make it anew.")
        return _page(desk, (Problem(text, "#label"),), 422)
    return see("/me", "passkey-added")


@router.post("/me/passkeys/{credential_id}/remove")
def remove_passkey(desk: AtDesk, credential_id: str) -> Response:
    """Take a passkey away, once another factor confirms it."""
    with desk.node.db.write() as session:
        prove(session, desk, Exact(Deed.PASSKEY_REMOVE, credential_id))
        ways_in.remove_passkey(session, desk.node, desk.actor, credential_id)
    return see("/me", "passkey-removed")


@router.post("/me/codes")
def print_codes(desk: AtDesk) -> HTMLResponse:
    """Show a new sheet of one-time codes, this once."""
    with desk.node.db.write() as session:
        prove(session, desk, Exact(Deed.CODES_PRINT, desk.actor.user_id))
        codes = ways_in.print_codes(session, desk.node, desk.actor)
    return desk.page("printed.html", {"codes": codes})


@router.post("/me/sessions")
def end_others(desk: AtDesk) -> Response:
    """End one's other sessions."""
    with desk.node.db.write() as session:
        ways_in.end_others(session, desk.node, desk.actor)
    return see("/me", "others-ended")


def _page(desk: Desk, problems: tuple[Problem, ...], status: int = 200) -> HTMLResponse:
    with desk.node.db.read() as session:
        ways = ways_in.of(session, desk.node, desk.actor)
        ticket, options = ways_in.offer_passkey(session, desk.node, desk.actor)
    sittings = [(sitting, wording.level(sitting.level)) for sitting in ways.sittings]
    values = {"ways": ways, "sittings": sittings, "ticket": ticket, "options": options, "problems": problems}
    return desk.page("me.html", values, status)

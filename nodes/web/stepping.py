"""Confirming one exact act: the page that asks for a factor, and what was shown on it. It knows no single act.

Whoever is asked gets the same form back with everything that was posted, and the factor beside it; so the use case runs
again from the beginning, and this time `nodes.proofs.require` finds what it needs.
"""

from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from nodes import deciding, drafts, proofs
from nodes.approvals import Approval
from nodes.deeds import Deed, Exact, ProofNeeded
from nodes.proofs import Shown
from nodes.views import SignedIn
from nodes.web.deed_words import deed, parameter, target
from nodes.web.entrance import node_of
from nodes.web.languages import gettext
from nodes.web.site import Desk
from nodes.web.wording import Problem

TICKET: Final = "proof-ticket"
ANSWER: Final = "proof-answer"
CODE: Final = "proof-code"
_OWN: Final = frozenset({TICKET, ANSWER, CODE, "csrf"})


def prove(session: Session, desk: Desk, exact: Exact) -> None:
    """Return if the person has confirmed exactly this act on this request; raises `ProofNeeded`, which asks for it."""
    ticket = desk.text(TICKET)
    shown = Shown(ticket, desk.text(ANSWER), desk.text(CODE).replace(" ", "")) if ticket else None
    proofs.require(session, desk.node, desk.actor, exact, shown)


def approving(approval: Approval) -> Exact:
    """Return what the second person does who approves: exactly what was asked, by its digest."""
    wanted = approval.wanted
    return Exact(Deed.APPROVAL, wanted.target, {"what": wanted.what, "digest": approval.digest})


def prove_decision(session: Session, desk: Desk, draft_id: str) -> None:
    """Return if the person has confirmed what one's own draft decides about the use of information, or it does not."""
    draft = drafts.get(session, desk.node, desk.actor, draft_id)
    decided = deciding.exact(draft.kind, draft.form)
    if decided is not None:
        prove(session, desk, decided)


def ask(request: Request, signed_in: SignedIn, needed: ProofNeeded) -> HTMLResponse:
    """Return the page that asks for a factor, with all that was posted; counts what was refused."""
    node = node_of(request)
    form = request.state.form
    if needed.refused:
        proofs.refused(node, signed_in.actor)
    with node.db.read() as session:
        offer = proofs.offer(session, node, signed_in.actor, needed.exact)
    text = gettext("That did not confirm it. Use a new code, or your passkey.")
    values = {
        "what": deed(needed.exact.deed),
        "target": target(needed.exact),
        "parameters": [parameter(name, value) for name, value in needed.exact.parameters.items() if value],
        "action": request.url.path,
        "posted": [(name, value) for name, value in form.multi_items() if name not in _OWN],
        "offer": offer,
        "problems": (Problem(text, f"#{CODE}"),) if needed.refused else (),
    }
    return Desk(request, node, signed_in, form).page("stepup.html", values, 428)

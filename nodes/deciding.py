"""Decisions about the use of information: asked of the rules for each item, and confirmed with a factor.

To permit, to refuse and to take back: what is confirmed is the whole text, to whom it goes and what it decides. Nothing
is sealed here.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from crypto.canonical import Json
from exchange.policy.facts import Act
from nodes import case_acts, concerns, draft_rows
from nodes.deeds import Deed, Exact
from nodes.judging import Wish
from nodes.node import Node
from nodes.tables import MessageRow
from nodes.views import Actor, DraftForm
from schemas.codes import table
from schemas.items import named
from schemas.kind import Effect

_DECIDES: Final = frozenset(concerns.kinds(Effect.GRANTS, Effect.REVOKES))
_WISH: Final = Wish(Act.DECIDE_PERMISSION, proved=True)
"""How the rules are asked: the factor is shown where the message is sealed."""


def require(session: Session, node: Node, actor: Actor, kind: str, body: Mapping[str, Json]) -> None:
    """Return if the rules let `actor` decide what such a message decides about its items, if it does; raises `Refused`.

    Of what was erased nothing is permitted any more; that is still said, and what was permitted is still taken back.
    """
    if kind not in _DECIDES:
        return
    gives = "valid_until" in body
    for number in sorted({item.message for item in named(body)}):
        row = session.get(MessageRow, number)
        if row is not None and (gives or row.sealed):
            case_acts.require_message(session, node, actor, row, _WISH)


def exact(kind: str, form: DraftForm) -> Exact | None:
    """Return what is confirmed before such a message is sealed; None for one that decides nothing of this kind."""
    if kind not in _DECIDES:
        return None
    decision = str(form.body.get("decision", ""))
    told = {
        "kind": kind,
        "decision": decision if decision in table("permission_decisions") else "",
        "digest": hashlib.sha512(draft_rows.plain(form)).hexdigest(),
    }
    return Exact(Deed.PERMISSION, ", ".join((*form.recipients, *form.copies)), told)

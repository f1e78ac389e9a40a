"""Decisions about the use of information: to permit, to refuse and to take back is confirmed with a factor.

What is confirmed is the whole text, to whom it goes and what it decides. Nothing is sealed here.
"""

import hashlib
from typing import Final

from nodes import concerns, draft_rows
from nodes.deeds import Deed, Exact
from nodes.views import DraftForm
from schemas.codes import table
from schemas.kind import Effect

_DECIDES: Final = frozenset(concerns.kinds(Effect.GRANTS, Effect.REVOKES))


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

"""Why an auditor looks for a person or a case, or takes something out: asked once a sitting, logged with each such act.

Article 25 of Directive (EU) 2016/680 wants the justification of consultation and disclosure on record. It is kept with
the session, sealed, and ends with it.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from exchange.policy.facts import Action
from nodes import log, rest
from nodes.account_tables import SessionRow
from nodes.errors import BadInput, MandateNeeded
from nodes.node import Node
from nodes.permissions import require
from nodes.views import Actor

SHORTEST: Final = 10


def state(session: Session, node: Node, actor: Actor, mandate: str) -> None:
    """Keep why `actor` sits here, and log it; raises `Denied`, or `BadInput` for what says too little or too much."""
    require(actor, Action.READ_LOG)
    words = " ".join(mandate.split())
    if not SHORTEST <= len(words) <= log.LONGEST_WORDS:
        raise BadInput("mandate")
    row = _session(session, actor)
    row.mandate = node.store.kek.seal(words.encode(), *rest.place("session", row.token_hash, "mandate"))
    log.record(session, node, replace(log.by(actor, "AUDIT_ACCESS"), codes=("MANDATE",), justification=words))


def mandate_of(session: Session, node: Node, actor: Actor, *, demand: bool) -> str:
    """Return what the auditor stated in this sitting, else what he was admitted for.

    Raises `MandateNeeded` if he must have said it and has not.
    """
    row = session.get(SessionRow, actor.session) if actor.session is not None else None
    if row is None or row.mandate is None:
        if actor.visit is not None:
            return actor.visit.mandate
        if demand:
            raise MandateNeeded
        return ""
    return node.store.kek.open(row.mandate, *rest.place("session", row.token_hash, "mandate")).decode()


def _session(session: Session, actor: Actor) -> SessionRow:
    row = session.get(SessionRow, actor.session) if actor.session is not None else None
    if row is None:
        raise MandateNeeded
    return row

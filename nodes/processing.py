"""The register of processing (article 24 of Directive (EU) 2016/680): to whom this unit may give what, and how often.

Taken from what binds anyway, the signed directory, and from the log's rows; nothing is kept for it.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exchange.policy.facts import Action
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import EventRow
from nodes.views import Actor


@dataclass(frozen=True, slots=True)
class Recipient:
    """A unit that an agreement lets receive: families, up to which classification, how many disclosures so far."""

    unit: str
    families: tuple[str, ...]
    classification: str
    disclosures: int


def recipients(session: Session, node: Node, actor: Actor) -> tuple[Recipient, ...]:
    """Return every unit that may receive from this one, by its id; raises `Denied`, `NotReady` without a directory."""
    require(actor, Action.PROTECT_DATA)
    told = select(EventRow.unit, func.count()).where(EventRow.operation == "DISCLOSE", EventRow.denied == 0)
    counts = dict(session.execute(told.group_by(EventRow.unit)).all())
    agreed = [one for one in node.directory().federation.agreements if one.sender == node.unit]
    found = (Recipient(one.recipient, one.families, one.classification, counts.get(one.recipient, 0)) for one in agreed)
    return tuple(sorted(found, key=lambda one: (one.unit, one.families)))

"""To whom what another unit gave may be passed on now, and which rules keep it from the others. It decides nothing."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from exchange.policy.rulebook import Rule
from nodes import judging, messages, restrictions
from nodes.judging import Wish
from nodes.node import Node
from nodes.permissions import may_write
from nodes.views import Actor, InboxRow
from schemas.kind import Kind
from schemas.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Ways:
    """The units that a message may go to, those that it may not, and the rules that say so."""

    open: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


def ways(session: Session, node: Node, actor: Actor, message: InboxRow) -> Ways:
    """Return where a message that `actor` has read may go from here; nowhere for what is ours or no information."""
    if message.direction != "IN" or not kinds(actor):
        return Ways()
    opened = messages.opened(session, node, actor, message.message_id, Act.READ)
    if opened.row.family == "control":
        return Ways()
    confirmed = restrictions.confirmed(session, actor, message.message_id)
    others = [one.unit for one in node.directory().units() if one.unit not in {node.unit, message.sender}]
    found = {
        unit: judging.decide(node, actor, opened.subject, Wish(Act.OTHER_UNIT, to=unit, text_confirmed=confirmed))
        for unit in others
    }
    closed = {unit: decision.rules for unit, decision in found.items() if not decision.allowed and decision.rules}
    return Ways(
        tuple(unit for unit, decision in found.items() if decision.allowed),
        tuple(closed),
        tuple({rule.name: rule for rules in closed.values() for rule in rules}.values()),
    )


def kinds(actor: Actor) -> tuple[Kind, ...]:
    """Return the kinds of message in which `actor` may pass information on: those that open an exchange."""
    opening = (kind for kind in KINDS.values() if not kind.answers and kind.concern is None)
    return tuple(kind for kind in opening if may_write(actor, kind) and actor.agency in kind.senders)

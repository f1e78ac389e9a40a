"""To whom what another unit gave may be passed on now, and which rules keep it from the others. It decides nothing."""

from dataclasses import dataclass, replace
from itertools import chain

from sqlalchemy.orm import Session

from exchange.policy.facts import Act
from exchange.policy.rulebook import Rule
from nodes import judging, messages, quoting, restrictions
from nodes.node import Node
from nodes.permissions import may_write
from nodes.views import Actor, InboxRow
from schemas.items import Item
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
    item = quoting.as_item(session, node, opened.subject, opened.content, Item(message.message_id))
    others = [one for one in node.directory().units() if one.unit not in {node.unit, message.sender}]
    carrying = quoting.carrying(node, opened.row)
    found = {
        one.unit: [
            judging.decide(node, actor, item, replace(wish, text_confirmed=confirmed))
            for wish in (carrying, quoting.passing(one))
        ]
        for one in others
    }
    refused = {unit: [one.rules for one in decided if not one.allowed] for unit, decided in found.items()}
    closed = {unit: dict.fromkeys(chain.from_iterable(rules)) for unit, rules in refused.items()}
    return Ways(
        tuple(unit for unit, rules in refused.items() if not rules),
        tuple(unit for unit, rules in closed.items() if rules),
        tuple(dict.fromkeys(chain.from_iterable(closed.values()))),
    )


def kinds(actor: Actor) -> tuple[Kind, ...]:
    """Return the kinds of message in which `actor` may pass information on: those that open an exchange."""
    opening = (kind for kind in KINDS.values() if not kind.answers and kind.concern is None)
    return tuple(kind for kind in opening if may_write(actor, kind) and actor.agency in kind.senders)

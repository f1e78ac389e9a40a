"""Received information leaves only as its giver allows: asked of the rules for each item that a message carries.

What a message carries it names itself (label `passed_on`). Giving something back to the unit that gave it discloses
nothing. Whether the codes of the message are as strict as those of what it carries, its author answers for.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from exchange.policy.facts import Act
from nodes import grants, judging, onward, restrictions, storing
from nodes.judging import Subject, Wish
from nodes.tables import MessageRow
from nodes.views import Actor
from nodes.work import Work
from schemas.content import Content
from schemas.items import Item, named
from schemas.words import Words

FORBIDS: Final = "PASSING_FORBIDDEN"
NOT_HELD: Final = Words(
    "Remove {item} from the received information: this unit does not hold it.",
    "Удалите {item} из полученных сведений: у вашего подразделения их нет.",
)
FORBIDDEN: Final = Words(
    "Ask for permission to pass {item} on to {unit}, or remove it.",
    "Запросите разрешение передать {item} подразделению {unit} или удалите эти сведения.",
)


def refusals(work: Work, actor: Actor, content: Content) -> Iterator[tuple[str, Words, dict[str, str]]]:
    """Yield code, words and their values for whatever may not be carried to one of the units that get the message."""
    for item in sorted(named(content.labels, "passed_on")):
        origins = onward.origins(work, item)
        name = f"{item.message} {item.object}".strip()
        if not origins:
            yield "NOT_HELD", NOT_HELD, {"item": name}
        for unit in sorted(content.units - origins) if origins != {work.node.unit} else ():
            wish = Wish(Act.OTHER_UNIT, to=unit, purpose=content.label("purpose"))
            if not all(_may(work, actor, (carrier, item), wish) for carrier in onward.carriers(work, item)):
                yield FORBIDS, FORBIDDEN, {"item": name, "unit": unit}


def _may(work: Work, actor: Actor, held: tuple[MessageRow, Item], wish: Wish) -> bool:
    """Return whether the rules let `actor` give an item away, under the labels of the message that brought it."""
    row, item = held
    node, session = work.node, work.session
    labels = storing.content_of(node, work.case(row.case_id), work.whole(row)).labels
    permissions = grants.covering(session, node.now(), item)
    standing, recalled = judging.standing(session, node, actor, row.case_id), judging.is_recalled(session, node, row)
    subject = Subject(row, labels, standing, recalled, permissions)
    confirmed = restrictions.confirmed(session, actor, row.message_id)
    return judging.decide(node, actor, subject, replace(wish, text_confirmed=confirmed)).allowed

"""An act with a whole case is the act with the case itself and with everything left in it; each is asked of the rules.

The labels of a message speak as long as it may be read; of what is past its time only the row does. Nothing here is a
rule of its own, and a refusal names every rule that refused any part.
"""

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from crypto.canonical import Json
from exchange.policy.rulebook import Decision
from nodes import cases, judging, recalled, storing
from nodes.errors import Refused
from nodes.judging import Subject, Wish
from nodes.node import Node
from nodes.tables import CaseRow, MessageRow
from nodes.views import Actor


def require(session: Session, node: Node, actor: Actor, case: CaseRow, wish: Wish) -> None:
    """Return if the rules let `actor` do `wish` with a case and all that is left in it; raises `Refused`."""
    refused = [one for one in _decisions(session, node, actor, case, wish) if not one.allowed]
    if refused:
        raise Refused(wish.act.value, tuple({rule.name: rule for one in refused for rule in one.rules}.values()))


def require_message(session: Session, node: Node, actor: Actor, row: MessageRow, wish: Wish) -> None:
    """Return if the rules let `actor` do `wish` with one message of a case, read or not; raises `Refused`."""
    labels = _labels(node, cases.of(session, row.case_id), row)
    judging.require(node, actor, judging.subject(session, node, actor, row, labels), wish)


def _decisions(session: Session, node: Node, actor: Actor, case: CaseRow, wish: Wish) -> Iterator[Decision]:
    to_case = judging.standing(session, node, actor, case.case_id)
    yield judging.decide_case(node, actor, to_case, wish)
    chosen = select(MessageRow).where(MessageRow.case_id == case.case_id).options(defer(MessageRow.envelope))
    left = [row for row in session.scalars(chosen) if row.sealed]
    closed = recalled.among(session, node.unit, [row.message_id for row in left])
    for row in left:
        subject = Subject(row, _labels(node, case, row), to_case, row.message_id in closed)
        yield judging.decide(node, actor, subject, wish)


def _labels(node: Node, case: CaseRow, row: MessageRow) -> Mapping[str, Json]:
    readable = storing.is_readable(case, row, node.now())
    return storing.content_of(node, case, row).labels if readable else {}

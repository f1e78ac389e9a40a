"""Gathers what `exchange.figures` counts from this unit's rows: for the exchanges that began in a period, no more.

A period is named in UTC, so that two units mean the same instants by it. What is read are codes, times and receipts,
never content; so the figures stay what they are when cases are erased.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exchange import figures
from exchange.figures import SUBJECTS, Cell, Exchange, Way
from exchange.policy.facts import Action
from nodes import clocks, log, oversight_scope
from nodes.figure_tables import OutcomeRow
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import DeliveryRow, MessageRow, ThreadRow
from nodes.views import Actor

AT_ONCE = 500
"""So many exchanges are read together."""
_OUTCOME = OutcomeRow.event, OutcomeRow.grounds, OutcomeRow.doubted


@dataclass(frozen=True, slots=True)
class _Said:
    """What a message did to its exchange."""

    event: str
    grounds: frozenset[str]
    doubted: bool


def counted(session: Session, node: Node, actor: Actor, ends: tuple[int, int]) -> tuple[Cell, ...]:
    """Return every figure of the exchanges that began in [since, until); raises `Denied`, `OutsideVisit`."""
    require(actor, Action.SEE_STATISTICS)
    oversight_scope.require_period(actor, *ends)
    return figures.count(_exchanges(session, node, ends), _gaps(session, ends))


def take_out(session: Session, node: Node, actor: Actor, *particulars: str) -> int:
    """Log that figures leave as a file, and return the entry's index; raises `Denied`."""
    require(actor, Action.SEE_STATISTICS)
    return log.record(session, node, replace(log.by(actor, "EXPORT"), codes=("STATISTICS", *particulars)))


def _exchanges(session: Session, node: Node, ends: tuple[int, int]) -> Iterator[Exchange]:
    began = (
        select(ThreadRow.thread_id)
        .join(MessageRow, MessageRow.message_id == ThreadRow.opening)
        .where(MessageRow.accepted >= ends[0], MessageRow.accepted < ends[1], MessageRow.kind.in_(SUBJECTS))
        .distinct()
    )
    numbers = session.scalars(began).all()
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]
        found = session.scalars(select(ThreadRow).where(ThreadRow.thread_id.in_(some))).all()
        yield from _read(session, node, found)


def _read(session: Session, node: Node, found: Sequence[ThreadRow]) -> Iterator[Exchange]:
    read, said = clocks.read_all(session, found, node.now()), _said(session, found)
    reached = _reached(session, found)
    for row in found:
        sent, clock = row.requester == node.unit, read[row.thread_id, row.unit]
        ones = said.get((row.thread_id, frozenset((row.unit, row.requester))), [])
        yield Exchange(
            way=Way.SENT if sent else Way.RECEIVED,
            unit=row.unit if sent else row.requester,
            subject=SUBJECTS[row.kind],
            urgency=row.urgency,
            reached=(row.opening, row.unit) in reached,
            doubted=any(one.doubted for one in ones),
            events=tuple(one.event for one in ones if one.event),
            grounds=frozenset().union(*(one.grounds for one in ones)),
            elapsed=clock.elapsed if clock is not None else 0,
            late=clock is not None and clock.late,
            overdue=clock is not None and clock.overdue,
        )


def _said(session: Session, found: Sequence[ThreadRow]) -> Mapping[tuple[str, frozenset[str]], list[_Said]]:
    """Return in order what messages did, by exchange and the two units; what the hub has not accepted did nothing."""
    chosen = (
        select(MessageRow.thread_id, MessageRow.sender, DeliveryRow.unit, *_OUTCOME)
        .join(OutcomeRow, OutcomeRow.message_id == MessageRow.message_id)
        .join(DeliveryRow, DeliveryRow.message_id == MessageRow.message_id)
        .where(MessageRow.thread_id.in_({row.thread_id for row in found}), MessageRow.accepted.is_not(None))
        .order_by(MessageRow.accepted, MessageRow.eid)
    )
    said: dict[tuple[str, frozenset[str]], list[_Said]] = {}
    for thread, sender, to, event, grounds, doubted in session.execute(chosen):
        one = _Said(event, frozenset(grounds.split()), bool(doubted))
        said.setdefault((thread, frozenset((sender, to))), []).append(one)
    return said


def _reached(session: Session, found: Sequence[ThreadRow]) -> frozenset[tuple[str, str]]:
    """Return which opening messages their recipients have, by message and unit."""
    openings = {row.opening for row in found}
    chosen = select(DeliveryRow.message_id, DeliveryRow.unit).where(DeliveryRow.message_id.in_(openings))
    return frozenset(
        (number, unit) for number, unit in session.execute(chosen.where(DeliveryRow.delivered.is_not(None)))
    )


def _gaps(session: Session, ends: tuple[int, int]) -> Mapping[str, int]:
    """Return by sender before how many arrivals of the period an earlier message is still missing."""
    arrived = select(MessageRow.sender, func.count()).where(MessageRow.direction == "IN", MessageRow.gap == 1)
    within = arrived.where(MessageRow.accepted >= ends[0], MessageRow.accepted < ends[1])
    return dict(session.execute(within.group_by(MessageRow.sender)).all())

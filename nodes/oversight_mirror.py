"""Mirror statistics: what one unit says that it sent to another beside what the other says that it received.

Two sources stand beside each other. The receipts that a partner signed are its word about each message of ours, and are
here already. Its tally, a signed file that its auditor hands over, is its word about the whole period: with it every
message that only one side has is named.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from crypto.errors import CryptoError
from exchange.policy.facts import Action
from nodes import log
from nodes.errors import BadInput
from nodes.node import Node
from nodes.oversight_mandates import mandate_of
from nodes.oversight_scope import require_period
from nodes.permissions import require
from nodes.tables import DeliveryRow, MessageRow, ReceiptRow
from nodes.views import Actor
from schemas import tallies
from schemas.errors import SchemaError
from schemas.tallies import MOST, Exchanged, Tally

MEMBERS: Final = ("eid", "way", "at", "kind", "urgency")
MIRRORED: Final = {"OUT": "IN", "IN": "OUT"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One partner: what we sent it and what its signed receipts say of that, and what we received from it."""

    unit: str
    sent: int
    delivered: int
    opened: int
    rejected: int
    received: int

    @property
    def open_ends(self) -> int:
        """How many of our messages have no signed word of the partner."""
        return self.sent - self.delivered - self.rejected


@dataclass(frozen=True, slots=True)
class Count:
    """Messages of one kind in one direction, as we and as they count them; `way` is seen from here."""

    way: str
    kind: str
    ours: int
    theirs: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A message that the two tallies do not agree on: `ours` or `theirs` is None where a side does not have it.

    `receipted` says that the partner signed its delivery all the same: then its tally contradicts its receipt.
    """

    eid: str
    ours: Exchanged | None
    theirs: Exchanged | None
    receipted: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tallies of one pair and period beside each other."""

    theirs: Tally
    counts: tuple[Count, ...]
    differences: tuple[Difference, ...]


def overview(session: Session, node: Node, actor: Actor, since: int, until: int) -> tuple[Pair, ...]:
    """Return the pairs of [since, until) by the hub's time, and log the look; raises `Denied`, `OutsideVisit`."""
    require(actor, Action.READ_LOG)
    require_period(actor, since, until)
    sent = _sent(session, since, until)
    received = _received(session, since, until)
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=("MIRROR",))
    log.record(session, node, replace(act, justification=mandate_of(session, node, actor, demand=False)))
    none = (0, 0, 0, 0)
    return tuple(Pair(unit, *sent.get(unit, none), received.get(unit, 0)) for unit in sorted(sent.keys() | received))


def statement(session: Session, node: Node, actor: Actor, partner: str, period: tuple[int, int]) -> bytes:
    """Return our signed tally for `partner`, for its auditor, and log that it left.

    Raises `Denied`, `OutsideVisit`, `MandateNeeded`, and `BadInput` for a partner or period that no tally can be of.
    """
    require(actor, Action.READ_LOG)
    require_period(actor, *period)
    mandate = mandate_of(session, node, actor, demand=True)
    wire = tallies.sign(node.keys.signing, _tally(session, node, partner, period))
    act = replace(log.by(actor, "AUDIT_EXPORT"), codes=("TALLY",), unit=partner, justification=mandate)
    log.record(session, node, act)
    return wire


def compare(session: Session, node: Node, actor: Actor, wire: bytes) -> Comparison:
    """Lay the tally of another unit beside our own of the same pair and period, and log it.

    Raises `Denied`, `OutsideVisit`, and `BadInput` for what is no tally for this unit, signed by who it says.
    """
    require(actor, Action.READ_LOG)
    theirs = _believed(node, wire)
    require_period(actor, theirs.since, theirs.until)
    ours = _tally(session, node, theirs.unit, (theirs.since, theirs.until))
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=("MIRROR", "COMPARE"), unit=theirs.unit)
    log.record(session, node, replace(act, justification=mandate_of(session, node, actor, demand=False)))
    mine, other = {one.eid: one for one in ours.messages}, {one.eid: _seen_here(one) for one in theirs.messages}
    unlike = sorted(eid for eid in mine.keys() | other if mine.get(eid) != other.get(eid))
    signed = _receipted(session, theirs.unit, unlike)
    differences = tuple(Difference(eid, mine.get(eid), other.get(eid), eid in signed) for eid in unlike)
    return Comparison(theirs, _counts(mine, other), differences)


def _sent(session: Session, since: int, until: int) -> dict[str, tuple[int, int, int, int]]:
    def one(state: str) -> ColumnElement[int]:
        return func.count(case((ReceiptRow.type == state, 1)))

    query = (
        select(
            DeliveryRow.unit,
            func.count(MessageRow.message_id.distinct()),
            one("DELIVERED"),
            one("OPENED"),
            one("REJECTED"),
        )
        .join(MessageRow, MessageRow.message_id == DeliveryRow.message_id)
        .join(
            ReceiptRow,
            (ReceiptRow.eid == MessageRow.eid) & (ReceiptRow.unit == DeliveryRow.unit) & (ReceiptRow.origin == "PEER"),
            isouter=True,
        )
        .where(MessageRow.direction == "OUT", MessageRow.accepted >= since, MessageRow.accepted < until)
        .group_by(DeliveryRow.unit)
    )
    return {
        unit: (sent, delivered, opened, rejected) for unit, sent, delivered, opened, rejected in session.execute(query)
    }


def _received(session: Session, since: int, until: int) -> dict[str, int]:
    query = select(MessageRow.sender, func.count()).group_by(MessageRow.sender)
    query = query.where(MessageRow.direction == "IN", MessageRow.accepted >= since, MessageRow.accepted < until)
    return {unit: int(number) for unit, number in session.execute(query)}


def _tally(session: Session, node: Node, partner: str, period: tuple[int, int]) -> Tally:
    since, until = period
    chosen = select(MessageRow.eid, MessageRow.direction, MessageRow.accepted, MessageRow.kind, MessageRow.urgency)
    chosen = chosen.where(MessageRow.accepted >= since, MessageRow.accepted < until)
    sent = chosen.join(DeliveryRow, DeliveryRow.message_id == MessageRow.message_id)
    sent = sent.where(MessageRow.direction == "OUT", DeliveryRow.unit == partner)
    came = chosen.where(MessageRow.direction == "IN", MessageRow.sender == partner)
    rows = sorted((*session.execute(sent.limit(MOST + 1)).all(), *session.execute(came.limit(MOST + 1)).all()))
    try:
        return Tally(
            env=node.settings.env,
            unit=node.unit,
            partner=partner,
            since=since,
            until=until,
            made=node.now(),
            messages=tuple(Exchanged.model_validate(dict(zip(MEMBERS, row, strict=True))) for row in rows),
        )
    except ValueError as error:
        raise BadInput("tally") from error


def _believed(node: Node, wire: bytes) -> Tally:
    try:
        signed = tallies.parse(wire)
        key = node.directory().signing_key(signed.kid, signed.tally.made)
        signed.verify(key.public)
    except (CryptoError, SchemaError) as error:
        raise BadInput("tally") from error
    tally = signed.tally
    if (key.unit, node.settings.env, node.unit) != (tally.unit, tally.env, tally.partner):
        raise BadInput("tally of another unit or environment")
    return tally


def _seen_here(one: Exchanged) -> Exchanged:
    return one.model_copy(update={"way": MIRRORED[one.way]})


def _counts(mine: Mapping[str, Exchanged], other: Mapping[str, Exchanged]) -> tuple[Count, ...]:
    ours = Counter((one.way, one.kind) for one in mine.values())
    theirs = Counter((one.way, one.kind) for one in other.values())
    return tuple(Count(way, kind, ours[way, kind], theirs[way, kind]) for way, kind in sorted(ours.keys() | theirs))


def _receipted(session: Session, unit: str, eids: list[str]) -> frozenset[str]:
    query = select(ReceiptRow.eid).where(
        ReceiptRow.unit == unit, ReceiptRow.origin == "PEER", ReceiptRow.type == "DELIVERED", ReceiptRow.eid.in_(eids)
    )
    return frozenset(session.scalars(query))

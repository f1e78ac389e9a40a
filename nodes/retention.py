"""How long a case is kept: first review after its exchanges have ended, a last second, and holds that forbid erasure.

The times stand in the code table `retention`. A review proposes; nothing is erased by time alone, but from the second
of expiry nothing may be read (`nodes.fates`, which every reader of content asks). A hold keeps, it opens nothing.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act, Action
from nodes import alerts, case_acts, cases, fates, log, rest, threads
from nodes.alerts import Cause, Raised
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.judging import Wish
from nodes.node import Node
from nodes.permissions import require
from nodes.protection_tables import HoldRow, ReviewRow
from nodes.tables import CaseRow, CounterRow, MessageRow, ThreadRow
from nodes.views import Actor
from schemas.base import Wire
from schemas.codes import table

DAY: Final = 86_400
EVERY: Final = 3600
"""Seconds between two runs."""

SHORTEST_REASON: Final = 10
LONGEST_HOLD: Final = 3660 * DAY
_RUN: Final = "retention:run"
_LISTED: Final = "retention:holds-listed"
_FAMILIES: Final[Mapping[str, str]] = {"financial": "FIU", "strategic": "STRATEGIC"}


class _Words(Wire):
    """What is kept in words beside a review or a hold."""

    reason: str = ""
    authority: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A case whose review has come: since when, until when it may be read at all, whether a hold forbids erasure."""

    case_ref: str
    review: int
    expires: int
    held: bool
    messages: int


@dataclass(frozen=True, slots=True)
class Order:
    """What an authority asks to be kept: the case, the authority, its number, and the end (unix seconds)."""

    case_ref: str
    authority: str
    number: str
    until: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold as it stands."""

    hold_id: str
    order: Order
    placed_by: str
    placed_at: int
    lifted_by: str | None
    lifted_at: int | None


def rule_for(env: str, families: Iterable[str]) -> str:
    """Return the code of the table `retention` for a case with messages of these families: the longest that applies."""
    if env == "exercise":
        return "EXERCISE"
    found = {_FAMILIES.get(family, "CASE_EXCHANGE") for family in families} or {"CASE_EXCHANGE"}
    return next(code for code in ("FIU", "CASE_EXCHANGE", "STRATEGIC") if code in found)


def run(session: Session, node: Node) -> int:
    """Set the times of cases, once an hour, and list the holds once a month; returns how many reviews wait."""
    before = _moved_on(session, _RUN, node.now() // EVERY)
    if before is None:
        return 0
    for case in session.scalars(_unsettled(before * EVERY)):
        families = session.scalars(select(MessageRow.family).where(MessageRow.case_id == case.case_id).distinct())
        exchanges = session.scalars(select(ThreadRow).where(ThreadRow.case_id == case.case_id))
        kept = session.scalar(select(func.max(ReviewRow.until)).where(ReviewRow.case_id == case.case_id))
        code = rule_for(node.settings.env, families)
        case.review, case.expires = times(code, _ended(node, case, exchanges), kept)
    session.flush()
    _list_holds(session, node)
    return _tell_reviews(session, node)


def times(code: str, ended: int | None, kept: int | None) -> tuple[int | None, int | None]:
    """Return when a case is reviewed and when it expires: neither while an exchange is open or where no norm asks."""
    rule = table("retention")[code].extra
    if ended is None or "days" not in rule:
        return None, None
    expires = ended + rule["max_days"] * DAY
    return min(max(ended + rule["days"] * DAY, kept or 0), expires), expires


def due(session: Session, node: Node, actor: Actor) -> tuple[Due, ...]:
    """Return the cases whose review has come, the longest waiting first; raises `Denied`."""
    require(actor, Action.PROTECT_DATA)
    known = select(CaseRow, fates.held(node.now()))
    waiting = known.where(CaseRow.wrapped_key.is_not(None), CaseRow.review <= node.now())
    found = session.execute(waiting.order_by(CaseRow.review, CaseRow.case_ref)).all()
    of_them = [case.case_id for case, _ in found]
    counted = select(MessageRow.case_id, func.count()).where(MessageRow.case_id.in_(of_them))
    messages = dict(session.execute(counted.group_by(MessageRow.case_id)).all())
    return tuple(
        Due(case.case_ref, case.review or 0, case.expires or 0, held, messages.get(case.case_id, 0))
        for case, held in found
    )


def keep(session: Session, node: Node, actor: Actor, case_ref: str, decision: tuple[int, str]) -> None:
    """Keep a case until another review at `decision[0]`, for the reason `decision[1]`.

    Raises `Denied`, `NotFound`, `OutOfStep` for a case whose review has not come, `BadInput` for no reason or a time
    that is past or beyond the last one allowed.
    """
    require(actor, Action.PROTECT_DATA)
    case, (until, reason) = cases.by_ref(session, case_ref), decision
    if case.wrapped_key is None or case.review is None or case.review > node.now():
        raise OutOfStep
    if not node.now() < until <= (case.expires or 0):
        raise BadInput("until")
    words = _said(reason)
    place = rest.place("review", f"{case.case_id}/{node.now()}", "reason")
    sealed = node.store.kek.seal(_Words(reason=words).to_bytes(), *place)
    review = ReviewRow(case_id=case.case_id, at=node.now(), by_user=actor.user_id, until=until, sealed=sealed)
    session.add(review)
    case.review = until
    act = replace(log.by(actor, "RETENTION_RUN"), case=case, codes=("KEEP",), justification=words)
    log.record(session, node, act)


def hold(session: Session, node: Node, actor: Actor, order: Order) -> str:
    """Forbid the erasure of a case; raises `NotFound`, `Refused`, `BadInput`."""
    case, now = cases.by_ref(session, order.case_ref), node.now()
    case_acts.require(session, node, actor, case, Wish(Act.HOLD))
    if not now < order.until <= now + LONGEST_HOLD or not order.authority.strip() or not order.number.strip():
        raise BadInput("hold")
    hold_id = uuid.uuid4().hex
    words = _Words(authority=order.authority.strip()[:200], number=order.number.strip()[:100])
    sealed = node.store.kek.seal(words.to_bytes(), *rest.place("hold", hold_id, "words"))
    row = HoldRow(
        hold_id=hold_id,
        case_id=case.case_id,
        until=order.until,
        placed_by=actor.user_id,
        placed_at=now,
        lifted_by=None,
        lifted_at=None,
        sealed=sealed,
    )
    session.add(row)
    _record_hold(session, node, actor, case, "PLACED")
    return hold_id


def lift(session: Session, node: Node, actor: Actor, hold_id: str) -> None:
    """End a hold before its day; raises `Denied`, `NotFound`, `Refused`, `OutOfStep` for one that has ended."""
    require(actor, Action.PROTECT_DATA)
    row = session.get(HoldRow, hold_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.lifted_at is not None or row.until <= node.now():
        raise OutOfStep
    case = cases.of(session, row.case_id)
    case_acts.require(session, node, actor, case, Wish(Act.HOLD))
    row.lifted_by, row.lifted_at = actor.user_id, node.now()
    _record_hold(session, node, actor, case, "LIFTED")


def holds(session: Session, node: Node, actor: Actor) -> tuple[Hold, ...]:
    """Return every hold, the one that ends first first, those that ended last; raises `Denied`."""
    require(actor, Action.PROTECT_DATA)
    rows = session.execute(select(HoldRow, CaseRow.case_ref).join(CaseRow, CaseRow.case_id == HoldRow.case_id))
    found = [_hold(node, row, case_ref) for row, case_ref in rows]
    return tuple(sorted(found, key=lambda one: (one.lifted_at is not None, one.order.until)))


def _ended(node: Node, case: CaseRow, exchanges: Iterable[ThreadRow]) -> int | None:
    """When the last exchange ended; None while one is open. What asked for nothing ended when it was last touched."""
    moments = [case.opened]
    for row in exchanges:
        if threads.is_open(node, row):
            return None
        moments.append(row.closed or row.updated)
    return max(moments) if len(moments) > 1 else case.updated


def _unsettled(since: int) -> Select[CaseRow]:
    """The cases without times, and those in which an exchange has moved: a settled case is not read every hour."""
    moved = select(ThreadRow.case_id).where(ThreadRow.updated >= since)
    known = select(CaseRow).where(CaseRow.wrapped_key.is_not(None))
    return known.where(or_(CaseRow.review.is_(None), CaseRow.case_id.in_(moved)))


def _moved_on(session: Session, name: str, period: int) -> int | None:
    """Note that a period has come and return the one before, 0 at first; None if it was noted already."""
    row = session.get(CounterRow, name, with_for_update=True)
    if row is None:
        row = CounterRow(name=name, value=0)
        session.add(row)
    before, row.value = row.value, max(row.value, period)
    return before if before < period else None


def _tell_reviews(session: Session, node: Node) -> int:
    waiting = session.scalar(
        select(func.count()).select_from(CaseRow).where(CaseRow.wrapped_key.is_not(None), CaseRow.review <= node.now())
    )
    if waiting:
        today = datetime.fromtimestamp(node.now(), UTC).date().isoformat()
        if alerts.raise_alert(session, node, Raised(Cause.REVIEWS_DUE, today, alerts.PROTECTION)):
            log.record(session, node, log.Act(operation="RETENTION_RUN", codes=("DUE",), count=waiting))
    return waiting or 0


def _list_holds(session: Session, node: Node) -> None:
    """Report the standing holds once a month: to the data-protection officer, and with their number to the log."""
    month = datetime.fromtimestamp(node.now(), UTC)
    standing = select(func.count()).select_from(HoldRow).where(fates.standing(node.now()))
    count = session.scalar(standing) or 0
    if count and _moved_on(session, _LISTED, month.year * 12 + month.month) is not None:
        alerts.raise_alert(session, node, Raised(Cause.HOLDS_LISTED, f"{month:%Y-%m}", alerts.PROTECTION))
        log.record(session, node, log.Act(operation="LEGAL_HOLD", codes=("LISTED",), count=count))


def _said(reason: str) -> str:
    words = " ".join(reason.split())
    if not SHORTEST_REASON <= len(words) <= log.LONGEST_WORDS:
        raise BadInput("reason")
    return words


def _record_hold(session: Session, node: Node, actor: Actor, case: CaseRow, code: str) -> None:
    log.record(session, node, replace(log.by(actor, "LEGAL_HOLD"), case=case, codes=(code,)))


def _hold(node: Node, row: HoldRow, case_ref: str) -> Hold:
    words = _Words.from_bytes(node.store.kek.open(row.sealed, *rest.place("hold", row.hold_id, "words")))
    order = Order(case_ref, words.authority, words.number, row.until)
    return Hold(row.hold_id, order, row.placed_by, row.placed_at, row.lifted_by, row.lifted_at)

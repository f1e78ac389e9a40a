"""What was asked and permitted, and how far the notices came, for pages and files: reads rows, decides nothing.

A line shows what it says only to whoever may read its case; states, times and units are everybody's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from exchange.clock import Effect as OnClock
from exchange.lifecycle import LIVES
from exchange.policy.facts import Action
from nodes import cases, clocks, concerns, grants, rows, storing
from nodes.errors import NotFound
from nodes.grant_tables import ConcernRow, GrantRow, PassingRow
from nodes.grants import Grant
from nodes.judging import PROTECTION
from nodes.node import Node
from nodes.permissions import require
from nodes.tables import CaseRow, DeliveryRow, MessageRow, ThreadRow
from nodes.views import Actor, InboxRow
from schemas.content import Content
from schemas.items import Item
from schemas.kind import Effect

MOST: int = 200
"""So many of the last requests or notices are listed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A permission that was asked: `wanted` is `None` where the reader may not see it."""

    row: InboxRow
    wanted: str | None
    decision: str | None
    permitted: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a notice came at one unit: since when it stands so, and to whom that unit says it passed it on."""

    unit: str
    state: str
    since: int
    settled: bool
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, sent or received, and everybody whom it must reach from here."""

    row: InboxRow
    reached: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class ToErase:
    """An item that another unit wants destroyed here; `case_ref` is `None` where its own message is not held.

    `recall_id` is the recall by which it wants that.
    """

    unit: str
    case_ref: str | None
    item: Item
    since: int
    recall_id: str | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast permissions are decided: by `unit` for us (`ours`), or by us for it. Times in seconds."""

    unit: str
    ours: bool
    asked: int
    decided: int
    in_time: int
    overdue: int
    median: int | None


def permissions(session: Session, node: Node, actor: Actor) -> tuple[Asked, ...]:
    """Return the permissions asked by this unit and of it, the last one first."""
    require(actor, Action.LIST_ARRIVALS)
    found = _last(session, Effect.ASKS)
    decided = _decided(session, [row.message_id for row in found])
    lines = rows.views(session, node, actor, found)
    return tuple(
        Asked(line, _wanted(session, node, row, line), *decided.get(row.message_id, (None, ())))
        for row, line in zip(found, lines, strict=True)
    )


def notices(session: Session, node: Node, actor: Actor) -> tuple[Notice, ...]:
    """Return the corrections, erasures, revocations and recalls sent and received, the last one first."""
    require(actor, Action.LIST_ARRIVALS)
    found = _last(session, Effect.REVOKES, Effect.CORRECTS, Effect.ERASES, Effect.RECALLS)
    lines = rows.views(session, node, actor, found)
    return tuple(Notice(line, tuple(reached(session, node, row))) for row, line in zip(found, lines, strict=True))


def about(session: Session, message_id: str) -> Sequence[MessageRow]:
    """Return what was said about a message or an object in it, in order; not what is about data protection itself."""
    said = select(ConcernRow.message_id).where(ConcernRow.item == message_id)
    shown = MessageRow.message_id.in_(said), MessageRow.kind.not_in(PROTECTION)
    order = (MessageRow.stored, MessageRow.message_id)
    return session.scalars(select(MessageRow).where(*shown).order_by(*order)).all()


def protection(session: Session, node: Node, actor: Actor) -> tuple[InboxRow, ...]:
    """Return what this unit and others said about data protection itself, the last first; raises `Denied`."""
    require(actor, Action.PROTECT_DATA)
    chosen = select(MessageRow).where(MessageRow.kind.in_(PROTECTION)).order_by(MessageRow.stored.desc())
    return rows.views(session, node, actor, session.scalars(chosen.limit(MOST)).all())


def to_be_erased(session: Session) -> tuple[ToErase, ...]:
    """Return what other units want destroyed here and about which they were not answered yet, the oldest first."""
    notice, item = aliased(MessageRow), aliased(MessageRow)
    chosen = (
        select(ConcernRow, notice.sender, notice.stored, CaseRow.case_ref)
        .join(notice, notice.message_id == ConcernRow.message_id)
        .outerjoin(item, item.message_id == ConcernRow.item)
        .outerjoin(CaseRow, CaseRow.case_id == item.case_id)
        .where(notice.direction == "IN", ConcernRow.kind.in_(concerns.kinds(Effect.ERASES, Effect.RECALLS)))
        .where(ConcernRow.settled.is_(None))
        .order_by(notice.stored, ConcernRow.message_id, ConcernRow.item, ConcernRow.object_id)
    )
    return tuple(
        ToErase(
            unit,
            case_ref,
            Item(row.item, row.object_id),
            since,
            row.message_id if row.kind in concerns.kinds(Effect.RECALLS) else None,
        )
        for row, unit, since, case_ref in session.execute(chosen)
    )


def paces(session: Session, node: Node, actor: Actor) -> tuple[Pace, ...]:
    """Return how fast permissions are decided, by partner and direction; a request still in time is not counted yet."""
    require(actor, Action.LIST_ARRIVALS)
    threads = session.scalars(select(ThreadRow).where(ThreadRow.kind.in_(concerns.kinds(Effect.ASKS)))).all()
    read = clocks.views(session, threads, node.now())
    ended = dict(
        session.execute(
            select(MessageRow.thread_id, MessageRow.accepted).where(
                MessageRow.thread_id.in_([row.thread_id for row in threads]), MessageRow.effect == OnClock.ENDS
            )
        ).all()
    )
    by_partner: dict[tuple[bool, str], list[tuple[int | None, bool]]] = {}
    for row in threads:
        ours, clock = row.requester == node.unit, read[row.thread_id, row.unit]
        started, end = clock.started if clock else None, ended.get(row.thread_id)
        took = end - started if end is not None and started is not None else None
        place = (ours, row.unit if ours else row.requester)
        by_partner.setdefault(place, []).append((took, clock is not None and clock.overdue))
    return tuple(_pace(unit, ours, found) for (ours, unit), found in sorted(by_partner.items(), reverse=True))


def _pace(unit: str, ours: bool, found: Sequence[tuple[int | None, bool]]) -> Pace:  # noqa: FBT001  (a column, not a switch)
    times = [took for took, _ in found if took is not None]
    late = sum(overdue for took, overdue in found if took is not None)
    return Pace(
        unit=unit,
        ours=ours,
        asked=len(found),
        decided=len(times),
        in_time=len(times) - late,
        overdue=sum(overdue for took, overdue in found if took is None),
        median=int(median(times)) if times else None,
    )


def _last(session: Session, *effects: Effect) -> Sequence[MessageRow]:
    chosen = select(MessageRow).where(MessageRow.kind.in_(concerns.kinds(*effects)))
    return session.scalars(chosen.order_by(MessageRow.stored.desc(), MessageRow.message_id).limit(MOST)).all()


def _decided(session: Session, requests: Iterable[str]) -> Mapping[str, tuple[str, tuple[Grant, ...]]]:
    """Return by request the decision that permitted something, and what."""
    found: dict[str, tuple[str, tuple[Grant, ...]]] = {}
    chosen = (
        select(MessageRow.in_reply_to, GrantRow)
        .join(GrantRow, GrantRow.decision == MessageRow.message_id)
        .where(MessageRow.in_reply_to.in_(list(requests)))
        .order_by(GrantRow.message_id, GrantRow.object_id, GrantRow.action)
    )
    for request, row in session.execute(chosen):
        found[str(request)] = (row.decision, (*found.get(str(request), ("", ()))[1], grants.of_row(row)))
    return found


def _wanted(session: Session, node: Node, row: MessageRow, line: InboxRow) -> str | None:
    content = _content(session, node, row) if line.subject is not None else None
    return str(content.body.get("wanted", "")) if content is not None else None


def reached(session: Session, node: Node, notice: MessageRow) -> Iterable[Reached]:
    """Yield whom the notice went to, then whom it is owed to."""
    threads = session.scalars(select(ThreadRow).where(ThreadRow.opening == notice.message_id).order_by(ThreadRow.unit))
    for thread in threads:
        delivery = session.get(DeliveryRow, (notice.message_id, thread.unit))
        acknowledged = any(thread.state == state.code for state in LIVES[thread.kind].states)
        waiting = delivery is not None and delivery.delivered is None
        state = delivery.state if delivery is not None and waiting else thread.state
        since = thread.updated if acknowledged else notice.stored
        yield Reached(thread.unit, state, since, acknowledged, _told(session, node, notice, thread.unit))
    owed = session.scalars(select(PassingRow).where(PassingRow.notice == notice.message_id).order_by(PassingRow.unit))
    yield from (Reached(row.unit, "NOT_SENT", row.since, settled=False) for row in owed if row.passed is None)


def _told(session: Session, node: Node, notice: MessageRow, unit: str) -> tuple[str, ...]:
    """Return to whom a unit says that it passed the notice on; nothing once the case was erased."""
    found: set[str] = set()
    for content in answers(session, node, notice, unit):
        onward = content.body.get(content.declared.told)
        found |= {str(one) for one in onward} if isinstance(onward, list) else set()
    return tuple(sorted(found))


def answers(session: Session, node: Node, notice: MessageRow, unit: str) -> list[Content]:
    """Return what a unit answered to a notice, the last answer last; nothing once the case was erased."""
    said = select(MessageRow).where(MessageRow.in_reply_to == notice.message_id, MessageRow.sender == unit)
    found = (_content(session, node, row) for row in session.scalars(said.order_by(MessageRow.stored)))
    return [content for content in found if content is not None]


def _content(session: Session, node: Node, row: MessageRow) -> Content | None:
    try:
        return storing.content_of(node, cases.of(session, row.case_id), row)
    except NotFound:
        return None

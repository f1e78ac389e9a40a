"""Content that is open to one auditor: stated entries, for a time, on his mandate, because a second auditor agreed.

Reading changes nothing, is bound to the entries that were asked for, and each look is a consultation in the log, beside
its case. An opening ends by itself, or earlier by either auditor; an erased case ends it for that case at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from exchange.policy.facts import Act, Action
from nodes import cases, judging, log, rest, storing
from nodes.errors import NotFound, OutOfStep
from nodes.inspection_tables import OpenedRow, OpeningRow
from nodes.judging import Wish
from nodes.node import Node
from nodes.oversight_scope import require_entry
from nodes.permissions import require
from nodes.tables import CaseRow, EventRow, MessageRow
from nodes.views import Actor
from schemas.content import Content


class State(StrEnum):
    """The states of an opening."""

    OPEN = "OPEN"
    RETURNED = "RETURNED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class By(StrEnum):
    """Whose step it is."""

    READER = "READER"
    AUDITOR = "AUDITOR"
    TIME = "TIME"


NEXT: Final[Mapping[tuple[State, By], State]] = MappingProxyType(
    {
        (State.OPEN, By.READER): State.RETURNED,
        (State.OPEN, By.AUDITOR): State.REVOKED,
        (State.OPEN, By.TIME): State.EXPIRED,
    }
)
"""The whole automaton of an end: who ends it decides its state; what is not in it is refused."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening as it stands: who reads, who agreed, which entries, until when, and how it ended."""

    opening_id: str
    reader: str
    approved_by: str
    mandate: str
    opened: int
    ends: int
    state: State
    ended: int | None
    ended_by: str | None
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """The content behind one entry, and under which opening it is read."""

    opening: Opening
    index: int
    case_ref: str
    message: MessageRow
    content: Content


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at opened content: its place in the log, the entry that was read, who and when."""

    index: int
    entry: int
    actor: str
    at: int


def admit(session: Session, node: Node, opening: Opening) -> None:
    """Open the entries of `opening`, in the transaction in which its approval is used up."""
    row = OpeningRow(
        opening_id=opening.opening_id,
        reader=opening.reader,
        approved_by=opening.approved_by,
        mandate=node.store.kek.seal(opening.mandate.encode(), *rest.place("opening", opening.opening_id, "mandate")),
        opened=opening.opened,
        ends=opening.ends,
        state=opening.state.value,
        ended=None,
        ended_by=None,
    )
    session.add(row)
    session.flush()
    for index, message_id in messages_of(session, opening.entries).items():
        session.add(OpenedRow(opening_id=opening.opening_id, index=index, message_id=message_id))
    session.flush()


def messages_of(session: Session, entries: Iterable[int]) -> dict[int, str]:
    """Return the message of each entry that is about one whose case was not erased."""
    chosen = select(EventRow.index, EventRow.message_id).join(CaseRow, CaseRow.case_id == EventRow.case_id)
    chosen = chosen.where(EventRow.index.in_(tuple(entries)), EventRow.message_id.is_not(None))
    found = session.execute(chosen.where(CaseRow.wrapped_key.is_not(None)).order_by(EventRow.index))
    return {index: str(message_id) for index, message_id in found}


def tell(session: Session, node: Node, act: log.Act, entries: Iterable[int]) -> None:
    """Log `act` once beside each case that the entries belong to, so that the case's own people see it."""
    messages = select(MessageRow.case_id).where(MessageRow.message_id.in_(messages_of(session, entries).values()))
    for case in session.scalars(select(CaseRow).where(CaseRow.case_id.in_(messages)).order_by(CaseRow.case_ref)):
        log.record(session, node, replace(act, case=case))


def read(session: Session, node: Node, actor: Actor, opening_id: str, index: int) -> Opened:
    """Return the content behind one entry, and log the look beside its case.

    Raises `Denied`, `NotFound` for another's opening, an entry that was not asked for or an erased case, `OutOfStep`
    once the opening has ended, and `Refused` where the rules close it all the same.
    """
    require(actor, Action.READ_LOG)
    row, one = session.get(OpeningRow, opening_id), session.get(OpenedRow, (opening_id, index))
    if row is None or one is None or row.reader != actor.user_id:
        raise NotFound
    if row.state != State.OPEN or row.ends <= node.now():
        raise OutOfStep("ended")
    require_entry(session, actor, index)
    message = session.get_one(MessageRow, one.message_id)
    case = cases.of(session, message.case_id)
    content, opening = storing.content_of(node, case, message), _view(session, node, row)
    judged = judging.subject(session, node, actor, message, content.labels)
    judging.require(node, actor, judged, Wish(Act.INSPECT, inspects=True))
    codes = "AUDIT_QUERY", "READ", f"ID.{opening_id.upper()}", f"ENTRY.{index}"
    act = replace(log.by(actor, "CONSULT"), case=case, message_id=message.message_id, eid=message.eid)
    log.record(session, node, replace(act, codes=codes, justification=opening.mandate))
    return Opened(opening, index, case.case_ref, message, content)


def end(session: Session, node: Node, actor: Actor, opening_id: str) -> None:
    """End an opening before its time: its reader gives it back, another auditor revokes it.

    Raises `Denied`, `NotFound`, and `OutOfStep` for one that has ended.
    """
    require(actor, Action.READ_LOG)
    row = session.get(OpeningRow, opening_id, with_for_update=True)
    if row is None:
        raise NotFound
    who = By.READER if actor.user_id == row.reader else By.AUDITOR
    row.ended_by = actor.user_id
    _close(session, node, row, who, log.by(actor, "AUDIT_ACCESS"))


def run(session: Session, node: Node) -> int:
    """Write down the end of what is past its time; returns how many. Nothing was readable any more before this ran."""
    over = select(OpeningRow).where(OpeningRow.state == State.OPEN, OpeningRow.ends <= node.now()).with_for_update()
    rows = session.scalars(over).all()
    for row in rows:
        _close(session, node, row, By.TIME, log.Act(operation="AUDIT_ACCESS"))
    return len(rows)


def of(session: Session, node: Node, opening_id: str) -> Opening | None:
    """Return the opening that a request led to, if it did."""
    row = session.get(OpeningRow, opening_id)
    return _view(session, node, row) if row is not None else None


def told(session: Session, node: Node, actor: Actor) -> tuple[tuple[Opening, tuple[Looked, ...]], ...]:
    """Return every opening with each look, the newest first, for those who answer for the unit; raises `Denied`."""
    require(actor, Action.SEE_APPROVALS)
    rows = session.scalars(select(OpeningRow).order_by(OpeningRow.opened.desc(), OpeningRow.opening_id)).all()
    return tuple((_view(session, node, row), _looks(session, row)) for row in rows)


def _looks(session: Session, row: OpeningRow) -> tuple[Looked, ...]:
    """The consultations of its messages by its reader while it was open: he has no other way to one."""
    entries = {one.message_id: one.index for one in _opened(session, row)}
    chosen = select(EventRow).where(
        EventRow.operation == "CONSULT",
        EventRow.actor == row.reader,
        EventRow.message_id.in_(entries),
        EventRow.at >= row.opened,
        EventRow.at < row.ends,
    )
    found = session.scalars(chosen.order_by(EventRow.index))
    return tuple(Looked(one.index, entries[one.message_id or ""], one.actor or "", one.at) for one in found)


def _close(session: Session, node: Node, row: OpeningRow, who: By, act: log.Act) -> None:
    after = NEXT.get((State(row.state), who))
    if after is None:
        raise OutOfStep
    row.state, row.ended = after.value, node.now()
    codes = "AUDIT_QUERY", after.value, f"ID.{row.opening_id.upper()}"
    tell(session, node, replace(act, codes=codes), (one.index for one in _opened(session, row)))


def _opened(session: Session, row: OpeningRow) -> list[OpenedRow]:
    chosen = select(OpenedRow).where(OpenedRow.opening_id == row.opening_id).order_by(OpenedRow.index)
    return list(session.scalars(chosen))


def _view(session: Session, node: Node, row: OpeningRow) -> Opening:
    mandate = node.store.kek.open(row.mandate, *rest.place("opening", row.opening_id, "mandate")).decode()
    return Opening(
        row.opening_id,
        row.reader,
        row.approved_by,
        mandate,
        row.opened,
        row.ends,
        State(row.state),
        row.ended,
        row.ended_by,
        tuple(one.index for one in _opened(session, row)),
    )

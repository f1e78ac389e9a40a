"""Erasure of a case or of one message: two persons decide, the key is destroyed, the proof of everything stays.

What is destroyed here is the wrapped key and all that it sealed; a backup carries the keys in a file of their own
(`nodes.backup`), so that a later key file takes them from older backups as well. Leaves of the log hold digests and
salted commitments only, so log and receipts verify as before. Files that officers exported are beyond this node: how
many there are is counted, and the data-protection officer asks for them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from crypto.at_rest import DataKey
from exchange.policy.facts import Act
from nodes import approvals, case_acts, cases, draft_rows, fingerprints, keys, log, rest
from nodes.approvals import Approval, Wanted
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.judging import Wish
from nodes.node import Node
from nodes.protection_tables import ErasureRow
from nodes.tables import AssignmentRow, CaseRow, DraftRow, EventRow, MessageRow, OutboxRow
from nodes.task_tables import TaskReplyRow, TaskRow
from nodes.views import Actor
from schemas.codes import table

ERASURE: Final = "ERASURE"
_AGREED: Final = Wish(Act.ERASE, approved=True, proved=True)
"""How the rules are asked, also of whoever only asks for it: nothing is done before a second person was there."""

_EXPORTS: Final = ("EXPORT", "AUDIT_EXPORT", "PRINT")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be erased: a case, or with `message_id` one message of it; `cause`: a code of `erasure_causes`."""

    case_ref: str
    cause: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, when, on whose decision and why; `exports`: files that had left the unit before."""

    case_ref: str
    message_id: str | None
    cause: str
    reason: str
    asked_by: str
    approved_by: str
    at: int
    exports: int


def ask(session: Session, node: Node, actor: Actor, plan: Plan, reason: str) -> str:
    """Ask for an erasure; returns the id of the approval.

    Raises `Denied`, `NotFound`, `BadInput`, `OutOfStep` for what is still on its way, and `Refused` where the rules
    forbid it: for what an authority holds, or what was erased.
    """
    if plan.cause not in table("erasure_causes"):
        raise BadInput("cause")
    _check(session, node, actor, plan)
    return approvals.ask(session, node, actor, _wanted(plan), reason)


def carry_out(session: Session, node: Node, actor: Actor, approval: Approval) -> None:
    """Do what was approved, in the transaction that uses the approval up; raises as `ask` does, and `NotApproved`."""
    given = approval.wanted.parameters
    plan = Plan(given["case"], given["cause"], given["message"])
    taken = approvals.take(session, node, actor, _wanted(plan))
    case, rows = _check(session, node, actor, plan)
    exports = exported(session, case, rows)
    node.db.overwrite(session)
    _forget(session, node.store.kek, rows)
    if not plan.message_id:
        _forget_case(session, case)
    _note(session, node, taken, (case, plan), exports)
    scope = "MESSAGE" if plan.message_id else "CASE"
    act = replace(
        log.by(actor, "ERASE"),
        subject=taken.wanted.target,
        justification=taken.reason,
        codes=(scope, plan.cause),
        digest=taken.digest,
    )
    log.record_all(session, node, [act, *(replace(act, message_id=row.message_id, eid=row.eid) for row in rows)])


def of(session: Session, node: Node, case_id: str, message_id: str | None) -> Erasure:
    """Return the erasure of a message, or of its whole case; raises `NotFound`."""
    about = ErasureRow.message_id.is_(None) if message_id is None else _about(message_id)
    query = select(ErasureRow).where(ErasureRow.case_id == case_id, about).order_by(ErasureRow.at).limit(1)
    row = session.scalar(query)
    if row is None:
        raise NotFound
    return _view(node, row, cases.of(session, case_id).case_ref)


def done(session: Session, node: Node) -> tuple[Erasure, ...]:
    """Return the erasures, the newest first."""
    found = select(ErasureRow, CaseRow.case_ref).join(CaseRow, CaseRow.case_id == ErasureRow.case_id)
    rows = session.execute(found.order_by(ErasureRow.at.desc(), ErasureRow.erasure_id).limit(200))
    return tuple(_view(node, row, case_ref) for row, case_ref in rows)


def _wanted(plan: Plan) -> Wanted:
    target = f"{plan.case_ref}/{plan.message_id}" if plan.message_id else plan.case_ref
    return Wanted(ERASURE, target, {"case": plan.case_ref, "cause": plan.cause, "message": plan.message_id})


def _check(session: Session, node: Node, actor: Actor, plan: Plan) -> tuple[CaseRow, Sequence[MessageRow]]:
    """Return the rows concerned, locked, if `actor` may erase them now."""
    case = cases.by_ref(session, plan.case_ref)
    chosen = select(MessageRow).where(MessageRow.case_id == case.case_id).with_for_update()
    if plan.message_id:
        chosen = chosen.where(MessageRow.message_id == plan.message_id)
    rows = session.scalars(chosen).all()
    if plan.message_id and not rows:
        raise NotFound
    if plan.message_id:
        case_acts.require_message(session, node, actor, rows[0], _AGREED)
    else:
        case_acts.require(session, node, actor, case, _AGREED)
    numbers = [row.message_id for row in rows]
    queued = select(OutboxRow.seq).where(OutboxRow.message_id.in_(numbers), OutboxRow.accepted.is_(None))
    if session.scalar(queued.limit(1)) is not None:
        raise OutOfStep("not at the hub yet: it may have to be sealed anew")
    return case, rows


def again(session: Session, kek: DataKey) -> None:
    """Erase in what came from an older backup all that had been erased since, as the erasures in it now say."""
    for one in session.scalars(select(ErasureRow)).all():
        _forget(session, kek, session.scalars(_erased(one)).all())
        if one.message_id is None:
            _forget_case(session, cases.of(session, one.case_id))


def record_again(session: Session, node: Node) -> None:
    """Log what `again` erased: the log of an older backup does not know it, and who decided it stands in the row."""
    known = select(EventRow.message_id).where(EventRow.operation == "ERASE", EventRow.message_id.is_not(None))
    for one in session.scalars(select(ErasureRow)).all():
        codes = ("CASE" if one.message_id is None else "MESSAGE", one.cause)
        acts = [
            log.Act(operation="ERASE", codes=codes, message_id=row.message_id, eid=row.eid)
            for row in session.scalars(_erased(one).where(MessageRow.message_id.not_in(known)))
        ]
        if acts:
            log.record_all(session, node, acts)


def _erased(one: ErasureRow) -> Select[MessageRow]:
    chosen = select(MessageRow).where(MessageRow.case_id == one.case_id)
    return chosen if one.message_id is None else chosen.where(MessageRow.message_id == one.message_id)


def _forget_case(session: Session, case: CaseRow) -> None:
    case.wrapped_key = None
    session.execute(delete(DraftRow).where(DraftRow.case_id == case.case_id))
    session.execute(update(EventRow).where(EventRow.case_id == case.case_id).values(sealed=None))


def _forget(session: Session, kek: DataKey, rows: Sequence[MessageRow]) -> None:
    """Destroy the keys and what they sealed; notes, and drafts that answer them or pass them on, go too.

    An arrival as it travelled opens with our encryption key until that is 28 days old: such an envelope goes too.
    """
    numbers = [row.message_id for row in rows]
    living = keys.living(session)
    for row in rows:
        row.wrapped_key, row.sealed, row.salt_sealed, row.reason_sealed = None, b"", b"", None
        if row.direction == "IN" and keys.opens(row.envelope, living):
            row.envelope = b""
    session.execute(update(AssignmentRow).where(AssignmentRow.message_id.in_(numbers)).values(note_sealed=None))
    for draft in session.scalars(select(DraftRow)).all():
        if draft.in_reply_to in numbers or draft_rows.carries(kek, draft, numbers):
            session.delete(draft)
    _forget_tasks(session, numbers)
    fingerprints.forget(session, numbers)
    session.flush()


def _forget_tasks(session: Session, numbers: Sequence[str]) -> None:
    of_them = select(TaskRow.task_id).where(TaskRow.message_id.in_(numbers))
    session.execute(update(TaskReplyRow).where(TaskReplyRow.task_id.in_(of_them)).values(sealed=b""))
    session.execute(update(TaskRow).where(TaskRow.message_id.in_(numbers)).values(sealed=b"", reason_sealed=None))


def exported(session: Session, case: CaseRow, rows: Sequence[MessageRow]) -> int:
    """Return how many files with a case, or with messages of it, have left the unit."""
    numbers = [row.message_id for row in rows]
    about = or_(EventRow.case_id == case.case_id, EventRow.message_id.in_(numbers))
    counted = select(func.count()).select_from(EventRow).where(EventRow.operation.in_(_EXPORTS), about)
    return session.scalar(counted) or 0


def _note(session: Session, node: Node, taken: Approval, what: tuple[CaseRow, Plan], exports: int) -> None:
    (case, plan), erasure_id = what, uuid.uuid4().hex
    session.add(
        ErasureRow(
            erasure_id=erasure_id,
            case_id=case.case_id,
            message_id=plan.message_id or None,
            cause=plan.cause,
            asked_by=taken.asked_by,
            approved_by=taken.decided_by or "",
            at=node.now(),
            exports=exports,
            sealed=node.store.kek.seal(taken.reason.encode(), *rest.place("erasure", erasure_id, "reason")),
        )
    )


def _about(message_id: str) -> ColumnElement[bool]:
    return or_(ErasureRow.message_id == message_id, ErasureRow.message_id.is_(None))


def _view(node: Node, row: ErasureRow, case_ref: str) -> Erasure:
    reason = node.store.kek.open(row.sealed, *rest.place("erasure", row.erasure_id, "reason")).decode()
    said = row.cause, reason, row.asked_by, row.approved_by
    return Erasure(case_ref, row.message_id, *said, row.at, row.exports)

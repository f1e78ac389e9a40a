"""Opening a case in an emergency: one person, one hour, reading only, and nobody learns of it late.

The hour begins at once, because an emergency does not wait; a second person judges it afterwards and ends it by
refusing. The reason, the opening and each look stand in the log beside the case; every auditor and the supervisors are
told. What the rules forbid whoever works on a case (`exchange.policy`) they forbid here as well.
"""

from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto import instants
from exchange.policy.facts import Action
from nodes import alerts, approvals, cases, judging, log
from nodes.account_tables import RoleRow, UserRow
from nodes.alerts import Cause, Raised
from nodes.approvals import Approval, Wanted
from nodes.errors import NotFound, OutOfStep
from nodes.node import Node
from nodes.permissions import require
from nodes.protection_tables import EmergencyRow
from nodes.tables import CaseRow
from nodes.views import Actor

WHAT: Final = "BREAK_GLASS"
"""The code of the table `four_eyes` under which a second person judges it."""

LASTS: Final = 3_600
"""Seconds for which a case stays open."""


def needed(session: Session, node: Node, actor: Actor, case_ref: str) -> bool:
    """Return whether only an emergency opens this case to `actor`.

    Raises `Denied`, and `NotFound` for a case that is not there or that no emergency opens to him.
    """
    require(actor, Action.BREAK_GLASS)
    to_case = judging.standing(session, node, actor, cases.by_ref(session, case_ref).case_id)
    if judging.reads_case(node, actor, to_case):
        return False
    if not judging.reads_case(node, actor, replace(to_case, emergency=True)):
        raise NotFound
    return True


def open_case(session: Session, node: Node, actor: Actor, case_ref: str, reason: str) -> None:
    """Let `actor` read a case for an hour, tell those who watch, and ask for a second person's judgement.

    Raises as `needed`, `BadInput` for no reason, and `OutOfStep` where he may read it anyhow or his last emergency in
    this case was not judged yet.
    """
    if not needed(session, node, actor, case_ref):
        raise OutOfStep
    case, now = cases.by_ref(session, case_ref), node.now()
    told = {"case": case_ref, "until": instants.to_text(now + LASTS)}
    approval_id = approvals.ask(session, node, actor, Wanted(WHAT, f"{case_ref} {actor.user_id}", told), reason)
    session.flush()
    row = EmergencyRow(
        approval_id=approval_id, case_id=case.case_id, user_id=actor.user_id, opened=now, ends=now + LASTS
    )
    session.add(row)
    codes = "OPENED", f"ID.{approval_id.upper()}"
    log.record(session, node, replace(log.by(actor, WHAT), case=case, codes=codes, justification=reason))
    _tell(session, node, approval_id)


def confirm(session: Session, node: Node, actor: Actor, found: Approval) -> None:
    """Write down that a second person found it right."""
    approvals.take(session, node, actor, found.wanted)
    alerts.clear(session, Cause.BREAK_GLASS_DONE, found.approval_id)


def open_until(session: Session, node: Node, actor: Actor, case_ref: str) -> int | None:
    """Return until when a case is open to `actor` in an emergency, or None where it is not."""
    here = select(CaseRow.case_id).where(
        CaseRow.case_ref == case_ref, CaseRow.case_id.in_(judging.opened_by(actor, node.now()))
    )
    chosen = select(EmergencyRow.ends).where(EmergencyRow.case_id.in_(here), EmergencyRow.user_id == actor.user_id)
    return session.scalar(chosen.order_by(EmergencyRow.ends.desc()).limit(1))


def _tell(session: Session, node: Node, approval_id: str) -> None:
    """Tell each auditor for himself, so that none can acknowledge it for the others, and the supervisors."""
    auditors = select(UserRow.user_id).join(RoleRow, RoleRow.user_id == UserRow.user_id)
    active = RoleRow.role == "AUDITOR", UserRow.disabled_at.is_(None)
    for user_id in session.scalars(auditors.where(*active).order_by(UserRow.user_id)).all():
        own = alerts.owner(user_id)
        alerts.raise_alert(session, node, Raised(Cause.BREAK_GLASS, f"{approval_id} {own}", own, outbound=True))
    judge = Raised(Cause.BREAK_GLASS_DONE, approval_id, alerts.HEAD, outbound=True)
    alerts.raise_alert(session, node, judge)

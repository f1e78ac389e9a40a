"""Inspections: an auditor declares a period and a number, chance draws the entries, he judges each, the unit replies.

The draw is fixed by the hub's log at a size that is named in the log of this node before the hub has reached it, so
neither the auditor nor the unit can steer it. The report is signed by the unit and its digest is logged.
"""

import hashlib
import uuid
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crypto import statements
from crypto.canonical import Json
from crypto.instants import to_text
from exchange.policy.facts import Action
from nodes import log, rest
from nodes.errors import BadInput, NotFound, NotReady, OutOfStep
from nodes.inspection_tables import InspectionRow, SampledRow
from nodes.mirror import Mirror
from nodes.mirroring import hub_keys
from nodes.node import Node
from nodes.oversight import LoggedAct, examined
from nodes.oversight_mandates import mandate_of
from nodes.oversight_proofs import unlisted
from nodes.oversight_samples import draw, seed_of
from nodes.oversight_scope import covers, require_period
from nodes.permissions import require
from nodes.tables import EventRow
from nodes.views import Actor

LABEL: Final = "serai/inspection/1"
MOST: Final = 200
LONGEST: Final = 1000
REPLY_TIME: Final = 14 * 86_400
"""Seconds that the unit has to reply to a finding."""


class Verdict(StrEnum):
    """What an auditor says of one entry."""

    IN_ORDER = "IN_ORDER"
    QUESTION = "QUESTION"
    BREACH = "BREACH"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is declared: the period [since, until) and how many entries at most."""

    since: int
    until: int
    most: int


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection as a list shows it; `drawn` and `judged` count its entries."""

    inspection_id: str
    opened_by: str
    opened: int
    plan: Plan
    first: int
    last: int
    target: int
    mandate: str
    root: str
    closed: int | None
    drawn: int
    judged: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """One drawn entry: what it says, the verdict and note, and the unit's reply to a finding."""

    inspection_id: str
    act: LoggedAct
    verdict: str | None
    note: str
    due: int | None
    reply: str
    replied_by: str | None


def declare(session: Session, node: Node, actor: Actor, plan: Plan) -> str:
    """Open an inspection and name the size of the hub's log that will draw it; returns its id.

    Raises `Denied`, `OutsideVisit`, `MandateNeeded`, `BadInput` for a period without entries, `NotReady` while no log
    is mirrored.
    """
    require(actor, Action.READ_LOG)
    require_period(actor, plan.since, plan.until)
    mandate = mandate_of(session, node, actor, demand=True)
    ends = select(func.min(EventRow.index), func.max(EventRow.index))
    known = session.execute(ends.where(EventRow.at >= plan.since, EventRow.at < plan.until)).one()
    first, last = (-1 if index is None else index for index in known)
    if first < 0 or not 0 < plan.most <= MOST:
        raise BadInput("plan")
    held = Mirror(session, hub_keys(node).origin).held
    if held is None:
        raise NotReady("the hub's log is not mirrored yet")
    inspection_id, target = uuid.uuid4().hex, held.accepted + 1
    row = InspectionRow(
        inspection_id=inspection_id,
        opened_by=actor.user_id,
        opened=node.now(),
        since=plan.since,
        until=plan.until,
        first=first,
        last=last,
        most=plan.most,
        target=target,
        mandate=_seal(node, inspection_id, "mandate", mandate),
    )
    session.add(row)
    said = f"ID.{inspection_id.upper()}", f"FIRST.{first}", f"LAST.{last}", f"MOST.{plan.most}", f"TARGET.{target}"
    _record(session, node, actor, ("DECLARE", *said), mandate)
    return inspection_id


def settle(session: Session, node: Node) -> None:
    """Draw the samples of the inspections whose size the mirrored log of the hub has reached."""
    mirror = Mirror(session, hub_keys(node).origin)
    waiting = select(InspectionRow).where(InspectionRow.root.is_(None), InspectionRow.target <= mirror.size)
    for row in session.scalars(waiting):
        row.root = mirror.root(row.target)
        for index in draw(seed_of(row.inspection_id, row.root), row.first, row.last, row.most):
            session.add(SampledRow(inspection_id=row.inspection_id, index=index))
    session.flush()


def inspections(session: Session, node: Node, actor: Actor) -> tuple[Inspection, ...]:
    """Return every inspection, the newest first; raises `Denied`."""
    require(actor, Action.READ_LOG)
    rows = session.scalars(select(InspectionRow).order_by(InspectionRow.opened.desc(), InspectionRow.inspection_id))
    return tuple(_view(session, node, row) for row in rows if covers(actor, row.since, row.until))


def inspection(
    session: Session, node: Node, actor: Actor, inspection_id: str
) -> tuple[Inspection, tuple[Sampled, ...]]:
    """Return one inspection with its drawn entries, each proven again; logs the look. Raises `Denied`, `NotFound`."""
    require(actor, Action.READ_LOG)
    row = _row(session, actor, inspection_id)
    _record(
        session, node, actor, ("LOOK", f"ID.{inspection_id.upper()}"), mandate_of(session, node, actor, demand=False)
    )
    chosen = select(SampledRow).where(SampledRow.inspection_id == inspection_id).order_by(SampledRow.index)
    return _view(session, node, row), _sampled(session, node, list(session.scalars(chosen)))


def judge(session: Session, node: Node, actor: Actor, place: tuple[str, int], said: tuple[Verdict, str]) -> None:
    """Write the verdict and note on one drawn entry; a finding is due for a reply.

    Raises `Denied`, `NotFound`, `OutOfStep` once the inspection is closed, `BadInput` for a finding without words.
    """
    require(actor, Action.READ_LOG)
    (inspection_id, index), (verdict, note) = place, said
    row, one = _row(session, actor, inspection_id), session.get(SampledRow, place)
    if one is None:
        raise NotFound
    if row.closed is not None:
        raise OutOfStep("closed")
    if len(note) > LONGEST or (verdict is not Verdict.IN_ORDER and not note.strip()):
        raise BadInput("note")
    one.verdict, one.judged_by = verdict.value, actor.user_id
    one.note = _seal(node, inspection_id, f"note.{index}", note.strip())
    one.due = None if verdict is Verdict.IN_ORDER else node.now() + REPLY_TIME
    codes = "JUDGE", verdict.value, f"ID.{inspection_id.upper()}", f"ENTRY.{index}"
    _record(session, node, actor, codes, mandate_of(session, node, actor, demand=True))


def findings(session: Session, node: Node, actor: Actor) -> tuple[Sampled, ...]:
    """Return the findings of open inspections for those who reply for the unit, the next due first; raises `Denied`."""
    require(actor, Action.REPLY_FINDINGS)
    chosen = select(SampledRow).join(InspectionRow, InspectionRow.inspection_id == SampledRow.inspection_id)
    chosen = chosen.where(SampledRow.due.is_not(None), InspectionRow.closed.is_(None))
    chosen = chosen.order_by(SampledRow.due, SampledRow.index)
    return _sampled(session, node, list(session.scalars(chosen)))


def reply(session: Session, node: Node, actor: Actor, place: tuple[str, int], words: str) -> None:
    """Write the unit's reply to a finding; raises `Denied`, `NotFound`, `OutOfStep` once closed, `BadInput`."""
    require(actor, Action.REPLY_FINDINGS)
    row, one = _row(session, actor, place[0]), session.get(SampledRow, place)
    if one is None or one.due is None:
        raise NotFound
    if row.closed is not None:
        raise OutOfStep("closed")
    if not 0 < len(words.strip()) <= LONGEST:
        raise BadInput("reply")
    one.reply = _seal(node, place[0], f"reply.{place[1]}", words.strip())
    one.replied_by, one.replied_at = actor.user_id, node.now()
    _record(session, node, actor, ("REPLY", f"ID.{place[0].upper()}", f"ENTRY.{place[1]}"), "")


def close(session: Session, node: Node, actor: Actor, inspection_id: str) -> None:
    """End an inspection with its signed report; raises `Denied`, `NotFound`, and `OutOfStep` while an entry is open."""
    require(actor, Action.READ_LOG)
    row = _row(session, actor, inspection_id)
    view, drawn = inspection(session, node, actor, inspection_id)
    if row.closed is not None or not drawn or view.judged < view.drawn:
        raise OutOfStep("not every entry is judged, or it is closed")
    row.closed = node.now()
    wire = statements.sign_batch([node.keys.signing], LABEL, [_statement(node, view, drawn, row.closed)])[0]
    row.report = wire
    act = replace(log.by(actor, "AUDIT_EXPORT"), codes=("INSPECTION", "REPORT", f"ID.{inspection_id.upper()}"))
    mandate = mandate_of(session, node, actor, demand=True)
    log.record(session, node, replace(act, digest=hashlib.sha512(wire).hexdigest(), justification=mandate))


def report(session: Session, actor: Actor, inspection_id: str) -> bytes:
    """Return the signed report of a closed inspection; raises `Denied`, `NotFound`."""
    require(actor, Action.READ_LOG)
    wire = _row(session, actor, inspection_id).report
    if wire is None:
        raise NotFound
    return wire


def _statement(node: Node, view: Inspection, drawn: tuple[Sampled, ...], closed: int) -> dict[str, Json]:
    """What the report says; the sample can be drawn again from it."""
    entries: list[Json] = [
        {
            "index": one.act.index,
            "leaf": one.act.leaf,
            "proven": "YES" if one.act.proven else "NO",
            "verdict": one.verdict or "",
            "note": one.note,
            "reply": one.reply,
        }
        for one in drawn
    ]
    return {
        "v": 1,
        "type": "INSPECTION",
        "env": node.settings.env,
        "unit": node.unit,
        "log": node.log.log_id,
        "id": view.inspection_id,
        "auditor": view.opened_by,
        "mandate": view.mandate,
        "opened": to_text(view.opened),
        "closed": to_text(closed),
        "since": to_text(view.plan.since),
        "until": to_text(view.plan.until),
        "first": view.first,
        "last": view.last,
        "most": view.plan.most,
        "target": view.target,
        "root": view.root,
        "entries": entries,
    }


def _view(session: Session, node: Node, row: InspectionRow) -> Inspection:
    counted = select(func.count(), func.count(SampledRow.verdict)).where(SampledRow.inspection_id == row.inspection_id)
    drawn, judged = session.execute(counted).one()
    return Inspection(
        inspection_id=row.inspection_id,
        opened_by=row.opened_by,
        opened=row.opened,
        plan=Plan(row.since, row.until, row.most),
        first=row.first,
        last=row.last,
        target=row.target,
        mandate=_open(node, row.inspection_id, "mandate", row.mandate),
        root=row.root.hex() if row.root is not None else "",
        closed=row.closed,
        drawn=drawn,
        judged=judged,
    )


def _sampled(session: Session, node: Node, rows: list[SampledRow]) -> tuple[Sampled, ...]:
    """The drawn entries, each hashed again and led to the root of the log; one without an index row says so."""
    chosen = select(EventRow).where(EventRow.index.in_({row.index for row in rows}))
    acts = {
        one.act.index: one.act for one in examined(session, node, node.log.head(session), session.scalars(chosen).all())
    }
    return tuple(
        Sampled(
            row.inspection_id,
            acts.get(row.index) or unlisted(row.index, node.log.leaf_hash(session, row.index).hex()),
            row.verdict,
            _open(node, row.inspection_id, f"note.{row.index}", row.note),
            row.due,
            _open(node, row.inspection_id, f"reply.{row.index}", row.reply),
            row.replied_by,
        )
        for row in rows
    )


def _row(session: Session, actor: Actor, inspection_id: str) -> InspectionRow:
    row = session.get(InspectionRow, inspection_id)
    if row is None or not covers(actor, row.since, row.until):
        raise NotFound
    return row


def _record(session: Session, node: Node, actor: Actor, codes: tuple[str, ...], reason: str) -> None:
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=("INSPECTION", *codes), justification=reason)
    log.record(session, node, act)


def _seal(node: Node, inspection_id: str, what: str, words: str) -> bytes:
    return node.store.kek.seal(words.encode(), *rest.place("inspection", inspection_id, what))


def _open(node: Node, inspection_id: str, what: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    return node.store.kek.open(sealed, *rest.place("inspection", inspection_id, what)).decode()

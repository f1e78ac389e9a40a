"""Breaches of personal data: recorded when they are found, told to the authority within 72 hours, in phases if need be.

Articles 30 and 31 of Directive (EU) 2016/680: what happened, whose data and how many, what may follow, what was done,
whom to ask. After 72 hours the reason for the delay is asked for. What is learned later is another phase; nothing that
was written is changed. The words are sealed; the log has times and codes.
"""

import uuid
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crypto import instants
from crypto.canonical import Json
from exchange.policy.facts import Action
from nodes import alerts, drafts, log, rest
from nodes.alerts import Cause, Raised
from nodes.drafts import NewDraft, Saved
from nodes.errors import BadInput, NotFound, OutOfStep
from nodes.node import Node
from nodes.permissions import require
from nodes.protection_tables import BreachPhaseRow, BreachRow
from nodes.views import Actor, DraftForm
from schemas.base import Wire
from schemas.kinds import KINDS

HOUR: Final = 3600
TIME: Final = 72 * HOUR
"""Seconds from the detection in which the supervisory authority is told."""

WARNING: Final = 48 * HOUR
LONGEST: Final = 2000
SHORTEST: Final = 10


class Account(Wire):
    """What is known of a breach: article 30(3). `late`: why the authority was told after 72 hours."""

    nature: str
    categories: str = ""
    subjects: str = ""
    records: str = ""
    consequences: str = ""
    measures: str = ""
    contact: str = ""
    partners: str = ""
    late: str = ""


FIRST: Final = ("nature", "categories", "subjects", "records", "consequences", "measures", "contact")
"""What the first phase must say, if only that it is not known yet."""


_WORDS: Final = ("nature", "categories", "consequences", "measures", "contact", "late")
_NUMBERS: Final = ("subjects", "records")
_NOTICE: Final = next(kind.code for kind in KINDS.values() if kind.protection and kind.life and not kind.concern)
"""The kind of message that tells other units of a breach."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What was known at one moment, and who wrote it down."""

    at: int
    by_user: str
    account: Account


@dataclass(frozen=True, slots=True)
class Breach:
    """A breach as it stands: `due` is the end of the 72 hours."""

    breach_id: str
    detected: int
    due: int
    authority_at: int | None
    partners_at: int | None
    phases: tuple[Phase, ...]


def record(session: Session, node: Node, actor: Actor, detected: int, account: Account) -> str:
    """Write down a breach that was detected at `detected`; raises `Denied`, `BadInput` naming what is missing."""
    require(actor, Action.PROTECT_DATA)
    missing = next((name for name in FIRST if not getattr(account, name).strip()), None)
    if missing is not None or detected > node.now():
        raise BadInput(missing or "detected")
    breach_id = uuid.uuid4().hex
    session.add(BreachRow(breach_id=breach_id, detected=detected, authority_at=None, partners_at=None))
    session.flush()
    _write(session, node, actor, breach_id, account)
    _log(session, node, actor, "RECORDED")
    return breach_id


def add(session: Session, node: Node, actor: Actor, breach_id: str, account: Account) -> None:
    """Write down what was learned later; raises `Denied`, `NotFound`, `BadInput`."""
    _row(session, actor, breach_id)
    _write(session, node, actor, breach_id, account)
    _log(session, node, actor, "PHASE")


def tell_authority(session: Session, node: Node, actor: Actor, breach_id: str, late: str) -> None:
    """Note that the supervisory authority was told now; after 72 hours only with the reason `late`.

    Raises `Denied`, `NotFound`, `OutOfStep` once it was told, `BadInput` for a missing reason.
    """
    row = _row(session, actor, breach_id)
    if row.authority_at is not None:
        raise OutOfStep
    if node.now() > row.detected + TIME:
        if len(late.strip()) < SHORTEST:
            raise BadInput("late")
        _write(session, node, actor, breach_id, Account(nature="LATE", late=late))
    row.authority_at = node.now()
    _log(session, node, actor, "AUTHORITY")


def tell_partners(session: Session, node: Node, actor: Actor, breach_id: str) -> None:
    """Note that the units whose data it was were told; raises `Denied`, `NotFound`, `OutOfStep` once they were."""
    row = _row(session, actor, breach_id)
    if row.partners_at is not None:
        raise OutOfStep
    row.partners_at = node.now()
    _log(session, node, actor, "PARTNERS")


def begin_notice(session: Session, node: Node, actor: Actor, breach_id: str) -> str:
    """Begin the message that tells other units of a breach, with what is known of it; returns the id of the draft.

    Raises `Denied`, `NotFound`.
    """
    body = _known(_view(session, node, _row(session, actor, breach_id)))
    draft = drafts.create(session, node, actor, NewDraft(_NOTICE))
    form = DraftForm(draft.recipients, draft.common, body)
    return drafts.save(session, node, actor, Saved(draft.draft_id, draft.revision, form)).draft_id


def _known(breach: Breach) -> dict[str, Json]:
    """Return the body of a notice with what is known of a breach: of each point the latest."""
    known: dict[str, str] = {}
    for phase in breach.phases:
        known |= {name: text for name, text in phase.account.model_dump().items() if text}
    words: dict[str, Json] = {name: known[name] for name in _WORDS if name in known}
    numbers: dict[str, Json] = {name: int(known[name]) for name in _NUMBERS if known.get(name, "").isdecimal()}
    return {"reference": breach.breach_id[:8], "detected": instants.to_text(breach.detected), **words, **numbers}


def breaches(session: Session, node: Node, actor: Actor) -> tuple[Breach, ...]:
    """Return every breach, the newest first; raises `Denied`."""
    require(actor, Action.PROTECT_DATA)
    rows = session.scalars(select(BreachRow).order_by(BreachRow.detected.desc(), BreachRow.breach_id)).all()
    return tuple(_view(session, node, row) for row in rows)


def run(session: Session, node: Node) -> None:
    """Tell the data-protection officer when two thirds of the 72 hours are over, and when all of them are."""
    for row in session.scalars(select(BreachRow).where(BreachRow.authority_at.is_(None))):
        for cause, after in ((Cause.BREACH_DUE, WARNING), (Cause.BREACH_OVERDUE, TIME)):
            if node.now() >= row.detected + after:
                alerts.raise_alert(session, node, Raised(cause, row.breach_id, alerts.PROTECTION, outbound=True))


def _row(session: Session, actor: Actor, breach_id: str) -> BreachRow:
    require(actor, Action.PROTECT_DATA)
    row = session.get(BreachRow, breach_id, with_for_update=True)
    if row is None:
        raise NotFound
    return row


def _write(session: Session, node: Node, actor: Actor, breach_id: str, account: Account) -> None:
    words = {name: getattr(account, name).strip() for name in Account.model_fields}
    if not words["nature"] or any(len(text) > LONGEST for text in words.values()):
        raise BadInput("account")
    count = select(func.count()).select_from(BreachPhaseRow).where(BreachPhaseRow.breach_id == breach_id)
    ordinal = session.scalar(count) or 0
    sealed = node.store.kek.seal(Account(**words).to_bytes(), *rest.place("breach", f"{breach_id}/{ordinal}", "words"))
    row = BreachPhaseRow(breach_id=breach_id, ordinal=ordinal, at=node.now(), by_user=actor.user_id, sealed=sealed)
    session.add(row)
    session.flush()


def _view(session: Session, node: Node, row: BreachRow) -> Breach:
    query = select(BreachPhaseRow).where(BreachPhaseRow.breach_id == row.breach_id).order_by(BreachPhaseRow.ordinal)
    phases = tuple(_phase(node, one) for one in session.scalars(query))
    return Breach(row.breach_id, row.detected, row.detected + TIME, row.authority_at, row.partners_at, phases)


def _phase(node: Node, row: BreachPhaseRow) -> Phase:
    plain = node.store.kek.open(row.sealed, *rest.place("breach", f"{row.breach_id}/{row.ordinal}", "words"))
    return Phase(row.at, row.by_user, Account.from_bytes(plain))


def _log(session: Session, node: Node, actor: Actor, code: str) -> None:
    log.record(session, node, replace(log.by(actor, "BREACH"), codes=(code,)))

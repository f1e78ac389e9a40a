"""The unit's own log: every act of an officer or of the node, appended in the transaction of the act itself.

The leaf holds codes and commitments (protocol.md §9.6); who, which case and why stand beside it in `node_event`, with
the salt that opens the commitments sealed under the key of the case. Article 25 of Directive (EU) 2016/680 names the
operations. A denial is logged by its handler in a fresh transaction, because the refused act rolls back.
"""

import os
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crypto import canonical
from crypto.at_rest import DataKey
from crypto.encoding import b64
from exchange.errors import ExchangeError
from nodes import rest
from nodes.node import Node
from nodes.tables import CaseRow, EventRow
from nodes.views import Actor
from schemas.entries import ActEntry, commitment

SYSTEM = "NODE"
"""The actor of what the node does by itself."""

SALT = 16
LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act to be logged. Texts go into the leaf only as commitments; `codes` are codes of tables, never words."""

    operation: str
    actor: str = SYSTEM
    role: str | None = None
    case: CaseRow | None = None
    message_id: str | None = None
    eid: str | None = None
    unit: str | None = None
    subject: str | None = None
    justification: str | None = None
    codes: tuple[str, ...] = ()
    denied: bool = False
    digest: str | None = None
    count: int | None = None


def by(actor: Actor, operation: str) -> "Act":
    """Return the start of an act of `actor`, with the first of his roles."""
    return Act(operation=operation, actor=actor.user_id, role=min(actor.roles, default=None))


def record(session: Session, node: Node, act: Act) -> int:
    """Append `act` to the node's log and its index row; returns the leaf's index, true once the transaction commits."""
    now, salt = node.now(), os.urandom(SALT)
    subject, justification = _cut(act.subject), _cut(act.justification)
    entry = _entry(act, now, salt)
    appended = node.log.append(session, [entry.to_bytes()], now)
    index = appended.first_index
    words = {"salt": b64(salt), "codes": list(act.codes), "subject": subject, "justification": justification}
    sealed = _key(node, act.case).seal(canonical.dumps(words), *rest.place("event", str(index), "words"))
    session.add(
        EventRow(
            index=index,
            operation=act.operation,
            at=now,
            actor=act.actor,
            role=act.role,
            case_id=act.case.case_id if act.case else None,
            message_id=act.message_id,
            eid=act.eid,
            unit=act.unit,
            denied=int(act.denied),
            leaf=appended.leaf_hashes[0].hex(),
            sealed=sealed,
        )
    )
    return index


def _entry(act: Act, now: int, salt: bytes) -> ActEntry:
    subject, justification = _cut(act.subject), _cut(act.justification)
    return ActEntry(
        time=now,
        nonce=os.urandom(16).hex(),
        operation=act.operation,
        result="DENIED" if act.denied else "DONE",
        actor=commitment(salt, act.actor),
        role=act.role,
        case=commitment(salt, act.case.case_ref) if act.case else None,
        eid=act.eid,
        unit=act.unit,
        codes=act.codes or None,
        digest=act.digest,
        count=act.count,
        subject=commitment(salt, subject) if subject else None,
        justification=commitment(salt, justification) if justification else None,
    )


def denied(session: Session, node: Node, actor: Actor, error: ExchangeError) -> None:
    """Log a refusal, in a fresh transaction of the handler that caught it."""
    role = min(actor.roles, default=None)
    record(session, node, Act(operation="REFUSE", actor=actor.user_id, role=role, codes=(error.code,), denied=True))


def _cut(words: str | None) -> str:
    return (words or "")[:LONGEST_WORDS]


def _key(node: Node, case: CaseRow | None) -> DataKey:
    return rest.case_key(node.store.kek, case) if case else node.store.kek

"""The unit's own log: every act of an officer or of the node, appended in the transaction of the act itself.

The leaf holds codes and commitments (protocol.md §9.9); who, which case and why stand beside it in `node_event`, with
the salt that opens the commitments sealed under the key of the case. Article 25 of Directive (EU) 2016/680 names the
operations. A denial is logged by its handler in a fresh transaction, because the refused act rolls back.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from audit import rows
from crypto import canonical
from crypto.at_rest import DataKey
from crypto.encoding import b64
from nodes import rest
from nodes.errors import Denied
from nodes.node import Node
from nodes.row import Row
from nodes.tables import CaseRow, EventRow
from nodes.views import Actor
from schemas.entries import ActEntry, commitment

SYSTEM = "NODE"
"""The actor of what the node does by itself."""

SALT = 16
LONGEST_WORDS = 300
_EVENT = Row.metadata.tables[EventRow.__tablename__]


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


@dataclass(frozen=True, slots=True)
class _Leaf:
    """Where an act came to stand in the log."""

    index: int
    hash: bytes
    time: int


def by(actor: Actor, operation: str) -> "Act":
    """Return the start of an act of `actor`, with the first of his roles."""
    return Act(operation=operation, actor=actor.user_id, role=min(actor.roles, default=None))


def record(session: Session, node: Node, act: Act) -> int:
    """Append `act` to the node's log and its index row; returns the leaf's index, true once the transaction commits."""
    return record_all(session, node, [act])


def record_all(session: Session, node: Node, acts: Sequence[Act]) -> int:
    """Append `acts` in their order, one leaf each, and their index rows; returns the index of the first leaf."""
    now = node.now()
    salts = [os.urandom(SALT) for _ in acts]
    entries = [_entry(act, now, salt).to_bytes() for act, salt in zip(acts, salts, strict=True)]
    appended = node.log.append(session, entries, now)
    leaves = (_Leaf(appended.first_index + at, found, now) for at, found in enumerate(appended.leaf_hashes))
    events = [_event(node, act, salt, leaf) for act, salt, leaf in zip(acts, salts, leaves, strict=True)]
    rows.insert(session.connection(), _EVENT, events)
    return appended.first_index


def _event(node: Node, act: Act, salt: bytes, leaf: _Leaf) -> rows.Row:
    subject, justification = _cut(act.subject), _cut(act.justification)
    words = {"salt": b64(salt), "codes": list(act.codes), "subject": subject, "justification": justification}
    place = rest.place("event", str(leaf.index), "words")
    return {
        "index": leaf.index,
        "operation": act.operation,
        "at": leaf.time,
        "actor": act.actor,
        "role": act.role,
        "case_id": act.case.case_id if act.case else None,
        "message_id": act.message_id,
        "eid": act.eid,
        "unit": act.unit,
        "denied": int(act.denied),
        "leaf": leaf.hash.hex(),
        "sealed": _key(node, act.case).seal(canonical.dumps(words), *place),
    }


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


def denied(session: Session, node: Node, actor: Actor, error: Denied) -> None:
    """Log a refusal with the rules that made it, in a fresh transaction of the handler that caught it."""
    role, codes = min(actor.roles, default=None), (error.code, *(rule.name for rule in error.rules))
    record(session, node, Act(operation="REFUSE", actor=actor.user_id, role=role, codes=codes, denied=True))


def _cut(words: str | None) -> str:
    return (words or "")[:LONGEST_WORDS]


def _key(node: Node, case: CaseRow | None) -> DataKey:
    return rest.case_key(node.store.kek, case) if case else node.store.kek

"""One entry of the node's log with everything that proves it, as a page and as a file.

Proofs are made under a signed checkpoint; one that covers the newest entries is signed when it is asked for. What is
shown here was verified here, with the same code that verifies it offline.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import store
from audit.errors import AuditError
from audit.proof import LogProof, verify_proof
from audit.store import StoredCheckpoint
from crypto.merkle_hash import leaf_hash
from exchange.policy.facts import Action
from nodes import log
from nodes.errors import NotFound
from nodes.node import Node
from nodes.oversight import LoggedAct, cases_of, examined
from nodes.oversight_keys import own_keys
from nodes.oversight_mandates import mandate_of
from nodes.oversight_scope import require_entry
from nodes.oversight_steps import Step, climb
from nodes.permissions import require
from nodes.tables import EventRow
from nodes.views import Actor
from nodes.watch_tables import AnchorRow


@dataclass(frozen=True, slots=True)
class Anchored:
    """The first head over an entry that the hub cosigned, its place in the hub's log, and when our mirror showed it."""

    size: int
    cosigned: int
    hub_index: int | None
    proved: int | None


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry: what its row says, its bytes, the way from its leaf to the root, and the checkpoint over it.

    `act.fault` is empty only if all of it holds; without `signed` no checkpoint covers it, because the log could not be
    signed as it is. `justification` is None once the case was erased.
    """

    act: LoggedAct
    raw: bytes
    leaf: str
    codes: tuple[str, ...]
    size: int
    root: str
    steps: tuple[Step, ...]
    signed: StoredCheckpoint | None
    justification: str | None
    anchored: Anchored | None


def look(session: Session, node: Node, actor: Actor, view: str, *particulars: str) -> None:
    """Log that `actor` looked at one of the auditor's views; raises `Denied`."""
    require(actor, Action.READ_LOG)
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=(view, *particulars))
    log.record(session, node, replace(act, justification=mandate_of(session, node, actor, demand=False)))


def record_file(session: Session, node: Node, actor: Actor, data: bytes, *result: str) -> None:
    """Log that `actor` had a file checked, by its digest and with the result; raises `Denied`."""
    require(actor, Action.READ_LOG)
    act = replace(log.by(actor, "AUDIT_ACCESS"), codes=("FILE", *result), digest=hashlib.sha512(data).hexdigest())
    log.record(session, node, replace(act, justification=mandate_of(session, node, actor, demand=False)))


def take_out(session: Session, node: Node, actor: Actor, view: str, *particulars: str) -> int:
    """Log that `actor` takes something out, and return the entry's index.

    Raises `Denied`, and `MandateNeeded` before he said why.
    """
    require(actor, Action.READ_LOG)
    mandate = mandate_of(session, node, actor, demand=True)
    act = replace(log.by(actor, "AUDIT_EXPORT"), codes=(view, *particulars), justification=mandate)
    return log.record(session, node, act)


def take_out_proof(session: Session, node: Node, actor: Actor, index: int) -> bytes:
    """Return the `.tlog-proof` of an entry, and log that it leaves; raises `Denied`, `NotFound`, `MandateNeeded`."""
    require_entry(session, actor, index)
    take_out(session, node, actor, "PROOF", str(index))
    return proof_file(session, node, index)


def look_at_entry(session: Session, node: Node, actor: Actor, index: int) -> None:
    """Log that `actor` looked at one entry, beside the case that it belongs to; raises `Denied`, `NotFound`."""
    require(actor, Action.READ_LOG)
    require_entry(session, actor, index)
    row = session.get(EventRow, index)
    if row is None and index >= node.log.head(session).size:
        raise NotFound
    case = cases_of(session, [row]).get(row.case_id or "") if row is not None else None
    act = replace(
        log.by(actor, "AUDIT_ACCESS"),
        codes=("ENTRY", str(index)),
        case=case if case is not None and case.wrapped_key is not None else None,
        message_id=row.message_id if row is not None else None,
        justification=mandate_of(session, node, actor, demand=False),
    )
    log.record(session, node, act)


def cover(node: Node, index: int) -> None:
    """Sign a checkpoint over the entry `index` unless there is one, in a transaction of its own.

    A log that is damaged cannot be signed; the entry's page then says so.
    """
    with node.db.read() as session:
        signed = node.log.checkpoint(session)
    if signed is None or signed.size <= index:
        with suppress(AuditError), node.db.write() as session:
            node.log.sign_checkpoint(session, node.now())


def entry(session: Session, node: Node, index: int) -> ProvenEntry:
    """Return the entry at `index` with its proof under the newest checkpoint; raises `NotFound`.

    A proof that does not hold is returned with its fault: an auditor must see it, not an error page.
    """
    head, signed = node.log.head(session), node.log.checkpoint(session)
    found = store.read_entries(session.connection(), node.log.log_id, index, index + 1)
    if not found:
        raise NotFound
    covered = signed is not None and index < signed.size
    size, root = (signed.size, signed.root) if signed is not None and covered else (head.size, head.root)
    raw, row = found[0][2], session.get(EventRow, index)
    leaf = leaf_hash(raw)
    known = examined(session, node, head, [row])[0] if row is not None else None
    act = known.act if known is not None else unlisted(index, leaf.hex())
    fault = act.fault or (_fault(session, node, index) if covered else "UNSIGNED")
    return ProvenEntry(
        replace(act, fault=fault),
        raw,
        leaf.hex(),
        known.codes if known is not None else (),
        size,
        root.hex(),
        climb(leaf, index, size, _path(session, node, index, size)),
        signed if covered else None,
        known.words.get("justification") if known is not None else None,
        _anchored(session, index),
    )


def proof_file(session: Session, node: Node, index: int) -> bytes:
    """Return the `.tlog-proof` of an entry; the entry itself travels in it, so that it can be checked alone."""
    signed = node.log.checkpoint(session)
    if signed is None or not 0 <= index < signed.size:
        raise NotFound
    path = node.log.inclusion(session, index, signed.size)
    return LogProof(index, tuple(path), signed.note, node.log.entry(session, index)).to_bytes()


def _fault(session: Session, node: Node, index: int) -> str:
    """What the file that is handed out proves by itself, with its signatures."""
    try:
        proof = LogProof.parse(proof_file(session, node, index))
        verify_proof(proof, leaf_hash(proof.extra or b""), own_keys(node))
    except AuditError:
        return "CHANGED"
    return ""


def _anchored(session: Session, index: int) -> Anchored | None:
    row = session.scalar(select(AnchorRow).where(AnchorRow.size > index).order_by(AnchorRow.size).limit(1))
    return None if row is None else Anchored(row.size, row.cosigned, row.index, row.proved)


def _path(session: Session, node: Node, index: int, size: int) -> list[bytes]:
    try:
        return node.log.inclusion(session, index, size)
    except AuditError:
        return []


def unlisted(index: int, leaf: str) -> LoggedAct:
    """An entry that the index of the log does not tell about."""
    return LoggedAct(
        index=index,
        operation="",
        at=0,
        actor=None,
        role=None,
        unit=None,
        case_ref=None,
        message_id=None,
        eid=None,
        denied=False,
        leaf=leaf,
        fault="UNLISTED",
    )

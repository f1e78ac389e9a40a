"""Anchoring: the hub cosigns the head of this node's own log and writes it into its own, which all members witness.

From then on this node cannot rewrite what it had logged, and nobody can say that it did. The log begins at the entry 0
that the unit's LOG statement registered. An answer that was lost is asked for again; an anchor that the hub's log does
not show is an alarm (protocol.md §9.21).
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit.cosignatures import CosignerKeys, check_cosigned, parse_lines, with_lines
from audit.errors import AuditError, LogDamaged
from audit.notes import decode_decimal
from audit.store import StoredCheckpoint
from audit.submission import SIZE_TYPE, Inconsistent, Submission
from crypto.merkle_hash import leaf_hash
from exchange.errors import Unfound
from nodes import alerts, mirroring
from nodes.alerts import Cause, Raised
from nodes.duty import How
from nodes.errors import AnswerRefused, HubProblem
from nodes.hub_client import Asked, HubClient
from nodes.mirror import Mirror
from nodes.node import Node
from nodes.tables import AssignmentRow
from nodes.watch_tables import AnchorRow
from schemas import entries
from schemas.entries import AnchorEntry
from schemas.errors import SchemaError

AT_ONCE = 1_000
"""Entries of our own log after which it is anchored without waiting for the minute."""

REFUSED = frozenset({Inconsistent.status, 400})


@dataclass(frozen=True, slots=True)
class _Head:
    """A head of our log that the hub cosigned: its size and root, and when."""

    size: int
    root: bytes
    cosigned: int


_HEADS = select(AnchorRow.size, AnchorRow.root, AnchorRow.cosigned)


def pressing(node: Node) -> bool:
    """Whether the log is to be anchored at once: it grew by a thousand entries, or a shift was handed over."""
    with node.db.read() as session:
        size, last = node.log.head(session).size, _last(session)
        since = 0 if last is None else last.cosigned
        over = select(func.count()).where(AssignmentRow.how == How.HAND_OVER, AssignmentRow.at > since)
        return size - (0 if last is None else last.size) >= AT_ONCE or bool(session.scalar(over))


def step(node: Node, client: HubClient) -> None:
    """Anchor what has grown, learn where anchors stand, and look for them in the mirror; raises `HubUnreachable`."""
    if node.directory().federation.hub.witness is None:
        return  # a hub of an earlier release cosigns nothing
    _anchor(node, client)
    _place(node, client)
    _prove(node)


def _anchor(node: Node, client: HubClient) -> None:
    with node.db.read() as session:
        size, last = node.log.head(session).size, _last(session)
    if size == (0 if last is None else last.size):
        return
    try:
        with node.db.write() as session:
            signed = node.log.checkpoint(session)
            if signed is None or signed.size < size:
                signed = node.log.sign_checkpoint(session, node.now())
                alerts.clear(session, Cause.LOG_DAMAGED, node.settings.log_id)
                alerts.clear(session, Cause.LOG_DAMAGED, f"{node.settings.log_id} {alerts.AUDITOR}")
    except LogDamaged:  # nothing is signed over it, and everything else goes on
        _alarm(node, Cause.LOG_DAMAGED, node.settings.log_id)
        return
    answer = _ask(node, client, 1 if last is None else last.size, signed)
    if answer.media == SIZE_TYPE:
        answer = _ask(node, client, _held(node, answer, signed), signed)
    if answer.status in REFUSED:
        _alarm(node, Cause.LOG_NOT_ANCHORED, node.settings.log_id)
    if answer.status != 200:
        raise AnswerRefused(f"anchor: status {answer.status}")
    _store(node, signed, answer.body)


def _ask(node: Node, client: HubClient, old: int, signed: StoredCheckpoint) -> Asked:
    """Ask the hub for its cosignature, with the proof from the size `old` that it holds."""
    with node.db.read() as session:
        proof = node.log.consistency(session, old, signed.size) if old < signed.size else []
    return client.add_checkpoint(Submission(old, tuple(proof), signed.note).to_bytes())


def _held(node: Node, answer: Asked, signed: StoredCheckpoint) -> int:
    """The size at which the hub stands: it stored what it told us and the answer was lost, or we lost our past."""
    try:
        held = decode_decimal(answer.body.decode("ascii").removesuffix("\n"))
    except (AuditError, UnicodeDecodeError) as error:
        raise AnswerRefused("anchor: no size") from error
    if held > signed.size:
        _alarm(node, Cause.LOG_SHORTENED, node.settings.log_id)
        raise AnswerRefused(f"anchor: the hub holds {held} entries of our log, we hold {signed.size}")
    return held


def _store(node: Node, signed: StoredCheckpoint, body: bytes) -> None:
    """Keep the cosignature, verified; where the anchor stands is asked next."""
    keys = CosignerKeys.parse(*(node.directory().federation.hub.witness or ()))
    try:
        lines = parse_lines(body)
        time = check_cosigned(signed.note, lines, keys).time
    except AuditError as error:
        raise AnswerRefused(f"anchor: {error.code}") from error
    with node.db.write() as session:
        note = with_lines(signed.note, lines)
        row = AnchorRow(size=signed.size, root=signed.root, note=note, cosigned=time, index=None, entry=None)
        session.merge(row)
        for cause in (Cause.LOG_NOT_ANCHORED, Cause.LOG_SHORTENED):
            alerts.clear(session, cause, node.settings.log_id)


def _place(node: Node, client: HubClient) -> None:
    """Learn where the hub's log holds our heads; one that it cosigned and does not hold is an alarm."""
    with node.db.read() as session:
        rows = session.execute(_HEADS.where(AnchorRow.index.is_(None)).order_by(AnchorRow.size))
        waiting = [_Head(*row) for row in rows]
    for row in waiting:
        try:
            index, entry = client.anchor(node.settings.log_id, row.size)
            _check_entry(node, row, entry)
        except HubProblem as error:
            if error.problem != Unfound.code:
                raise
            _alarm(node, Cause.ANCHOR_MISSING, f"{row.size}")
            continue
        with node.db.write() as session:
            held = session.get_one(AnchorRow, row.size)
            held.index, held.entry = index, entry
            alerts.clear(session, Cause.ANCHOR_MISSING, f"{row.size}")


def _check_entry(node: Node, row: _Head, data: bytes) -> None:
    """Return if the entry says what we had signed; raises `AnswerRefused`, and alarms."""
    try:
        entry = entries.parse(data)
    except SchemaError as error:
        raise AnswerRefused("anchor: not an entry") from error
    said = (node.settings.log_id, row.size, row.root.hex())
    good = isinstance(entry, AnchorEntry) and (entry.origin, entry.size, entry.root) == said
    if not good:
        _alarm(node, Cause.ANCHOR_MISSING, f"{row.size}")
        raise AnswerRefused("anchor: the entry says something else")


def _prove(node: Node) -> None:
    """Look for each anchor in our mirror of the hub's log: its leaf must stand where the hub said."""
    now, missing = node.now(), []
    with node.db.write() as session:
        mirror = Mirror(session, mirroring.hub_keys(node).origin)
        for row in session.scalars(select(AnchorRow).where(AnchorRow.proved.is_(None), AnchorRow.index < mirror.size)):
            if row.index is None or row.entry is None:
                continue
            if mirror.leaf_hash(row.index) == leaf_hash(row.entry):
                row.proved = now
            else:
                missing.append(row.size)
    for size in missing:
        _alarm(node, Cause.ANCHOR_MISSING, f"{size}")


def _last(session: Session) -> _Head | None:
    row = session.execute(_HEADS.order_by(AnchorRow.size.desc()).limit(1)).one_or_none()
    return None if row is None else _Head(*row)


def _alarm(node: Node, cause: Cause, subject: str) -> None:
    with node.db.write() as session:
        alerts.raise_alert(session, node, Raised(cause, subject, alerts.ADMIN, outbound=True))
        alerts.raise_alert(session, node, Raised(cause, f"{subject} {alerts.AUDITOR}", alerts.AUDITOR))
    node.changed.bump()

"""The node as a witness of the hub's log: it cosigns what continues the last checkpoint that it cosigned, else nothing.

It only dials out: it asks the hub what waits, checks and stores in one transaction, signs in the next, and hands the
two lines in. A checkpoint that contradicts what it holds is never cosigned; both notes are kept and people are alarmed.
After a restore it has forgotten what it cosigned, so it waits for a checkpoint that a whole quorum of the others has
cosigned since (protocol.md §9).
"""

from sqlalchemy.orm import Session

from audit import witness
from audit.cosignatures import write_lines
from audit.errors import AuditError
from audit.merkle import verify_consistency
from audit.policy import Believed, Policy
from audit.submission import Held, Inconsistent, Submission, origin_hash
from exchange.courier import Alarm
from exchange.errors import LogRolledBack, Unfound
from exchange.quorum import log_keys, policy_of
from nodes import alerts, forks, watching
from nodes.alerts import Raised
from nodes.errors import AnswerRefused, HubProblem
from nodes.forks import Fork
from nodes.hub_client import HubClient
from nodes.node import Node
from nodes.restored import WITNESS_MARK
from nodes.tables import CursorRow

SUBJECT = "witness"


def ready(node: Node) -> bool:
    """Whether this node cosigns now: the federation asks it to, it has its keys, and no restore is unfinished."""
    if not _asked(node):
        return False
    with node.db.read() as session:
        return session.get(CursorRow, WITNESS_MARK) is None


def standing(session: Session, node: Node) -> dict[str, str | int]:
    """What operators see: whether this node witnesses (NO, COSIGNS, or WAITS after a restore), what it holds, since."""
    record = witness.held(session, log_keys(node.held).origin) if node.held is not None else Held()
    waits = session.get(CursorRow, WITNESS_MARK) is not None
    state = ("WAITS" if waits else "COSIGNS") if _asked(node) else "NO"
    return {"witness": state, "witnessed_size": record.size, "witnessed_at": record.time}


def step(node: Node, client: HubClient, wait: int) -> bool:
    """Cosign what waits at the hub, if anything does within `wait` seconds; returns whether something was cosigned.

    Raises `HubUnreachable`, `HubProblem`, and `AnswerRefused` for a checkpoint that is not cosigned.
    """
    if not _asked(node) or not _caught_up(node, client):
        return False
    keys = log_keys(node.directory())
    with node.db.read() as session:
        held = witness.held(session, keys.origin)
    try:
        waiting = client.pending(held.size, wait)
    except HubProblem as error:
        if error.problem == LogRolledBack.code:
            _alarm(node)
        raise
    if not waiting:
        return False
    try:
        request = Submission.parse(waiting)
        watching.hold(node, client, request.note)
        lines = _cosign(node, request)
    except AuditError as error:
        raise AnswerRefused(error.code) from error
    client.cosign(lines)
    return True


def catch_up(node: Node, client: HubClient) -> None:
    """Cosign until nothing waits."""
    while step(node, client, 0):
        continue


def _asked(node: Node) -> bool:
    if node.held is None or node.keys.witness is None:
        return False
    federation = node.held.federation
    return federation.quorum > 0 and node.unit in federation.witnesses


def _cosign(node: Node, request: Submission) -> bytes:
    """Record the checkpoint, durably, then sign it. Raises a `WitnessRefused`; a contradiction is kept before that."""
    keys, cosigner = log_keys(node.directory()), node.keys.witness
    if request.origin != keys.origin or cosigner is None:
        raise AnswerRefused("the checkpoint of another log")
    try:
        with node.db.write() as session:
            recorded = witness.record(session, request, keys, node.now()).checkpoint
    except Inconsistent:
        _contradicted(node, keys.origin, request)
        raise
    with node.db.write() as session:
        lines = witness.cosign(session, cosigner, recorded, node.now())
        alerts.clear(session, Alarm.LOG_ROLLED_BACK.value, SUBJECT)
    return write_lines(lines)


def _contradicted(node: Node, origin: str, request: Submission) -> None:
    with node.db.read() as session:
        held = witness.note(session, origin_hash(origin))
    if held is not None:
        forks.keep(node, Fork(origin, origin, held, request.note))


def _alarm(node: Node) -> None:
    """The hub denies a checkpoint that we cosigned: its log is smaller than the one it signed."""
    with node.db.write() as session:
        alarm = Raised(Alarm.LOG_ROLLED_BACK.value, SUBJECT, alerts.ADMIN, outbound=True)
        alerts.raise_alert(session, node, alarm)
    node.changed.bump()


# --- after a restore --------------------------------------------------------------------------------------------------


def _caught_up(node: Node, client: HubClient) -> bool:
    """Whether no restore is unfinished; finishes it once the others have cosigned since.

    Our record may be older than what we cosigned. Any two quorums share more witnesses than may conspire, so a
    checkpoint under a quorum of the others, fresh since the restore, cannot be behind or beside anything that was
    published with our help before.
    """
    with node.db.read() as session:
        mark = session.get(CursorRow, WITNESS_MARK)
        since = None if mark is None else mark.since
        held = witness.held(session, log_keys(node.directory()).origin)
    if since is None:
        return True
    try:
        note = client.checkpoint()
        policy = policy_of(node.directory(), node.now())
        believed = policy.verify(note)
        if len(_others(node, policy, believed, since)) < node.directory().federation.quorum:
            return False
        _check_continues(client, held, believed)
    except HubProblem as error:
        if error.problem != Unfound.code:
            raise
        return False
    except AuditError as error:
        raise AnswerRefused(error.code) from error
    with node.db.write() as session:
        witness.adopt(session, believed.checkpoint, note, node.now())
        session.delete(session.get_one(CursorRow, WITNESS_MARK))
    return True


def _others(node: Node, policy: Policy, believed: Believed, since: int) -> set[str]:
    """The other units that cosigned after `since`."""
    fresh = policy.satisfied(name for name, time in believed.cosigned.items() if time > since)
    return {unit for unit in node.directory().federation.witnesses if unit in fresh and unit != node.unit}


def _check_continues(client: HubClient, held: Held, believed: Believed) -> None:
    said = believed.checkpoint
    path = client.consistency(held.size, said.size) if 0 < held.size < said.size else ()
    verify_consistency(held.size, held.root, said.size, said.root, path)

"""How a node stands, in counts and instants, without content: for its administrator, `node status` and `doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit import damages
from crypto.merkle_hash import leaf_hash
from nodes import keys, rules
from nodes.collecting import HELD, INBOX
from nodes.mirroring import hub_keys
from nodes.node import Node
from nodes.pushing import QUEUED
from nodes.rules import RulesStanding
from nodes.tables import CursorRow, MessageRow, OutboxRow, QuarantineRow, ReceiptRow
from nodes.watch_tables import AnchorRow, MirrorRow
from schemas.directory import SNAPSHOT_GRACE


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What the administrator and `serai node status` show; no content."""

    unit: str
    env: str
    queued: int
    oldest_queued: int | None
    unposted_receipts: int
    quarantined: int
    cursor: int
    cursor_state: str
    last_contact: int | None
    directory_version: int | None
    directory_fresh_until: int | None
    directory_usable_until: int | None
    key_days: Mapping[str, int]
    key_ids: Mapping[str, str]
    log_size: int
    disk: str
    free_bytes: int
    log: "LogStanding"
    rules: RulesStanding


@dataclass(frozen=True, slots=True)
class LogStanding:
    """The node's own log and its mirror of the hub's: when each was last seen to, and how far (unix seconds, 0: never).

    `anchors_open` are heads that the hub cosigned and our mirror does not show yet; `damage` names what the check of
    the log in use found.
    """

    anchored_size: int
    anchored_at: int
    anchors_open: int
    mirrored_size: int
    accepted_size: int
    mirrored_at: int
    looked_at: int
    checked_at: int
    damage: tuple[str, ...]


def status(session: Session, node: Node) -> NodeStatus:
    """Return queues, cursor, directory, keys and log of the node at this moment."""
    queued, oldest = session.execute(
        select(func.count(), func.min(OutboxRow.queued)).where(OutboxRow.state == QUEUED)
    ).one()
    unposted = select(func.count()).where(ReceiptRow.origin == "OWN", ReceiptRow.posted.is_(None))
    held = select(func.count()).where(QuarantineRow.state == HELD)
    cursor = session.get(CursorRow, INBOX)
    snapshot = node.held.snapshot if node.held is not None else None
    return NodeStatus(
        unit=node.unit,
        env=node.settings.env,
        queued=queued,
        oldest_queued=oldest,
        unposted_receipts=session.scalar(unposted) or 0,
        quarantined=session.scalar(held) or 0,
        cursor=cursor.index if cursor is not None else -1,
        cursor_state=cursor.state if cursor is not None else "NEW",
        last_contact=cursor.since if cursor is not None else None,
        directory_version=snapshot.version if snapshot is not None else None,
        directory_fresh_until=snapshot.expires if snapshot is not None else None,
        directory_usable_until=snapshot.expires + SNAPSHOT_GRACE if snapshot is not None else None,
        key_days=keys.days_left(session, node.now()),
        key_ids=keys.ids(session),
        log_size=node.log.head(session).size,
        disk=node.disk.room().value,
        free_bytes=node.disk.free(),
        log=_log(session, node),
        rules=rules.standing(node),
    )


def _log(session: Session, node: Node) -> LogStanding:
    connection = session.connection()
    query = select(AnchorRow.size, AnchorRow.cosigned).order_by(AnchorRow.size.desc()).limit(1)
    anchored = session.execute(query).one_or_none() or (0, 0)
    waiting = select(func.count()).select_from(AnchorRow).where(AnchorRow.proved.is_(None))
    mirror = None if node.held is None else session.get(MirrorRow, hub_keys(node).origin)
    stands = damages.read_patrol(connection, node.log.log_id)
    return LogStanding(
        *anchored,
        anchors_open=session.scalar(waiting) or 0,
        mirrored_size=mirror.size if mirror else 0,
        accepted_size=mirror.accepted if mirror else 0,
        mirrored_at=mirror.since if mirror else 0,
        looked_at=stands.at,
        checked_at=stands.came_round,
        damage=tuple(f"{one.code}: {one.text}" for one in damages.read_damage(connection, node.log.log_id)),
    )


def seen(session: Session) -> tuple[int, str]:
    """Return the newest entry of the hub's log that this node holds: its index and leaf hash, or (-1, "").

    A restored hub is compared with it: what it collected, and what the hub's receipts about its own messages show.
    """
    cursor = session.get(CursorRow, INBOX)
    held = [(cursor.index, cursor.leaf)] if cursor is not None else []
    newest = (
        select(MessageRow.hub_index, ReceiptRow.entry)
        .join(ReceiptRow, ReceiptRow.eid == MessageRow.eid)
        .where(ReceiptRow.type.in_(("SUBMITTED", "REFUSED")), MessageRow.hub_index.is_not(None))
        .order_by(MessageRow.hub_index.desc())
        .limit(1)
    )
    held += [(index or 0, leaf_hash(entry or b"").hex()) for index, entry in session.execute(newest)]
    return max(held, default=(-1, ""))

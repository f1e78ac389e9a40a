"""What operators see: queues, ages, checkpoints, disk. Counts and instants only, never who wrote what to whom."""

from typing import Any

from sqlalchemy import func, select

from audit import witness
from exchange.arrivals import State
from exchange.disk import Room
from exchange.hub import patrolling, publication
from exchange.hub.hub import Hub
from exchange.hub.metrics import UNIT_MEMBERS
from exchange.hub.tables import DELIVERY
from schemas.directory import Federation


def look(hub: Hub) -> dict[str, Any]:
    """Return the state of the hub: for each unit what waits for it and since when, the log, the snapshot, the disk."""
    now = hub.clock()
    with hub.db.read() as session:
        head = hub.log.head(session)
        checkpoint = hub.log.checkpoint(session)
        standing = publication.standing(session.connection(), hub.log.log_id, federation_of(hub), now)
        checked = patrolling.standing(session.connection(), hub.log.log_id)
        contradictions = len(witness.conflicts(session))
        rows = session.connection().execute(
            select(DELIVERY.c.unit, DELIVERY.c.state, func.count(), func.min(DELIVERY.c.queued_at))
            .where(DELIVERY.c.state.in_([State.QUEUED.value, State.RELAYED.value]))
            .group_by(DELIVERY.c.unit, DELIVERY.c.state)
        )
        units: dict[str, dict[str, int]] = {}
        for unit, state, count, oldest in rows:
            seen = units.setdefault(unit, dict.fromkeys(UNIT_MEMBERS, 0))
            first, second = ("queued", "queue_age_seconds") if state == State.QUEUED else UNIT_MEMBERS[2:]
            seen[first], seen[second] = count, max(0, now - oldest)
    return {
        "status": _status(hub, damaged=checked["log_damaged"], late=standing["publication_late"]),
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": now,
        "queue": hub.sequencer.waiting(),
        "log_size": head.size,
        "unsigned_entries": head.size - (checkpoint.size if checkpoint else 0),
        **standing,
        **checked,
        "unpublished_entries": head.size - standing["published_size"],
        "log_contradictions": contradictions,
        "snapshot_age_seconds": now - hub.register.current.snapshot.issued if hub.register.version else 0,
        "free_bytes": hub.disk.free(),
        "disk": hub.disk.room().value,
        "open_body_bytes": hub.bodies.held,
        "open_polls": hub.polls.held,
        "oldest_seconds": max((seen["queue_age_seconds"] for seen in units.values()), default=0),
        "units": units,
    }


def federation_of(hub: Hub) -> Federation | None:
    """Return the federation document in force; None before the first."""
    return hub.register.current.federation if hub.register.version else None


def _status(hub: Hub, *, damaged: bool, late: bool) -> str:
    """Return the one word for a hub: what an operator must see to first."""
    if hub.closed:
        return "RESTORED"
    if damaged or hub.publisher.damage:
        return "LOG_DAMAGED"
    room = hub.disk.room()
    if room in {Room.LOW, Room.FULL}:
        return "DISK_LOW"
    if not hub.register.version:
        return "NOT_READY"
    if late:
        return "PUBLICATION_LATE"
    return "DISK_SHORT" if room is Room.SHORT else "OK"


def outline(hub: Hub) -> dict[str, Any]:
    """Return what a stranger may know: that a hub of this name and environment answers, and its time."""
    with hub.db.read() as session:
        standing = publication.standing(session.connection(), hub.log.log_id, federation_of(hub), hub.clock())
        checked = patrolling.standing(session.connection(), hub.log.log_id)
    return {
        "status": _status(hub, damaged=checked["log_damaged"], late=standing["publication_late"]),
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": hub.clock(),
    }

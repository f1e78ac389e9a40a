"""What operators see: queues, ages, checkpoints, disk. Counts and instants only, never who wrote what to whom."""

import os
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from audit import witness
from exchange.arrivals import State
from exchange.hub import publication
from exchange.hub.hub import Hub
from exchange.hub.tables import DELIVERY
from schemas.directory import Federation

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """The counters of one process; `text` adds the gauges that are read when somebody looks."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.answers: Final = Counter(
            "serai_hub_answers", "Answers by route and status", ["route", "status"], registry=self._registry
        )
        self.refusals: Final = Counter("serai_hub_refusals", "Refusals by code", ["code"], registry=self._registry)
        self.seconds: Final = Histogram(
            "serai_hub_acceptance_seconds",
            "From the first byte to the receipt",
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._gauges = {
            name: Gauge(f"serai_hub_{name}", name.replace("_", " "), registry=self._registry)
            for name in (
                "queue",
                "log_size",
                "unsigned_entries",
                "unpublished_entries",
                "publication_age_seconds",
                "publication_late",
                "log_contradictions",
                "snapshot_age_seconds",
                "free_bytes",
                "oldest_seconds",
            )
        }
        self._per_unit = {
            name: Gauge(f"serai_hub_unit_{name}", f"{name} by recipient unit", ["unit"], registry=self._registry)
            for name in ("queued", "queue_age_seconds", "unreceipted", "unreceipted_age_seconds")
        }
        self._witnesses = Gauge(
            "serai_hub_witness_seen", "unix time of a witness's last cosignature", ["unit"], registry=self._registry
        )

    def text(self, hub: Hub) -> bytes:
        """Return the metrics in the Prometheus text form."""
        seen = look(hub)
        for name, gauge in self._gauges.items():
            gauge.set(seen[name])
        for name, per_unit in self._per_unit.items():
            per_unit.clear()
            for unit, values in seen["units"].items():
                per_unit.labels(unit).set(values[name])
        self._witnesses.clear()
        for one in seen["witnesses"]:
            self._witnesses.labels(one["unit"]).set(one["seen"])
        return generate_latest(self._registry)


def look(hub: Hub) -> dict[str, Any]:
    """Return the state of the hub: for each unit what waits for it and since when, the log, the snapshot, the disk."""
    now = hub.clock()
    with hub.db.read() as session:
        head = hub.log.head(session)
        checkpoint = hub.log.checkpoint(session)
        standing = publication.standing(session.connection(), hub.log.log_id, federation_of(hub), now)
        contradictions = len(witness.conflicts(session))
        rows = session.connection().execute(
            select(DELIVERY.c.unit, DELIVERY.c.state, func.count(), func.min(DELIVERY.c.queued_at))
            .where(DELIVERY.c.state.in_([State.QUEUED.value, State.RELAYED.value]))
            .group_by(DELIVERY.c.unit, DELIVERY.c.state)
        )
        units: dict[str, dict[str, int]] = {}
        for unit, state, count, oldest in rows:
            seen = units.setdefault(unit, dict.fromkeys(_UNIT_MEMBERS, 0))
            first, second = ("queued", "queue_age_seconds") if state == State.QUEUED else _UNIT_MEMBERS[2:]
            seen[first], seen[second] = count, max(0, now - oldest)
    disk = os.statvfs(hub.settings.home)
    return {
        "status": _status(hub, late=standing["publication_late"]),
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": now,
        "queue": hub.sequencer.waiting(),
        "log_size": head.size,
        "unsigned_entries": head.size - (checkpoint.size if checkpoint else 0),
        **standing,
        "unpublished_entries": head.size - standing["published_size"],
        "log_contradictions": contradictions,
        "snapshot_age_seconds": now - hub.register.current.snapshot.issued if hub.register.version else 0,
        "free_bytes": disk.f_bavail * disk.f_frsize,
        "oldest_seconds": max((seen["queue_age_seconds"] for seen in units.values()), default=0),
        "units": units,
    }


def federation_of(hub: Hub) -> Federation | None:
    """Return the federation document in force; None before the first."""
    return hub.register.current.federation if hub.register.version else None


def _status(hub: Hub, *, late: bool) -> str:
    """Return the one word for a hub: what an operator must see to first."""
    if hub.closed:
        return "RESTORED"
    if hub.disk_low:
        return "DISK_LOW"
    if not hub.register.version:
        return "NOT_READY"
    return "PUBLICATION_LATE" if late else "OK"


_UNIT_MEMBERS: Final = ("queued", "queue_age_seconds", "unreceipted", "unreceipted_age_seconds")


def outline(hub: Hub) -> dict[str, Any]:
    """Return what a stranger may know: that a hub of this name and environment answers, and its time."""
    with hub.db.read() as session:
        standing = publication.standing(session.connection(), hub.log.log_id, federation_of(hub), hub.clock())
    return {
        "status": _status(hub, late=standing["publication_late"]),
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": hub.clock(),
    }

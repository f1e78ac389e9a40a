"""What operators see: queues, ages, checkpoints, disk. Counts and instants only, never who wrote what to whom."""

import os
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from exchange.arrivals import State
from exchange.hub.hub import Hub
from exchange.hub.tables import DELIVERY

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
                "snapshot_age_seconds",
                "free_bytes",
                "oldest_seconds",
            )
        }
        self._per_unit = {
            name: Gauge(f"serai_hub_unit_{name}", f"{name} by recipient unit", ["unit"], registry=self._registry)
            for name in ("queued", "queue_age_seconds", "unreceipted", "unreceipted_age_seconds")
        }

    def text(self, hub: Hub) -> bytes:
        """Return the metrics in the Prometheus text form."""
        seen = look(hub)
        for name, gauge in self._gauges.items():
            gauge.set(seen[name])
        for name, per_unit in self._per_unit.items():
            per_unit.clear()
            for unit, values in seen["units"].items():
                per_unit.labels(unit).set(values[name])
        return generate_latest(self._registry)


def look(hub: Hub) -> dict[str, Any]:
    """Return the state of the hub: for each unit what waits for it and since when, the log, the snapshot, the disk."""
    now = hub.clock()
    with hub.db.read() as session:
        head = hub.log.head(session)
        checkpoint = hub.log.checkpoint(session)
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
        "status": "DISK_LOW" if hub.disk_low else "OK" if hub.register.version else "NOT_READY",
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": now,
        "queue": hub.sequencer.waiting(),
        "log_size": head.size,
        "unsigned_entries": head.size - (checkpoint.size if checkpoint else 0),
        "snapshot_age_seconds": now - hub.register.current.snapshot.issued if hub.register.version else 0,
        "free_bytes": disk.f_bavail * disk.f_frsize,
        "oldest_seconds": max((seen["queue_age_seconds"] for seen in units.values()), default=0),
        "units": units,
    }


_UNIT_MEMBERS: Final = ("queued", "queue_age_seconds", "unreceipted", "unreceipted_age_seconds")


def outline(hub: Hub) -> dict[str, Any]:
    """Return what a stranger may know: that a hub of this name and environment answers, and its time."""
    return {
        "status": "DISK_LOW" if hub.disk_low else "OK" if hub.register.version else "NOT_READY",
        "name": hub.settings.name,
        "env": hub.settings.env,
        "time": hub.clock(),
    }

"""The counters of one process, and the gauges that are read when somebody looks, in the Prometheus form.

How much waits for a unit says how much is being written to it, so it is told to the operator and to that unit alone. It
must not know where the figures come from.
"""

from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
FOR_MEMBERS: Final = (
    "log_size",
    "unsigned_entries",
    "unpublished_entries",
    "publication_age_seconds",
    "publication_late",
    "snapshot_age_seconds",
)
"""What the log and the directory tell every member anyhow."""

FOR_THE_OPERATOR: Final = (
    *FOR_MEMBERS,
    "log_contradictions",
    "log_checked_at",
    "log_damaged",
    "queue",
    "free_bytes",
    "oldest_seconds",
    "open_body_bytes",
    "open_polls",
)
UNIT_MEMBERS: Final = ("queued", "queue_age_seconds", "unreceipted", "unreceipted_age_seconds")


class Metrics:
    """The counters of one process."""

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

    def of_all(self, seen: Mapping[str, Any]) -> bytes:
        """Return everything, for the hub's operator; `seen` is what `health.look` found."""
        gauges = _gauges(seen, FOR_THE_OPERATOR, seen["units"])
        cosigned = Gauge(
            "serai_hub_witness_seen", "unix time of a witness's last cosignature", ["unit"], registry=gauges
        )
        for one in seen["witnesses"]:
            cosigned.labels(one["unit"]).set(one["seen"])
        return generate_latest(self._registry) + generate_latest(gauges)

    @staticmethod
    def of_unit(seen: Mapping[str, Any], unit: str) -> bytes:
        """Return what one unit may know: the log, the directory, and what waits for itself."""
        own = seen["units"].get(unit, dict.fromkeys(UNIT_MEMBERS, 0))
        return generate_latest(_gauges(seen, FOR_MEMBERS, {unit: own}))


def _gauges(
    seen: Mapping[str, Any], names: tuple[str, ...], units: Mapping[str, Mapping[str, int]]
) -> CollectorRegistry:
    """Return gauges of their own: two callers at a time must not read each other's."""
    registry = CollectorRegistry()
    for name in names:
        Gauge(f"serai_hub_{name}", name.replace("_", " "), registry=registry).set(seen[name])
    for name in UNIT_MEMBERS:
        gauge = Gauge(f"serai_hub_unit_{name}", f"{name} by recipient unit", ["unit"], registry=registry)
        for unit, values in units.items():
            gauge.labels(unit).set(values[name])
    return registry

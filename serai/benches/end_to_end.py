"""The whole way, with nothing left out: two units write to each other through the hub, eight messages each in flight.

Three real processes, real keys and signatures, every transaction flushed. Each message is a request of a signed-in
officer, given to the unit's service as `serai message send` gives it: authenticated, judged by every rule, sealed in a
case of its own, logged. It counts when the receipt of its recipient is verified and committed in the sender's database;
its latency is from the officer's request to that moment, seen within `LOOK_EVERY`. The load runs beside the services on
the same processors, and what it costs itself is told.
"""

import os
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serai.benches.measure import cpu_seconds, spread
from serai.demo import once, requests, services
from serai.demo.once import Stage
from serai.demo.people import PEOPLE
from serai.demo.processes import free_port
from serai.demo.rehearsal import Rehearsal
from serai.demo.services import Ports
from serai.federation import establish

UNITS: Final = ("KG", "TJ")
IN_FLIGHT: Final = 8
RUNS: Final = 3
WARM_UP: Final = 0.2
"""The share of one run's time that is spent before, unmeasured: the first message of a process compiles its queries."""

LOOK_EVERY: Final = 0.005
LOAD: Final = "load"
"""Under this name stands what the load itself costs."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: the latency of each message that was sealed and delivered in it, and what each process spent on it."""

    seconds: float
    latencies: list[float]
    spent: dict[str, float]

    @property
    def rate(self) -> float:
        """Messages delivered in a second."""
        return len(self.latencies) / self.seconds

    def each(self, *names: str) -> float:
        """Return the milliseconds of processor time of these processes for each message delivered.

        What was sealed and not delivered in time is paid for all the same.
        """
        return 1000 * sum(self.spent[name] for name in names) / max(1, len(self.latencies))


def run(seconds: float, folder: Path) -> dict[str, object]:
    """Measure a new federation in `folder` for `seconds` in each of three runs; returns the members of the report."""
    with (
        tempfile.TemporaryDirectory(prefix="serai-bench-", dir=folder) as name,
        _stage(Path(name) / "federation") as stage,
    ):
        _sent(stage, seconds * WARM_UP)
        runs = [_run(stage, seconds) for _ in range(RUNS)]
        services = (*stage.running,)
    every = [latency for one in runs for latency in one.latencies]
    parts = {name: round(statistics.median(one.each(name) for one in runs), 2) for name in (*services, LOAD)}
    return {
        "senders": len(UNITS),
        "in_flight": IN_FLIGHT,
        "delivered_per_second": round(statistics.median(one.rate for one in runs), 1),
        "sealed_to_delivered": spread(every).members(),
        "processor_ms_per_message": {
            "services": round(statistics.median(one.each(*services) for one in runs), 2),
            **parts,
        },
        "runs": [
            {"delivered_per_second": round(one.rate, 1), "services_ms_per_message": round(one.each(*services), 2)}
            for one in runs
        ],
    }


@contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    ports, now = Ports(free_port(), UNITS), int(time.time()) - 120
    federation = establish(services.plan(folder, ports), now)
    rehearsal = Rehearsal(federation, now)
    people = [one for one in PEOPLE if one.user_id in once.AUTHORS.values() and one.unit in UNITS]
    accounts = {account.unit: account for account in rehearsal.enrol(people, ports.origin)}
    rehearsal.play((), now)
    rehearsal.close()
    running = services.services(federation, ports)
    try:
        for service in running.values():
            service.start()
        for service in running.values():
            service.wait_ready()
        stage = Stage(federation, accounts, running)
        for unit in UNITS:
            stage.sign_in(unit)
        yield stage
    finally:
        for service in running.values():
            service.stop()


def _processor_time(stage: Stage) -> dict[str, float]:
    """Return the processor seconds that each process has used, ours as `LOAD`."""
    ours = os.times()
    return {**{name: cpu_seconds(one.pid) for name, one in stage.running.items()}, LOAD: ours.user + ours.system}


def _run(stage: Stage, seconds: float) -> Run:
    before = _processor_time(stage)
    taken = _sent(stage, seconds)
    return Run(seconds, taken, {name: total - before[name] for name, total in _processor_time(stage).items()})


def _sent(stage: Stage, seconds: float) -> list[float]:
    """Return the latency of each message that was sealed and delivered within the time."""
    until = time.perf_counter() + seconds
    taken: list[float] = []
    senders = []
    for unit in UNITS:
        watch = Watch(stage.federation.nodes[unit].folder / "node.db", until)
        senders += [threading.Thread(target=_send, args=[stage, unit, watch, taken]) for _ in range(IN_FLIGHT)]
        senders.append(threading.Thread(target=watch.look))
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return taken


class Watch:
    """Looks into a sender's database for the receipts of all its messages in flight, from outside and read-only."""

    def __init__(self, database: Path, until: float) -> None:
        self.until = until
        self._database = database
        self._waiting: dict[str, threading.Event] = {}

    def wait_for(self, message_id: str) -> bool:
        """Wait until the message is delivered; returns False if the time is over before that."""
        came = self._waiting[message_id] = threading.Event()
        return came.wait(max(0.0, self.until - time.perf_counter()))

    def look(self) -> None:
        """Look until the time is over."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as rows:
            while time.perf_counter() < self.until:
                for message_id in self._delivered(rows):
                    self._waiting.pop(message_id).set()
                time.sleep(LOOK_EVERY)

    def _delivered(self, rows: sqlite3.Connection) -> list[str]:
        waiting = list(self._waiting)
        marks = ", ".join("?" * len(waiting))
        query = f"SELECT message_id FROM node_delivery WHERE state = 'DELIVERED' AND message_id IN ({marks})"  # noqa: S608 - only question marks are put in
        return [row[0] for row in rows.execute(query, waiting)]


def _send(stage: Stage, unit: str, watch: Watch, taken: list[float]) -> None:
    """Seal one message after the other, each when the one before was delivered."""
    other = UNITS[1 - UNITS.index(unit)]
    while time.perf_counter() < watch.until:
        begun = time.perf_counter()
        message_id = stage.send(unit, "REQ", requests.stamps(int(time.time())), recipients=[other])
        if watch.wait_for(message_id):
            taken.append(time.perf_counter() - begun)

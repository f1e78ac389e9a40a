"""The whole way, with nothing left out: two units write to each other through the hub, eight messages each in flight.

Three real processes, real keys and signatures, every transaction flushed. A message counts when the receipt of its
recipient is in the sender's database; its latency is from the sealing to that moment.
"""

import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from serai.benches.measure import spread
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
LOOK_EVERY: Final = 0.02


def run(seconds: float) -> dict[str, object]:
    """Measure a new federation for `seconds` in each of three runs; returns the members of the report."""
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as folder, _stage(Path(folder) / "federation") as stage:
        runs = [_run(stage, seconds) for _ in range(RUNS)]
    rates = [len(latencies) / seconds for latencies in runs]
    every = [latency for latencies in runs for latency in latencies]
    return {
        "senders": len(UNITS),
        "in_flight": IN_FLIGHT,
        "delivered_per_second": round(statistics.median(rates), 1),
        "sealed_to_delivered": spread(every).members(),
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


def _run(stage: Stage, seconds: float) -> list[float]:
    """Return the latency of each message that was sealed and delivered within the time."""
    until = time.perf_counter() + seconds
    taken: list[float] = []
    senders = [
        threading.Thread(target=_send, args=[stage, unit, until, taken]) for unit in UNITS for _ in range(IN_FLIGHT)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return taken


def _send(stage: Stage, unit: str, until: float, taken: list[float]) -> None:
    """Seal one message after the other, each when the one before was delivered."""
    other = UNITS[1 - UNITS.index(unit)]
    database = stage.federation.nodes[unit].folder / "node.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as rows:
        while time.perf_counter() < until:
            begun = time.perf_counter()
            message_id = stage.send(unit, "REQ", requests.stamps(int(time.time())), recipients=[other])
            while not _delivered(rows, message_id):
                if time.perf_counter() > until:
                    return
                time.sleep(LOOK_EVERY)
            taken.append(time.perf_counter() - begun)
    rows.close()


def _delivered(rows: sqlite3.Connection, message_id: str) -> bool:
    query = "SELECT count(*) FROM node_delivery WHERE message_id = ? AND state = 'DELIVERED'"
    return bool(rows.execute(query, [message_id]).fetchone()[0])

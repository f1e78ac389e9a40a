"""The courier's shell: each direction on a thread of its own, over one kept-alive connection to the hub.

What to do is decided in `exchange.courier`; here the facts are read, the decision is stored in one transaction, and
only then something is sent. No transaction is open while the hub is asked. `sync_once` is one pass in one thread.
"""

import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from exchange.courier import JITTER_STEPS, WINDOW_LARGEST, Line
from exchange.errors import DiskLow, ExchangeError
from nodes import (
    alerts,
    collecting,
    passing,
    patrolling,
    pushing,
    recalls,
    receipts,
    rules,
    signers,
    timers,
    upkeep,
    voids,
    watching,
    witnessing,
)
from nodes.errors import HubProblem, HubUnreachable, NotReady
from nodes.hub_client import HubClient
from nodes.node import Changed, Node
from nodes.token_errors import TokenError

IDLE = 5.0
"""Seconds between two looks at an empty outbox; whatever bumps `node.changed` is looked at without waiting for it."""

GATHER = 0.02
"""Seconds between two steps of a direction that has work, unless a step was full: what comes meanwhile shares the next
transaction, its flush, its signature and its queries. A message that comes alone waits for nobody."""

PACED = frozenset({"directory", "timers", "log", "witness"})
"""Directions that a change of the outbox or of an arrival does not concern."""

_log = structlog.get_logger("nodes.courier")


@dataclass(slots=True)
class SyncReport:
    """What one pass did: counts, and the directions in which the hub was not reached."""

    pushed: int = 0
    collected: int = 0
    receipts: int = 0
    directory: bool = False
    failed: list[str] = field(default_factory=list)


def sync_once(node: Node, wait: int = 0) -> SyncReport:
    """Do everything once: directory, our keys, inbox until it is empty, outbox, receipts, held arrivals, timers.

    Deterministic and single-threaded. A direction that fails is named in the report and does not stop the others.
    """
    report = SyncReport()
    with HubClient(node) as client:
        _attempt(report, "directory", lambda: _set(report, directory=upkeep.refresh(node, client)))
        _attempt(report, "keys", lambda: upkeep.publish(node, client))
        _attempt(report, "pull", lambda: _pull_all(node, client, report, wait))
        _attempt(report, "push", lambda: _push_all(node, client, report))
        _attempt(report, "receipts", lambda: _receipts_all(node, client, report))
        _attempt(report, "log", lambda: watching.catch_up(node, client))
        _attempt(report, "witness", lambda: witnessing.catch_up(node, client))
    rules.note(node)
    signers.watch(node)
    upkeep.turn_keys(node)
    timers.run(node)
    voids.run(node)
    passing.run(node)
    recalls.run(node)
    patrolling.step(node)
    upkeep.watch_disk(node)
    alerts.notify(node, _jitter())
    return report


class Courier:
    """The courier of a running node. `start` once, `stop` before the node is closed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stop = threading.Event()
        self._contact = Changed()
        self._threads: list[threading.Thread] = []
        self._pool = ThreadPoolExecutor(WINDOW_LARGEST, "courier-send")
        self._openers = ThreadPoolExecutor(os.cpu_count(), "courier-open")

    def start(self) -> None:
        """Begin to push, pull, hand over receipts, keep the directory and run the timers, each on its own thread."""
        loops = {
            "push": self._push,
            "pull": self._pull,
            "receipts": self._receipts,
            "directory": self._directory,
            "timers": self._timers,
            "log": self._log,
            "witness": self._witness,
        }
        for name, loop in loops.items():
            thread = threading.Thread(target=self._loop, args=(name, loop), name=f"courier-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End all threads; what was under way is repeated at the next start."""
        self._stop.set()
        self._node.changed.bump()
        self._contact.bump()
        self._node.directory_due.set()
        for thread in self._threads:
            thread.join(self._node.settings.request_timeout + IDLE)
        self._threads.clear()
        self._pool.shutdown()
        self._openers.shutdown()

    def _loop(self, name: str, step: Callable[[HubClient, Line], bool]) -> None:
        """Repeat `step` until stopped; it returns whether there may be more at once. Any failure only makes it wait.

        The first direction that gets through again wakes the others: nobody sits out an hour that is over.
        """
        line = Line()
        with HubClient(self._node) as client:
            while not self._stop.is_set():
                number, contact = self._node.changed.number, self._contact.number
                try:
                    more = step(client, line)
                except Exception as error:  # noqa: BLE001 - a unit must not fall silent for one defect
                    line = line.failed(self._node.now(), _jitter())
                    code = error.code if isinstance(error, ExchangeError) else type(error).__name__
                    _log.warning("courier", direction=name, code=code, failures=line.failures)
                    self._contact.wait_after(contact, max(1, line.silent_until - self._node.now()))
                    continue
                if line.failures:
                    self._contact.bump()
                line = line.succeeded()
                if not more:
                    self._rest(name, number)

    def _rest(self, name: str, number: int) -> None:
        """Wait for the next change, or a few seconds; timers and directory keep their own pace."""
        if name == "directory" and not self._stop.is_set():
            self._node.directory_due.wait(IDLE)
        elif name in PACED:
            self._stop.wait(IDLE)
        elif not self._stop.is_set():
            self._node.changed.wait_after(number, IDLE)

    def _push(self, client: HubClient, line: Line) -> bool:
        return self._gathered(pushing.step(self._node, client, line, self._pool), WINDOW_LARGEST)

    def _pull(self, client: HubClient, _line: Line) -> bool:
        wait = self._node.settings.poll_wait
        return self._gathered(collecting.step(self._node, client, wait, self._openers), collecting.PAGE) or wait > 0

    def _receipts(self, client: HubClient, _line: Line) -> bool:
        return self._gathered(collecting.hand_over(self._node, client), receipts.BATCH)

    def _gathered(self, done: int, full: int) -> bool:
        """Return whether there may be more, and let it gather unless the step was full."""
        if 0 < done < full:
            self._stop.wait(GATHER)
        return done > 0

    def _directory(self, client: HubClient, _line: Line) -> bool:
        upkeep.refresh(self._node, client, only_if_due=True)
        upkeep.publish(self._node, client)
        return False

    def _log(self, client: HubClient, _line: Line) -> bool:
        return watching.step(self._node, client, only_if_due=True)

    def _witness(self, client: HubClient, _line: Line) -> bool:
        wait = self._node.settings.poll_wait
        return witnessing.step(self._node, client, wait) or (wait > 0 and witnessing.ready(self._node))

    def _timers(self, _client: HubClient, _line: Line) -> bool:
        """What time brings about needs no hub, and an absent one must not hold it up."""
        rules.note(self._node)
        signers.watch(self._node)
        upkeep.turn_keys(self._node)
        collecting.retry_held(self._node)
        timers.run(self._node)
        voids.run(self._node)
        passing.run(self._node)
        recalls.run(self._node)
        patrolling.step(self._node)
        upkeep.watch_disk(self._node)
        alerts.notify(self._node, _jitter())
        return False


def _attempt(report: SyncReport, name: str, act: Callable[[], object]) -> None:
    try:
        act()
    except (HubUnreachable, HubProblem, NotReady, DiskLow, TokenError) as error:
        report.failed.append(f"{name}: {error.code}")


def _set(report: SyncReport, *, directory: bool) -> None:
    report.directory = directory


def _push_all(node: Node, client: HubClient, report: SyncReport) -> None:
    while (sent := pushing.step(node, client, Line(), None)) > 0:
        report.pushed += sent


def _pull_all(node: Node, client: HubClient, report: SyncReport, wait: int) -> None:
    while (taken := collecting.step(node, client, wait)) > 0:
        report.collected += taken
        wait = 0
    collecting.retry_held(node)


def _receipts_all(node: Node, client: HubClient, report: SyncReport) -> None:
    while (handed := collecting.hand_over(node, client)) > 0:
        report.receipts += handed


def _jitter() -> int:
    return secrets.randbelow(JITTER_STEPS)

"""The hub's own check of its log while it runs: a tile of entries a second, and their rows, over and over.

On a thread of its own that rests fifty times as long as it works, so that it never takes more than a fiftieth of a
processor; traffic goes on whatever it finds. What it finds is stored by the sequencer, stands in the service log, the
metrics, `/v1/health` and `serai doctor`, and stops the signing of checkpoints until the tree is whole again
(protocol.md §9.22).
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from audit import damages, patrol
from audit.audit_entries import Parsed
from audit.audit_findings import Findings
from audit.damages import Damage
from audit.log import Log
from audit.patrol import Look, Patrol, Round
from exchange.database import Database
from exchange.errors import ExchangeError
from exchange.hub.audit_rows import compare_some
from exchange.hub.batch import Batch
from exchange.hub.register import Register
from exchange.hub.sequencer import Kind

MOST_SHOWN: Final = 10
"""Damaged places that a status lists; `serai log audit` lists all."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of the machine the check may take: it rests `times` as long as a look took, at least `least` seconds.

    `between` are the seconds from the end of the log to its beginning.
    """

    times: int = 50
    least: float = 1.0
    between: float = 60.0


def standing(connection: Connection, log_id: str) -> dict[str, Any]:
    """Return what operators see of it, found by any process of this hub: how far it is, and what is damaged.

    `log_looked_at` is when a round last ended, `log_checked_at` when one last came to the end of what is signed.
    """
    stands, damage = damages.read_patrol(connection, log_id), damages.read_damage(connection, log_id)
    return {
        "log_checked_to": stands.next,
        "log_looked_at": stands.at,
        "log_checked_at": stands.came_round,
        "log_damaged": len(damage),
        "log_damage": [f"{one.code}: {one.text}" for one in damage[:MOST_SHOWN]],
    }


class Patroller:
    """Checks the log of one process of the hub; `do` hands a job to the sequencer and waits for its outcome."""

    def __init__(
        self,
        database: Database,
        log: Log,
        register: Register,
        do: Callable[[Kind, Any], Any],
        pace: Pace = Pace(),
    ) -> None:
        self._db = database
        self._pace = pace
        self._log_id = log.log_id
        self._register = register
        self._do = do
        self._patrol = Patrol(log, self._beside)
        self._kept: Final = Kind("patrol", self._keep)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin where the last round ended."""
        self._thread = threading.Thread(target=self._loop, name="patrol", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no further; what the round found so far is found again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def round(self, rest: Callable[[float], object] = lambda _seconds: None) -> Round:
        """Do one round and store what it found; after each look `rest` is told how long that took."""
        with self._db.read() as session:
            begin = damages.read_patrol(session.connection(), self._log_id).next
            damaged = [one.start for one in damages.read_damage(session.connection(), self._log_id)]

        def look(start: int) -> Look | None:
            begun = time.perf_counter()
            with self._db.read() as session:
                seen = self._patrol.look(session.connection(), start)
            rest(time.perf_counter() - begun)
            return seen

        done = patrol.walk(look, begin, damaged)
        if done.looks and not self._stop.is_set():
            for one in self._do(self._kept, done):
                structlog.get_logger().error("log damaged", start=one.start, code=one.code, found=one.text)
        return done

    def _beside(self, connection: Connection, findings: Findings, parsed: Sequence[Parsed]) -> None:
        compare_some(connection, findings, parsed, self._register.current if self._register.version else None)

    def _keep(self, batch: Batch, jobs: Sequence[Round]) -> list[list[Damage]]:
        return [patrol.keep(batch.connection, self._log_id, job, batch.now) for job in jobs]

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                done = self.round(lambda took: self._stop.wait(max(self._pace.least, self._pace.times * took)))
            except ExchangeError as error:
                structlog.get_logger().warning("patrol", code=error.code)
                done = Round(0, came_round=True, looks=())
            if done.came_round or not done.looks:
                self._stop.wait(self._pace.between)

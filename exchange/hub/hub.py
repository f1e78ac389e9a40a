"""The hub put together: settings, keys, store, log, directory, sequencer. The only place that knows all of them.

`Hub.open` builds it from a folder; a test or a simulation gives its own database and clock. With `inline=True` there is
no thread: each request runs its own batch, and `tick` does what time does.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import select

from audit.log import Log
from exchange.contributions import Restoring
from exchange.database import Database
from exchange.disk import Disk
from exchange.errors import NotReady, StaleDirectory
from exchange.hub import upkeep
from exchange.hub.acceptance import Acceptance, Receipted
from exchange.hub.batch import Batch
from exchange.hub.bell import Bell
from exchange.hub.checking import Checker
from exchange.hub.contacts import Contacts
from exchange.hub.hints import Listener
from exchange.hub.keys import HubKeys
from exchange.hub.limits import Places
from exchange.hub.metrics import Metrics
from exchange.hub.patrolling import Patroller
from exchange.hub.publication import Publisher
from exchange.hub.register import Register
from exchange.hub.sequencer import Kind, Sequencer
from exchange.hub.settings import HubSettings
from exchange.hub.stamping import Stamper
from exchange.hub.tables import HUB
from exchange.hub.verification import Claimed, Recent, Verifier, confirm, examine
from schemas.errors import SchemaError

LOG_ID: Final = "hub"
MIGRATIONS: Final = Path(__file__).parent / "migrations"

CLOSED: Final = "restored"
"""The file in the hub's folder that keeps a hub closed whose log may be older than what units have seen of it."""

KEYS_EVERY: Final = 1
CHECKPOINT_EVERY: Final = 1
LAPSE_EVERY: Final = 15
FORGET_EVERY: Final = 3_600
REFRESH_EVERY: Final = 60
WRITTEN_TWICE: Final = 2
"""What was taken goes into the write-ahead log first and into the database then."""


def system_clock() -> int:
    """Return unix seconds UTC."""
    return int(time.time())


@dataclass
class Due:
    """When each of the things that time does is due next (unix seconds)."""

    keys: int = 0
    lapse: int = 0
    forget: int = 0
    refresh: int = 0
    checkpoint: int = 0


class Hub:
    """One process of the hub."""

    def __init__(
        self,
        settings: HubSettings,
        keys: HubKeys,
        database: Database,
        clock: Callable[[], int] = system_clock,
        *,
        inline: bool = False,
    ) -> None:
        self.settings: Final = settings
        self.keys = keys
        self.db: Final = database
        self.clock: Final = clock
        self.log: Final = Log(LOG_ID, keys.log)
        self.register: Final = Register(lambda: self.keys.snapshot, settings.env)
        self.bell: Final = Bell()
        self.hints: Final = Listener(database, self.bell.ring)
        self.recent: Final = Recent()
        self.publisher: Final = Publisher(database, self.log, self.register, self.bell)
        self.bodies: Final = Places(settings.body_megabytes_each << 20, settings.body_megabytes << 20)
        self.polls: Final = Places(settings.polls_each, settings.polls)
        self.metrics: Final = Metrics()
        self.contacts: Final = Contacts()
        self.sequencer: Final = Sequencer(self._batch, self.tick, largest_queue=settings.largest_queue, inline=inline)
        checkers = [] if inline else [Checker() for _ in range(settings.verify_processes)]
        self.verifier: Final = Verifier(self.examine, self.sequencer, checkers)
        self.stamper: Final = Stamper(settings, database, LOG_ID, self.do)
        self.patroller: Final = Patroller(database, self.log, self.register, self.do)
        self.disk: Final = Disk(settings.home, settings.least_free_megabytes << 20)
        database.before_write = self.disk.check_write
        self.closed = (settings.home / CLOSED).exists()
        self._refreshing = upkeep.refreshing(self.register)
        self._due = Due()
        self._ticking = threading.Lock()

    @classmethod
    def open(cls, settings: HubSettings, passphrase: str) -> Self:
        """Return the hub of a folder; raises `NotReady` if its keys, database or settings do not allow a start."""
        database = Database(settings.database)
        database.check()
        database.check_revision(MIGRATIONS)
        hub = cls(settings, HubKeys.open(settings.home, passphrase, settings.origin), database)
        hub.check_identity()
        return hub

    def check_identity(self) -> None:
        """Take up the stored directory; raises `NotReady` if the database belongs to another hub or environment."""
        with self.db.read() as session:
            row = session.connection().execute(select(HUB)).one_or_none()
            mine = (self.settings.name, self.settings.env, self.settings.origin)
            if row is None or tuple(row) != mine:
                raise NotReady("the database was not initialised for this hub and environment")
            self.register.refresh(session.connection(), self.clock())
        self._turn_keys(self.clock())

    def start(self) -> None:
        """Start the threads."""
        self.db.start()
        self.hints.start()
        self.sequencer.start()
        self.stamper.start()
        self.patroller.start()

    def stop(self) -> None:
        """Finish what waits, answer it, and end the threads."""
        self.patroller.stop()
        self.stamper.stop()
        self.verifier.stop()
        self.sequencer.stop()
        self.hints.stop()
        self.db.close()

    def examine(self, raw: bytes) -> Claimed | Receipted:
        """Return whose envelope `raw` claims to be; raises what `verification.examine` raises."""
        return examine(raw, self.register.current, self.recent, self.clock())

    def prepare(self, raw: bytes) -> Acceptance | Receipted:
        """Return the envelope in `raw`, signature checked, ready for the sequencer; raises also `Denied`."""
        return confirm(self.examine(raw))

    def check_open(self) -> None:
        """Raise `Restoring` while the hub is closed: it then signs nothing and accepts nothing."""
        if self.closed:
            with self.db.read() as session:
                head = self.log.head(session)
            raise Restoring(size=head.size, time=head.time)

    def close_for(self, reason: str) -> None:
        """Close the hub, also for every later start, because a unit proved that it had signed more than it holds."""
        if not self.closed:
            self.closed = True
            (self.settings.home / CLOSED).write_text(f"closed until `serai hub resume`: {reason}\n", encoding="utf-8")

    def check_accepting(self) -> None:
        """Raise if nothing new may be taken now: queue full, disk low, directory expired."""
        self.sequencer.check_room()
        self.disk.check_new(WRITTEN_TWICE * self.bodies.held)
        try:
            self.register.current.freshness(self.clock())
        except SchemaError as error:
            raise StaleDirectory(str(error)) from error

    def do(self, kind: Kind, payload: Any) -> Any:
        """Let the sequencer do one job and wait for its outcome; raises the job's `ExchangeError`.

        For administration and handlers on threads, never from the event loop.
        """
        return self.sequencer.post(kind, payload).result()

    @contextmanager
    def _batch(self) -> Iterator[Batch]:
        self.check_open()
        with self.db.write() as session:
            batch = Batch(session, self.log, self.register, self.keys.receipt, self.clock())
            yield batch
        for act in batch.after_commit:
            act()
        self.bell.ring(batch.changed)

    def tick(self) -> None:
        """Do what is due: lapses, forgetting, snapshot, checkpoint; the writer thread does it between batches.

        A closed hub does nothing.
        """
        if self.closed:
            return
        with self._ticking:
            now, due = self.clock(), self._due
            if now >= due.keys:
                due.keys = now + KEYS_EVERY
                self._turn_keys(now)
            if now >= due.lapse and self.register.version:
                due.lapse = now + LAPSE_EVERY
                self._later(upkeep.LAPSES, None)
            if now >= due.forget:
                due.forget = now + FORGET_EVERY
                self._later(upkeep.FORGETTING, self.settings.retention_days * 86_400)
            if now >= due.refresh and self.register.version:
                due.refresh = now + REFRESH_EVERY
                self._later(self._refreshing, None)
            if now >= due.checkpoint:
                due.checkpoint = now + CHECKPOINT_EVERY
                self.publisher.advance(now)

    def _turn_keys(self, now: int) -> None:
        """Sign with what the document in force names from now on; whoever signs takes `keys` as they stand."""
        if self.register.version:
            self.keys = self.keys.turned(self.register.current.federation.hub, now)

    def _later(self, kind: Kind, payload: Any) -> None:
        self.sequencer.post(kind, payload)

"""One national unit's service, put together once and passed everywhere: settings, store, keys, log, clock. No globals.

`open_node` is the composition root; the command line, the pages and the simulator call it with their own clock and
transport. This module must not hold any use case.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from audit.checkpoints import LogSigner
from audit.log import Log
from crypto.custody import SEEDS, Custody
from crypto.keystore import KeyStore
from exchange.database import Database
from exchange.disk import Disk
from exchange.policy.rulebook import Rulebook, federation, federation_texts, unit_texts
from nodes import keys, trust
from nodes.errors import DirectoryTooOld, NotReady
from nodes.keys import Keys
from nodes.settings import NodeSettings
from nodes.together import Together
from schemas.signed_policy import may_run
from schemas.trust import Directory, DirectoryStale

SEALED_AT_ONCE = 16
"""Messages sealed in one transaction: for as long as it takes, about 0.1 s, nobody else writes."""

MIGRATIONS = Path(__file__).parent / "migrations"
POLICY = "policy"
"""The folder in the node's own in which a unit keeps rules that forbid more: files `*.cedar`."""


class Changed:
    """A number that grows after every commit that changes what pages show; open pages wait for it to move."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._number = 0

    @property
    def number(self) -> int:
        """The present number."""
        return self._number

    def bump(self) -> None:
        """Say that something changed."""
        with self._condition:
            self._number += 1
            self._condition.notify_all()

    def wait_after(self, number: int, timeout: float) -> int:
        """Return the present number once it is above `number`, or after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._number > number, timeout)
            return self._number


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node takes from outside: the clock (unix seconds), where it keeps signing keys, and in tests the ways out.

    `transport` is the way to the hub, `identity` the one to the identity provider.
    """

    now: Callable[[], int]
    transport: httpx.BaseTransport | None = None
    identity: httpx.BaseTransport | None = None
    custody: Custody = SEEDS


@dataclass(slots=True)
class Node:
    """A unit's node. `keys` and `held` are replaced as a whole when they change, so readers need no lock.

    `book` are the rules that this release ships and those of the unit; `rules` says which of them are in force now.
    `directory_due` is set when the hub named a newer directory than `held` or signed with a key that it does not know,
    and when a key of ours is to be published: the courier then sees to it at once.
    """

    settings: NodeSettings
    db: Database
    store: KeyStore
    log: Log
    surroundings: Surroundings
    keys: Keys
    book: Rulebook = field(default_factory=federation, repr=False)
    held: Directory | None = None
    changed: Changed = field(default_factory=Changed)
    directory_due: threading.Event = field(default_factory=threading.Event, repr=False)
    refreshing: threading.Lock = field(default_factory=threading.Lock, repr=False)
    sealing: Together[Any, str] = field(default_factory=lambda: Together(SEALED_AT_ONCE), repr=False)
    disk: Disk = field(init=False)

    def __post_init__(self) -> None:
        """Begin nothing on a disk that has no room for it."""
        self.disk = Disk(self.settings.folder, self.settings.least_free_megabytes << 20)
        self.db.before_write = self.disk.check_write

    @property
    def unit(self) -> str:
        """The id of the unit."""
        return self.settings.unit

    def now(self) -> int:
        """The present instant, unix seconds UTC."""
        return self.surroundings.now()

    @property
    def rules(self) -> Rulebook:
        """The rules in force: nothing is done under rules that the federation has not signed, once it signs any."""
        listed = self.held.federation.rules if self.held is not None else None
        return self.book if may_run(listed, self.book.federal, self.now()) else self.book.closed

    def directory(self) -> Directory:
        """Return the directory that is held, fresh or not; raises `NotReady` before the first one."""
        if self.held is None:
            raise NotReady("no directory yet: run `serai node join`")
        return self.held

    def sealing_directory(self) -> Directory:
        """Return the directory to seal with; raises `DirectoryTooOld` after its grace (protocol.md §5.3)."""
        directory = self.directory()
        try:
            directory.freshness(self.now())
        except DirectoryStale as error:
            raise DirectoryTooOld(str(error)) from error
        return directory

    def close(self) -> None:
        """Give the database back."""
        self.db.close()


def open_node(settings: NodeSettings, passphrase: str, surroundings: Surroundings) -> Node:
    """Open the node in `settings.folder`: unlock its keys, check its database, its rules and the directory it holds.

    The unit's token, if it has one, is not asked yet: without it a node runs, and signs nothing (`nodes.signers`).

    Raises `crypto.errors.KeyFileError` for a wrong passphrase or missing keys (no new ones are made),
    `exchange.errors.NotReady` for a database that is unsafe or of another version, and `PolicyRefused` for rules of the
    unit that must not be used.
    """
    store = KeyStore.open(settings.keys, passphrase, surroundings.custody)
    rules = _rules(settings.folder / POLICY)
    database = Database(settings.database)
    try:
        database.check()
        database.check_revision(MIGRATIONS)
        with database.read() as session:
            held = trust.load(session, surroundings.now())
            ours = keys.load(session, store, settings)
    except BaseException:
        database.close()
        raise
    ed25519_seed, mldsa44_seed = keys.log_seeds(store)
    log = Log(settings.log_id, LogSigner(settings.log_id, ed25519_seed, mldsa44_seed))
    return Node(settings, database, store, log, surroundings, ours, rules, held)


def _rules(folder: Path) -> Rulebook:
    own = {path.name: path.read_bytes() for path in sorted(folder.glob("*.cedar"))}
    return Rulebook(federation_texts(), unit_texts(own)) if own else federation()

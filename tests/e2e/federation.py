"""A federation of real processes under load for the end-to-end tests: its units write to each other all the time."""

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from audit.checkpoints import LogKeys
from audit.log import Log
from exchange.database import Database
from exchange.hub.hub import LOG_ID
from serai import control
from serai.demo import once, requests, services
from serai.demo.accounts import Account
from serai.demo.once import Stage
from serai.demo.people import PEOPLE
from serai.demo.processes import Service, free_port
from serai.demo.rehearsal import Rehearsal
from serai.demo.services import Ports
from serai.demo.writing import Writing
from serai.federation import Federation, establish
from serai.output import CommandError

UNITS: Final = ("KG", "TJ")
PATIENCE: Final = 120
ENDS: Final = frozenset({"DELIVERED", "OPENED"})


@dataclass
class Load:
    """A hub and its units as processes, and what their officers sent: what a node said is sealed must arrive.

    `active` are the units that take part in the load now; `failed` says what each message that was not sealed met.
    """

    federation: Federation
    ports: Ports
    accounts: dict[str, Account]
    running: dict[str, Service]
    canary: str = ""
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage = Stage(self.federation, self.accounts, self.running)
        self.active = self.ports.units
        self.sent: dict[str, list[str]] = {unit: [] for unit in self.ports.units}

    def writing(self) -> Writing:
        """An ordinary request, with the canary in subject, name and content if there is one."""
        letter = requests.stamps(int(time.time()))
        if not self.canary:
            return letter
        labels = {**letter.labels, "subject_line": f"Subject {self.canary}", "free_text": f"Content {self.canary}"}
        (place,) = letter.objects
        return Writing(labels, letter.body, ({**place, "name": f"Place {self.canary}"},))

    def write(self, unit: str) -> None:
        """Seal one message at a unit for the others in turn; whether a failure matters is for the caller to say."""
        active = self.active
        others = [one for one in active if one != unit]
        other = others[len(self.sent[unit]) % len(others)]
        try:
            self.sent[unit].append(self.stage.send(unit, "REQ", self.writing(), recipients=[other]))
        except (CommandError, OSError) as error:
            self.failed.append(f"{unit} to {other}: {error}")

    @contextmanager
    def flowing(self, pause: float = 0.05) -> Iterator[None]:
        """Let the active units write for as long as the block runs."""
        stop = threading.Event()

        def flow(unit: str) -> None:
            while not stop.wait(pause):
                if unit in self.active:
                    self.write(unit)

        threads = [threading.Thread(target=flow, args=[unit], daemon=True) for unit in self.ports.units]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)

    def kill(self, name: str) -> None:
        """End a process as a power cut would, and start it again."""
        self.running[name].kill()
        self.running[name].start()
        self.running[name].wait_ready()

    def settle(self) -> Counter[str]:
        """Wait until every message of every unit is final; returns how many ended in which state."""
        end = time.monotonic() + PATIENCE
        while True:
            states = self.states()
            if states and set(states) <= ENDS:
                return states
            if time.monotonic() > end:
                raise AssertionError(f"not final after {PATIENCE} seconds: {states}")
            time.sleep(0.5)

    def states(self) -> Counter[str]:
        """Count the deliveries of what each unit sent by their state, as the sender's own rows say."""
        query = (
            "SELECT d.state, count(*) FROM node_delivery d JOIN node_message m USING (message_id)"
            " WHERE m.direction = 'OUT' GROUP BY d.state"
        )
        found: Counter[str] = Counter()
        for unit in self.ports.units:
            found.update(dict(self.rows(unit, query)))
        return found

    def rows(self, unit: str, query: str) -> list[Any]:
        """Read a node's database beside the running node."""
        with sqlite3.connect(f"file:{self.federation.nodes[unit].folder / 'node.db'}?mode=ro", uri=True) as connection:
            found = connection.execute(query).fetchall()
        connection.close()
        return found

    def check(self) -> dict[str, int]:
        """What must hold after trouble: nothing lost, nothing doubled, the log whole; returns the figures."""
        sealed: list[tuple[str, str]] = []
        arrived: list[tuple[str, str]] = []
        for unit in self.ports.units:
            mine = self.rows(
                unit,
                "SELECT message_id, unit FROM node_delivery JOIN node_message USING (message_id)"
                " WHERE direction = 'OUT'",
            )
            came = self.rows(unit, "SELECT message_id FROM node_message WHERE direction = 'IN'")
            sealed += [(message_id, other) for message_id, other in mine]
            arrived += [(message_id, unit) for (message_id,) in came]
            assert set(self.sent[unit]) <= {message_id for message_id, _ in mine}, "a node forgot what it acknowledged"
        assert sorted(arrived) == sorted(sealed), f"sealed {len(sealed)}, arrived {len(arrived)}"
        return {"messages": len(arrived), "log": self.check_log()}

    def check_log(self) -> int:
        """Fold the hub's log anew and see that no leaf stands twice; returns its size."""
        database = Database(self.federation.hub.database)
        try:
            with database.read() as session:
                log = Log(LOG_ID)
                signed = log.checkpoint(session)
                assert signed is not None
                head = log.verify(session, LogKeys.parse(*signed.vkeys))
                entries = list(log.entries(session, 0, head.size))
        finally:
            database.close()
        assert len(set(entries)) == len(entries)
        return head.size


@contextmanager
def load(folder: Path, hub_database: str = "", canary: str = "", units: tuple[str, ...] = UNITS) -> Iterator[Load]:
    """Make the federation in `folder`, start its processes, and end them with the block."""
    ports = Ports(free_port(), units)
    now = int(time.time()) - 120
    plan = services.plan(folder, ports)
    federation = establish(replace(plan, hub_database=hub_database), now)
    rehearsal = Rehearsal(federation, now)
    people = [one for one in PEOPLE if one.user_id in once.AUTHORS.values() and one.unit in units]
    made = rehearsal.enrol(people, ports.origin)
    rehearsal.play((), now)
    rehearsal.close()
    running = services.services(federation, ports)
    try:
        for service in running.values():
            service.start()
        for service in running.values():
            service.wait_ready()
        yield Load(federation, ports, {account.unit: account for account in made}, running, canary)
    finally:
        for service in running.values():
            service.stop()


def kill_at_random(under: Load, kills: int, seed: int) -> Counter[str]:
    """Kill hub, sender or receiver `kills` times at random moments of the load; returns how often each died."""
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    with under.flowing():
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 1.5))
            name = chance.choice(list(under.running))
            under.kill(name)
            killed[name] += 1
    return killed


def wait_signed(home: Path) -> None:
    """Wait until the hub has signed all of its log."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        status = control.call(home, "status", {})
        if status["signed_size"] == status["log_size"]:
            return
        time.sleep(0.2)
    raise AssertionError("the hub did not sign its log")

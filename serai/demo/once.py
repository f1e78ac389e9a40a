"""Plays the main job once with real processes: request, clarification, answer between three units, one of them offline.

Everything goes through the same operations as the officers' pages; nothing is reported that was not found on the files
afterwards, by `evidence`.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from serai import control
from serai.demo import replies, requests, services
from serai.demo.accounts import Account, save
from serai.demo.people import PEOPLE
from serai.demo.processes import Service, free_port
from serai.demo.rehearsal import Rehearsal
from serai.demo.services import Ports
from serai.demo.writing import Writing
from serai.federation import Federation, establish
from serai.output import CommandError, Exit

UNITS: Final = ("KG", "KZ", "TJ")
PATIENCE: Final = 60
LOOK_EVERY: Final = 0.1
ENDS: Final = frozenset({"DELIVERED", "OPENED"})
SENDERS: Final = {"request": "TJ", "question": "KG", "clarification": "TJ", "answer": "KG", "late_answer": "KZ"}
AUTHORS: Final = {"TJ": "TJ-1042", "KG": "KG-1107", "KZ": "KZ-1215"}


@dataclass
class Played:
    """What happened: message ids by name, and how long each step took in milliseconds."""

    ids: dict[str, str] = field(default_factory=dict)
    latencies: dict[str, int] = field(default_factory=dict)


@dataclass
class Stage:
    """Three units with their processes and signed-in officers."""

    federation: Federation
    accounts: dict[str, Account]
    running: dict[str, Service]
    sessions: dict[str, str] = field(default_factory=dict)

    def ask(self, unit: str, name: str, arguments: dict[str, Any]) -> control.Members:
        """Let a unit's node do an operation as its officer, who signs in first."""
        if unit not in self.sessions:
            self.sign_in(unit)
        return control.call(self.federation.nodes[unit].folder, name, {**arguments, "session": self.sessions[unit]})

    def sign_in(self, unit: str) -> None:
        """Sign the unit's officer in; a one-time code serves once, so two threads must not do it at the same time."""
        account = self.accounts[unit]
        given = {"user_id": account.user_id, "password": account.password, "totp": account.code()}
        self.sessions[unit] = control.call(self.federation.nodes[unit].folder, "sign-in", given)["session"]

    def send(self, unit: str, kind: str, writing: Writing, **more: Any) -> str:
        """Write, check and seal a message at a unit; returns its id."""
        body = {**writing.body, **({"objects": list(writing.objects)} if writing.objects else {})}
        draft = {"kind": kind, "recipients": [], "copies": [], "common": writing.labels, "body": body, **more}
        sent = self.ask(unit, "message.send", draft)
        if sent["message_id"] is None:
            raise CommandError("SERAI-DEMO-FAULTS", f"{kind} of {unit} was not sealed.", str(sent))
        return str(sent["message_id"])

    def has(self, unit: str, message_id: str) -> bool:
        """Say whether a message has arrived at a unit."""
        rows = self.ask(unit, "message.list", {"box": "ARRIVED", "view": "ALL", "page": 1})["rows"]
        return any(row["message_id"] == message_id for row in rows)

    def all_final(self, unit: str, message_id: str) -> bool:
        """Say whether every recipient of a message that `unit` sent has confirmed it."""
        shown = self.ask(unit, "message.show", {"message_id": message_id, "justification": "demo", "confirm": False})
        return all(one["state"] in ENDS for one in shown["deliveries"])


def prepare(folder: Path, now: int) -> tuple[Federation, list[Account], Ports]:
    """Make a federation of three units, each with its officer, in `folder`.

    The officers enrol two minutes before `now`: the one-time code of their enrolment does not sign them in again.
    """
    ports = Ports(free_port(), UNITS)
    federation = establish(services.plan(folder, ports), now - 120)
    rehearsal = Rehearsal(federation, now - 120)
    try:
        made = rehearsal.enrol([one for one in PEOPLE if one.user_id in AUTHORS.values()], ports.origin)
        rehearsal.play((), now)
    finally:
        rehearsal.close()
    save(folder, made)
    return federation, made, ports


def play(federation: Federation, made: list[Account], ports: Ports) -> Played:
    """Play request, clarification and answer, with KZ offline until KG has answered; then end every process."""
    accounts = {unit: next(one for one in made if one.user_id == user) for unit, user in AUTHORS.items()}
    processes = services.services(federation, ports)
    with _running(processes):
        stage = Stage(federation, accounts, processes)
        for name in ("HUB", "TJ", "KG"):
            processes[name].start()
        for name in ("HUB", "TJ", "KG"):
            processes[name].wait_ready()
        return _play(stage)


@contextmanager
def _running(processes: dict[str, Service]) -> Iterator[None]:
    try:
        yield
    finally:
        services.stop(processes.values())


def _play(stage: Stage) -> Played:
    played, now = Played(), int(time.time())
    ids = played.ids
    ids["request"] = stage.send("TJ", "REQ", requests.controlled_delivery(now), recipients=["KG", "KZ"])
    _timed(played, "request", lambda: stage.has("KG", ids["request"]))
    stage.ask("KG", "message.take", {"message_id": ids["request"]})
    ids["question"] = stage.send("KG", "CLQ", replies.which_crossing(now), in_reply_to=ids["request"])
    _timed(played, "question", lambda: stage.has("TJ", ids["question"]))
    ids["clarification"] = stage.send("TJ", "CLA", replies.kyzyl_art(now), in_reply_to=ids["question"])
    _timed(played, "clarification", lambda: stage.has("KG", ids["clarification"]))
    ids["answer"] = stage.send("KG", "ANS", replies.consent(now), in_reply_to=ids["request"])
    _timed(played, "answer", lambda: stage.has("TJ", ids["answer"]))
    stage.running["KZ"].start()
    stage.running["KZ"].wait_ready()
    _timed(played, "request_to_offline_unit", lambda: stage.has("KZ", ids["request"]))
    stage.ask("KZ", "message.take", {"message_id": ids["request"]})
    ids["late_answer"] = stage.send("KZ", "ANS", replies.consent(now), in_reply_to=ids["request"])
    _timed(played, "late_answer", lambda: stage.has("TJ", ids["late_answer"]))
    for name, unit in SENDERS.items():
        _timed(played, f"{name}_receipts", partial(stage.all_final, unit, ids[name]))
    size = _status(stage.federation.hub.home)["log_size"]
    _timed(played, "checkpoint", lambda: _status(stage.federation.hub.home)["published_size"] >= size)
    return played


def _timed(played: Played, name: str, come: Callable[[], bool]) -> None:
    """Wait until something has come and note how long it took; raises CommandError if it does not."""
    begun = time.monotonic()
    while not come():
        if time.monotonic() - begun > PATIENCE:
            raise CommandError("SERAI-DEMO-STUCK", f"{name} did not come within {PATIENCE} seconds.", status=Exit.WRONG)
        time.sleep(LOOK_EVERY)
    played.latencies[name] = round((time.monotonic() - begun) * 1000)


def _status(home: Path) -> dict[str, int]:
    """Return the sizes of the hub's log: as it is, and as it is published with the cosignatures of the quorum."""
    status = control.call(home, "status", {})
    return {name: int(status[name]) for name in ("log_size", "published_size")}

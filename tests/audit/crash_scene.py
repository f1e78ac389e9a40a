"""The same few minutes of a hub, again and again: what it is asked, what it answered, and what must be true after.

The world, its keys and everything that units sign are made once; a case starts from a copy of the database.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.audit import Audit
from audit.audit_checkpoints import Trust
from audit.audit_database import DatabaseSource
from audit.audit_findings import Findings
from exchange.database import Database
from exchange.errors import ExchangeError
from exchange.hub.acceptance import MESSAGES, Again
from exchange.hub.audit_rows import HubRows
from exchange.hub.handout import HAND_OUTS, HandOut
from exchange.hub.hub import Hub
from exchange.hub.sequencer import Job, Kind
from exchange.hub.upkeep import DENIALS, RECEIPTS, Refused, Reported
from schemas import receipts
from tests.hub.desk import Desk

BEFORE = 251
"""Entries that are there before: the first tile becomes full in the middle of what the hub is asked to do."""

MESSAGES_SENT = 6
SECONDS = 2


@dataclass
class Answers:
    """What left the process: message -> index of its leaf, and signed checkpoints."""

    indices: dict[int, int] = field(default_factory=dict)
    notes: list[bytes] = field(default_factory=list)


class Scene:
    """A hub with a prepared past, and what its units will send."""

    def __init__(self, folder: Path, url: str) -> None:
        self.desk = Desk(folder, url)
        codes = iter(f"EX-{number}" for number in range(1000, 9999))
        with self.desk.db.read() as session:
            size = self.desk.hub.log.head(session).size
        jobs = [Job(DENIALS, Refused("KZ", next(codes)), Future()) for _ in range(BEFORE - size)]
        self.desk.hub.sequencer.put(jobs[:200])
        self.desk.hub.sequencer.put(jobs[200:])
        self.desk.hub.tick()
        self.wires, self.receipts = [], []
        for _ in range(MESSAGES_SENT):
            sealed = self.desk.seal()
            self.desk.consumed(sealed)
            self.wires.append(sealed.wire)
            wire = self.desk.receipt("KG", "DELIVERED", sealed.eid, time=self.desk.now + SECONDS)
            self.receipts.append(Reported(receipts.parse(wire)))
        self.desk.hub.stop()

    def at(self, url: str) -> Hub:
        """The hub of this scene on a copy of its database, at the present moment of the scene."""
        hub = Hub(self.desk.settings, self.desk.keys, Database(url), lambda: self.desk.now, inline=True)
        hub.check_identity()
        return hub

    def play(self, hub: Hub, out: int) -> None:
        """Let the hub do everything; write a line to `out` for each thing that somebody was told."""
        for number, wire in enumerate(self.wires):
            if number % 2 == 0:
                self.desk.now += SECONDS
            index = told(hub, MESSAGES, wire)
            if index is not None:
                os.write(out, f"index {number} {index}\n".encode())
            if number % 2:
                _do(hub, HAND_OUTS, HandOut("KG", tuple(one.key[0] for one in self.receipts[number - 1 : number + 1])))
                _do(hub, RECEIPTS, self.receipts[number - 1 : number + 1])
                self._checkpoint(hub, out)

    def _checkpoint(self, hub: Hub, out: int) -> None:
        """Sign what is committed, and give out what is stored as signed."""
        self.desk.now += SECONDS
        try:
            hub.tick()
            with hub.db.read() as session:
                stored = hub.log.checkpoint(session)
        except ExchangeError:
            return
        if stored is not None:
            os.write(out, f"note {stored.note.hex()}\n".encode())

    def check(self, url: str, answers: Answers) -> list[str]:
        """What is not true after the hub was started again on this database; everything is sent once more."""
        self.desk.now += 10 * SECONDS
        hub = self.at(url)
        try:
            wrong = self._audit(hub, answers, "after the restart")
            for number, wire in enumerate(self.wires):
                index = told(hub, MESSAGES, wire)
                if index is None or answers.indices.setdefault(number, index) != index:
                    wrong.append(f"message {number} was at {answers.indices.get(number)} and is at {index}")
            _do(hub, HAND_OUTS, HandOut("KG", tuple(one.key[0] for one in self.receipts)))
            _do(hub, RECEIPTS, self.receipts)
            self.desk.now += SECONDS
            hub.tick()
            return wrong + self._audit(hub, answers, "at the end")
        finally:
            hub.stop()

    def _audit(self, hub: Hub, answers: Answers, when: str) -> list[str]:
        with hub.db.read() as session:
            connection, findings = session.connection(), Findings()
            rows = HubRows(connection, findings, self.desk.now)
            trust = Trust((self.desk.keys.log.keys,), pinned=True)
            Audit(DatabaseSource(connection, "hub"), trust, answers.notes, (rows,), findings).run(lambda _done: None)
        wrong = [f"{when}: {one.code} {one.text}" for one in findings.all() if one.level == "bad"]
        if len(answers.notes) != findings.counts["HELD_CHECKPOINT"]:
            wrong.append(f"{when}: a checkpoint that was given out is not of this log")
        return wrong

    @contextmanager
    def clock_kept(self) -> Iterator[None]:
        """Cases begin at the same moment."""
        now = self.desk.now
        try:
            yield
        finally:
            self.desk.now = now


def told(hub: Hub, kind: Kind, wire: bytes) -> int | None:
    """The index of the leaf that the receipt for `wire` names, if there was a receipt."""
    try:
        outcome = hub.do(kind, hub.prepare(wire))
    except ExchangeError:
        return None
    first = outcome.first if isinstance(outcome, Again) else outcome
    return receipts.parse(first.receipt).receipt.index


def _do(hub: Hub, kind: Kind, payload: Any) -> None:
    try:
        hub.do(kind, payload)
    except ExchangeError:
        return


def read_answers(data: bytes) -> Answers:
    """What the lines say that somebody was told; the last one may be cut."""
    answers = Answers()
    for line in data.decode().split("\n")[:-1]:
        word, *rest = line.split(" ")
        if word == "index":
            answers.indices[int(rest[0])] = int(rest[1])
        else:
            answers.notes.append(bytes.fromhex(rest[0]))
    return answers

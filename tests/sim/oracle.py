"""What must hold in every simulated world, after each step and at the end. It reads the rows; it asks no rule.

After each step: no log shrinks or changes its past, states never lead back. At rest: everything sealed has its end and
the evidence for it, nothing came twice, nothing came that was not sent, every log folds to its signed head, and the
hub never saw a word of content.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from audit.checkpoints import LogSigner
from audit.log import Log
from exchange.hub.tables import DELIVERY, MESSAGE
from nodes.alerts import Cause
from nodes.keys import log_seeds
from nodes.node import Node
from nodes.tables import AlertRow, DeliveryRow, MessageRow, OutboxRow, QuarantineRow, ReceiptRow
from tests.sim.rules import Violation
from tests.sim.world import CANARY, UNITS, World

RANKS: Final[Mapping[str, int]] = {
    "QUEUED": 0,
    "SUBMITTED": 1,
    "RELAYED": 2,
    "NOT_DELIVERED": 3,
    "DELIVERED": 4,
    "OPENED": 5,
    "REJECTED": 5,
    "REFUSED": 5,
    "EXPIRED": 5,
}
"""A state only ever gives way to one of a higher rank; those of the highest are ends."""
ENDS: Final = frozenset({"DELIVERED", "OPENED", "REJECTED", "REFUSED", "EXPIRED", "NOT_DELIVERED"})


class Oracle:
    """Watches one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sizes: dict[str, int] = {}
        self.roots: dict[str, dict[int, bytes]] = {}
        self.states: dict[tuple[str, str, str], str] = {}

    def after_step(self) -> None:
        """Check what must hold at every moment."""
        with self.world.watched():
            self._log("hub", self.world.hub.log, self.world.hub.db)
            for unit, node in self.world.nodes.items():
                self._log(unit, node.log, node.db)
                self._states(unit, node)

    def _log(self, name: str, log: Log, database: object) -> None:
        with database.read() as session:  # type: ignore[attr-defined]  # a Database of either service
            head = log.head(session)
        if head.size < self.sizes.get(name, 0):
            raise Violation(f"the log of {name} shrank from {self.sizes[name]} to {head.size}")
        known = self.roots.setdefault(name, {})
        if known.setdefault(head.size, head.root) != head.root:
            raise Violation(f"the log of {name} has two roots at {head.size}")
        self.sizes[name] = head.size

    def _states(self, unit: str, node: Node) -> None:
        with node.db.read() as session:
            rows = session.execute(select(DeliveryRow.message_id, DeliveryRow.unit, DeliveryRow.state)).all()
        for message_id, recipient, state in rows:
            before = self.states.get((unit, message_id, recipient), "QUEUED")
            if state != before and RANKS[state] <= RANKS[before]:
                raise Violation(f"at {unit}, {message_id} for {recipient} went from {before} to {state}")
            self.states[unit, message_id, recipient] = state

    # --- at the end ---------------------------------------------------------------------------------------------------

    def at_rest(self) -> list[str]:
        """Return what is still to be done; nothing, if the world has come to rest."""
        left = []
        for unit, node in self.world.nodes.items():
            with node.db.read() as session:
                states = session.execute(
                    select(DeliveryRow.message_id, DeliveryRow.unit, DeliveryRow.state)
                    .join(MessageRow, MessageRow.message_id == DeliveryRow.message_id)
                    .where(MessageRow.direction == "OUT", DeliveryRow.state.not_in(ENDS))
                ).all()
                unposted = select(ReceiptRow.eid).where(ReceiptRow.origin == "OWN", ReceiptRow.posted.is_(None))
                held = select(QuarantineRow.hub_index).where(QuarantineRow.state == "HELD")
                left += [f"{unit}: {state}" for state in states]
                left += [f"{unit}: receipt about {eid[:8]}" for eid in session.scalars(unposted)]
                left += [f"{unit}: held arrival {index}" for index in session.scalars(held)]
        return left

    def at_end(self) -> None:
        """Check what must hold once everything has come to rest; raises Violation."""
        arrived = self._arrivals()
        accepted = self._accepted()
        self._evidence(accepted, arrived)
        self._logs()
        self._blind()

    def seen(self) -> Counter[str]:
        """Count what can only be seen in the rows: messages that were sealed anew."""
        found: Counter[str] = Counter()
        for node in self.world.nodes.values():
            with node.db.read() as session:
                query = select(func.count()).where(AlertRow.cause == Cause.RESEALED)
                found["RESEALED"] += session.scalar(query) or 0
        return found

    def _arrivals(self) -> Counter[tuple[str, str]]:
        found: Counter[tuple[str, str]] = Counter()
        for unit, node in self.world.nodes.items():
            with node.db.read() as session:
                found.update(
                    (unit, eid) for eid in session.scalars(select(MessageRow.eid).where(MessageRow.direction == "IN"))
                )
        twice = [place for place, count in found.items() if count > 1]
        if twice:
            raise Violation(f"arrived twice: {twice}")
        return found

    def _accepted(self) -> dict[tuple[str, str], str]:
        """Return the hub's state for each (eid, unit), after checking that every number was consumed once, in order."""
        with self.world.hub.db.read() as session:
            connection = session.connection()
            numbers = connection.execute(select(MESSAGE.c.sender, MESSAGE.c.seq).order_by(MESSAGE.c.seq)).all()
            states = connection.execute(select(DELIVERY.c.eid, DELIVERY.c.unit, DELIVERY.c.state)).all()
        for unit in UNITS:
            consumed = [seq for sender, seq in numbers if sender == unit]
            if consumed != list(range(1, len(consumed) + 1)):
                raise Violation(f"numbers of {unit}: {consumed}")
        return {(row.eid, row.unit): row.state for row in states}

    def _evidence(self, accepted: Mapping[tuple[str, str], str], arrived: Counter[tuple[str, str]]) -> None:
        for unit, node in self.world.nodes.items():
            with node.db.read() as session:
                rows = session.execute(
                    select(MessageRow.eid, DeliveryRow.unit, DeliveryRow.state)
                    .join(DeliveryRow, DeliveryRow.message_id == MessageRow.message_id)
                    .where(MessageRow.direction == "OUT")
                ).all()
                receipts = {
                    tuple(row) for row in session.execute(select(ReceiptRow.eid, ReceiptRow.unit, ReceiptRow.type))
                }
                waiting = session.scalars(select(OutboxRow.seq).where(OutboxRow.state == "QUEUED")).all()
            if waiting:
                raise Violation(f"{unit} still has {waiting} to send")
            for eid, recipient, state in rows:
                about = unit if state == "REFUSED" else recipient
                if (eid, about, state) not in receipts:
                    raise Violation(f"{unit}: {eid[:8]} for {recipient} ended {state} without its receipt")
                if state != "REFUSED" and accepted[eid, recipient] != state:
                    raise Violation(
                        f"{eid[:8]} for {recipient}: {state} at {unit}, {accepted[eid, recipient]} at the hub"
                    )
                there = bool(arrived[recipient, eid])
                if there != (state in {"DELIVERED", "OPENED"}):
                    raise Violation(f"{eid[:8]} is {state}, and at {recipient}: {there}")
        sent = {eid for eid, _ in accepted}
        if strangers := [place for place in arrived if place[1] not in sent]:
            raise Violation(f"arrived and never accepted: {strangers}")

    def _logs(self) -> None:
        hub = self.world.hub
        with hub.db.write() as session:
            hub.log.sign_checkpoint(session, self.world.now)
        with hub.db.read() as session:
            head = hub.log.verify(session, hub.keys.log.keys)
            entries = [json.loads(entry) for entry in hub.log.entries(session, 0, head.size)]
        names = Counter(
            (entry["type"], entry["eid"], entry.get("unit"), entry.get("receipt"))
            for entry in entries
            if "eid" in entry
        )
        if twice := [name for name, count in names.items() if count > 1]:
            raise Violation(f"logged twice: {twice}")
        for unit, node in self.world.nodes.items():
            with node.db.write() as session:
                node.log.sign_checkpoint(session, self.world.now)
            with node.db.read() as session:
                own = node.log.verify(session, LogSigner(node.settings.log_id, *log_seeds(node.store)).keys)
            if own.size < self.sizes[unit]:
                raise Violation(f"the log of {unit} lost entries")

    def _blind(self) -> None:
        for path in sorted(Path(self.world.folder / "hub").rglob("*")):
            if path.is_file() and CANARY.encode() in path.read_bytes():
                raise Violation(f"content at the hub: {path.name}")

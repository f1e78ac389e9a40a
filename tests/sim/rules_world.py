"""A world of the rules alone: hub and nodes of `rules`, trouble drawn from a seed, then healing and rest.

What must hold is checked after every step and at the end; `Violation` names what did not.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from exchange import courier
from exchange.courier import Answer, State
from tests.instants import DAY, HOUR, MINUTE, NOW
from tests.sim.rules import UNITS, Hub, Message, Node, Rules, Violation

T = TypeVar("T")
STEPS: Final = 120
MOST_ROUNDS: Final = 400


class Lost(Exception):
    """The caller heard nothing; what was asked may or may not have been done."""


@dataclass(frozen=True)
class Weather:
    """Which faults a seed has and how strong; some seeds have none."""

    request_lost: float
    answer_lost: float
    doubled: float
    delayed: float
    crash: float
    skew: int
    revoked: float
    jumps: bool


class RulesWorld:
    """A hub and three nodes living through one seed."""

    def __init__(self, seed: int, rules: Rules | None = None) -> None:
        self.random = random.Random(seed)
        self.rules = rules or Rules()
        self.now = NOW
        self.hub = Hub(self.rules)
        self.nodes = {unit: Node(unit, self.rules) for unit in UNITS}
        self.cut: set[str] = set()
        self.late: list[Message] = []
        draw = self.random.choice
        self.weather = Weather(
            draw((0, 0, 0.1, 0.4)), draw((0, 0, 0.1, 0.4)), draw((0, 0.2)), draw((0, 0.2)), draw((0, 0.1)),
            draw((0, 0, 90, -90, 400)), draw((0, 0.1)), draw((False, True)),
        )  # fmt: skip
        self.skews = {unit: draw((0, self.weather.skew)) for unit in UNITS}

    def run(self) -> Counter[str]:
        """Live through trouble, then heal and come to rest; returns what was seen. Raises Violation."""
        for _ in range(STEPS):
            self.step()
            self.check()
        self.heal()
        self.check_rest()
        return sum((node.seen for node in self.nodes.values()), self.hub.seen)

    def step(self) -> None:
        """Let one thing happen."""
        node = self.nodes[self.random.choice(UNITS)]
        action = self.random.choices(
            (self.write, self.push, self.pull, self.post, self.pass_time, self.trouble), (3, 6, 6, 5, 3, 2)
        )[0]
        action(node)

    def clock(self, node: Node) -> int:
        """The time by the node's own clock."""
        return self.now + self.skews[node.unit]

    def write(self, node: Node) -> None:
        """An officer seals a message."""
        others = [unit for unit in UNITS if unit != node.unit]
        life = self.random.choice((2 * HOUR, 2 * DAY, 14 * DAY))
        node.seal(self.clock(node), self.random.sample(others, self.random.randint(1, 2)), life)

    def push(self, node: Node) -> None:
        """The courier sends what its rule allows, all at once: who is first at the hub is chance."""
        window = self.rules.to_send(self.now, node.line, sorted(node.queued))
        offered = {seq: node.sent[seq] for seq in window}
        for seq in self.random.sample(window, len(window)):
            message = offered[seq]
            try:
                answer, expected = self.call(node, partial(self.hub.submit, self.now, message))
            except Lost:
                self.delay(message)
                answer, expected = Answer.NOTHING, None
            if node.sent[seq] == message:  # else it was sealed anew, and the answer is about the old seal
                node.answered(self.clock(node), self.random.randrange(1024), seq, answer, expected)

    def pull(self, node: Node) -> None:
        """The courier collects; it may die between any two items."""
        most = self.random.choice((1, 3, 256))
        try:
            items = self.call(node, lambda: self.hub.hand_out(self.now, node.unit, node.cursor, most))
        except Lost:
            return
        for item in items:
            if self.random.random() < self.weather.crash:
                node.restart()
                return
            node.arrived(self.clock(node), self.hub, item)

    def post(self, node: Node) -> None:
        """The courier sends receipts; officers open what arrived."""
        for eid in node.held:
            if eid not in node.opened and self.random.random() < 0.2:
                node.opened.add(eid)
                node.state_receipt(self.clock(node), eid, "OPENED")
        for receipt in list(node.unsent.values()):
            try:
                received = self.call(node, partial(self.hub.receive, self.now, receipt))
            except Lost:
                return
            node.posted(self.clock(node), receipt, received)

    def pass_time(self, _node: Node) -> None:
        """Time passes; sometimes days of it."""
        spans = (MINUTE, HOUR, DAY, 5 * DAY) if self.weather.jumps else (MINUTE, MINUTE, HOUR)
        self.now += self.random.choice(spans)
        self.hub.tick(self.now)

    def trouble(self, node: Node) -> None:
        """A process dies, a line is cut or mended, everything is collected anew, something late arrives."""
        node.restart()
        if self.random.random() < self.weather.crash:
            node.cursor = -1
        self.revoke(node)
        self.cut ^= {node.unit} if self.random.random() < self.weather.crash else set()
        if self.late:
            self.hub.submit(self.now, self.late.pop(self.random.randrange(len(self.late))))

    def revoke(self, node: Node) -> None:
        """A unit's key is revoked at the hub; its node learns of its next key some time later."""
        if node.unit in self.hub.revoked and self.random.random() < 0.5:
            node.renew()
        if self.random.random() < self.weather.revoked:
            self.hub.revoked |= {node.unit}

    def delay(self, message: Message) -> None:
        """Let a lost request arrive later, after whatever is sent in between."""
        if self.random.random() < self.weather.delayed:
            self.late.append(message)

    def call(self, node: Node, work: Callable[[], T]) -> T:
        """Carry one call over the network."""
        if node.unit in self.cut or self.random.random() < self.weather.request_lost:
            raise Lost
        result = work()
        if self.random.random() < self.weather.doubled:
            result = work()
        if self.random.random() < self.weather.answer_lost:
            raise Lost
        return result

    def check(self) -> None:
        """What must hold after every step."""
        for node in self.nodes.values():
            numbers = [seq for sender, seq in self.hub.by_seq if sender == node.unit]
            if numbers != list(range(1, len(numbers) + 1)):
                raise Violation(f"the hub consumed {numbers} of {node.unit}")
            if node.alarms:
                raise Violation(f"{node.unit} halted: {node.alarms}")
            for (eid, unit), state in node.states.items():
                self._check_state(eid, unit, state)

    def _check_state(self, eid: str, unit: str, state: State) -> None:
        held = eid in self.nodes[unit].held
        if state not in (State.QUEUED, State.REFUSED) and ("MESSAGE", eid, "") not in self.hub.log:
            raise Violation(f"{eid[:8]} is {state} and the hub never logged it")
        if state in (State.DELIVERED, State.OPENED) and not held:
            raise Violation(f"{eid[:8]} is {state} and {unit} does not have it")
        if state is State.EXPIRED and held:
            raise Violation(f"{eid[:8]} is EXPIRED and {unit} has it")

    def heal(self) -> None:
        """End all trouble and let everybody finish; raises Violation if somebody cannot."""
        self.weather = Weather(0, 0, 0, 0, 0, 0, 0, jumps=False)
        for node in self.nodes.values():
            node.renew()
        self.cut.clear()
        self.skews = dict.fromkeys(UNITS, 0)
        for message in self.late:
            self.hub.submit(self.now, message)
        for _ in range(MOST_ROUNDS):
            self.now += 10 * MINUTE
            for node in self.nodes.values():
                self.push(node)
                self.pull(node)
                self.post(node)
            if self.at_rest():
                return
        raise Violation("the world did not come to rest")

    def at_rest(self) -> bool:
        """Whether nothing is left to do."""
        return not any(
            node.queued
            or node.unsent
            or self.hub.hand_out(self.now, node.unit, node.cursor, 1)
            or any(state not in courier.FINAL for state in node.states.values())
            for node in self.nodes.values()
        )

    def check_rest(self) -> None:
        """What must hold at the end: all that was sealed has its end, with evidence, and nothing else arrived."""
        self.check()
        sealed = {message.eid for node in self.nodes.values() for message in node.sent.values()}
        for node in self.nodes.values():
            if not set(node.held) <= sealed:
                raise Violation(f"{node.unit} holds what nobody sealed")
            for (eid, unit), state in node.states.items():
                kind = "REFUSAL" if state is State.REFUSED else state
                place = "" if state is State.REFUSED else unit
                if (kind, eid, place) not in self.hub.log:
                    raise Violation(f"{eid[:8]} ended {state} without a leaf")
                if state is State.NOT_DELIVERED and eid in self.nodes[unit].held:
                    raise Violation(f"{eid[:8]} ended NOT_DELIVERED and {unit} has it")

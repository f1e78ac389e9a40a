"""The rules alone: the pure ends of the protocol driven over dictionaries, without bytes, keys, databases or HTTP.

Hub and nodes here are only the shell that those rules ask for: gather the facts, store what was decided at once, then
answer. `rules_world` gives them their fates, thousands of seeds a minute, so this level finds what is wrong in a rule;
`world` finds what is wrong in the services.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Final, Literal

from crypto.header import GENESIS, Addressee, Header
from exchange import arrivals, courier, pairs
from exchange.arrivals import Delivery, Facts, Judgement, Received, SenderHead, Stored, Verdict
from exchange.courier import Answer, Chain, Expected, Finding, Line, Push, Pushed, State, Taken
from exchange.pairs import Link, Pair
from schemas.directory import sign_statement
from schemas.receipts import Receipt
from schemas.trust import Directory
from tests.federation import World as Federation
from tests.instants import NOW

UNITS: Final = ("KG", "KZ", "TJ")
_FEDERATION: Final = Federation(NOW).add(*UNITS)
_EKIDS: Final = {unit: keys.encryption.kid for unit, keys in _FEDERATION.units.items()}
_FIRST: Final = {unit: keys.signing.kid for unit, keys in _FEDERATION.units.items()}
_NEXT: Final = {unit: _FEDERATION.follow(unit).kid for unit in UNITS}


@cache
def _directory(revoked: frozenset[str]) -> Directory:
    """The directory in which the units in `revoked` have withdrawn the first of their two signing keys."""
    world = replace(_FEDERATION, statements=list(_FEDERATION.statements))
    for unit in sorted(revoked):
        keys = world.units[unit]
        world.append(sign_statement(world.revocation(unit, _FIRST[unit], "SUPERSEDED", NOW), keys.root))
    return world.directory()


class Violation(AssertionError):
    """A promise that did not hold in a simulated world."""


@dataclass(frozen=True)
class Rules:
    """The functions and tables under test; a planted bug replaces one of them."""

    judge: Callable[[int, arrivals.Arrival, Facts, Directory], Judgement] = arrivals.judge
    judge_receipt: Callable[[int, Receipt, bytes, Delivery | None, bytes | None], Received] = arrivals.judge_receipt
    hand_out: Callable[[Delivery], bool | None] = arrivals.hand_out
    lapse: Callable[[int, Delivery], arrivals.State | None] = arrivals.lapse
    answered: Callable[[int, Answer, Expected | None, Chain], Pushed] = courier.answered
    to_send: Callable[[int, Line, list[int]], tuple[int, ...]] = courier.to_send
    advance: Callable[[State, State], State] = courier.advance
    pair_gap: Callable[[Pair, Callable[[int], Link | None]], bool] = pairs.pair_gap
    taken: Mapping[Finding, Taken] = field(default_factory=lambda: courier.ARRIVALS)


@dataclass(frozen=True)
class Message:
    """An envelope without its bytes: identity, header, and the pair links that its wraps carry."""

    eid: str
    header: Header
    pairs: Mapping[str, Pair]

    @property
    def digest(self) -> bytes:
        """What stands for the SHA-512 of the bytes."""
        return self.eid.encode()


@dataclass
class Hub:
    """The hub's tables. Every method is one transaction: it is done whole, or not at all."""

    rules: Rules
    log: dict[tuple[str, str, str], int] = field(default_factory=dict)
    by_id: dict[tuple[str, str], Stored] = field(default_factory=dict)
    by_seq: dict[tuple[str, int], Stored] = field(default_factory=dict)
    heads: dict[str, SenderHead] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    receipts: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    mailboxes: dict[str, list[tuple[int, str, str, str]]] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()
    seen: Counter[str] = field(default_factory=Counter)

    def submit(self, now: int, message: Message) -> tuple[Answer, Expected | None]:
        """Take an envelope: `POST /v1/messages`."""
        header = message.header
        facts = Facts(
            self.heads.get(header.sender, SenderHead()),
            self.by_id.get((header.sender, header.id)),
            self.by_seq.get((header.sender, header.seq)),
        )
        directory = _directory(self.revoked)
        verdict = self.rules.judge(now, arrivals.Arrival(message.eid, message.digest, header), facts, directory)
        self.seen[f"JUDGED {verdict.verdict}"] += 1
        if verdict.verdict in (Verdict.ACCEPT, Verdict.REFUSE_FOR_GOOD):
            self._consume(message, verdict)
        if verdict.verdict is Verdict.DUPLICATE:
            refused = ("REFUSAL", message.eid, "") in self.log
            return (Answer.REFUSED if refused else Answer.SUBMITTED), None
        expected = verdict.expected
        return _ANSWERS[verdict.verdict], Expected(expected.seq, expected.eid) if expected is not None else None

    def _consume(self, message: Message, verdict: Judgement) -> None:
        header, stored = message.header, Stored(message.eid, message.digest)
        if header.sender in self.revoked and header.skid == _FIRST[header.sender]:
            raise Violation(f"the hub took {message.eid[:8]} under a key that was revoked before")
        self.by_id[header.sender, header.id] = stored
        self.by_seq[header.sender, header.seq] = stored
        self.heads[header.sender] = SenderHead(header.seq, message.eid)
        accepted = verdict.verdict is Verdict.ACCEPT
        index = self._append("MESSAGE" if accepted else "REFUSAL", message.eid, "")
        if accepted:
            self.messages[message.eid] = message
            for addressee in header.to:
                self.deliveries[message.eid, addressee.unit] = Delivery(arrivals.State.QUEUED, header.expires)
                self.mailboxes.setdefault(addressee.unit, []).append((index, "MESSAGE", message.eid, ""))

    def hand_out(self, now: int, unit: str, after: int, most: int) -> list[tuple[int, str, str, str]]:
        """Give a unit what comes after `after`, writing RELAYED for what goes out the first time: `GET /v1/inbox`."""
        items: list[tuple[int, str, str, str]] = []
        for item in [item for item in self.mailboxes.get(unit, []) if item[0] > after]:
            if len(items) == most:
                break
            if item[1] == "MESSAGE":
                delivery = self.deliveries[item[2], unit]
                first = self.rules.hand_out(delivery)
                if first is None:
                    continue
                if first:
                    self.deliveries[item[2], unit] = replace(delivery, state=arrivals.State.RELAYED, handed_at=now)
                    self._evidence("RELAYED", item[2], unit)
            items.append(item)
        return items

    def receive(self, now: int, receipt: Receipt) -> Received:
        """Take a unit's receipt: `POST /v1/receipts`."""
        place, name = (receipt.eid, receipt.unit), (receipt.eid, receipt.unit, receipt.type)
        digest = receipt.to_bytes()
        received = self.rules.judge_receipt(now, receipt, digest, self.deliveries.get(place), self.receipts.get(name))
        self.seen[f"RECEIPT {received.reception} {received.code}"] += 1
        if received.state is not None:
            before = self.deliveries[place].state
            self.seen["SUPERSEDED"] += before is arrivals.State.NOT_DELIVERED
            self.deliveries[place] = replace(self.deliveries[place], state=received.state)
            self.receipts[name] = digest
            self._evidence(receipt.type, receipt.eid, receipt.unit)
        return received

    def tick(self, now: int) -> None:
        """Let silence speak: the timers."""
        for (eid, unit), delivery in self.deliveries.items():
            state = self.rules.lapse(now, delivery)
            if state is not None:
                self.seen[f"LAPSED {state}"] += 1
                self.deliveries[eid, unit] = replace(delivery, state=state)
                self._evidence(state, eid, unit)

    def _evidence(self, kind: str, eid: str, unit: str) -> None:
        index = self._append(kind, eid, unit)
        self.mailboxes.setdefault(self.messages[eid].header.sender, []).append((index, kind, eid, unit))

    def _append(self, kind: str, eid: str, unit: str) -> int:
        leaf = (kind, eid, unit)
        if leaf in self.log:
            raise Violation(f"the hub logged {leaf} twice")
        self.log[leaf] = len(self.log)
        return self.log[leaf]


_ANSWERS: Final[Mapping[Verdict, Answer]] = {
    Verdict.ACCEPT: Answer.SUBMITTED,
    Verdict.REFUSE_FOR_GOOD: Answer.REFUSED,
    Verdict.EQUIVOCATION: Answer.TAKEN,
    Verdict.ID_TAKEN: Answer.TAKEN,
    Verdict.EARLY: Answer.EARLY,
    Verdict.KEY_ENDED: Answer.KEY_ENDED,
}


@dataclass
class Node:
    """A node's tables, and `line`, the only thing that is in memory."""

    unit: str
    rules: Rules
    sent: dict[int, Message] = field(default_factory=dict)
    queued: set[int] = field(default_factory=set)
    accepted: int = 0
    skid: str = ""
    pairs: dict[str, Pair] = field(default_factory=dict)
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    held: dict[str, Message] = field(default_factory=dict)
    links: dict[tuple[str, int], str] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    unsent: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    cursor: int = -1
    alarms: list[str] = field(default_factory=list)
    line: Line = field(default_factory=Line)
    seen: Counter[str] = field(default_factory=Counter)
    _before: dict[int, Message] = field(default_factory=dict)

    def seal(self, now: int, to: list[str], life: int) -> Message:
        """Assign the numbers and queue an envelope, in one transaction."""
        seq = len(self.sent) + 1
        prev = self.sent[seq - 1].eid if seq > 1 else GENESIS
        eid = self._eid(seq, prev)
        header = Header(
            env="live",
            ctype="message",
            id=f"{seq:032x}",
            sender=self.unit,
            created=now,
            expires=now + life,
            seq=seq,
            prev=prev,
            family="operational",
            urgency="ROUTINE",
            classification="RESTR",
            handling=("H1",),
            skid=self.skid,
            to=tuple(Addressee(unit, _EKIDS[unit]) for unit in sorted(to)),
            ptc=GENESIS,
        )
        message = Message(eid, header, {unit: self._next_pair(unit, eid) for unit in to})
        self.sent[seq] = message
        self.queued.add(seq)
        self.states.update({(eid, unit): State.QUEUED for unit in to})
        return message

    def __post_init__(self) -> None:
        self.skid = _FIRST[self.unit]

    def _eid(self, seq: int, prev: str) -> str:
        return hashlib.sha256(f"{self.unit}/{seq}/{self.skid}/{prev}".encode()).hexdigest()

    def renew(self) -> None:
        """Sign with the next key from now on."""
        self.skid = _NEXT[self.unit]

    def reseal(self, now: int, first: int) -> None:
        """Seal everything from number `first` on again, in its places, in one transaction."""
        for seq in range(first, len(self.sent) + 1):
            prev = self.sent[seq - 1].eid if seq > 1 else GENESIS
            old, eid = self.sent[seq], self._eid(seq, prev)
            life = old.header.expires - old.header.created
            header = replace(old.header, skid=self.skid, prev=prev, created=now, expires=now + life)
            renamed = {one.eid: self.sent[number].eid for number, one in self._before.items()}
            pairs = {unit: Pair(pair.seq, renamed.get(pair.prev, pair.prev)) for unit, pair in old.pairs.items()}
            self._before[seq], self.sent[seq] = old, Message(eid, header, pairs)
            for unit in pairs:
                self.states[eid, unit] = self.states.pop((old.eid, unit))
        renamed = {one.eid: self.sent[number].eid for number, one in self._before.items()}
        self.pairs = {unit: Pair(pair.seq, renamed.get(pair.prev, pair.prev)) for unit, pair in self.pairs.items()}
        self.seen["RESEALED"] += 1

    def _next_pair(self, unit: str, eid: str) -> Pair:
        last = self.pairs.get(unit, Pair(0, GENESIS))
        self.pairs[unit] = Pair(last.seq + 1, eid)
        return Pair(last.seq + 1, last.prev)

    def answered(self, now: int, jitter: int, seq: int, answer: Answer, expected: Expected | None) -> None:
        """Store what follows from the hub's answer about our number `seq`."""
        chain = Chain({number: one.eid for number, one in self.sent.items()}, len(self.sent) + 1, self.accepted)
        pushed = self.rules.answered(seq, answer, expected, chain)
        self.seen[f"PUSHED {pushed.act}"] += 1
        message = self.sent[seq]
        if pushed.act in (Push.ACCEPT, Push.REFUSE):
            self.queued.discard(seq)
            self.accepted = max(self.accepted, seq)
            state = State.SUBMITTED if pushed.act is Push.ACCEPT else State.REFUSED
            for addressee in message.header.to:
                self._move(message.eid, addressee.unit, state)
            self.line = self.line.succeeded()
        elif pushed.act is Push.RESEND:
            self.queued.update(range(pushed.again_from, seq + 1))
            self.line = self.line.narrowed()
        elif pushed.act is Push.RESEAL and self.skid == _NEXT[self.unit]:
            self.reseal(now, pushed.again_from)
        elif pushed.act in (Push.RETRY, Push.RESEAL):
            self.line = self.line.failed(now, jitter)
        else:
            self.alarms.append(str(pushed.alarm))

    def arrived(self, now: int, hub: Hub, item: tuple[int, str, str, str]) -> None:
        """Take one item of the inbox in one transaction, which also moves the cursor."""
        index, kind, eid, unit = item
        self.cursor = index
        if kind != "MESSAGE":
            self._move(eid, unit, State(kind))
            return
        message = hub.messages[eid]
        finding = Finding.SEEN if eid in self.held else Finding.GOOD
        taken = self.rules.taken[finding]
        self.seen[f"FOUND {finding}"] += 1
        if taken.take is not courier.Take.STORE:
            return
        if eid in self.held:
            raise Violation(f"{self.unit} took {eid[:8]} twice")
        pair = message.pairs[self.unit]
        sender = message.header.sender
        self.seen["GAP"] += self.rules.pair_gap(pair, partial(self._link, sender))
        self.links[sender, pair.seq] = eid
        self.held[eid] = message
        self.state_receipt(now, eid, "DELIVERED")

    def _link(self, sender: str, number: int) -> Link | None:
        eid = self.links.get((sender, number))
        return None if eid is None else Link(eid, shown=True)

    def state_receipt(self, now: int, eid: str, kind: Literal["DELIVERED", "OPENED"]) -> None:
        """Sign and store a receipt, to be sent until the hub has it."""
        self.unsent[eid, kind] = Receipt(
            env="live",
            type=kind,
            eid=eid,
            by=self.unit,
            unit=self.unit,
            time=now,
        )

    def posted(self, now: int, receipt: Receipt, received: Received) -> None:
        """Store what the hub did with our receipt; a time that it could not believe is stated anew."""
        if received.code == "OUTSIDE_TIME":
            self.state_receipt(now, receipt.eid, "OPENED" if receipt.type == "OPENED" else "DELIVERED")
        elif received.code != "NOT_HANDED_OUT":
            self.unsent.pop((receipt.eid, receipt.type), None)

    def restart(self) -> None:
        """Forget what was only in memory."""
        self.line = Line()

    def _move(self, eid: str, unit: str, receipt: State) -> None:
        before = self.states[eid, unit]
        after = self.rules.advance(before, receipt)
        if before in _ENDS and after is not before and not (before is State.DELIVERED and after is State.OPENED):
            raise Violation(f"{before} of {eid[:8]} for {unit} became {after}")
        self.states[eid, unit] = after


_ENDS: Final = courier.FINAL - {State.NOT_DELIVERED}

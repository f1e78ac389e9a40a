"""A hub's database with as many entries as are wanted, made by the hub's own sequencer.

Sealing and verifying an envelope takes longer than everything else, so one envelope is sealed and the others differ
from it by number and id: neither the sequencer nor an audit of its rows opens one.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha512
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, insert, update

from audit.checkpoints import Checkpoint
from audit.cosignatures import with_lines, write_lines
from audit.store import COSIGNATURE, PUBLISHED
from crypto import envelope
from crypto.envelope import Envelope
from crypto.header import Addressee
from exchange.arrivals import FINAL, Arrival
from exchange.hub import anchors
from exchange.hub.acceptance import MESSAGES, Acceptance
from exchange.hub.batch import Batch
from exchange.hub.handout import HAND_OUTS, HandOut
from exchange.hub.sequencer import Job, Kind
from exchange.hub.tables import DELIVERY, MESSAGE
from exchange.hub.upkeep import DENIALS, RECEIPTS, Refused, Reported
from schemas import receipts
from schemas.receipts import Receipt
from tests.audit.witnesses import cosigner
from tests.hub.desk import Chain, Desk

WITNESSES = ("KG", "KZ", "TM", "UZ")
UNIT_LOG = "node.tj.serai"

KEPT = 4
"""Of so many envelopes one stays; others are forgotten where everybody is final, as the hub does after long."""


@contextmanager
def hub_with_log(folder: Path, url: str, entries: int, batch: int = 64) -> Iterator[Desk]:
    """A hub with at least `entries` entries in its log: messages of two units, receipts, a refusal, evidence."""
    desk = Desk(folder, url)
    made = messages(desk)
    size = 0
    while size < entries:
        desk.now += 1
        jobs = list(islice(made, batch))
        do(desk, MESSAGES, *jobs)
        collect(desk, [job for job in jobs if job.arrival.header.seq % 24])
        do(desk, DENIALS, Refused("KZ", "EX-4031"))
        desk.hub.tick()
        with desk.db.read() as session:
            size = desk.hub.log.head(session).size
        do(desk, ANCHORS, Checkpoint(UNIT_LOG, size, bytes(32)))
    equivocate(desk)
    desk.now += 61
    desk.hub.tick()
    publish(desk)
    pending = exists().where(DELIVERY.c.eid == MESSAGE.c.eid, DELIVERY.c.state.not_in([state.value for state in FINAL]))
    with desk.db.write() as session:
        session.execute(update(MESSAGE).where(MESSAGE.c.seq % KEPT > 0, ~pending).values(envelope=None))
    yield desk
    desk.close()


def anchor(batch: Batch, heads: Sequence[Checkpoint]) -> list[None]:
    """Write down heads of a unit's log, as the hub does once it checked them."""
    for head in heads:
        anchors.anchor(batch, head, b"note")
    return [None] * len(heads)


ANCHORS = Kind("anchors", anchor)


def publish(desk: Desk) -> None:
    """Four witnesses cosign the newest checkpoint, and it is published with their lines."""
    with desk.db.write() as session:
        stored = desk.hub.log.checkpoint(session)
        assert stored is not None
        said = Checkpoint(desk.keys.log.keys.origin, stored.size, stored.root)
        lines = {unit: cosigner(unit).cosign(said, desk.now) for unit in WITNESSES}
        note = with_lines(stored.note, [line for pair in lines.values() for line in pair])
        at = {"log_id": "hub", "size": stored.size}
        session.execute(delete(PUBLISHED))
        session.execute(insert(PUBLISHED).values(time=stored.time, published_at=desk.now, note=note, **at))
        for unit, pair in lines.items():
            session.execute(insert(COSIGNATURE).values(witness=unit, time=desk.now, lines=write_lines(pair), **at))


def do(desk: Desk, kind: Any, *payloads: Any) -> list[Any]:
    """Let the sequencer do jobs, all in one transaction."""
    jobs = [Job(kind, payload, Future()) for payload in payloads]
    desk.hub.sequencer.put(jobs)
    return [job.reply.result() for job in jobs]


def messages(desk: Desk) -> Iterator[Acceptance]:
    """Envelopes of TJ and KZ in turn, each the next of its unit; every tenth has two recipients."""
    models = {
        (sender, to): envelope.parse(desk.seal(sender, to).wire)
        for sender, others in (("TJ", ("KG", "KZ")), ("KZ", ("KG", "TJ")))
        for to in (("KG",), others)
    }
    while True:
        for sender, other in (("TJ", "KZ"), ("KZ", "TJ")):
            chain = desk.chains[sender]
            to = ("KG", other) if chain.seq % 10 == 9 else ("KG",)
            made = another(models[sender, to], desk.now, chain)
            desk.chains[sender] = Chain(chain.seq + 1, made.eid)
            wire = made.to_bytes()
            yield Acceptance(Arrival(made.eid, sha512(wire).digest(), made.header), wire)


def another(model: Envelope, now: int, chain: Chain) -> Envelope:
    """The next envelope of a sender, which nobody can open."""
    number = f"{chain.seq + 1:030x}"
    header = replace(
        model.header,
        id=model.header.id[:2] + number,
        seq=chain.seq + 1,
        prev=chain.prev,
        created=now,
        expires=now + 9**6,
    )
    return replace(model, core=header.to_core(), header=header)


def collect(desk: Desk, jobs: list[Acceptance]) -> None:
    """KG collects these, has most of them delivered, and opens some."""
    eids = [job.arrival.eid for job in jobs]
    do(desk, HAND_OUTS, HandOut("KG", tuple(eids)))
    for kind, of in (("DELIVERED", eids[::3] + eids[1::3]), ("OPENED", eids[2::3] + eids[::12])):
        stated = [
            Receipt(env="live", type=kind, eid=eid, by="KG", unit="KG", time=desk.now)  # type: ignore[arg-type]  # one of the two
            for eid in of
        ]
        wires = receipts.sign([desk.world.units["KG"].signing], stated)
        do(desk, RECEIPTS, [Reported(receipts.parse(wire)) for wire in wires])


def equivocate(desk: Desk) -> None:
    """TJ writes to a unit that nobody knows, which is refused for good, and signs a second envelope for one number."""
    sealed = desk.seal("TJ", ("KG",))
    model = envelope.parse(sealed.wire)
    unknown = replace(model.header, to=(Addressee("KGX", model.header.to[0].ekid),))
    for header in (unknown, replace(model.header, id="ff" * 16)):
        made = replace(model, core=header.to_core(), header=header)
        wire = made.to_bytes()
        desk.hub.sequencer.put(
            [Job(MESSAGES, Acceptance(Arrival(made.eid, sha512(wire).digest(), header), wire), Future())]
        )

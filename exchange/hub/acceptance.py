"""Messages: the facts of a batch of envelopes, read at once; the judgement of each, in order; what it leaves behind.

The hub sees headers and sizes. Nothing here opens an envelope, and nothing here could.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from audit import rows
from crypto.statements import Parts
from exchange import arrivals
from exchange.arrivals import Arrival, Facts, Judgement, SenderHead, State, Stored, Verdict
from exchange.errors import EarlyNumber, Equivocation, ExchangeError, IdTaken, KeyEnded
from exchange.hub import lookup
from exchange.hub.batch import MESSAGE_KIND, Batch, Mail, Unsigned
from exchange.hub.sequencer import Kind
from exchange.hub.tables import DELIVERY, EVIDENCE, MESSAGE, SENDER
from schemas.entries import EquivocationEntry, MessageEntry, RefusalEntry
from schemas.receipts import Receipt

_MOVED: Final = "ON CONFLICT (unit) DO UPDATE SET seq = excluded.seq, eid = excluded.eid"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An envelope that is ready for the sequencer: its signature is good, its order and rules are not judged yet."""

    arrival: Arrival
    wire: bytes


@dataclass(slots=True)
class Receipted:
    """The outcome for an envelope whose number was consumed: its receipt, which is there once the batch is signed."""

    stored: Stored
    refused: bool
    receipt: bytes = b""


@dataclass(frozen=True, slots=True)
class Again:
    """The outcome for an envelope that came before: the outcome it had then."""

    first: Receipted


class Book:
    """What the hub holds about the senders of one batch, kept up to date while the batch is judged."""

    def __init__(self, connection: Connection, jobs: Sequence[Acceptance]) -> None:
        headers = [job.arrival.header for job in jobs]
        senders = {header.sender for header in headers}
        self.heads = {unit: SenderHead(seq, eid) for unit, seq, eid in lookup.heads(connection, senders)}
        self._by_id: dict[str, Receipted] = {}
        self._by_seq: dict[tuple[str, int], Stored] = {}
        known = lookup.by_ids(connection, [header.id for header in headers])
        past = [(one.sender, one.seq) for one in headers if one.seq <= self._head(one.sender).seq]
        if past:
            known += lookup.by_numbers(connection, past)
        for one in known:
            stored = Stored(one.eid, one.digest)
            self._by_id[one.id] = Receipted(stored, one.refused, one.receipt)
            self._by_seq[one.sender, one.seq] = stored

    def _head(self, unit: str) -> SenderHead:
        return self.heads.get(unit, SenderHead())

    def first(self, arrival: Arrival) -> Receipted | None:
        """Return the outcome under the same id, whoever sent it, if there is one."""
        return self._by_id.get(arrival.header.id)

    def facts(self, arrival: Arrival) -> Facts:
        """Return what `arrivals.judge` must know."""
        header = arrival.header
        same_id = self.first(arrival)
        same_seq = self._by_seq.get((header.sender, header.seq))
        return Facts(self._head(header.sender), same_id.stored if same_id else None, same_seq)

    def consume(self, arrival: Arrival, *, refused: bool) -> Receipted:
        """Advance the sender by this envelope and return its outcome, still without its receipt."""
        header = arrival.header
        stored = Stored(arrival.eid, arrival.digest)
        outcome = Receipted(stored, refused)
        self.heads[header.sender] = SenderHead(header.seq, arrival.eid)
        self._by_id[header.id] = outcome
        self._by_seq[header.sender, header.seq] = stored
        return outcome


def accept(batch: Batch, jobs: Sequence[Acceptance]) -> list[Receipted | Again | ExchangeError]:
    """Judge the envelopes of a batch by (sender, number) and store what they leave behind (protocol.md §6.6-§6.8)."""
    book = Book(batch.connection, jobs)
    before = dict(book.heads)
    outcomes: list[Receipted | Again | ExchangeError] = [IdTaken()] * len(jobs)
    in_order = sorted(range(len(jobs)), key=lambda at: (jobs[at].arrival.header.sender, jobs[at].arrival.header.seq))
    for position in in_order:
        job = jobs[position]
        judgement = arrivals.judge(batch.now, job.arrival, book.facts(job.arrival), batch.directory)
        outcomes[position] = _ACTS[judgement.verdict](batch, book, job, judgement)
    moved = [
        {"unit": unit, "seq": head.seq, "eid": head.eid}
        for unit, head in book.heads.items()
        if before.get(unit) != head
    ]
    rows.insert(batch.connection, SENDER, moved, _MOVED)
    return outcomes


MESSAGES: Final = Kind("message", accept)


def _accept(batch: Batch, book: Book, job: Acceptance, _judgement: Judgement) -> Receipted:
    header = job.arrival.header
    units = tuple(addressee.unit for addressee in header.to)
    entry = MessageEntry(
        time=batch.now,
        nonce=batch.nonce(),
        eid=job.arrival.eid,
        sender=header.sender,
        to=units,
        sha512=job.arrival.digest.hex(),
    ).to_bytes()
    outcome = book.consume(job.arrival, refused=False)
    index = _receipted(batch, job, outcome, entry, None)
    for unit in units:
        batch.insert(DELIVERY, _delivery(job, unit, batch.now))
        batch.post(unit, Mail(index, job.arrival.eid, MESSAGE_KIND))
    return outcome


def _refuse(batch: Batch, book: Book, job: Acceptance, judgement: Judgement) -> Receipted:
    header = job.arrival.header
    entry = RefusalEntry(
        time=batch.now,
        nonce=batch.nonce(),
        eid=job.arrival.eid,
        sender=header.sender,
        seq=header.seq,
        reason=judgement.reason or "",
        sha512=job.arrival.digest.hex(),
    ).to_bytes()
    outcome = book.consume(job.arrival, refused=True)
    _receipted(batch, job, outcome, entry, judgement.reason)
    return outcome


def _receipted(batch: Batch, job: Acceptance, outcome: Receipted, entry: bytes, reason: str | None) -> int:
    """Log `entry`, let the SUBMITTED or REFUSED receipt be signed, and the envelope be stored; return the index."""
    header = job.arrival.header
    index = batch.log_bytes(entry)
    receipt = Receipt(
        env=header.env,  # type: ignore[arg-type]  # screened: it is the environment of this hub
        type="REFUSED" if outcome.refused else "SUBMITTED",
        eid=job.arrival.eid,
        by=batch.directory.federation.hub.name,
        unit=header.sender,
        time=batch.now,
        reason=reason,
        index=index,
        entry=entry,
    )
    row = {
        "eid": job.arrival.eid,
        "sender": header.sender,
        "id": header.id,
        "seq": header.seq,
        "idx": index,
        "time": batch.now,
        "expires": header.expires,
        "refused": outcome.refused,
        "digest": job.arrival.digest,
        "envelope": None if outcome.refused else job.wire,
    }

    def then(parts: Parts) -> None:
        outcome.receipt = parts.wire()
        batch.insert(MESSAGE, {**row, **batch.kept(parts, index)})

    batch.sign(Unsigned(receipt, index, then))
    return index


def _delivery(job: Acceptance, unit: str, now: int) -> dict[str, Any]:
    return {
        "eid": job.arrival.eid,
        "unit": unit,
        "sender": job.arrival.header.sender,
        "state": State.QUEUED.value,
        "queued_at": now,
        "handed_at": None,
        "expires": job.arrival.header.expires,
    }


def _again(_batch: Batch, book: Book, job: Acceptance, _judgement: Judgement) -> Again | ExchangeError:
    first = book.first(job.arrival)
    return IdTaken() if first is None else Again(first)


def _early(_batch: Batch, _book: Book, _job: Acceptance, judgement: Judgement) -> ExchangeError:
    expected = judgement.expected or SenderHead()
    return EarlyNumber(expected_seq=expected.seq, expected_prev=expected.eid)


def _key_ended(_batch: Batch, _book: Book, _job: Acceptance, judgement: Judgement) -> ExchangeError:
    expected = judgement.expected or SenderHead()
    return KeyEnded(expected_seq=expected.seq, expected_prev=expected.eid)


def _taken(_batch: Batch, _book: Book, _job: Acceptance, _judgement: Judgement) -> ExchangeError:
    return IdTaken()


def _equivocation(batch: Batch, _book: Book, job: Acceptance, judgement: Judgement) -> ExchangeError:
    """Keep the second envelope of a number as evidence, once; the first is among the messages."""
    header = job.arrival.header
    held = batch.connection.execute(
        select(EVIDENCE.c.eid).where(EVIDENCE.c.sender == header.sender, EVIDENCE.c.seq == header.seq)
    ).scalar_one_or_none()
    if held is None:
        index = batch.log(
            EquivocationEntry(
                time=batch.now,
                nonce=batch.nonce(),
                sender=header.sender,
                seq=header.seq,
                eid=job.arrival.eid,
                other=judgement.other or "",
                sha512=job.arrival.digest.hex(),
            )
        )
        row = {"sender": header.sender, "seq": header.seq, "eid": job.arrival.eid, "idx": index, "envelope": job.wire}
        batch.connection.execute(EVIDENCE.insert(), row)
    return Equivocation()


Act = Callable[[Batch, Book, Acceptance, Judgement], Receipted | Again | ExchangeError]
_ACTS: Final[dict[Verdict, Act]] = {
    Verdict.ACCEPT: _accept,
    Verdict.DUPLICATE: _again,
    Verdict.EQUIVOCATION: _equivocation,
    Verdict.ID_TAKEN: _taken,
    Verdict.EARLY: _early,
    Verdict.REFUSE_FOR_GOOD: _refuse,
    Verdict.KEY_ENDED: _key_ended,
}

"""The rows of a restored hub, made again from the entries of its log and from what units handed over.

Each type of entry has its act here, the same that the hub did when it wrote the entry. What the hub itself had signed
it states again in the same words, if nobody kept the first signature; what units had signed comes from them. Whatever
is needed and missing is named, and then nothing at all is written.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlmodel import Session

from crypto import canonical, envelope, statements
from crypto.errors import CryptoError
from crypto.header import Header
from exchange.arrivals import TRANSITIONS, State
from exchange.contributions import Part
from exchange.errors import NotReady
from exchange.hub.batch import MESSAGE_KIND, RECEIPT_KIND
from exchange.hub.hub import Hub
from exchange.hub.recovery import Staged
from exchange.hub.tables import (
    ANCHOR,
    DELIVERY,
    EVIDENCE,
    FEDERATION,
    INVITATION,
    MAILBOX,
    MESSAGE,
    PROPOSAL,
    RECEIPT,
    SENDER,
    SIGNATURES,
    SNAPSHOT,
    STATEMENT,
    SUSPENSION,
)
from schemas import entries, receipts
from schemas.entries import (
    AdminEntry,
    AnchorEntry,
    DirectoryEntry,
    EquivocationEntry,
    MessageEntry,
    ReceiptEntry,
    RefusalEntry,
    StatementEntry,
)
from schemas.receipts import HUB_TYPES, Receipt

MOST_NAMED: Final = 5


class Replay:
    """Makes the rows of entries, in their order, in the caller's transaction."""

    def __init__(self, hub: Hub, session: Session, staged: Staged) -> None:
        self._hub = hub
        self._connection = session.connection()
        self._staged = staged
        self._missing: list[str] = []
        self._signatures: dict[bytes, int] = {}
        self.newest_snapshot = 0

    def entry(self, index: int, data: bytes) -> None:
        """Do again what the entry at `index` says; entries without rows of their own need nothing."""
        entry = entries.parse(data)
        act = _ACTS.get(type(entry))
        if act is not None:
            act(self, index, entry, data)

    def check_complete(self) -> None:
        """Raise `NotReady` if anything was needed that nobody handed over."""
        if self._missing:
            named = ", ".join(self._missing[:MOST_NAMED])
            raise NotReady(f"{len(self._missing)} things were handed over by nobody: {named}")

    # --- messages -----------------------------------------------------------------------------------------------------

    def message(self, index: int, entry: MessageEntry, data: bytes) -> None:
        """The envelope, its deliveries, and a copy into each mailbox."""
        wire = self._found(Part.ENVELOPE, entry.sha512, f"the envelope {index} of {entry.sender}")
        header = self._consumed(index, entry, data, wire)
        for unit in entry.to if header is not None else ():
            row = {"eid": entry.eid, "unit": unit, "sender": entry.sender, "state": State.QUEUED.value}
            times = {"queued_at": entry.time, "handed_at": None, "expires": header.expires if header else 0}
            self._connection.execute(DELIVERY.insert(), row | times)
            self._mail(unit, index, MESSAGE_KIND, entry.eid)

    def refusal(self, index: int, entry: RefusalEntry, data: bytes) -> None:
        """The number that a refused envelope consumed."""
        wire = self._found(Part.ENVELOPE, entry.sha512, f"the refused envelope {index} of {entry.sender}")
        self._consumed(index, entry, data, wire)

    def equivocation(self, index: int, entry: EquivocationEntry, _data: bytes) -> None:
        """The second envelope of a number, if anybody kept it: the entry is evidence enough."""
        wire = self._staged.one(Part.ENVELOPE, entry.sha512)
        if wire is not None:
            row = {"sender": entry.sender, "seq": entry.seq, "eid": entry.eid, "idx": index, "envelope": wire}
            self._connection.execute(EVIDENCE.insert(), row)

    def _consumed(self, index: int, entry: MessageEntry | RefusalEntry, data: bytes, wire: bytes) -> Header | None:
        if not wire:
            return None
        header = envelope.parse(wire).header
        refused = isinstance(entry, RefusalEntry)
        stated = Receipt(
            env=self._hub.settings.env,
            type="REFUSED" if refused else "SUBMITTED",
            eid=entry.eid,
            by=self._hub.settings.name,
            unit=entry.sender,
            time=entry.time,
            reason=entry.reason if isinstance(entry, RefusalEntry) else None,
            index=index,
            entry=data,
        )
        row = {"eid": entry.eid, "sender": entry.sender, "id": header.id, "seq": header.seq, "idx": index}
        row |= {"time": entry.time, "expires": header.expires, "refused": refused}
        row |= {"digest": bytes.fromhex(entry.sha512), **self._kept(self._said(stated), index)}
        self._connection.execute(MESSAGE.insert(), row | {"envelope": None if refused else wire})
        self._connection.execute(delete(SENDER).where(SENDER.c.unit == entry.sender))
        self._connection.execute(SENDER.insert(), {"unit": entry.sender, "seq": header.seq, "eid": entry.eid})
        return header

    # --- receipts -----------------------------------------------------------------------------------------------------

    def receipt(self, index: int, entry: ReceiptEntry, _data: bytes) -> None:
        """The receipt, the state that it brought its delivery to, and its copies."""
        here = (DELIVERY.c.eid == entry.eid, DELIVERY.c.unit == entry.unit)
        delivery = self._connection.execute(select(DELIVERY).where(*here)).one_or_none()
        by_hub = entry.receipt in HUB_TYPES
        wire = self._stated_by_hub(entry) if by_hub else self._stated_by_unit(index, entry)
        if delivery is None or not wire:
            return
        row = {"eid": entry.eid, "unit": entry.unit, "type": entry.receipt, "idx": index, "time": entry.time}
        row |= {"digest": bytes.fromhex(entry.digest), **self._kept(wire, index)}
        self._connection.execute(RECEIPT.insert(), row)
        state = TRANSITIONS[State(delivery.state)].get(entry.receipt, State(delivery.state))
        handed = {"handed_at": entry.time} if entry.receipt == "RELAYED" else {}
        self._connection.execute(update(DELIVERY).where(*here).values(state=state.value, **handed))
        for unit in dict.fromkeys((delivery.sender, entry.unit) if by_hub else (delivery.sender,)):
            self._mail(unit, index, RECEIPT_KIND, entry.eid, (entry.unit, entry.receipt))

    def _stated_by_hub(self, entry: ReceiptEntry) -> bytes:
        stated = Receipt(
            env=self._hub.settings.env,
            type=entry.receipt,
            eid=entry.eid,
            by=self._hub.settings.name,
            unit=entry.unit,
            time=entry.time,
        )
        return self._said(stated)

    def _stated_by_unit(self, index: int, entry: ReceiptEntry) -> bytes:
        return self._found(Part.RECEIPT, entry.digest, f"the receipt {index} of {entry.unit}")

    def _said(self, stated: Receipt) -> bytes:
        """The hub's receipt as somebody kept it, under its signature; else the same words, signed again."""
        ours = self._hub.keys.publics("RECEIPT")
        digest = hashlib.sha512(canonical.dumps(stated.statement())).hexdigest()
        for _, piece in self._staged.of(Part.RECEIPT, digest=digest):
            try:
                receipts.parse(piece.payload).verify(ours)
            except CryptoError:
                continue
            return piece.payload
        return receipts.sign([self._hub.keys.receipt], [stated])[0]

    # --- directory and administration ---------------------------------------------------------------------------------

    def statement(self, index: int, entry: StatementEntry, _data: bytes) -> None:
        """A unit's key statement."""
        wire = self._found(Part.STATEMENT, entry.digest, f"the key statement {index} of {entry.unit}")
        row = {"idx": index, "unit": entry.unit, "kid": entry.kid, "digest": bytes.fromhex(entry.digest), "wire": wire}
        self._connection.execute(STATEMENT.insert(), row)

    def directory(self, index: int, entry: DirectoryEntry, _data: bytes) -> None:
        """The federation document, which is needed; a snapshot, of which only the newest counts and may be lost."""
        if entry.part == "FEDERATION":
            wire = self._found(Part.FEDERATION, entry.digest, f"the federation document {entry.version} of {index}")
            self._connection.execute(FEDERATION.insert(), {"version": entry.version, "idx": index, "wire": wire})
            return
        self.newest_snapshot = max(self.newest_snapshot, entry.version)
        snapshot = self._staged.one(Part.SNAPSHOT, entry.digest)
        if snapshot is not None:
            row = {"version": entry.version, "issued": entry.time, "wire": snapshot}
            self._connection.execute(SNAPSHOT.insert(), row)

    def administration(self, _index: int, entry: AdminEntry, _data: bytes) -> None:
        """Suspensions and their end; an invitation is used up, and what a keeper withdrew stays withdrawn."""
        if entry.act == "ENROL":
            self._connection.execute(delete(INVITATION).where(INVITATION.c.unit == entry.unit))
        if entry.act == "WITHDRAW":
            of_it = PROPOSAL.c.digest == bytes.fromhex(entry.digest or "")
            self._connection.execute(update(PROPOSAL).where(of_it).values(withdrawn=True))
        if entry.act not in {"SUSPEND", "REINSTATE"}:
            return
        self._connection.execute(delete(SUSPENSION).where(SUSPENSION.c.unit == entry.unit))
        if entry.act == "SUSPEND":
            row = {"unit": entry.unit, "since": entry.time, "reason": entry.reason}
            self._connection.execute(SUSPENSION.insert(), row)

    def _kept(self, wire: bytes, index: int) -> dict[str, Any]:
        """The columns that keep a receipt; signatures that many share are stored once."""
        parts = statements.split(wire)
        signed = self._signatures.setdefault(parts.signatures, index)
        if signed == index:
            self._connection.execute(SIGNATURES.insert(), {"idx": index, "signatures": parts.signatures})
        return {"signed": signed, "proof": parts.proof, "statement": parts.statement}

    def anchor(self, index: int, entry: AnchorEntry, _data: bytes) -> None:
        """Where the head of a unit's own log stands."""
        row = {"origin": entry.origin, "size": entry.size, "idx": index}
        self._connection.execute(ANCHOR.insert(), row)

    # --- pieces -------------------------------------------------------------------------------------------------------

    def _found(self, part: Part, digest: str, what: str) -> bytes:
        """The part that the entry names by its digest; nothing, and a note of what is missing, if nobody gave it."""
        payload = self._staged.one(part, digest)
        if payload is None:
            self._missing.append(what)
        return payload or b""

    def _mail(self, unit: str, index: int, kind: int, eid: str, about: tuple[str, str] = ("", "")) -> None:
        row = {"unit": unit, "idx": index, "kind": kind, "eid": eid, "about": about[0], "type": about[1]}
        self._connection.execute(MAILBOX.insert(), row)


Act = Callable[[Replay, int, Any, bytes], None]
_ACTS: Final[dict[type, Act]] = {
    MessageEntry: Replay.message,
    RefusalEntry: Replay.refusal,
    EquivocationEntry: Replay.equivocation,
    ReceiptEntry: Replay.receipt,
    StatementEntry: Replay.statement,
    DirectoryEntry: Replay.directory,
    AdminEntry: Replay.administration,
    AnchorEntry: Replay.anchor,
}
